"""What the report says about the layers."""

from __future__ import annotations

from pathlib import Path

from benchmarks.datasets import Truth
from benchmarks.layers import ingestion, processing, quality
from benchmarks.layers.contest import Contest
from benchmarks.layers.ingestion.files import FORMATS, Files
from benchmarks.layers.plan import Settings
from benchmarks.layers.processing.zone_files import ZoneFiles
from benchmarks.layers.report import Results, as_markdown
from benchmarks.layers.running import Run

UNITS = {"dataset/orders": 2.0, "table/daily_sales": 3.0}


def any_run(**more: object) -> Run:
    values = {"layer": ingestion.LAYER, "subject": "jsonl", "contender": "plain_spark", "round": 0}
    return Run(**{**values, **more})  # type: ignore[arg-type]  # any builder


def took(seconds: float, **more: object) -> Run:
    return any_run(seconds={ingestion.PHASE: seconds}, **more)


def report(*runs: Run) -> str:
    return as_markdown(
        Results(
            date="2026-01-31",
            settings=Settings(),
            machine=[("processor", "any")],
            load=0.25,
            sizes=dict.fromkeys(FORMATS, 2_000_000),
            rows=1_000,
            order_rows=500,
            runs=runs,
        )
    )


def row(text: str, *beginning: str) -> str:
    return next(x for x in text.splitlines() if x.startswith(f"| {' | '.join(beginning)} |"))


def test_times_are_medians_with_their_range_and_compared_with_ours() -> None:
    theirs = [took(s, round=n) for n, s in enumerate((4, 9, 3))]
    ours = [took(s, round=n, contender=ingestion.OURS) for n, s in enumerate((2, 3, 1))]
    text = report(*theirs, *ours)
    they, we = (row(text, "JSON Lines", "2", name) for name in ("plain Spark job", "this reader"))
    assert "| 4.00 (3.00–9.00) | 2.00 (2.00–3.00) | 250 |" in they
    assert "| 2.00 (1.00–3.00) | 1.00 (1.00–1.00) | 500 |" in we


def test_what_is_wrong_stands_beside_the_time() -> None:
    wrong = took(1, wrong=("postal_code: changed by becoming int32",), remarks=("note: as text",))
    assert row(report(wrong), "JSON Lines", "2", "plain Spark job").endswith(
        "| **wrong**: postal_code: changed by becoming int32; note: as text |"
    )


def test_a_contender_that_failed_has_no_time_and_says_why() -> None:
    text = report(any_run(failure="no such class"))
    assert "| failed |  |" in row(text, "JSON Lines", "2", "plain Spark job")
    assert "**failed**: no such class" in text


def test_partitions_and_units_are_told_for_each_phase() -> None:
    told = {p: {"partitions": 7, "models": UNITS} for p in processing.PHASES}
    run = any_run(
        layer=processing.LAYER,
        subject=processing.SUBJECT,
        contender=processing.OURS,
        seconds=dict.fromkeys(processing.PHASES, 5.0),
        told=told,
    )
    text = report(run)
    assert "| 1.00 (1.00–1.00) | 7 |" in row(text, "one more day", "this platform")
    assert row(text, "dataset/orders") == "| dataset/orders | 2.00 | 2.00 | 2.00 |"


def test_passes_are_told_beside_the_time_of_the_rules() -> None:
    run = any_run(
        layer=quality.LAYER,
        subject=quality.TABLE,
        contender="one_by_one",
        seconds={quality.PHASE: 10.0},
        told={"scans": 25},
    )
    assert "| 25 | 1,000,000 |" in row(report(run), "an action per rule")


def test_each_contender_is_first_in_its_turn(tmp_path: Path) -> None:
    contest = Contest(
        files=Files(folder=tmp_path, truth=Truth()),
        zone=ZoneFiles(folder=tmp_path),
        table=tmp_path,
        table_rows=1,
        only=(quality.LAYER,),
    )
    orders = [[case.contender for case in contest.order(number)] for number in range(3)]
    assert {order[0] for order in orders} == set(quality.CONTENDERS)
    assert {frozenset(order) for order in orders} == {frozenset(quality.CONTENDERS)}
