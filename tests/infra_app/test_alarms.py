"""Alarms, the page that shows how things are, and who is told."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.environments import Environment
from config.jobs import JOBS
from infra_app.constructs.alarms import RUNBOOK_NAMES
from infra_app.constructs.stream_alarms import STREAM_RUNBOOKS
from infra_app.constructs.warehouse import WAREHOUSE_RUNBOOKS
from tests.templates import Json, Template, text_of
from wires.metrics import Dimension, Metric
from wires.object_ledger import ObjectStatus
from wires.routes import Route

RUNBOOKS = Path("docs/runbooks")


def alarms(template: Template) -> list[Json]:
    kinds = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
    return [alarm for kind in kinds for alarm in template.properties(kind)]


def metrics_of(alarm: Json) -> Iterator[Json]:
    """Those that an alarm looks at, each with its namespace, name and dimensions."""
    if "MetricName" in alarm:
        yield alarm
    yield from (
        one["MetricStat"]["Metric"] for one in alarm.get("Metrics", ()) if "MetricStat" in one
    )


def test_each_alarm_says_what_it_means_and_leads_to_its_runbook(infrastructure: Template) -> None:
    found = alarms(infrastructure)
    assert len(found) == 2 * len(JOBS) + 13
    for alarm in found:
        text = alarm["AlarmDescription"]
        path = re.search(r"docs/runbooks/[a-z-]+\.md$", text)
        assert path, text
        assert Path(path[0]).is_file()
        assert "Look first at: " in text
        assert len(text.split()) > 12


def test_each_runbook_belongs_to_an_alarm(infrastructure: Template) -> None:
    texts = [alarm["AlarmDescription"] for alarm in alarms(infrastructure)]
    files = {path.stem for path in RUNBOOKS.glob("*.md")}
    # As shipped there is no stream and no warehouse; tests with some look for theirs.
    assert files == {*RUNBOOK_NAMES, *STREAM_RUNBOOKS, *WAREHOUSE_RUNBOOKS}
    for name in RUNBOOK_NAMES:
        assert any(text.endswith(f"/{name}.md") for text in texts), name


@pytest.mark.parametrize("name", [*RUNBOOK_NAMES, *STREAM_RUNBOOKS, *WAREHOUSE_RUNBOOKS])
def test_a_runbook_says_what_you_see_why_what_to_do_and_when_it_is_over(name: str) -> None:
    text = (RUNBOOKS / f"{name}.md").read_text()
    parts = ["What you see", "Why", "What to do", "How you know that it is over"]
    assert re.findall(r"^\*\*(.+)\.\*\*", text, re.MULTILINE) == parts
    for linked in re.findall(r"\]\(([a-z-]+\.md)\)", text):
        assert (RUNBOOKS / linked).is_file()


def test_an_alarm_tells_people_when_it_begins_and_when_it_is_over(
    infrastructure: Template, configured: Environment
) -> None:
    def topic(name: str) -> Json:
        return {"Ref": infrastructure.id_of("AWS::SNS::Topic", TopicName=name)}

    names = configured.names
    failures, recoveries = topic(names.alerts_topic), topic(names.recoveries_topic)
    parts = text_of(infrastructure.only("AWS::CloudWatch::CompositeAlarm")["AlarmRule"])
    for id, alarm in infrastructure.resources("AWS::CloudWatch::Alarm").items():
        actions = [alarm["Properties"].get(f"{when}Actions", []) for when in ("Alarm", "OK")]
        begins = topic(names.quality_topic) if id.startswith("AlarmsQuality") else failures
        # What the composite alarm tells of, it does not tell itself.
        assert actions == ([[], []] if f'"{id}"' in parts else [[begins], [recoveries]])
    composite = infrastructure.only("AWS::CloudWatch::CompositeAlarm")
    assert (composite["AlarmActions"], composite["OKActions"]) == ([failures], [recoveries])
    assert len(re.findall("ALARM", parts)) == 5


def test_an_alarm_about_ours_looks_at_a_metric_that_the_trigger_writes(
    infrastructure: Template, configured: Environment
) -> None:
    seen = set()
    jobs = {configured.names.job(spec) for spec in JOBS}
    for alarm in infrastructure.properties("AWS::CloudWatch::Alarm"):
        for metric in metrics_of(alarm):
            if metric["Namespace"].startswith("AWS/"):
                continue
            assert metric["Namespace"] == configured.names.metrics_namespace
            seen.add(Metric(metric["MetricName"]))
            values = {Dimension.JOB: jobs, Dimension.ROUTE: {route.value for route in Route}}
            for dimension in metric.get("Dimensions", ()):
                assert dimension["Value"] in values[Dimension(dimension["Name"])]
    assert seen == {
        Metric.RUNS_FAILED,
        Metric.RUNS_SUCCEEDED,
        Metric.RUN_SLOWNESS,
        Metric.RUN_MEMORY,
        Metric.OLDEST_PENDING_SECONDS,
        Metric.QUALITY_SCORE,
        Metric.STUCK_RUNS,
        Metric.HEALTH_CHECK_FAILED,
        Metric.RECONCILE_FINDINGS,
    }


def test_silence_of_a_function_is_an_alarm_and_silence_of_a_job_is_none(
    infrastructure: Template,
) -> None:
    for alarm in infrastructure.properties("AWS::CloudWatch::Alarm"):
        name = alarm["AlarmName"]
        silent = "notBreaching"
        if re.search("-uploads-wait-|-runs-stuck$|-health-check-silent$", name):
            silent = "breaching"
        elif name.endswith(("-health-check", "-reconcile-findings")) and "-job-" not in name:
            silent = "ignore"  # what was found stands until it is looked at again
        assert alarm["TreatMissingData"] == silent, name


def test_a_check_without_results_for_longer_than_config_says_is_an_alarm(
    infrastructure: Template, configured: Environment
) -> None:
    name = configured.names.of("health-check-silent")
    alarm = infrastructure.named("AWS::CloudWatch::Alarm", AlarmName=name)
    hours = configured.settings.health_check.silence_hours
    (results,) = (one for one in alarm["Metrics"] if "MetricStat" in one)
    assert results["MetricStat"]["Stat"] == "SampleCount"
    assert alarm["EvaluationPeriods"] * results["MetricStat"]["Period"] == hours * 3600
    assert "DatapointsToAlarm" not in alarm  # all of them


def test_a_check_of_any_route_that_failed_is_an_alarm(
    infrastructure: Template, configured: Environment
) -> None:
    name = configured.names.of("health-check")
    alarm = infrastructure.named("AWS::CloudWatch::Alarm", AlarmName=name)
    (expression,) = (one["Expression"] for one in alarm["Metrics"] if "Expression" in one)
    assert expression == "MAX([files, layered])"
    routes = {one["Id"]: one["MetricStat"] for one in alarm["Metrics"] if "MetricStat" in one}
    for id, stat in routes.items():
        assert stat["Metric"]["Dimensions"] == [{"Name": "Route", "Value": id}]
        assert stat["Stat"] == "Maximum"
    assert len(routes) == 2


def test_alarms_may_publish_to_the_topics_under_their_key(infrastructure: Template) -> None:
    wanted = {"cloudwatch.amazonaws.com", "budgets.amazonaws.com"}
    policies = [
        *(p["PolicyDocument"] for p in infrastructure.properties("AWS::SNS::TopicPolicy")),
        infrastructure.only("AWS::KMS::Key")["KeyPolicy"],
    ]
    assert len(policies) == 4
    for policy in policies:
        (statement,) = (
            one for one in policy["Statement"] if one.get("Sid") == "AlarmsOfThisAccount"
        )
        assert set(statement["Principal"]["Service"]) == wanted
        assert set(statement["Condition"]["StringEquals"]) == {"aws:SourceAccount"}


def page(template: Template) -> str:
    return text_of(template.only("AWS::CloudWatch::Dashboard")["DashboardBody"])


def test_the_page_shows_every_job_route_and_ending(
    infrastructure: Template, configured: Environment
) -> None:
    text = page(infrastructure)
    for spec in JOBS:
        assert text.count(configured.names.job(spec)) >= 5
    for status in set(ObjectStatus) - {ObjectStatus.PENDING, ObjectStatus.RUNNING}:
        assert status.value in text
    for route in (Route.FILES, Route.LAYERED):
        assert f"{route.value} p95" in text


def test_the_page_answers_its_questions_in_order(infrastructure: Template) -> None:
    asked = re.findall(r"## ([A-Z][^\\]+\?)", page(infrastructure))
    assert asked == [
        "Is data flowing?",
        "How late are we?",
        "What failed?",
        "How good is it?",
        "What does it cost?",
    ]


def test_every_metric_is_on_the_page_or_in_an_alarm(infrastructure: Template) -> None:
    shown = page(infrastructure) + json.dumps(alarms(infrastructure))
    assert [name for name in Metric if f"{name.value}" not in shown] == []


def test_nobody_is_subscribed_and_nothing_is_budgeted_unless_config_says_so(
    infrastructure: Template,
) -> None:
    assert not infrastructure.resources("AWS::SNS::Subscription")
    assert not infrastructure.resources("AWS::Budgets::Budget")
