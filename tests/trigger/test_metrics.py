"""What the trigger measures, as its log has it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra_app.lambdas.trigger.metrics import (
    FEWEST_RUNS,
    Measured,
    Metrics,
    of_oldest,
    of_run,
)
from tests.aws import JOB, SmallAws
from tests.trigger.platforms import TICK, Platform
from wires.metrics import DIMENSION_OF, Dimension, Metric
from wires.routes import Route

Lines = list[dict[str, Any]]


def written(capsys: pytest.CaptureFixture[str]) -> Lines:
    """Lines in CloudWatch's embedded format, among the others of the log."""
    lines = (line for line in capsys.readouterr().out.splitlines() if line.startswith("{"))
    return [found for line in lines if "_aws" in (found := json.loads(line))]


def values(lines: Lines, name: Metric, **of: str) -> list[Any]:
    return [
        line[name.value]
        for line in lines
        if name.value in line and all(line.get(key) == value for key, value in of.items())
    ]


def test_a_line_names_its_namespace_and_dimensions_as_cloudwatch_reads_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Metrics(namespace="project/dev").write(
        [
            Measured(name=Metric.ROWS_IN, values=[3], of={Dimension.JOB: "a"}),
            Measured(name=Metric.RUN_SECONDS, values=[1.5, 2.5], of={Dimension.JOB: "a"}),
            Measured(name=Metric.BYTES_IN, values=[7]),
        ]
    )
    of_job, of_none = written(capsys)
    (definition,) = of_job["_aws"]["CloudWatchMetrics"]
    assert definition["Namespace"] == "project/dev"
    assert definition["Dimensions"] == [["Job"]]
    assert {one["Name"]: one["Unit"] for one in definition["Metrics"]} == {
        "RowsIn": "Count",
        "RunSeconds": "Seconds",
    }
    assert of_job["RunSeconds"] == [1.5, 2.5]
    assert of_none["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [[]]
    assert of_none["BytesIn"] == [7]


def any_item(**facts: Any) -> dict[str, Any]:
    return {"job": "a", "state": "SUCCEEDED", "seconds": 60, "started_at": "2026", **facts}


def of(measured: list[Measured], name: Metric) -> list[list[float]]:
    return [list(one.values) for one in measured if one.name is name]


def test_slow_is_what_takes_many_times_what_is_usual() -> None:
    usual = [10] * FEWEST_RUNS
    assert of(list(of_run(any_item(), usual, route=None)), Metric.RUN_SLOWNESS) == [[6.0]]


def test_nothing_is_slow_before_anything_is_usual_or_if_it_failed() -> None:
    few = [10] * (FEWEST_RUNS - 1)
    assert not of(list(of_run(any_item(), few, route=None)), Metric.RUN_SLOWNESS)
    failed = any_item(state="FAILED")
    assert not of(list(of_run(failed, [10] * FEWEST_RUNS, route=None)), Metric.RUN_SLOWNESS)


def test_memory_is_that_of_whoever_took_most_in_per_cent_of_a_worker() -> None:
    facts = {"peak_memory_bytes": 4 * 1024**3, "worker_peak_memory_bytes": 12 * 1024**3}
    item = any_item(worker_type="G.1X", **facts)
    of_job, of_all = (one for one in of_run(item, [], route=None) if one.name is Metric.RUN_MEMORY)
    assert list(of_job.values) == list(of_all.values) == [75.0]
    assert (of_job.of, of_all.of) == ({Dimension.JOB: "a"}, {})


@pytest.mark.parametrize("facts", [{}, {"worker_type": "G.1X"}, {"peak_memory_bytes": 1}])
def test_memory_that_a_run_does_not_tell_is_not_measured(facts: dict[str, Any]) -> None:
    assert not of(list(of_run(any_item(**facts), [], route=None)), Metric.RUN_MEMORY)


@pytest.mark.parametrize("state", ["FAILED", "TIMEOUT", "STOPPED", "ERROR", "EXPIRED"])
def test_a_run_that_has_not_succeeded_has_failed_and_both_are_counted(state: str) -> None:
    measured = list(of_run(any_item(state=state), [], route=None))
    assert of(measured, Metric.RUNS_FAILED) == [[1]]
    assert of(measured, Metric.RUNS_SUCCEEDED) == [[0]]


def test_rows_objects_and_waits_are_those_that_the_job_has_recorded() -> None:
    item = any_item(
        rows_in=5,
        rows_published=4,
        rows_quarantined=1,
        endings={"published": 2, "rejected": 1},
        waits=[10, 20],
        nulls={"orders": 3, "sales": 0},
        rows_superseded=2,
    )
    measured = list(of_run(item, [], route=Route.FILES))
    assert of(measured, Metric.ROWS_PUBLISHED) == [[4]]
    assert of(measured, Metric.ROWS_SUPERSEDED) == [[2]]
    nulls = [one for one in measured if one.name is Metric.NULL_VALUES]
    assert {one.of[Dimension.DATASET]: list(one.values) for one in nulls} == {
        "orders": [3.0],
        "sales": [0.0],
    }
    assert sorted(of(measured, Metric.OBJECTS)) == [[1], [2]]
    assert of(measured, Metric.SECONDS_TO_PUBLISH) == [[10, 20]]
    assert not of(list(of_run(item, [], route=None)), Metric.SECONDS_TO_PUBLISH)


def test_a_health_check_is_measured_by_route_also_if_its_run_failed() -> None:
    found = {"files": {"failed": 0, "seconds": 70}, "layered": {"failed": 1, "seconds": 300}}
    measured = list(of_run(any_item(state="FAILED", health=found), [], route=None))
    told = {
        (one.name, one.of[Dimension.ROUTE]): list(one.values)
        for one in measured
        if Dimension.ROUTE in one.of
    }
    assert told == {
        (Metric.HEALTH_CHECK_FAILED, "files"): [0],
        (Metric.HEALTH_CHECK_SECONDS, "files"): [70],
        (Metric.HEALTH_CHECK_FAILED, "layered"): [1],
        (Metric.HEALTH_CHECK_SECONDS, "layered"): [300],
    }


def test_findings_are_counted_by_class_and_in_all() -> None:
    item = any_item(findings={"unknown": 2, "stuck": 1, "missing": 0})
    measured = [m for m in of_run(item, [], route=None) if m.name is Metric.RECONCILE_FINDINGS]
    told = {one.of.get(Dimension.CLASS): list(one.values) for one in measured}
    assert told == {None: [3], "unknown": [2], "stuck": [1], "missing": [0]}


def test_other_runs_say_nothing_of_health_or_findings() -> None:
    names = {one.name for one in of_run(any_item(), [], route=None)}
    watched = {Metric.HEALTH_CHECK_FAILED, Metric.HEALTH_CHECK_SECONDS, Metric.RECONCILE_FINDINGS}
    assert not names & watched


def test_the_end_of_a_run_is_measured_once(
    aws: SmallAws, capsys: pytest.CaptureFixture[str]
) -> None:
    platform = Platform(aws)
    platform.receive(platform.upload("orders/a.csv"))
    [run] = platform.glue_runs()
    ended = platform.end_run(run, "FAILED")
    platform.receive(ended)
    platform.receive(ended)
    assert values(written(capsys), Metric.RUNS_FAILED, Job=JOB) == [[1]]


def test_a_run_s_dollars_are_its_dpu_seconds_at_list_price(
    aws: SmallAws, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.glue.create_job(
        Name=JOB,
        Role="role",
        Command={"Name": "glueetl"},
        ExecutionProperty={"MaxConcurrentRuns": 1},
        WorkerType="G.1X",
        NumberOfWorkers=10,
    )
    platform = Platform(aws, makes_job=False)
    platform.receive(platform.upload("orders/a.csv"))
    [run] = platform.glue_runs()
    platform.receive(platform.end_run(run, "SUCCEEDED"))
    # Each of moto's runs has taken 123 seconds.
    ((usd,),) = values(written(capsys), Metric.USD, Job=JOB)
    assert usd == pytest.approx(10 * 123 / 3600 * 0.44, abs=1e-6)


def test_a_metric_has_the_dimension_that_its_wire_says() -> None:
    item = any_item(
        dpu_seconds="1", usd="0.1", rows_in=1, rows_published=1, rows_quarantined=0,
        rows_superseded=0, nulls={"orders": 1}, endings={"published": 1}, waits=[1],
        health={"files": {"failed": 0, "seconds": 1}}, findings={"stuck": 1},
        worker_type="G.1X", peak_memory_bytes=1,
    )  # fmt: skip
    of_a_run = list(of_run(item, [1] * FEWEST_RUNS, route=Route.FILES))
    told = [*of_a_run, of_oldest(Route.FILES, 1), Measured(name=Metric.BYTES_IN, values=[1])]
    by_the_clock = {Metric.PENDING_OBJECTS, Metric.QUALITY_SCORE, Metric.STUCK_RUNS}
    assert {one.name for one in told} == set(Metric) - by_the_clock
    for one in told:
        dimension = DIMENSION_OF[one.name]
        is_of_all = one.name in {Metric.RECONCILE_FINDINGS, Metric.RUN_MEMORY} and not one.of
        assert is_of_all or set(one.of) == ({dimension} if dimension else set())


def test_what_is_taken_in_or_ends_at_once_is_measured_once(
    aws: SmallAws, capsys: pytest.CaptureFixture[str]
) -> None:
    platform = Platform(aws)
    picture = b"\x89PNG\r\n\x1a\n"
    events = [platform.upload("orders/a.csv", b"a\n1\n"), platform.upload("b.png", picture)]
    platform.receive(*events)
    platform.receive(*events)
    lines = written(capsys)
    assert values(lines, Metric.BYTES_IN) == [[4]]
    assert values(lines, Metric.OBJECTS, Ending="rejected") == [[1]]


def test_each_tick_says_how_long_the_oldest_has_waited_and_zero_if_none_waits(
    aws: SmallAws, capsys: pytest.CaptureFixture[str]
) -> None:
    platform = Platform(aws, max_concurrent_runs=1)
    platform.receive(TICK)
    assert values(written(capsys), Metric.OLDEST_PENDING_SECONDS, Route="files") == [[0.0]]
    platform.receive(platform.upload("a.csv"))
    platform.receive(platform.upload("b.csv"))
    platform.receive(TICK)
    lines = written(capsys)
    ((oldest,),) = values(lines, Metric.OLDEST_PENDING_SECONDS, Route="files")
    assert oldest > 0
    assert values(lines, Metric.OLDEST_PENDING_SECONDS, Route="layered") == [[0.0]]
