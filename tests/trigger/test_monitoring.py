"""What the monitoring function finds about runs, told by events or not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.glue.models import glue_backends

from infra_app.lambdas.trigger import monitor_handler
from infra_app.lambdas.trigger.errors import LookIncomplete
from infra_app.lambdas.trigger.metrics import FEWEST_RUNS
from infra_app.lambdas.trigger.monitor_handler import monitor_of
from infra_app.lambdas.trigger.monitoring import LOOK_BACK, Monitor, Report
from infra_app.lambdas.trigger.settings import MonitorSettings
from tests.aws import JOB, LOADS, OBJECTS, RAW, REGION, RUNS, STATE, SmallAws
from tests.trigger.platforms import TICK, Platform, failing
from tests.trigger.test_metrics import values, written
from wires.load_ledger import LoadState
from wires.metrics import DIMENSION_OF, Metric
from wires.refresh_ledger import RefreshLedger
from wires.routes import Route
from wires.run_ledger import LOST

OTHER = "data-processing"


def settings_of(aws: SmallAws) -> MonitorSettings:
    return MonitorSettings(
        environment="test",
        raw_bucket=RAW,
        objects_table=OBJECTS,
        loads_table=LOADS,
        state_table=STATE,
        runs_table=RUNS,
        alerts_topic_arn=aws.topic,
        recoveries_topic_arn=aws.topic,
        file_processor_job=JOB,
        data_ingestion_job="data-ingestion",
        other_jobs=f"{OTHER},data-quality",
        metrics_namespace="project/test",
        usd_per_dpu_hour=0.44,
        usd_per_flex_dpu_hour=0.29,
        usd_per_memory_dpu_hour=0.52,
        waiting_minutes=30,
        slow_factor=3.0,
    )


class Watched(Platform):
    """The trigger's platform, with the monitoring function beside it."""

    def __init__(self, aws: SmallAws, **changes: Any) -> None:
        super().__init__(aws, **changes)
        aws.glue.create_job(
            Name=OTHER,
            Role="role",
            Command={"Name": "glueetl"},
            ExecutionProperty={"MaxConcurrentRuns": 5},
        )
        self.monitor: Monitor = monitor_of(settings_of(aws))

    def look(self, *, minutes: float = 10) -> Report:
        """Look, as if so many minutes had gone since now."""
        at = datetime.now(UTC) + timedelta(minutes=minutes)
        return replace(self.monitor, now=lambda: at).look()

    def run_of(self, job: str, state: str = "RUNNING", **arguments: str) -> Any:
        """Start a run as somebody at a console does."""
        named = {f"--{name}": value for name, value in arguments.items()}
        self.aws.glue.start_job_run(JobName=job, Arguments=named)
        run = glue_backends[DEFAULT_ACCOUNT_ID][REGION].jobs[job].job_runs[-1]
        run.status = state
        return run

    def subjects(self) -> list[str]:
        return [message["Subject"] for message in self.aws.announcements()]


@pytest.fixture
def watched(aws: SmallAws) -> Watched:
    return Watched(aws)


@pytest.mark.parametrize("state", ["FAILED", "TIMEOUT", "STOPPED", "ERROR", "EXPIRED"])
def test_an_end_that_nobody_was_told_of_is_taken_down_told_and_measured_once(
    watched: Watched, state: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run = watched.run_of(OTHER, state)
    report = watched.look()
    assert [(one.job, one.run_id) for one in report.closed] == [(OTHER, run.job_run_id)]
    assert watched.runs.get(OTHER, run.job_run_id)["state"] == state
    assert watched.subjects() == ["Job failed"]
    assert values(written(capsys), Metric.RUNS_FAILED, Job=OTHER) == [[1]]
    again = watched.look()
    assert (list(again.closed), watched.subjects()) == ([], [])
    assert values(written(capsys), Metric.RUNS_FAILED, Job=OTHER) == []


def test_an_end_that_was_taken_down_and_never_measured_is_measured(
    watched: Watched, capsys: pytest.CaptureFixture[str]
) -> None:
    run = watched.run_of(OTHER, "FAILED")
    watched.runs.record(OTHER, run.job_run_id, {"state": "FAILED", "started_at": "2026-01-01"})
    watched.look()
    assert values(written(capsys), Metric.RUNS_FAILED, Job=OTHER) == [[1]]


def test_an_end_is_measured_however_long_nobody_has_looked(
    watched: Watched, capsys: pytest.CaptureFixture[str]
) -> None:
    run = watched.run_of(OTHER, "FAILED")
    facts = {"state": "FAILED", "started_at": run.started_on.isoformat()}
    watched.runs.record(OTHER, run.job_run_id, facts)
    after = 3 * LOOK_BACK.total_seconds() / 60
    watched.look(minutes=after)
    assert values(written(capsys), Metric.RUNS_FAILED, Job=OTHER) == [[1]]
    assert list(watched.look(minutes=after).closed) == []


def test_a_run_that_nobody_took_down_is_found_days_later(
    watched: Watched, capsys: pytest.CaptureFixture[str]
) -> None:
    watched.run_of(OTHER, "FAILED")
    days = timedelta(days=10)
    assert days < LOOK_BACK
    report = watched.look(minutes=days.total_seconds() / 60)
    assert [finding.job for finding in report.closed] == [OTHER]
    assert values(written(capsys), Metric.RUNS_FAILED, Job=OTHER) == [[1]]


def test_an_end_that_glue_has_forgotten_is_measured_as_it_was_taken_down(
    watched: Watched, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = {"state": "FAILED", "started_at": "2026-01-01T00:00:00+00:00"}
    watched.runs.record(OTHER, "jr_gone", facts)
    watched.look()
    assert values(written(capsys), Metric.RUNS_FAILED, Job=OTHER) == [[1]]
    assert watched.runs.get(OTHER, "jr_gone")["state"] == "FAILED"
    assert watched.subjects() == []
    assert list(watched.look().closed) == []


def test_a_fresh_end_is_left_to_its_event(watched: Watched) -> None:
    run = watched.run_of(OTHER, "FAILED")
    assert not watched.look(minutes=1).closed
    assert watched.runs.get(OTHER, run.job_run_id) == {}


def test_the_load_of_a_run_that_died_unseen_is_tried_again(watched: Watched) -> None:
    watched.receive(watched.upload("a.csv"))
    [run] = watched.glue_runs()
    run.status = "EXPIRED"  # and no event comes
    watched.look()
    assert watched.runs.get(JOB, run.job_run_id)["state"] == "EXPIRED"
    watched.receive(TICK)
    load = watched.open_load()
    assert (load.state, load.attempt) == (LoadState.RUNNING, 2)
    assert len(watched.glue_runs()) == 2


def test_a_run_that_glue_has_forgotten_is_closed(watched: Watched) -> None:
    run = watched.run_of(OTHER)
    watched.look()
    assert watched.runs.get(OTHER, run.job_run_id)["state"] == "RUNNING"
    glue_backends[DEFAULT_ACCOUNT_ID][REGION].jobs[OTHER].job_runs.clear()
    report = watched.look(minutes=20)
    assert [one.run_id for one in report.closed] == [run.job_run_id]
    item = watched.runs.get(OTHER, run.job_run_id)
    assert item["state"] == LOST
    assert "Glue knows no such run" in item["error"]
    assert watched.subjects() == ["Job failed"]
    assert not watched.look(minutes=25).closed


@pytest.mark.parametrize("state", ["WAITING", "STARTING", "STOPPING"])
def test_a_run_that_passes_through_a_state_for_too_long_is_stuck(
    watched: Watched, state: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run = watched.run_of(OTHER, state)
    assert not watched.look(minutes=29).stuck
    assert values(written(capsys), Metric.STUCK_RUNS) == [[0]]
    report = watched.look(minutes=31)
    assert [(one.run_id, one.what) for one in report.stuck] == [
        (run.job_run_id, f"{state} for 31 minutes")
    ]
    assert values(written(capsys), Metric.STUCK_RUNS) == [[1]]


def test_a_run_that_is_over_its_time_is_stuck(watched: Watched) -> None:
    run = watched.run_of(OTHER)
    run.timeout = 60
    assert not watched.look(minutes=60 + 30 + 14).stuck
    (found,) = watched.look(minutes=60 + 30 + 16).stuck
    assert found.what == "RUNNING for 106 minutes, with a timeout of 60"


def test_a_slow_run_is_told_while_it_runs(
    watched: Watched, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(FEWEST_RUNS):
        facts = {"state": "SUCCEEDED", "seconds": 40, "started_at": f"2026-01-0{number + 1}"}
        watched.runs.record(OTHER, f"jr_{number}", facts)
    run = watched.run_of(OTHER)  # for 123 s, says moto
    (found,) = watched.look().slow
    assert (found.run_id, found.what) == (
        run.job_run_id,
        "has run for 123 s, 3.1 times what is usual (40 s)",
    )
    assert values(written(capsys), Metric.RUN_SLOWNESS, Job=OTHER) == [[123 / 40]]


def test_nothing_is_slow_before_anything_is_usual(watched: Watched) -> None:
    watched.run_of(OTHER)
    assert not watched.look().slow


def test_a_run_of_a_loads_job_that_nobody_knows_is_reported_once(watched: Watched) -> None:
    run = watched.run_of(JOB)
    assert not watched.look(minutes=4).unknown
    for _ in range(2):
        assert [one.run_id for one in watched.look().unknown] == [run.job_run_id]
    assert watched.subjects() == ["Unknown run"]


def any_run(watched: Watched) -> None:
    watched.run_of(OTHER)


def run_of_a_load(watched: Watched) -> None:
    watched.receive(watched.upload("a.csv"))
    watched.glue_runs()[0].status = "RUNNING"


def run_whose_start_was_never_answered(watched: Watched) -> None:
    glue = watched.trigger.runs.glue
    with failing(glue, "StartJobRun", "InternalServiceException", status=500, after=True):
        watched.receive(watched.upload("a.csv"))
    [run, *_] = watched.glue_runs()
    run.status = "RUNNING"
    assert "load_id" not in watched.runs.get(JOB, run.job_run_id)


def run_of_the_workflow(watched: Watched) -> None:
    watched.aws.glue.create_job(Name="data-ingestion", Role="r", Command={"Name": "glueetl"})
    watched.run_of("data-ingestion", WORKFLOW_NAME="layered-etl", WORKFLOW_RUN_ID="wr_1")


@pytest.mark.parametrize(
    "start",
    [any_run, run_of_a_load, run_whose_start_was_never_answered, run_of_the_workflow],
)
def test_a_run_that_belongs_to_something_is_known(
    watched: Watched, start: Callable[[Watched], None]
) -> None:
    start(watched)
    assert not watched.look().unknown


def test_a_job_that_cannot_be_looked_at_hides_no_other_and_is_not_called_well(
    watched: Watched, capsys: pytest.CaptureFixture[str]
) -> None:
    run = watched.run_of(OTHER, "FAILED")
    with failing(
        watched.monitor.glue,
        "GetJobRuns",
        "AccessDeniedException",
        when=lambda request: f'"{JOB}"' in str(request.get("body", "")),
    ):
        report = watched.look()
    assert [one.run_id for one in report.closed] == [run.job_run_id]
    assert [text.partition(":")[0] for text in report.failed] == [JOB]
    lines = written(capsys)
    assert values(lines, Metric.STUCK_RUNS) == []
    assert values(lines, Metric.PENDING_OBJECTS, Route=Route.FILES.value) == [[0]]


def test_what_waits_is_counted_by_route(aws: SmallAws, capsys: pytest.CaptureFixture[str]) -> None:
    watched = Watched(aws, runs_at_once=1, objects_per_run=1)
    watched.receive(*(watched.upload(f"{number}.csv") for number in range(4)))
    watched.look()
    assert values(written(capsys), Metric.PENDING_OBJECTS, Route=Route.FILES.value) == [[3]]


def test_scores_are_those_of_now_and_the_worst_stands_alone(
    watched: Watched, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = RefreshLedger(watched.aws.tables.Table(STATE))
    for model, score in (("table/a", "99.5"), ("table/b", "70"), ("table/c", "none")):
        ledger.stage(model, "refreshes/1.json")
        ledger.judge(model, verdict="passed", score=score, report="s3://r")
    watched.look()
    lines = written(capsys)
    assert values(lines, Metric.QUALITY_SCORE, Table="table/a") == [[99.5]]
    assert values(lines, Metric.QUALITY_SCORE, Table="table/c") == []
    alone = [line for line in lines if "QualityScore" in line and "Table" not in line]
    assert [line["QualityScore"] for line in alone] == [[70.0]]


def test_a_metric_has_the_dimension_that_its_wire_says(
    watched: Watched, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = RefreshLedger(watched.aws.tables.Table(STATE))
    ledger.stage("table/a", "refreshes/1.json")
    ledger.judge("table/a", verdict="passed", score="90", report="s3://r")
    watched.look()
    told = [line["_aws"]["CloudWatchMetrics"][0] for line in written(capsys)]
    found = {
        (Metric(metric["Name"]), *definition["Dimensions"][0])
        for definition in told
        for metric in definition["Metrics"]
    }
    wanted = {Metric.PENDING_OBJECTS, Metric.QUALITY_SCORE, Metric.STUCK_RUNS}
    every = {(name, dimension) if (dimension := DIMENSION_OF[name]) else (name,) for name in wanted}
    assert found == every | {(Metric.QUALITY_SCORE,)}


def test_the_report_says_how_many_runs_are_in_which_state(watched: Watched) -> None:
    for state in ("RUNNING", "RUNNING", "WAITING"):
        watched.run_of(OTHER, state)
    assert watched.look(minutes=0).states[OTHER] == {"RUNNING": 2, "WAITING": 1}


def test_the_function_returns_its_report_and_fails_if_it_is_incomplete(
    aws: SmallAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched(aws)
    for name, value in settings_of(aws).to_environ().items():
        monkeypatch.setenv(name, value)
    context: Any = SimpleNamespace(
        function_name="monitor",
        memory_limit_in_mb=256,
        invoked_function_arn="arn",
        aws_request_id="request",
    )
    watched.run_of(OTHER, "WAITING")
    monitor_handler._monitor.cache_clear()
    try:
        report = monitor_handler.handle({}, context)
        assert report["states"][OTHER] == {"WAITING": 1}
        glue = monitor_handler._monitor().glue
        with (
            failing(glue, "GetJobRuns", "ThrottlingException"),
            pytest.raises(LookIncomplete, match=OTHER),
        ):
            monitor_handler.handle({}, context)
    finally:
        monitor_handler._monitor.cache_clear()


def test_people_are_told_once_when_a_job_works_again(watched: Watched) -> None:
    def ends(state: str) -> None:
        run = watched.run_of(OTHER, state)
        detail = {"jobName": OTHER, "jobRunId": run.job_run_id, "state": state}
        event = {"detail-type": "Glue Job State Change", "detail": detail}
        watched.receive(event)
        watched.receive(event)  # it comes twice

    ends("SUCCEEDED")
    assert watched.subjects() == []
    ends("FAILED")
    assert watched.subjects() == ["Job failed"]
    ends("SUCCEEDED")
    assert watched.subjects() == [f"Job works: {OTHER}"]
    ends("SUCCEEDED")
    assert watched.subjects() == []
