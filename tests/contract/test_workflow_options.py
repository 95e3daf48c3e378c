"""A workflow with a schedule and with crawlers, tables that Glue keeps: what switches bring."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.environments import ENVIRONMENTS_FILE
from infra_app.constructs.events_queue import TICK
from infra_app.constructs.monitor import EVERY
from infra_app.lambdas.trigger.events import WorkflowDue, parse
from local_cloud.assembly import stacks_of
from local_cloud.cloud import LocalCloud
from tests.synthesis import synthesized
from tests.templates import Json, Template

# Each needs templates of its own, which take long to make.
pytestmark = pytest.mark.slow

SCHEDULE = "cron(15 2 * * ? *)"
KEPT = "shop_daily_sales"
Assembly = tuple[list[Path], Template, Template]


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """Dev's assemblies and templates; synthesis fails on what the rule packs find."""
    folder = tmp_path_factory.mktemp("workflow")
    document = yaml.safe_load(ENVIRONMENTS_FILE.read_text())
    document["environments"]["dev"]["workflow"] = {"schedule": SCHEDULE, "crawlers": True}
    document["environments"]["dev"]["maintenance"] = {"tablesKeptByGlue": [KEPT]}
    document["environments"]["dev"]["alarms"] = {"glueMetrics": False}
    assemblies = [synthesized(app, document, folder) for app in ("infra_app", "glue_app")]
    infrastructure, application = (
        Template.read(next(assembly.glob("assembly-Dev/*.template.json")))
        for assembly in assemblies
    )
    return assemblies, infrastructure, application


def actions(application: Template, end: str) -> list[str]:
    """Jobs and crawlers that the trigger with this end of its name starts, by their ids."""
    [trigger] = [
        trigger
        for trigger in application.properties("AWS::Glue::Trigger")
        if trigger["Name"].endswith(f"-{end}")
    ]
    names: list[Any] = [
        action.get("JobName") or action["CrawlerName"] for action in trigger["Actions"]
    ]
    return sorted(name["Ref"].rstrip("0123456789ABCDEF") for name in names)


def test_the_schedule_says_what_it_is_about_on_the_queue_of_uploads(dev: Assembly) -> None:
    _, infrastructure, _ = dev
    [rule] = [
        rule
        for rule in infrastructure.properties("AWS::Events::Rule")
        if rule.get("ScheduleExpression") == SCHEDULE
    ]
    [target] = rule["Targets"]
    assert parse(target["Input"]) == WorkflowDue()
    assert json.loads(target["Input"]) == {"detail-type": "Workflow Due"}
    assert all(target["Arn"] == other["Arn"] for other in _targets(infrastructure))


def _targets(infrastructure: Template) -> list[Json]:
    rules = infrastructure.resources("AWS::Events::Rule").items()
    feeding = [rule["Properties"] for id, rule in rules if id.startswith("Events")]
    return [target for rule in feeding for target in rule["Targets"]]


def test_tables_that_glue_keeps_have_its_optimizers_which_delete_nothing(dev: Assembly) -> None:
    _, _, application = dev
    found = application.properties("AWS::Glue::TableOptimizer")
    assert {(one["TableName"], one["Type"]) for one in found} == {
        (KEPT, "compaction"),
        (KEPT, "retention"),
    }
    for one in found:
        assert "CuratedDatabaseName" in json.dumps(one["DatabaseName"])
        assert "TableMaintenanceRoleName" in json.dumps(one["TableOptimizerConfiguration"])
    [retention] = [one for one in found if one["Type"] == "retention"]
    kept = retention["TableOptimizerConfiguration"]["RetentionConfiguration"]
    assert kept["IcebergConfiguration"] == {
        "CleanExpiredFiles": False,
        "SnapshotRetentionPeriodInDays": 30,
    }
    [job] = [
        job
        for job in application.properties("AWS::Glue::Job")
        if job["Name"].endswith("-table-maintenance")
    ]
    assert job["DefaultArguments"]["--tables_kept_by_glue"] == KEPT


def test_jobs_send_none_of_glue_s_metrics_where_config_says_so(dev: Assembly) -> None:
    _, _, application = dev
    jobs = application.properties("AWS::Glue::Job")
    assert jobs
    for job in jobs:
        sent = [name for name in job["DefaultArguments"] if name.endswith("-metrics")]
        assert [name for name in sent if job["DefaultArguments"][name] != "false"] == []


def test_without_a_schedule_nothing_starts_the_workflow_by_the_clock(
    infrastructure: Template,
) -> None:
    schedules = {
        rule["ScheduleExpression"]
        for rule in infrastructure.properties("AWS::Events::Rule")
        if "ScheduleExpression" in rule
    }
    assert schedules == {TICK, EVERY}


def test_crawlers_run_beside_the_jobs_that_bring_something_new(dev: Assembly) -> None:
    _, _, application = dev
    assert actions(application, "ingested") == [
        "CrawlersProcessed",
        "CrawlersRaw",
        "DataProcessingJob",
    ]
    assert actions(application, "judged") == ["CrawlersCurated"]


def test_a_laptop_deploys_and_follows_both(dev: Assembly, tmp_path: Path) -> None:
    assemblies, _, _ = dev
    stacks = [s for assembly in assemblies for s in stacks_of(assembly, environment="dev")]
    with LocalCloud.for_stacks(stacks, work=tmp_path) as cloud:
        cloud.deploy(stacks)
        assert SCHEDULE in {schedule.expression for schedule in cloud.schedules}
        assert len(cloud.client("glue").get_crawlers()["Crawlers"]) == 3
