"""The layered workflow as the application stack defines it."""

from __future__ import annotations

import pytest

from config.environments import Environment
from config.jobs import DATA_INGESTION, DATA_PROCESSING, DATA_QUALITY, TABLE_MAINTENANCE
from tests.templates import Json, Template, as_list, text_of


@pytest.fixture
def triggers(application: Template) -> dict[str, Json]:
    """By the end of their names."""
    found = application.properties("AWS::Glue::Trigger")
    own = [trigger for trigger in found if "WorkflowName" in trigger]
    return {trigger["Name"].rsplit("-", 1)[1]: trigger for trigger in own}


def starts(application: Template, trigger: Json) -> list[str]:
    """Names of the jobs that a trigger starts."""
    jobs = application.resources("AWS::Glue::Job")
    return [jobs[action["JobName"]["Ref"]]["Properties"]["Name"] for action in trigger["Actions"]]


def test_it_has_one_start_and_that_is_on_demand(triggers: dict[str, Json]) -> None:
    kinds = [trigger["Type"] for trigger in triggers.values()]
    assert kinds.count("ON_DEMAND") == 1
    assert set(kinds) == {"ON_DEMAND", "CONDITIONAL"}


def test_ingestion_then_processing_then_quality(
    application: Template, triggers: dict[str, Json], configured: Environment
) -> None:
    names = configured.names
    assert starts(application, triggers["start"]) == [names.job(DATA_INGESTION)]
    assert starts(application, triggers["ingested"]) == [names.job(DATA_PROCESSING)]
    assert starts(application, triggers["processed"]) == [names.job(DATA_QUALITY)]


@pytest.mark.parametrize(
    ("trigger", "after", "states"),
    [
        ("ingested", "data-ingestion", ["SUCCEEDED"]),
        # One table that cannot be made does not keep the others from their readers.
        ("processed", "data-processing", ["SUCCEEDED", "FAILED", "TIMEOUT"]),
    ],
)
def test_a_job_starts_when_the_one_before_it_has_ended_so(
    *,
    application: Template,
    triggers: dict[str, Json],
    configured: Environment,
    trigger: str,
    after: str,
    states: list[str],
) -> None:
    predicate = triggers[trigger]["Predicate"]
    jobs = application.resources("AWS::Glue::Job")
    watched = {
        jobs[condition["JobName"]["Ref"]]["Properties"]["Name"]
        for condition in predicate["Conditions"]
    }
    assert watched == {configured.names.of(after)}
    assert [condition["State"] for condition in predicate["Conditions"]] == states
    assert predicate.get("Logical", "ANY") == "ANY"
    assert triggers[trigger]["StartOnCreation"] is True


def test_one_run_at_a_time(application: Template, configured: Environment) -> None:
    workflow = application.only("AWS::Glue::Workflow")
    assert workflow["MaxConcurrentRuns"] == 1
    assert workflow["Name"] == configured.names.workflow


def test_a_schedule_starts_the_upkeep_of_tables(
    application: Template, configured: Environment
) -> None:
    names = configured.names
    name = f"{names.job(TABLE_MAINTENANCE)}-timer"
    trigger = application.named("AWS::Glue::Trigger", Name=name)
    assert (trigger["Type"], trigger["StartOnCreation"]) == ("SCHEDULED", True)
    assert trigger["Schedule"] == configured.settings.maintenance.schedule
    assert starts(application, trigger) == [names.job(TABLE_MAINTENANCE)]


def test_the_crawler_of_curated_looks_for_iceberg_tables(
    application: Template, configured: Environment
) -> None:
    crawler = application.named("AWS::Glue::Crawler", Name=configured.names.crawler("curated"))
    [target] = crawler["Targets"]["IcebergTargets"]
    assert "S3Targets" not in crawler["Targets"]
    assert "CuratedBucketName" in text_of(target["Paths"])


def test_every_other_trigger_is_of_the_workflow_and_made_after_it(
    application: Template, configured: Environment
) -> None:
    [id] = application.resources("AWS::Glue::Workflow")
    for resource in application.resources("AWS::Glue::Trigger").values():
        if resource["Properties"]["Type"] == "SCHEDULED":
            continue
        assert resource["Properties"]["WorkflowName"] == configured.names.workflow
        assert id in resource["DependsOn"]


def test_there_is_a_crawler_for_each_zone_and_none_that_touches_published_tables(
    application: Template,
) -> None:
    crawlers = application.properties("AWS::Glue::Crawler")
    prefixes = {crawler["TablePrefix"] for crawler in crawlers}
    assert prefixes == {"raw_", "processed_", "curated_"}
    for crawler in crawlers:
        assert "DiscoveryDatabaseName" in text_of(crawler["DatabaseName"])
        assert crawler["SchemaChangePolicy"]["DeleteBehavior"] == "LOG"
        assert "Schedule" not in crawler


def test_its_triggers_are_made_and_deleted_one_after_the_other(application: Template) -> None:
    """Glue refuses triggers of one workflow that are made side by side."""
    resources = application.resources("AWS::Glue::Trigger")
    own = {id: r for id, r in resources.items() if "WorkflowName" in r["Properties"]}
    before = {id: set(as_list(r["DependsOn"])) & set(own) for id, r in own.items()}
    assert sorted(map(len, before.values())) == [0, *[1] * (len(own) - 1)]
    (last,) = set(own) - {id for ids in before.values() for id in ids}
    chain = [last]
    while before[chain[-1]]:
        chain += before[chain[-1]]
    assert set(chain) == set(own)
