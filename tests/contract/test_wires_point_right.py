"""What a wire carries is what its name says: neither the twin beside it nor something switched off.

Each test reads the template against the one home of the names: a wire that points at another
bucket, table, zone or event makes it fail.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from config.environments import Environment
from config.exports import Export
from config.jobs import JOBS, TABLE_MAINTENANCE
from delivery.bundles import library_bundle, trigger_bundle
from infra_app.constructs.events_queue import TICK
from infra_app.constructs.monitor import EVERY
from infra_app.lambdas.trigger.dispatch import LEASE_SECONDS
from infra_app.lambdas.trigger.events import parse
from infra_app.lambdas.trigger.settings import (
    FunctionSettings,
    MonitorSettings,
    TriggerSettings,
)
from tests.templates import Json, Template, text_of
from wires.contracts import (
    CONTRACTS_FILE,
    CONTRACTS_PACKAGE,
    DatasetContract,
    contracts_from_json,
)

NAME_OF = {
    "AWS::Athena::WorkGroup": "Name",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::Glue::Workflow": "Name",
    "AWS::IAM::Role": "RoleName",
    "AWS::KMS::Key": "",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
}


def resolved(template: Template, value: Any) -> str:
    """The physical name behind a reference; an ARN ends with it."""
    if isinstance(value, str):
        return value
    ((function, of),) = value.items()
    if function == "Ref":
        return _name(template, of)
    if function == "Fn::GetAtt":
        return _name(template, of[0])
    if function == "Fn::Select":
        # The ARN of an imported or created resource, taken apart.
        return resolved(template, of[1])
    raise AssertionError(f"{value} is no reference to one resource")


def _name(template: Template, id: str) -> str:
    resource = template.document["Resources"][id]
    properties = resource["Properties"]
    if resource["Type"] == "AWS::Glue::Database":
        return str(properties["DatabaseInput"]["Name"])
    field = NAME_OF[resource["Type"]]
    return str(properties[field]) if field else id


def expected_exports(environment: Environment, template: Template) -> Mapping[str, str]:
    names = environment.names
    (key,) = template.resources("AWS::KMS::Key")
    return {
        Export.DATA_KEY_ARN: key,
        Export.RAW_BUCKET_NAME: names.raw_bucket,
        Export.PROCESSED_BUCKET_NAME: names.processed_bucket,
        Export.CURATED_BUCKET_NAME: names.curated_bucket,
        Export.QUALITY_BUCKET_NAME: names.quality_bucket,
        Export.ASSETS_BUCKET_NAME: names.assets_bucket,
        Export.OBJECTS_TABLE_NAME: names.objects_table,
        Export.LOADS_TABLE_NAME: names.loads_table,
        Export.STATE_TABLE_NAME: names.state_table,
        Export.RUNS_TABLE_NAME: names.runs_table,
        Export.PROCESSED_DATABASE_NAME: names.processed_database,
        Export.CURATED_DATABASE_NAME: names.curated_database,
        Export.QUALITY_DATABASE_NAME: names.quality_database,
        Export.DISCOVERY_DATABASE_NAME: names.discovery_database,
        Export.ALERTS_TOPIC_ARN: names.alerts_topic,
        Export.QUALITY_TOPIC_ARN: names.quality_topic,
        Export.RECOVERIES_TOPIC_ARN: names.recoveries_topic,
        Export.QUERIES_WORKGROUP_NAME: names.workgroup,
        Export.CRAWLERS_ROLE_NAME: names.role_of(names.crawlers),
        **{spec.role_export: names.role_of(names.job(spec)) for spec in JOBS},
    }


def test_each_export_carries_what_its_name_says(
    infrastructure: Template, configured: Environment
) -> None:
    carried = {
        output["Export"]["Name"]: resolved(infrastructure, output["Value"])
        for output in infrastructure.document["Outputs"].values()
    }
    expected = expected_exports(configured, infrastructure)
    assert carried == {configured.export_name(name): value for name, value in expected.items()}


@pytest.mark.parametrize(
    ("function", "settings"), [("trigger", TriggerSettings), ("monitor", MonitorSettings)]
)
def test_each_variable_of_a_function_carries_what_its_name_says(
    infrastructure: Template,
    configured: Environment,
    function: str,
    settings: type[FunctionSettings],
) -> None:
    variables = infrastructure.function(function)["Environment"]["Variables"]
    names = configured.names
    physical = {
        field.upper(): getattr(names, field)
        for field in settings.__dataclass_fields__
        if field.endswith(("_bucket", "_table"))
    }
    physical |= {
        "ALERTS_TOPIC_ARN": names.alerts_topic,
        "RECOVERIES_TOPIC_ARN": names.recoveries_topic,
    }
    assert len(physical) >= 7
    for name, value in physical.items():
        assert resolved(infrastructure, variables[name]) == value, name
    assert variables["ENVIRONMENT"] == configured.name
    assert set(variables) == {name.upper() for name in settings.__dataclass_fields__}


def test_each_job_is_told_the_export_of_that_very_name(application: Template) -> None:
    told: set[str] = set()
    for job in application.properties("AWS::Glue::Job"):
        for name, value in job["DefaultArguments"].items():
            if isinstance(value, dict):
                words = name.removeprefix("--").split("_")
                export = "".join(word.capitalize() for word in words)
                exact = {export, f"{export}Name"} & {one.value for one in Export}
                assert {value["Fn::ImportValue"].rsplit("-", 1)[1]} == exact, name
                told.add(name)
    assert len(told) > 10


def rules_of_the_queue(template: Template) -> list[Json]:
    rules = template.resources("AWS::Events::Rule").items()
    return [rule["Properties"] for id, rule in rules if id.startswith("Events")]


def test_every_rule_is_on_and_sends_to_the_queue_of_events(
    infrastructure: Template, configured: Environment
) -> None:
    rules = rules_of_the_queue(infrastructure)
    assert len(rules) == len(infrastructure.properties("AWS::Events::Rule")) - 1 >= 3
    for rule in rules:
        assert rule["State"] == "ENABLED"
        (target,) = rule["Targets"]
        assert resolved(infrastructure, target["Arn"]) == configured.names.uploads_queue
        dead_letters = target["DeadLetterConfig"]["Arn"]
        assert resolved(infrastructure, dead_letters) == configured.names.uploads_dead_letters


def events_of(rules: list[Json]) -> Iterator[dict[str, Any]]:
    """The least event that each rule lets through."""
    for rule in rules:
        if "ScheduleExpression" in rule:
            yield {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}
            continue
        pattern = rule["EventPattern"]
        yield {"source": pattern["source"][0], "detail-type": pattern["detail-type"][0]}


def test_the_function_knows_every_kind_of_event_that_a_rule_lets_through(
    infrastructure: Template,
) -> None:
    details = {
        "Object Created": {
            "bucket": {"name": "raw"},
            "object": {"key": "a.csv", "size": 1, "version-id": "v", "sequencer": "0"},
        },
        "Glue Job State Change": {"jobName": "any", "jobRunId": "jr_1", "state": "FAILED"},
        "Scheduled Event": {},
    }
    sources = {"Object Created": "aws.s3", "Glue Job State Change": "aws.glue"}
    seen = set()
    for event in events_of(rules_of_the_queue(infrastructure)):
        kind = event["detail-type"]
        assert event["source"] == sources.get(kind, "aws.events")
        whole = {**event, "time": "2026-11-20T10:00:00Z", "detail": details[kind]}
        seen.add(type(parse(json.dumps(whole))).__name__)
    assert seen == {"ObjectUploaded", "RunEnded", "Tick"}
    schedules = [
        rule["ScheduleExpression"]
        for rule in rules_of_the_queue(infrastructure)
        if "ScheduleExpression" in rule
    ]
    assert schedules == [TICK]


def test_the_clock_calls_the_monitoring_function_which_lets_it(
    infrastructure: Template, configured: Environment
) -> None:
    ((id, rule),) = (
        (id, rule["Properties"])
        for id, rule in infrastructure.resources("AWS::Events::Rule").items()
        if id.startswith("Monitor")
    )
    assert (rule["State"], rule["ScheduleExpression"]) == ("ENABLED", EVERY)
    (target,) = rule["Targets"]
    assert resolved(infrastructure, target["Arn"]) == configured.names.monitor_function
    allowed = infrastructure.only("AWS::Lambda::Permission")
    assert resolved(infrastructure, allowed["FunctionName"]) == configured.names.monitor_function
    assert allowed["Action"] == "lambda:InvokeFunction"
    assert allowed["Principal"] == "events.amazonaws.com"
    assert allowed["SourceArn"] == {"Fn::GetAtt": [id, "Arn"]}


def test_the_function_ends_before_its_lease_does_and_its_messages_stay_hidden_meanwhile(
    infrastructure: Template, configured: Environment
) -> None:
    function = infrastructure.function()
    assert function["Timeout"] < LEASE_SECONDS
    queue = infrastructure.named("AWS::SQS::Queue", QueueName=configured.names.uploads_queue)
    # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]


def test_nothing_keeps_the_function_from_running(
    infrastructure: Template, configured: Environment
) -> None:
    function = infrastructure.function()
    assert function.get("ReservedConcurrentExecutions", 1) > 0
    mapping = infrastructure.only("AWS::Lambda::EventSourceMapping")
    assert mapping.get("Enabled", True) is True
    assert mapping["ScalingConfig"]["MaximumConcurrency"] >= 2
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert resolved(infrastructure, mapping["EventSourceArn"]) == configured.names.uploads_queue
    assert resolved(infrastructure, mapping["FunctionName"]) == configured.names.trigger_function


def python_of(runtime: str) -> tuple[int, int]:
    found = re.fullmatch(r"python(\d+)\.(\d+)", runtime)
    assert found, runtime
    return int(found[1]), int(found[2])


def test_the_function_s_python_understands_its_code(infrastructure: Template) -> None:
    """`wires` runs in Glue as well, whose Python 6.0 has: it may use what that one knows."""
    version = python_of(infrastructure.function()["Runtime"])
    assert version >= (3, 13)
    modules = {path: code for path, code in trigger_bundle().items() if path.suffix == ".py"}
    assert len(modules) > 50
    for path, code in modules.items():
        ast.parse(code, filename=str(path), feature_version=version)


def test_each_crawler_looks_at_its_zone_and_writes_to_the_database_of_discoveries(
    application: Template, configured: Environment
) -> None:
    exports = {
        "raw": Export.RAW_BUCKET_NAME,
        "processed": Export.PROCESSED_BUCKET_NAME,
        "curated": Export.CURATED_BUCKET_NAME,
    }
    crawlers = {one["Name"]: one for one in application.properties("AWS::Glue::Crawler")}
    assert set(crawlers) == {configured.names.crawler(zone) for zone in exports}
    for zone, export in exports.items():
        crawler = crawlers[configured.names.crawler(zone)]
        assert crawler["TablePrefix"] == f"{zone}_"
        database = crawler["DatabaseName"]["Fn::ImportValue"]
        assert database == configured.export_name(Export.DISCOVERY_DATABASE_NAME)
        looked_at = re.findall(r"[\w-]+BucketName", text_of(crawler["Targets"]))
        assert looked_at == [configured.export_name(export)]


def test_the_contracts_lie_in_the_library_where_the_jobs_look_for_them() -> None:
    """Both ends take the names from `wires.contracts`; here is what the reader does with them."""
    bundle = library_bundle([DatasetContract(name="sales", keys=("s/*",))])
    assert PurePosixPath(CONTRACTS_PACKAGE, "__init__.py") in bundle
    text = bundle[PurePosixPath(CONTRACTS_PACKAGE, CONTRACTS_FILE)].decode()
    assert list(contracts_from_json(text)) == ["sales"]
    source = Path("glue_scripts/lake/planning/datasets.py").read_text()
    assert "files(CONTRACTS_PACKAGE).joinpath(CONTRACTS_FILE)" in source


def test_a_scheduled_job_is_started_by_a_trigger_that_is_on(
    application: Template, configured: Environment
) -> None:
    timers = [t for t in application.properties("AWS::Glue::Trigger") if t["Type"] == "SCHEDULED"]
    jobs = application.resources("AWS::Glue::Job")
    started = {
        jobs[action["JobName"]["Ref"]]["Properties"]["Name"]
        for timer in timers
        for action in timer["Actions"]
    }
    assert started == {
        configured.names.job(spec) for spec in JOBS if spec.schedule_in(configured.settings)
    }
    assert configured.names.job(TABLE_MAINTENANCE) in started
    assert all(timer["StartOnCreation"] is True for timer in timers)


@pytest.mark.parametrize("kind", ["AWS::Glue::Trigger"])
def test_a_trigger_that_waits_for_a_job_is_on(application: Template, kind: str) -> None:
    for trigger in application.properties(kind):
        if trigger["Type"] == "CONDITIONAL":
            assert trigger["StartOnCreation"] is True
