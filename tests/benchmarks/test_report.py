"""What the report says about measurements."""

from __future__ import annotations

import pytest

from benchmarks.contenders import CONTENDERS, OURS
from benchmarks.datasets import Recipe
from benchmarks.measuring import Measurement
from benchmarks.plan import QUICK, Settings, cases, compared
from benchmarks.report import Results, as_markdown, table
from benchmarks.whole_run import WholeRun, phases

SMALL = Settings(rounds=3, megabytes=10, sizes=(10,), files=2, whole_run_megabytes=(1,))


def any_results(*measurements: Measurement, whole_runs: tuple[WholeRun, ...] = ()) -> Results:
    return Results(
        date="2026-01-31",
        settings=SMALL,
        machine=[("processor", "any")],
        sizes={recipe.name: (10_000_000, 30_000) for recipe in compared(SMALL)},
        measurements=measurements,
        whole_runs=whole_runs,
    )


def took(contender: str, *seconds: float, **more: object) -> list[Measurement]:
    values = {"dataset": Recipe(megabytes=10).name, "contender": contender, "cores": 2, **more}
    return [
        Measurement(round=i, seconds=s, **values)  # type: ignore[arg-type]  # any builder
        for i, s in enumerate(seconds)
    ]


def row(report: str, name: str, *, containing: str = "") -> str:
    lines = report.splitlines()
    return next(x for x in lines if x.startswith(f"| {name} |") and containing in x)


def test_times_are_medians_with_their_range_and_compared_with_ours() -> None:
    report = as_markdown(any_results(*took(OURS, 2, 9, 1), *took("duckdb_copy", 4, 3, 8)))
    assert row(report, "this reader").startswith("| this reader | 2.00 | 1.00–9.00 | 1.00 |")
    assert row(report, "DuckDB").startswith("| DuckDB | 4.00 | 3.00–8.00 | 2.00 | 7,500 | 2.5 |")


def test_a_wrong_output_is_marked_with_what_is_wrong() -> None:
    wrong = took("polars_sink", 1, wrong=("postal_code: changed by becoming int64",))
    report = as_markdown(any_results(*took(OURS, 2), *wrong))
    assert row(report, "Polars", containing="wrong") == (
        "| Polars | **wrong**: postal_code: changed by becoming int64 |"
    )
    assert row(report, "this reader", containing="right") == "| this reader | right |"


def test_a_contender_that_failed_has_no_time_and_says_why() -> None:
    failed = took("polars_sink", 0, failure="schema names differ")
    report = as_markdown(any_results(*took(OURS, 2), *failed))
    assert row(report, "Polars").startswith("| Polars | failed |")
    assert "**failed**: schema names differ" in report


def test_the_whole_run_is_shown_with_its_phases() -> None:
    run = WholeRun(megabytes=1, rows=7, seconds=12, phases=(("upload", 2.0), ("job", 10.0)))
    report = as_markdown(any_results(whole_runs=(run,)))
    assert "| **seconds in all** | **12.0** |" in report
    assert "| upload | 2.0 |" in report


def test_phases_add_up_to_the_whole() -> None:
    lines = [
        (3.0, "[   0.0 s] synthesizing infra_app and glue_app\n"),
        (9.0, "[   6.0 s] synthesizing infra_app and glue_app: done in 6.0 s\n"),
        (9.5, "[   6.5 s] uploading 1 file\n"),
        (9.6, "[   6.6 s] processing: the queue, the trigger, then Spark\n"),
        (11.0, "[   8.0 s] run jr_1 of job: SUCCEEDED in 1.2 s\n"),
    ]
    assert phases(lines, begun=1.0, ended=12.0) == [
        ("start Python, import", 2.0),
        ("synthesize the templates, if changed", 6.5),
        ("upload", pytest.approx(0.1)),
        ("queue, trigger, Spark job, catalog", pytest.approx(2.4)),
    ]


def test_no_case_is_measured_twice_in_a_round() -> None:
    for settings in (QUICK, Settings()):
        found = list(cases(settings, round_number=0))
        assert len(found) == len(set(found))


def test_each_contender_is_first_in_its_turn() -> None:
    first = [next(cases(Settings(), round_number=i)).contender for i in range(len(CONTENDERS))]
    assert set(first) == set(CONTENDERS)


def test_a_cell_cannot_break_its_table() -> None:
    assert table(("a",), [["x|y\nz"]]).splitlines()[-1] == "| x\\|y z |"
