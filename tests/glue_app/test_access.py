"""What each job may touch."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable

import pytest

from tests.templates import Json, Template, as_list, text_of

Resources = Callable[[str, str], list[str]]
ROLES = (
    "FileProcessor",
    "DataIngestion",
    "DataProcessing",
    "DataQuality",
    "Legislators",
    "TableMaintenance",
)


@pytest.fixture
def resources(application: Template) -> Resources:
    """For a role and an action: on what."""

    def found(role: str, action: str) -> list[str]:
        return [
            text_of(resource)
            for policy in application.properties("AWS::IAM::Policy")
            if f"{role}RoleName" in text_of(policy["Roles"])
            for statement in policy["PolicyDocument"]["Statement"]
            if action in as_list(statement["Action"])
            for resource in as_list(statement["Resource"])
        ]

    return found


def zones(resources: list[str]) -> set[str]:
    """Bucket and what is below it, such as `Quality/quarantine/*`."""
    names = ("Raw", "Processed", "Curated", "Quality", "Assets")
    found = set()
    for resource in resources:
        zone = next((name for name in names if f"{name}BucketName" in resource), "")
        below = resource.rsplit('"', 2)[-2] if zone else resource
        found.add(f"{zone}{below}")
    return found


@pytest.mark.parametrize("role", ["FileProcessor", "DataIngestion"])
def test_originals_can_be_read_in_every_version(resources: Resources, role: str) -> None:
    assert zones(resources(role, "s3:GetObjectVersion")) == {"Raw/*"}


@pytest.mark.parametrize(
    ("role", "places"),
    [
        ("FileProcessor", {"Processed/*", "Quality/quarantine/*", "Assets/loads/*"}),
        ("DataIngestion", {"Processed/*", "Quality/quarantine/*", "Assets/loads/*"}),
        ("DataProcessing", {"Curated/*", "Quality/quarantine/*", "Assets/refreshes/*"}),
        (
            "DataQuality",
            {
                "Curated/*",
                "Quality/quarantine/*",
                "Quality/reports/*",
                "Quality/history/*",
                "Assets/refreshes/*",
            },
        ),
        (
            "Legislators",
            {"Processed/legislators_history/*", "Quality/quarantine/*", "Assets/refreshes/*"},
        ),
        ("TableMaintenance", {"Processed/*", "Curated/*"}),
    ],
)
def test_a_job_writes_where_it_has_to_and_nowhere_else(
    resources: Resources, role: str, places: set[str]
) -> None:
    assert zones(resources(role, "s3:PutObject")) == places
    assert zones(resources(role, "s3:PutObjectTagging")) == places


@pytest.mark.parametrize("role", ROLES)
def test_no_job_deletes_an_object(resources: Resources, role: str) -> None:
    assert not resources(role, "s3:DeleteObject")


@pytest.mark.parametrize(
    ("role", "databases"),
    [
        ("FileProcessor", {"Processed", "Quality"}),
        ("DataIngestion", {"Processed", "Quality"}),
        ("DataProcessing", {"Curated", "Quality"}),
        ("DataQuality", {"Curated", "Quality"}),
        ("Legislators", {"Processed", "Quality"}),
        ("TableMaintenance", {"Processed", "Curated"}),
    ],
)
def test_a_job_keeps_the_tables_of_its_own_databases_only(
    resources: Resources, role: str, databases: set[str]
) -> None:
    keeping = [*resources(role, "glue:CreateTable"), *resources(role, "glue:UpdateTable")]
    assert databases_of(keeping) == databases


@pytest.mark.parametrize("role", ROLES)
def test_only_records_have_partitions_in_the_catalog(resources: Resources, role: str) -> None:
    for action in ("glue:CreatePartition", "glue:GetPartitions", "glue:UpdatePartition"):
        assert databases_of(resources(role, action)) <= {"Quality"}


def databases_of(found: Iterable[str]) -> set[str]:
    kept = [resource for resource in found if not resource.endswith(":catalog")]
    return {
        name
        for name in ("Processed", "Curated", "Quality", "Discovery")
        if any(f"{name}DatabaseName" in resource for resource in kept)
    }


def test_no_job_takes_a_partition_away_and_only_curated_tables_are_made_anew(
    resources: Resources,
) -> None:
    for role in ROLES:
        assert not resources(role, "glue:DeletePartition")
        for resource in resources(role, "glue:DeleteTable"):
            of_its_own = "Legislators" in role and (
                "legislators_history" in resource or ":database/" in resource
            )
            curated = "CuratedDatabaseName" in resource
            assert resource.endswith(":catalog") or curated or of_its_own


def test_the_crawlers_write_nothing_but_what_they_have_found(resources: Resources) -> None:
    assert not resources("Crawlers", "s3:PutObject")
    tables = [r for r in resources("Crawlers", "glue:UpdateTable") if not r.endswith(":catalog")]
    assert tables
    assert all("DiscoveryDatabaseName" in table for table in tables)


ITEMS = {
    "FileProcessor": {("lease#publisher#*", "Delete Put"), ("dataset#*", "Get Put")},
    "DataIngestion": {("lease#publisher#*", "Delete Put"), ("dataset#*", "Get Put")},
    "DataProcessing": {("refresh", "Get Update")},
    "DataQuality": {("refresh", "Get Update")},
    "TableMaintenance": {("refresh", "Get"), ("lease#publisher#*", "Delete Put")},
    "Legislators": set[tuple[str, str]](),
}
"""By role: beginnings of partition keys, and what may be done with such items."""


@pytest.mark.parametrize("role", ROLES)
def test_of_the_state_table_a_job_handles_its_own_kinds_of_items_and_no_others(
    application: Template, role: str
) -> None:
    found: set[tuple[str, str]] = set()
    for statement in statements_of(application, role, "StateTableName"):
        [(operator, keys)] = statement["Condition"].items()
        assert operator == "ForAllValues:StringLike"
        actions = sorted(as_list(statement["Action"]))
        verbs = " ".join(a.removeprefix("dynamodb:").removesuffix("Item") for a in actions)
        found |= {(key, verbs) for key in keys["dynamodb:LeadingKeys"]}
    assert found == ITEMS[role]


def test_the_workflow_s_first_step_alone_asks_for_its_load(resources: Resources) -> None:
    asking = [role for role in ROLES if resources(role, "glue:GetWorkflowRunProperties")]
    assert asking == ["DataIngestion"]


@pytest.mark.parametrize("role", ROLES)
def test_loads_are_changed_by_the_jobs_that_publish_them_alone(
    application: Template, role: str
) -> None:
    actions = {
        action
        for statement in statements_of(application, role, "LoadsTableName")
        for action in as_list(statement["Action"])
    }
    publishes = role in ("FileProcessor", "DataIngestion")
    assert actions == ({"dynamodb:GetItem", "dynamodb:UpdateItem"} if publishes else set())


OWN = ("platform_check_*", "data/incoming/????/??/??/platform_check_*")


def test_a_health_check_writes_and_removes_under_its_own_names_alone(
    resources: Resources, application: Template
) -> None:
    own = {f"Raw/{pattern}" for pattern in OWN}
    assert zones(resources("HealthCheck", "s3:PutObject")) == own
    assert zones(resources("HealthCheck", "s3:DeleteObjectVersion")) == own
    assert zones(resources("HealthCheck", "s3:GetObject")) >= {"Processed/platform_check_*"}
    removed = zones(resources("HealthCheck", "s3:DeleteObject"))
    assert {place.split("/")[0] for place in removed} == {"Processed", "Quality"}
    assert all("platform_check_" in place for place in removed)
    for action in ("glue:DeleteTable", "glue:GetTable"):
        tables = [r for r in resources("HealthCheck", action) if ":table/" in r]
        assert tables
        assert all("platform_check_*" in table for table in tables)
    keys = leading_keys(application, "HealthCheck", "Objects")
    assert keys == [list(OWN)]
    assert sorted(leading_keys(application, "HealthCheck", "State")) == [
        ["checks"],
        ["dataset#platform_check_*"],
    ]
    for action in ("glue:StartJobRun", "glue:UpdateTable", "glue:CreateTable", "sns:Publish"):
        assert not resources("HealthCheck", action)


def test_a_reconciliation_looks_at_everything_and_changes_nothing(
    application: Template,
) -> None:
    actions = {
        action
        for policy in application.properties("AWS::IAM::Policy")
        if "ReconciliationRoleName" in text_of(policy["Roles"])
        for statement in policy["PolicyDocument"]["Statement"]
        for action in as_list(statement["Action"])
    }
    looks = re.compile(r"\w+:(Get|List|Query|Scan|Decrypt|Describe)")
    assert {action for action in actions if not looks.match(action)} == {
        # Its logs and metrics, as of every job.
        "cloudwatch:PutMetricData",
        "kms:Encrypt",
        "kms:GenerateDataKey",
        "logs:AssociateKmsKey",
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        # Its own runs, what people know of, and telling them.
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "sns:Publish",
    }
    keys = {key for (key,) in leading_keys(application, "Reconciliation", "State")}
    workflows = {key for key in keys if key.startswith("workflow#")}
    assert keys - workflows == {"findings", "refresh"}
    assert len(workflows) == 1
    ((runs,),) = leading_keys(application, "Reconciliation", "Runs")
    assert runs.endswith("-reconciliation")


def statements_of(application: Template, role: str, table: str) -> list[Json]:
    return [
        statement
        for policy in application.properties("AWS::IAM::Policy")
        if f"{role}RoleName" in text_of(policy["Roles"])
        for statement in policy["PolicyDocument"]["Statement"]
        if table in text_of(statement["Resource"])
    ]


def leading_keys(application: Template, role: str, export: str) -> list[list[str]]:
    """Of a role's statements about a table of ledgers: the keys that each is limited to."""
    return [
        statement.get("Condition", {})
        .get("ForAllValues:StringLike", {})
        .get("dynamodb:LeadingKeys", ["no limit"])
        for policy in application.properties("AWS::IAM::Policy")
        if f"{role}RoleName" in text_of(policy["Roles"])
        for statement in policy["PolicyDocument"]["Statement"]
        if f"{export}TableName" in text_of(statement["Resource"])
    ]


@pytest.mark.parametrize("role", ROLES)
def test_a_job_takes_down_its_own_runs_and_nobody_else_s(application: Template, role: str) -> None:
    words = "-".join(re.findall("[A-Z][a-z]+", role)).lower()
    ((key,),) = leading_keys(application, role, "Runs")
    assert key.endswith(f"-{words}")
    assert "*" not in key


def test_ingestion_keeps_entries_of_its_own_route_alone(application: Template) -> None:
    assert leading_keys(application, "DataIngestion", "Objects") == [["data/incoming/*"]]
    assert leading_keys(application, "FileProcessor", "Objects") == [["*"]]
    for role in set(ROLES) - {"DataIngestion", "FileProcessor"}:
        assert leading_keys(application, role, "Objects") == []


def test_the_batch_sample_changes_its_own_table_and_no_other(resources: Resources) -> None:
    changed = [r for r in resources("Legislators", "glue:UpdateTable") if "table/" in r]
    assert changed
    assert all("legislators_history" in r or "quarantined_rows" in r for r in changed)


def test_a_crawler_of_folders_keeps_columns_and_leaves_those_of_the_checks_out(
    application: Template,
) -> None:
    (raw,) = (
        c for c in application.properties("AWS::Glue::Crawler") if "S3Targets" in c["Targets"]
    )
    assert json.loads(raw["Configuration"])["CrawlerOutput"] == {
        "Partitions": {"AddOrUpdateBehavior": "InheritFromTable"},
        "Tables": {"AddOrUpdateBehavior": "MergeNewColumns"},
    }
    (target,) = raw["Targets"]["S3Targets"]
    assert target["Exclusions"] == [
        "platform_check_*/**",
        "data/incoming/*/*/*/platform_check_*/**",
    ]
