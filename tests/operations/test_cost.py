"""What an environment costs, against sums done by hand."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from config.delivery import App
from config.environments import Environment, load_environments
from config.prices import prices_of
from config.settings import JobRuns, Workload
from operations.cli import SUCCESS, main
from operations.cost.bill import Bill
from operations.cost.charges import Charge, Resource, Service, Situation, Unpriced
from operations.cost.pricing import FREE, PRICED, charges_of
from operations.cost.watching import metrics_on
from operations.cost_commands import prices_told
from operations.reconciling.report import Kind
from tests.conftest import Assemblies
from wires.metrics import Metric

P = prices_of("eu-central-1")
DAYS = 365 / 12
HOURS = 730
PAGE = Path("docs/cost.md")
WORKLOAD = Workload.model_validate(
    {
        "uploadsPerDay": 100,
        "gbPerDay": 2,
        "monthsKept": 24,
        "runs": {"file_processor": {"perDay": 10, "seconds": 120}},
    }
)


@pytest.fixture
def dev() -> Environment:
    """With a workload of which sums are easily done."""
    found = load_environments().all[0]
    cost = found.settings.cost.model_copy(update={"workload": WORKLOAD})
    return replace(found, settings=found.settings.model_copy(update={"cost": cost}))


@pytest.fixture
def deployed(assemblies: Assemblies, dev: Environment) -> Situation:
    return situation_of(assemblies, dev)


def situation_of(assemblies: Assemblies, environment: Environment) -> Situation:
    templates = {
        "infra": assemblies.infrastructure(environment.name).document,
        "glue": assemblies.application(environment.name).document,
    }
    return Situation.of(environment, templates)


def pipelines_of(assemblies: Assemblies, environment: Environment) -> Situation:
    return Situation.of(environment, {app: assemblies.pipeline(app).document for app in App})


def only(environment: Environment, **resources: Mapping[str, Any]) -> list[Charge]:
    """Charges of a template with these resources."""
    situation = Situation.of(environment, {"stack": {"Resources": resources}})
    return [c for one in situation.resources.values() for c in charges_of(one, situation)]


def usd(charges: list[Charge], what: str = "") -> float:
    return sum(charge.usd for charge in charges if charge.what.startswith(what))


def a_job(environment: Environment, **properties: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::Glue::Job",
        "Properties": {
            "Name": environment.names.of("file-processor"),
            "NumberOfWorkers": 10,
            "WorkerType": "G.2X",
            "DefaultArguments": {},
            **properties,
        },
    }


def test_everything_that_is_deployed_is_priced_or_free_for_a_reason(
    assemblies: Assemblies, environment: str, configured: Environment
) -> None:
    for situation in (
        situation_of(assemblies, configured),
        pipelines_of(assemblies, configured),
    ):
        bill = Bill.for_situation(environment, situation, readers=True)
        kinds = {one.type for one in situation.resources.values()}
        assert kinds <= set(PRICED) | set(FREE)
        assert bill.usd > bill.fixed_usd > 0
    assert not set(PRICED) & set(FREE)
    assert all(len(why.split()) > 2 for why in FREE.values())


@pytest.mark.parametrize(
    ("kind", "properties", "said"),
    [
        ("AWS::KinesisFirehose::DeliveryStream", {}, "which nobody has priced"),
        ("AWS::DynamoDB::Table", {"ProvisionedThroughput": {}}, "has ProvisionedThroughput"),
        ("AWS::DynamoDB::Table", {"BillingMode": "PROVISIONED"}, "billed by request"),
        ("AWS::S3::Bucket", {"ReplicationConfiguration": {}}, "has ReplicationConfiguration"),
        ("AWS::Lambda::Function", {"EphemeralStorage": {"Size": 5000}}, "has EphemeralStorage"),
        ("AWS::Lambda::Function", {"Architectures": ["x86_64"]}, "to run on arm64"),
        ("AWS::Logs::LogGroup", {"LogGroupName": "/mine"}, "nobody knows how much"),
        ("AWS::SNS::Subscription", {"Protocol": "sms"}, "delivers by sms"),
        ("AWS::SQS::Queue", {"FifoQueue": True}, "has FifoQueue"),
        ("AWS::Events::Rule", {"EventPattern": {"detail-type": ["X"]}}, "how many there are"),
        ("AWS::CodePipeline::Pipeline", {"PipelineType": "V1"}, "of type V2"),
    ],
)
def test_what_nobody_has_priced_is_an_error_that_says_where_to(
    dev: Environment, kind: str, properties: dict[str, Any], said: str
) -> None:
    with pytest.raises(Unpriced, match=said):
        only(dev, It={"Type": kind, "Properties": properties})


def test_a_job_costs_the_dpu_hours_of_its_runs(dev: Environment) -> None:
    # 10 runs a day of 120 seconds, on 10 workers of 2 DPU.
    assert usd(only(dev, It=a_job(dev))) == pytest.approx(
        10 * DAYS * (120 / 3600) * 10 * 2 * P.glue.dpu_hour
    )


def test_a_job_on_spare_capacity_that_scales_costs_less(dev: Environment) -> None:
    job = a_job(dev, ExecutionClass="FLEX", DefaultArguments={"--enable-auto-scaling": "true"})
    assert usd(only(dev, It=job)) == pytest.approx(
        10 * DAYS * (120 / 3600) * (10 * 0.6) * 2 * P.glue.flex_dpu_hour
    )


def test_workers_with_much_memory_have_a_price_of_their_own(dev: Environment) -> None:
    assert usd(only(dev, It=a_job(dev, WorkerType="R.1X"))) == pytest.approx(
        10 * DAYS * (120 / 3600) * 10 * 1 * P.glue.memory_dpu_hour
    )


def test_a_run_of_some_seconds_is_billed_for_a_minute(dev: Environment) -> None:
    short = WORKLOAD.model_copy(update={"runs": {"file_processor": JobRuns(perDay=10, seconds=5)}})
    cost = dev.settings.cost.model_copy(update={"workload": short})
    environment = replace(dev, settings=dev.settings.model_copy(update={"cost": cost}))
    assert usd(only(environment, It=a_job(dev))) == pytest.approx(
        10 * DAYS * (60 / 3600) * 10 * 2 * P.glue.dpu_hour
    )


def test_a_job_that_the_workload_does_not_name_costs_nothing(dev: Environment) -> None:
    job = a_job(dev, Name=dev.names.of("legislators"))
    assert usd(only(dev, It=job)) == 0


def bucket(name: str, *rules: dict[str, Any], bucket_key: bool = True) -> dict[str, Any]:
    encryption = {
        "ServerSideEncryptionByDefault": {
            "SSEAlgorithm": "aws:kms",
            "KMSMasterKeyID": {"Fn::GetAtt": ["Key", "Arn"]},
        },
        "BucketKeyEnabled": bucket_key,
    }
    return {
        "Type": "AWS::S3::Bucket",
        "Properties": {
            "BucketName": name,
            "BucketEncryption": {"ServerSideEncryptionConfiguration": [encryption]},
            "LifecycleConfiguration": {"Rules": list(rules)},
        },
    }


def move(storage_class: str, days: int) -> dict[str, Any]:
    return {
        "Status": "Enabled",
        "Transitions": [{"StorageClass": storage_class, "TransitionInDays": days}],
    }


def test_originals_lie_in_the_class_that_the_lifecycle_gives_their_age(dev: Environment) -> None:
    charges = only(dev, Raw=bucket(dev.names.raw_bucket, move("GLACIER_IR", 90)))
    # Two GB a day for two years, of which the last 90 days are not yet cold.
    assert usd(charges, "STANDARD") == pytest.approx(2 * 90 * P.s3.gb_month["STANDARD"])
    assert usd(charges, "GLACIER_IR") == pytest.approx(2 * (730 - 90) * P.s3.gb_month["GLACIER_IR"])
    assert usd(charges, "moves to") == pytest.approx(
        100 * DAYS / 1000 * P.s3.thousand_transitions["GLACIER_IR"]
    )
    assert usd(charges, "PUT") == pytest.approx(100 * DAYS / 1000 * P.s3.thousand_puts)
    assert usd(charges, "GET") == pytest.approx(3.1 * 100 * DAYS / 1000 * P.s3.thousand_gets)


def test_small_originals_stay_where_they_are(dev: Environment) -> None:
    tiny = WORKLOAD.model_copy(update={"gb_per_day": 0.001})
    cost = dev.settings.cost.model_copy(update={"workload": tiny})
    environment = replace(dev, settings=dev.settings.model_copy(update={"cost": cost}))
    charges = only(environment, Raw=bucket(dev.names.raw_bucket, move("GLACIER_IR", 90)))
    assert usd(charges, "STANDARD") == pytest.approx(0.001 * 730 * P.s3.gb_month["STANDARD"])
    assert usd(charges, "GLACIER_IR") == usd(charges, "moves to") == 0


def test_tables_nobody_reads_go_down_tier_by_tier(dev: Environment) -> None:
    rule = move("INTELLIGENT_TIERING", 30)
    charges = only(dev, Processed=bucket(dev.names.processed_bucket, rule))
    gb = 2 * 0.4  # of Parquet, a day
    assert usd(charges, "STANDARD") == pytest.approx(gb * 30 * P.s3.gb_month["STANDARD"])
    assert usd(charges, "INTELLIGENT_TIERING frequent") == pytest.approx(
        gb * 30 * P.s3.tier_gb_month["frequent"]
    )
    assert usd(charges, "INTELLIGENT_TIERING infrequent") == pytest.approx(
        gb * 60 * P.s3.tier_gb_month["infrequent"]
    )
    assert usd(charges, "INTELLIGENT_TIERING archive") == pytest.approx(
        gb * (730 - 30 - 90) * P.s3.tier_gb_month["archive"]
    )
    files = gb / 0.128  # a day
    assert usd(charges, "monitored") == pytest.approx(
        files * (730 - 30) / 1000 * P.s3.thousand_monitored_objects
    )


def test_an_expiration_bounds_what_is_kept(dev: Environment) -> None:
    rule = {"Status": "Enabled", "ExpirationInDays": 30}
    charges = only(dev, Raw=bucket(dev.names.raw_bucket, rule))
    assert usd(charges, "STANDARD") == pytest.approx(2 * 30 * P.s3.gb_month["STANDARD"])


@pytest.mark.parametrize(("bucket_key", "share"), [(True, 0.01), (False, 1.0)])
def test_a_key_is_asked_less_where_buckets_have_one_of_their_own(
    dev: Environment, bucket_key: bool, share: float
) -> None:
    key = {"Type": "AWS::KMS::Key", "Properties": {"EnableKeyRotation": True}}
    charges = only(dev, Key=key, Raw=bucket(dev.names.raw_bucket, bucket_key=bucket_key))
    asked = (1 + 3.1) * 100 * DAYS  # put once, read three times
    requests = [c for c in charges if c.service is Service.KMS and c.what == "requests"]
    assert usd(requests) == pytest.approx(share * asked / 1e6 * P.kms.million_requests)
    assert usd(charges, "key") == P.kms.rotated_key_month


def test_alarms_cost_by_the_metrics_that_they_look_at(deployed: Situation) -> None:
    alarms = [
        charge
        for kind in ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
        for one in deployed.of_type(kind)
        for charge in charges_of(one, deployed)
    ]
    jobs = len(list(deployed.of_type("AWS::Glue::Job")))
    # Of each job: failed and done together, slowness. And dead letters, two routes, the way in,
    # stuck runs, scores and memory, a check of two routes and its silence, findings.
    assert usd(alarms) == pytest.approx(
        P.cloudwatch.alarm_metric_month * (jobs * (2 + 1) + 1 + 2 + 3 + 3 + 2 + 1 + 1)
        + P.cloudwatch.composite_alarm_month
    )
    assert all(charge.fixed for charge in alarms)


def test_a_page_with_more_than_fifty_metrics_is_none_of_the_free_ones(
    deployed: Situation,
) -> None:
    (page,) = deployed.of_type("AWS::CloudWatch::Dashboard")
    assert metrics_on(page) > 50
    assert usd(list(charges_of(page, deployed))) == P.cloudwatch.dashboard_month


def test_small_pages_are_free_up_to_three(dev: Environment) -> None:
    page = {
        "Type": "AWS::CloudWatch::Dashboard",
        "Properties": {"DashboardBody": '{"widgets": [{"properties": {"metrics": [["a", "b"]]}}]}'},
    }
    pages: dict[str, Mapping[str, Any]] = {f"Page{number}": page for number in range(5)}
    assert usd(only(dev, **pages)) == 2 * P.cloudwatch.dashboard_month


def function_of(deployed: Situation, name: str) -> Resource:
    (found,) = (
        one
        for one in deployed.of_type("AWS::Lambda::Function")
        if one.properties["FunctionName"].endswith(f"-{name}")
    )
    return found


def test_custom_metrics_are_those_of_the_code(deployed: Situation) -> None:
    found = usd(
        [
            charge
            for function in deployed.of_type("AWS::Lambda::Function")
            for charge in charges_of(function, deployed)
            if "custom metrics" in charge.what
        ]
    )
    others = {Metric.OBJECTS, Metric.BYTES_IN, Metric.SECONDS_TO_PUBLISH, Metric.NULL_VALUES}
    others |= {Metric.OLDEST_PENDING_SECONDS, Metric.PENDING_OBJECTS}
    others |= {Metric.QUALITY_SCORE, Metric.STUCK_RUNS, Metric.RECONCILE_FINDINGS}
    others |= {Metric.HEALTH_CHECK_FAILED, Metric.HEALTH_CHECK_SECONDS}
    by_job, datasets = len(Metric) - len(others), deployed.workload.datasets
    # One job runs, in 10 of 24 hours; five endings; two routes with five metrics; nulls and score
    # of each dataset, the worst score, stuck runs, bytes; findings by class, and of all; memory
    # of all.
    of_all = by_job * 10 / 24 + 5 + 2 * 5 + 2 * datasets + 1 + 1 + 1 + len(Kind) + 1 + 1
    assert found == pytest.approx(P.cloudwatch.metric_month * of_all)


def test_the_trigger_is_run_every_minute_and_for_batches_of_events(deployed: Situation) -> None:
    function = function_of(deployed, "trigger")
    charges = list(charges_of(function, deployed))
    ticks, batches = HOURS * 60, (100 + 10) * DAYS / 10
    assert usd(charges, "requests") == pytest.approx(
        (ticks + batches) / 1e6 * P.lambda_.million_requests
    )
    gb_seconds = 0.5 * (ticks * 0.5 + batches * 1.5)
    assert usd(charges, "GB-seconds") == pytest.approx(gb_seconds * P.lambda_.arm_gb_second)
    assert usd(charges, "traces") == pytest.approx(
        (ticks + batches) / 1e6 * P.cloudwatch.million_traces
    )


def test_the_queue_is_asked_all_the_time_and_has_each_event_once(deployed: Situation) -> None:
    bill = Bill.for_situation("dev", deployed, readers=False).of_service(Service.SQS)
    ticks, events = HOURS * 60, (100 + 10) * DAYS
    polls = 5 * 3 * HOURS * 60
    # Sent, received, deleted.
    assert bill.fixed_usd == pytest.approx((3 * ticks + polls) / 1e6 * P.sqs.million_requests)
    assert bill.usd - bill.fixed_usd == pytest.approx(3 * events / 1e6 * P.sqs.million_requests)


def test_a_ledger_costs_its_requests_and_twice_its_bytes(
    dev: Environment, deployed: Situation
) -> None:
    (table,) = (
        one
        for one in deployed.of_type("AWS::DynamoDB::Table")
        if one.properties["TableName"] == dev.names.objects_table
    )
    charges = list(charges_of(table, deployed))
    assert usd(charges, "writes") == pytest.approx(9 * 100 * DAYS / 1e6 * P.dynamodb.million_writes)
    gb = 100 * DAYS * 24 * 1500 / 1e9
    assert usd(charges, "GB") == pytest.approx(
        gb * (P.dynamodb.gb_month + P.dynamodb.backup_gb_month)
    )


def test_logs_cost_when_they_come_and_while_they_are_kept(
    deployed: Situation,
) -> None:
    (group,) = (
        one
        for one in deployed.of_type("AWS::Logs::LogGroup")
        if "file-processor" in str(one.properties) and one.id.startswith("glue/FileProcessorLogsE")
    )
    gb = 3e-4 * 10 * DAYS
    assert group.properties["RetentionInDays"] == 14
    assert usd(list(charges_of(group, deployed))) == pytest.approx(
        gb * P.cloudwatch.log_gb + gb * (14 / DAYS) * 0.15 * P.cloudwatch.log_gb_month
    )


def test_an_endpoint_costs_by_zone_and_hour_and_a_gateway_nothing(dev: Environment) -> None:
    interface = {"VpcEndpointType": "Interface", "SubnetIds": ["a", "b"]}
    kind = "AWS::EC2::VPCEndpoint"
    charges = only(
        dev,
        Kms={"Type": kind, "Properties": interface},
        S3={"Type": kind, "Properties": {"VpcEndpointType": "Gateway"}},
    )
    assert usd(charges, "endpoint-hours") == pytest.approx(2 * HOURS * P.network.endpoint_hour)
    assert usd(charges, "GB through") == pytest.approx(10 * DAYS * 0.005 * P.network.endpoint_gb)


def test_nat_gateways_would_have_a_price_as_well(dev: Environment) -> None:
    charges = only(
        dev,
        Nat={"Type": "AWS::EC2::NatGateway", "Properties": {}},
        Address={"Type": "AWS::EC2::EIP", "Properties": {"Domain": "vpc"}},
    )
    assert sum(c.usd for c in charges if c.fixed) == pytest.approx(
        HOURS * (P.network.nat_hour + P.network.address_hour)
    )


def test_readers_pay_for_what_athena_scans(deployed: Situation) -> None:
    bill = Bill.for_situation("dev", deployed, readers=True).of_service(Service.ATHENA)
    assert bill.usd == pytest.approx(100 * DAYS * 0.5 / 1024 * P.athena.tb_scanned)


def test_a_bill_is_the_sum_of_its_services_and_of_its_resources(deployed: Situation) -> None:
    bill = Bill.for_situation("dev", deployed, readers=True)
    assert sum(one.usd for one in bill.services()) == pytest.approx(bill.usd)
    assert sum(one.usd for one in bill.resources()) == pytest.approx(bill.usd)
    assert bill.to_json()["usd"] == pytest.approx(bill.usd, abs=0.01)


def test_where_prices_are_from_is_told_with_every_bill(dev: Environment) -> None:
    told = prices_told(dev, P.model_copy(update={"written": "2026-01-31", "compared": ""}))
    assert told.startswith("List prices of eu-central-1, written down on 2026-01-31, which nobody")
    told = prices_told(dev, P.model_copy(update={"compared": "2026-02-28"}))
    assert "compared with AWS's pages on 2026-02-28" in told
    cost = dev.settings.cost.model_copy(update={"prices_of": "eu-west-1"})
    elsewhere = replace(dev, settings=dev.settings.model_copy(update={"cost": cost}))
    assert "List prices of eu-west-1, as cost.pricesOf says" in prices_told(elsewhere, P)


@pytest.mark.slow
def test_the_command_prints_one_json_object_and_a_vpc_if_it_is_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["cost", "--env", "prod", "--json", "--vpc", "on"]) == SUCCESS
    told = json.loads(capsys.readouterr().out)
    assert [bill["of"] for bill in told["bills"]] == ["prod", "pipelines"]
    assert told["prices"]["region"] == "eu-central-1"
    # Seven endpoints in two zones.
    assert told["bills"][0]["services"]["VPC"]["fixed_usd"] == pytest.approx(
        7 * 2 * HOURS * P.network.endpoint_hour, abs=0.01
    )
    assert main(["cost", "--env", "dev", "--limit", "3"]) == SUCCESS
    said = capsys.readouterr().out
    assert re.search(r"^dev: \d+\.\d\d USD a month", said)
    assert "VPC" not in said


def test_the_page_has_the_numbers_of_the_shipped_configuration(assemblies: Assemblies) -> None:
    dev, prod = load_environments().all
    bills = [
        Bill.for_situation(one.name, situation_of(assemblies, one), readers=True)
        for one in (dev, prod)
    ]
    bills.append(Bill.for_situation("pipelines", pipelines_of(assemblies, dev), readers=False))
    said = re.search(r"^\| a month, USD \|.*\n(\|.*\n)+", PAGE.read_text(), re.MULTILINE)
    assert said, f"{PAGE} has no table"
    wanted = expected_table(bills)
    assert said[0].splitlines() == wanted, "this belongs there:\n" + "\n".join(wanted)


def expected_table(bills: list[Bill]) -> list[str]:
    heads = [f"{bill.of}, {part}" for bill in bills for part in ("fixed", "by load")]
    rows = [["a month, USD", *heads], ["---", *["---:"] * len(heads)]]
    services = sorted(Service, key=lambda s: (-bills[1].of_service(s).usd, s))
    for service in services:
        parts = [bill.of_service(service) for bill in bills]
        if any(part.usd >= 0.005 for part in parts):
            rows.append([service.value, *_split(parts)])
    rows.append(["all", *_split(bills)])
    return [f"| {' | '.join(row)} |" for row in rows]


def _split(bills: list[Bill]) -> list[str]:
    return [
        f"{amount:.2f}" for bill in bills for amount in (bill.fixed_usd, bill.usd - bill.fixed_usd)
    ]
