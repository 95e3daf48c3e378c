"""Templates with every switch of config on: what they add is deployed, bounded and explained."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError
from cfnlint.api import lint
from cfnlint.config import ManualArgs

from config.boundaries import Boundary
from config.environments import ENVIRONMENTS_FILE, Environment, load_environments
from config.jobs import HEALTH_CHECK, RECONCILIATION
from local_cloud.assembly import stacks_of
from local_cloud.cloud import LocalCloud
from operations.account_policies.boundary import boundary_document
from operations.account_policies.deployed import Purpose
from operations.bootstrap import targets
from operations.cost.bill import Bill
from operations.cost.charges import Service, Situation
from operations.reading.external_schemas import external_schemas
from tests.infra_app.test_ways_out import READS, statements_of
from tests.operations.test_execution_policies import PURPOSES_OF_ENVIRONMENTS, check
from tests.synthesis import ROOT, synthesized
from tests.templates import Template, as_list, text_of

# They need templates of their own, which take long to make.
pytestmark = pytest.mark.slow

OWN_ANALYSTS = "arn:aws:iam::222222222222:role/analysts"
THEIR_ANALYSTS = "arn:aws:iam::555555555555:role/team/analysts"
DASHBOARD_OWNERS = "arn:aws:quicksight:eu-central-1:222222222222:group/default/analysts"
EXTERNAL_ID = "words-agreed-on"
STAGING = {"awsAccountId": "444444444444", "awsRegion": "eu-west-1"}


def document() -> dict[str, Any]:
    """Everything on in dev, and staging in another region."""
    found: dict[str, Any] = yaml.safe_load(ENVIRONMENTS_FILE.read_text())
    found["stagingAccount"] = STAGING
    found["environments"]["dev"] |= {
        "network": {"vpc": True},
        "lakeFormation": True,
        "uploads": {
            "malwareProtection": True,
            "lockDays": 30,
            "uploaders": {"sales": "sales/", "partner-x": "data/incoming/"},
        },
        "workflow": {"crawlers": True, "schedule": "cron(15 2 * * ? *)"},
        "maintenance": {"tablesKeptByGlue": ["daily_sales"], "executionClass": "FLEX"},
        "fileProcessor": {"autoScaling": True, "workers": 10},
        "legislators": {"autoScaling": True, "executionClass": "FLEX", "workerType": "G.2X"},
        "reconciliation": {"repair": True},
        "redshift": {"enabled": True},
        "reading": {
            "consumers": [OWN_ANALYSTS, THEIR_ANALYSTS],
            "externalIds": {"555555555555": EXTERNAL_ID},
            "redshift": "role",
            "scanLimitGb": 5,
            "namedQueries": "curated",
            "quicksight": DASHBOARD_OWNERS,
        },
        "alarms": {
            "monthlyBudgetUsd": 500,
            "subscribers": {
                "failures": ["data@example.org", "https://example.org/hook"],
                "recoveries": ["data@example.org"],
            },
            "slackWorkspace": "T01234ABCDE",
            "slackChannel": "C01234ABCDE",
        },
    }
    return found


@dataclass(frozen=True)
class Variant:
    """Both apps, and the configuration that they were made from."""

    assemblies: list[Path]
    dev: Environment
    file: Path

    @property
    def templates(self) -> list[Template]:
        return [
            Template.read(p)
            for a in self.assemblies
            for p in a.glob("assembly-Dev/*.json")
            if p.name.endswith(".template.json")
        ]

    @property
    def pipelines(self) -> list[Template]:
        return [Template.read(p) for a in self.assemblies for p in a.glob("*.template.json")]

    @property
    def infrastructure(self) -> Template:
        return self.templates[0]

    @property
    def application(self) -> Template:
        return self.templates[1]


@pytest.fixture(scope="module")
def variant(tmp_path_factory: pytest.TempPathFactory) -> Variant:
    """Synthesis runs both rule packs, so it fails on what they find unexplained."""
    folder = tmp_path_factory.mktemp("variant")
    assemblies = [synthesized(app, document(), folder) for app in ("infra_app", "glue_app")]
    file = folder / "environments.yaml"
    return Variant(assemblies, load_environments(file).all[0], file)


def test_cloudformation_may_do_all_that_the_variant_needs(variant: Variant) -> None:
    for template in variant.templates:
        assert list(check(template, PURPOSES_OF_ENVIRONMENTS, variant.dev)) == []
    # One of each pipeline, and those with the artifacts' buckets of the other region.
    assert len(variant.pipelines) == 4
    for template in variant.pipelines:
        assert list(check(template, (Purpose.PIPELINE,), variant.dev)) == []


def test_bootstrap_gives_each_account_the_policies_of_its_switches(variant: Variant) -> None:
    of = {target.names: target.purposes for target in targets(load_environments(variant.file))}
    # Streams are files of their own, which a variant of the settings does not have.
    assert {*of[("dev",)], Purpose.STREAM_READERS} == set(PURPOSES_OF_ENVIRONMENTS)
    assert of[("prod",)] == (Purpose.ENVIRONMENT,)


def test_every_role_stays_within_its_boundary(variant: Variant) -> None:
    text = boundary_document(variant.dev.project, Boundary.ENVIRONMENT, variant.dev.account)
    within = {a for s in json.loads(text)["Statement"] for a in as_list(s["Action"])}
    for template in variant.templates:
        for role in template.properties("AWS::IAM::Role"):
            assert role["PermissionsBoundary"] == variant.dev.boundary_arn
        for statement in template.role_statements():
            assert set(as_list(statement["Action"])) <= within


def test_cloudformation_s_own_schemas_find_nothing_wrong(variant: Variant) -> None:
    config = ManualArgs(regions=["eu-central-1"], ignore_checks=["W3005"])
    for template in variant.templates:
        assert [match.message for match in lint(json.dumps(template.document), config=config)] == []


def test_uploads_are_scanned_and_the_scanner_alone_sets_its_tag(variant: Variant) -> None:
    template = variant.infrastructure
    plan = template.only("AWS::GuardDuty::MalwareProtectionPlan")
    role = template.id_of("AWS::IAM::Role", RoleName=variant.dev.names.scanner_role)
    assert plan["Role"] == {"Fn::GetAtt": [role, "Arn"]}
    assert plan["Actions"] == {"Tagging": {"Status": "ENABLED"}}
    raw = template.id_of("AWS::S3::Bucket", BucketName=variant.dev.names.raw_bucket)
    assert plan["ProtectedResource"] == {"S3Bucket": {"BucketName": {"Ref": raw}}}
    policy = template.named("AWS::S3::BucketPolicy", Bucket={"Ref": raw})
    denied = {s.get("Sid"): s for s in policy["PolicyDocument"]["Statement"]}
    for sid in ("ForgedScan", "ReplacedScan", "Malware"):
        assert denied[sid]["Condition"]["ArnNotEquals"] == {
            "aws:PrincipalArn": {"Fn::GetAtt": [role, "Arn"]}
        }


def test_consumers_are_the_roles_that_config_names_and_others_say_the_agreed_words(
    variant: Variant,
) -> None:
    role = variant.infrastructure.named("AWS::IAM::Role", RoleName=variant.dev.names.consumers_role)
    own, theirs = role["AssumeRolePolicyDocument"]["Statement"]
    assert own["Principal"]["AWS"].endswith(":222222222222:root")
    assert own["Condition"] == {"ArnEquals": {"aws:PrincipalArn": [OWN_ANALYSTS]}}
    assert "555555555555" in text_of(theirs["Principal"]["AWS"])
    assert theirs["Condition"] == {
        "ArnEquals": {"aws:PrincipalArn": [THEIR_ANALYSTS]},
        "StringEquals": {"sts:ExternalId": EXTERNAL_ID},
    }


def test_a_role_of_another_account_reads_by_taking_the_role_with_its_words(
    variant: Variant, tmp_path: Path
) -> None:
    stacks = list(stacks_of(variant.assemblies[0], environment="dev"))
    role = variant.dev.role_arn(variant.dev.names.consumers_role)
    with LocalCloud.for_stacks(stacks, work=tmp_path) as cloud:
        cloud.deploy(stacks)

        def took(by: str, **given: str) -> bool:
            sts = cloud.client("sts", role=by)
            try:
                sts.assume_role(RoleArn=role, RoleSessionName="reads", **given)
            except ClientError as error:
                if error.response["Error"]["Code"] != "AccessDenied":
                    raise
                return False
            return True

        assert took(THEIR_ANALYSTS, ExternalId=EXTERNAL_ID)
        assert not took(THEIR_ANALYSTS)
        assert not took(THEIR_ANALYSTS, ExternalId="other-words")
        assert not took("arn:aws:iam::555555555555:role/others", ExternalId=EXTERNAL_ID)


def test_no_key_and_no_bucket_is_opened_to_the_accounts_of_consumers(variant: Variant) -> None:
    opened = [
        id
        for id, statement in variant.infrastructure.statements()
        if "555555555555" in text_of(statement)
    ]
    assert {variant.infrastructure.document["Resources"][id]["Type"] for id in opened} == {
        "AWS::IAM::Role"
    }


def test_redshift_reads_tables_for_users_of_this_account_and_region_only(
    variant: Variant,
) -> None:
    template, names = variant.infrastructure, variant.dev.names
    role = template.named("AWS::IAM::Role", RoleName=names.spectrum_role)
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    services = {"redshift.amazonaws.com", "redshift-serverless.amazonaws.com"}
    assert set(statement["Principal"]["Service"]) == services
    condition = statement["Condition"]
    users = text_of(condition["StringLike"]["sts:ExternalId"])
    assert users.endswith(":redshift:eu-central-1:222222222222:dbuser:*")
    assert condition["StringEqualsIfExists"] == {"aws:SourceAccount": "222222222222"}
    assert ":222222222222:*" in text_of(condition["ArnLikeIfExists"]["aws:SourceArn"])
    actions = {
        action
        for s in statements_of(template, names.spectrum_role)
        for action in as_list(s["Action"])
    }
    assert actions == READS | {"lakeformation:GetDataAccess"}


def test_external_schemas_name_the_databases_and_the_role_that_is_deployed(
    variant: Variant,
) -> None:
    names = variant.dev.names
    statements = list(external_schemas(variant.dev))
    assert len(statements) == 3
    for statement, database in zip(statements, names.databases, strict=False):
        assert f"DATABASE '{database}'\n" in statement
        role = f"IAM_ROLE 'arn:aws:iam::222222222222:role/{names.spectrum_role}';"
        assert statement.endswith(role)


def test_dashboards_have_a_source_and_a_data_set_for_each_curated_table(variant: Variant) -> None:
    template, names = variant.application, variant.dev.names
    source = template.only("AWS::QuickSight::DataSource")
    parameters = source["DataSourceParameters"]["AthenaParameters"]
    assert parameters["RoleArn"] == variant.dev.role_arn(names.dashboards_role)
    assert "QueriesWorkgroupName" in text_of(parameters["WorkGroup"])
    sets = {one["Name"]: one for one in template.properties("AWS::QuickSight::DataSet")}
    assert set(sets) == {"shop_customer_value", "shop_daily_sales"}
    for one in (source, *sets.values()):
        (permission,) = one["Permissions"]
        assert permission["Principal"] == DASHBOARD_OWNERS
        assert not [a for a in permission["Actions"] if "Delete" in a or "Update" in a]
    table = sets["shop_daily_sales"]["PhysicalTableMap"]["table"]["RelationalTable"]
    assert table["Schema"] == names.curated_database
    columns = {column["Name"]: column["Type"] for column in table["InputColumns"]}
    assert columns["ordered_on"] == "DATETIME"
    assert (columns["orders"], columns["net"]) == ("INTEGER", "DECIMAL")
    refreshed = template.properties("AWS::QuickSight::RefreshSchedule")
    assert {one["DataSetId"] for one in refreshed} == {one["DataSetId"] for one in sets.values()}
    assert {one["Schedule"]["RefreshType"] for one in refreshed} == {"FULL_REFRESH"}


def test_dashboards_read_what_consumers_read_and_no_more(variant: Variant) -> None:
    template, names = variant.infrastructure, variant.dev.names

    def may(role: str) -> set[str]:
        return {
            f"{action} {text_of(resource)}"
            for statement in statements_of(template, role)
            for action in as_list(statement["Action"])
            for resource in as_list(statement["Resource"])
        }

    assert may(names.dashboards_role) == may(names.consumers_role)
    role = template.named("AWS::IAM::Role", RoleName=names.dashboards_role)
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "quicksight.amazonaws.com"}


def test_curated_tables_alone_have_named_queries_where_config_says_so(variant: Variant) -> None:
    queries = variant.application.properties("AWS::Athena::NamedQuery")
    assert {query["Name"].partition(":")[0] for query in queries} == {
        "shop_customer_value",
        "shop_daily_sales",
        "shop_open_orders",
    }
    workgroup = variant.infrastructure.only("AWS::Athena::WorkGroup")["WorkGroupConfiguration"]
    assert workgroup["BytesScannedCutoffPerQuery"] == 5 * 1024**3


def test_versions_are_locked_for_the_days_that_config_says(variant: Variant) -> None:
    raw = variant.infrastructure.named("AWS::S3::Bucket", BucketName=variant.dev.names.raw_bucket)
    assert raw["ObjectLockEnabled"] is True
    retention = raw["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    assert retention == {"Mode": "GOVERNANCE", "Days": 30}


def test_an_uploader_can_put_below_its_prefix_and_do_nothing_else(variant: Variant) -> None:
    policies = variant.infrastructure.properties("AWS::IAM::ManagedPolicy")
    by_name = {policy["ManagedPolicyName"]: policy for policy in policies}
    sales = by_name[variant.dev.names.upload_policy("sales")]["PolicyDocument"]["Statement"]
    actions = {action for s in sales for action in as_list(s["Action"])}
    assert actions == {
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "s3:AbortMultipartUpload",
        "s3:PutObject",
    }
    assert text_of(sales[0]["Resource"]).rstrip('"]}').endswith("/sales/*")
    for policy in policies:
        assert not {"Roles", "Users", "Groups"} & set(policy)


def id_of_topic(variant: Variant, name: str) -> str:
    return variant.infrastructure.id_of("AWS::SNS::Topic", TopicName=name)


def test_those_whom_config_names_are_told_and_the_budget_is_watched(variant: Variant) -> None:
    subscribed = variant.infrastructure.properties("AWS::SNS::Subscription")
    assert {(one["Protocol"], one["Endpoint"]) for one in subscribed} == {
        ("email", "data@example.org"),
        ("https", "https://example.org/hook"),
    }
    names = variant.dev.names
    topics = {
        id_of_topic(variant, name): name
        for name in (names.alerts_topic, names.quality_topic, names.recoveries_topic)
    }
    told = {(topics[one["TopicArn"]["Ref"]], one["Endpoint"]) for one in subscribed}
    assert told == {
        (names.alerts_topic, "data@example.org"),
        (names.alerts_topic, "https://example.org/hook"),
        (names.recoveries_topic, "data@example.org"),
    }
    failures = id_of_topic(variant, names.alerts_topic)
    channel = variant.infrastructure.only("AWS::Chatbot::SlackChannelConfiguration")
    assert len(channel["SnsTopicArns"]) == 3
    [guardrail] = channel["GuardrailPolicies"]
    assert ":iam::aws:policy/AWSDenyAll" in text_of(guardrail)
    ((_, made),) = variant.infrastructure.resources("AWS::Budgets::Budget").items()
    policies = variant.infrastructure.resources("AWS::SNS::TopicPolicy").items()
    (policy,) = (id for id, one in policies if {"Ref": failures} in one["Properties"]["Topics"])
    assert policy in made["DependsOn"]
    budget = made["Properties"]
    notices = [one["Notification"] for one in budget["NotificationsWithSubscribers"]]
    assert sorted((one["NotificationType"], one["Threshold"]) for one in notices) == [
        ("ACTUAL", 80),
        ("ACTUAL", 100),
        ("FORECASTED", 100),
    ]
    assert {one["ThresholdType"] for one in notices} == {"PERCENTAGE"}
    assert budget["Budget"]["BudgetLimit"] == {"Amount": 500, "Unit": "USD"}
    for notice in budget["NotificationsWithSubscribers"]:
        assert notice["Subscribers"] == [{"SubscriptionType": "SNS", "Address": {"Ref": failures}}]


def test_each_job_has_of_lake_formation_what_its_tables_need(variant: Variant) -> None:
    granted = variant.application.properties("AWS::LakeFormation::PrincipalPermissions")
    tables = [one for one in granted if "Table" in one["Resource"]]
    assert len(tables) == len(granted) / 2
    for one in granted:
        assert one["Permissions"]
        assert one["PermissionsWithGrantOption"] == []
        assert {"Ref": "AWS::NoValue"} not in one["Permissions"]
    droppers = {text_of(one["Principal"]) for one in tables if "DROP" in one["Permissions"]}
    # Of curated tables two, the batch sample's, the checks after a deployment and by the clock.
    assert len(droppers) == 5
    looking = {text_of(one["Principal"]) for one in tables if "SELECT" in one["Permissions"]}
    for spec in (HEALTH_CHECK, RECONCILIATION):
        assert any(spec.role_export in one for one in looking)


def test_a_reconciliation_that_repairs_may_put_back_send_and_tag_and_nothing_else(
    variant: Variant,
) -> None:
    assert variant.dev.settings.reconciliation.repair
    job = variant.application.named("AWS::Glue::Job", Name=variant.dev.names.job(RECONCILIATION))
    assert job["DefaultArguments"]["--repair"] == "true"
    statements = [
        statement
        for policy in variant.application.properties("AWS::IAM::Policy")
        if RECONCILIATION.role_export in text_of(policy["Roles"])
        for statement in policy["PolicyDocument"]["Statement"]
    ]
    of = {
        action: {text_of(one) for one in as_list(statement["Resource"])}
        for statement in statements
        for action in as_list(statement["Action"])
        if action in ("dynamodb:ConditionCheckItem", "sqs:SendMessage", "s3:PutObjectTagging")
    }
    assert len(of) == 3
    assert all("Objects" in one or "Loads" in one for one in of["dynamodb:ConditionCheckItem"])
    (queue,) = of["sqs:SendMessage"]
    assert variant.dev.names.uploads_queue in queue
    actions = {action for s in statements for action in as_list(s["Action"])}
    assert not actions & {"s3:PutObject", "s3:DeleteObject", "dynamodb:DeleteItem"}


def test_checks_remove_uploads_where_versions_are_locked(variant: Variant) -> None:
    unlocking = [
        statement
        for template in variant.templates
        for statement in template.role_statements()
        if "s3:BypassGovernanceRetention" in as_list(statement["Action"])
    ]
    assert len(unlocking) == 2  # after a deployment, and by the clock
    for statement in unlocking:
        assert all("platform_check_" in text_of(one) for one in as_list(statement["Resource"]))


def test_a_job_scales_and_runs_on_spare_capacity_where_config_says_so(variant: Variant) -> None:
    kinds = {}
    for job in variant.application.properties("AWS::Glue::Job"):
        scales = job["DefaultArguments"].get("--enable-auto-scaling")
        kinds[job["Name"].removeprefix(variant.dev.names.of(""))] = (
            job.get("ExecutionClass"),
            scales,
        )
        assert job["JobRunQueuingEnabled"] is False
        assert job["MaxRetries"] == 0
        assert job["DefaultArguments"]["--enable-metrics"] == ""
        assert job["DefaultArguments"]["--enable-observability-metrics"] == "true"
    others = {"data-ingestion", "data-processing", "data-quality"}
    others |= {"health-check", "reconciliation"}
    assert kinds == {
        **dict.fromkeys(others, (None, None)),
        "file-processor": (None, "true"),
        "legislators": ("FLEX", "true"),
        "table-maintenance": ("FLEX", None),
    }


def test_all_of_it_is_priced_and_the_page_says_what_switches_cost(variant: Variant) -> None:
    templates = {str(i): one.document for i, one in enumerate(variant.templates)}
    situation = Situation.of(variant.dev, templates)
    bill = Bill.for_situation("dev", situation, readers=True)
    pipelines = {str(i): one.document for i, one in enumerate(variant.pipelines)}
    Bill.for_situation("pipelines", Situation.of(variant.dev, pipelines), readers=False)
    crawlers = {one.id for one in situation.of_type("AWS::Glue::Crawler")}
    costs = {
        "network.vpc": bill.of_service(Service.VPC).usd,
        "workflow.crawlers": sum(c.usd for c in bill.charges if c.resource in crawlers),
        "uploads.malwareProtection": bill.of_service(Service.GUARDDUTY).usd,
    }
    page = (ROOT / "docs" / "cost.md").read_text()
    for switch, usd in costs.items():
        assert re.search(rf"^\| `{switch}: true` \| {usd:.0f} \|", page, re.MULTILINE), (
            switch,
            usd,
        )


def test_a_laptop_deploys_it_as_well(variant: Variant, tmp_path: Path) -> None:
    stacks = [s for a in variant.assemblies for s in stacks_of(a, environment="dev")]
    with LocalCloud.for_stacks(stacks, work=tmp_path) as cloud:
        cloud.deploy(stacks)
