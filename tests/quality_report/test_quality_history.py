"""Reports as rows, and series read back from them."""

from __future__ import annotations

from datetime import timedelta

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.history import Point
from quality.verdicts import Verdict
from quality_report.errors import NotHistory
from quality_report.history import METRICS, RULES, RUNS, as_parquet, tables
from quality_report.report import QualityReport, TrendPoint
from quality_report.series import StoredFile, series, trend
from tests.quality_report.reports import NOW, any_report, any_rule, rich_report

NULLABLE = pa.schema([field.with_nullable(True) for field in METRICS])


def stored(table: pa.Table, name: str = "part-0.parquet") -> StoredFile:
    return StoredFile(name, as_parquet(table))


def metrics_of(report: QualityReport) -> StoredFile:
    return stored(tables(report)["quality_metrics"], f"{report.run_id}.parquet")


def run(day: int, value: float, refresh_id: str = "", *, model: str = "orders") -> QualityReport:
    return any_report(
        model=model,
        run_id=f"jr_{day}_{value}",
        refresh_id=refresh_id or f"load-{day}",
        at=NOW + timedelta(days=day),
        metrics={"RowCount": value},
    )


def test_the_tables_have_fixed_columns_whatever_the_report() -> None:
    for report in (rich_report(), any_report([])):
        found = {name: table.schema for name, table in tables(report).items()}
        assert found == {"quality_runs": RUNS, "quality_rules": RULES, "quality_metrics": METRICS}


def test_a_report_is_one_row_of_runs() -> None:
    (row,) = tables(rich_report())["quality_runs"].to_pylist()
    expected = {
        "model": "sales_orders",
        "refresh_id": "load-2026-11-20-9c41d0",
        "at": NOW,
        "rows": 4312,
        "verdict": "quarantined",
        "score": rich_report().score,
        "completeness": 0.0,
        "uniqueness": 100.0,
        "accuracy": None,
        "rules_passed": 5,
        "rules_failed": 2,
        "rules_error": 1,
        "rules_not_judged": 1,
        "anomalies": 1,
    }
    assert {name: row[name] for name in expected} == expected


def test_each_rule_is_a_row_in_the_order_of_the_report() -> None:
    report = rich_report()
    rows = tables(report)["quality_rules"].to_pylist()
    assert [row["rule"] for row in rows] == [rule.text for rule in report.rules]
    assert [row["position"] for row in rows] == list(range(1, len(rows) + 1))
    assert (rows[0]["dimension"], rows[0]["failing_rows"], rows[0]["line"]) == (
        "completeness",
        217,
        4,
    )


def test_each_metric_is_a_row() -> None:
    rule = any_rule('Mean "a" > 1', Verdict.FAILED, {"Mean:a": 0.5, "Sum:a": float("inf")})
    report = any_report([rule], metrics={"RowCount": 7.0})
    rows = tables(report)["quality_metrics"].to_pylist()
    assert [(row["metric"], row["value"]) for row in rows] == [("Mean:a", 0.5), ("RowCount", 7.0)]


def test_a_series_is_in_order_of_time_whatever_the_order_of_the_files() -> None:
    files = [metrics_of(run(day, day * 10.0)) for day in (3, 1, 2)]
    points = [Point(NOW + timedelta(days=day), day * 10.0) for day in (1, 2, 3)]
    assert series(files, model="orders") == {"RowCount": tuple(points)}


def test_a_run_that_is_repeated_counts_once_as_it_was_the_last_time() -> None:
    files = [metrics_of(run(2, 5.0, "load-1")), metrics_of(run(1, 9.0, "load-1"))]
    assert [one.value for one in series(files, model="orders")["RowCount"]] == [5.0]


def test_a_run_is_not_compared_with_itself() -> None:
    files = [metrics_of(run(1, 1.0)), metrics_of(run(2, 2.0))]
    found = series(files, model="orders", without="load-2")
    assert [one.value for one in found["RowCount"]] == [1.0]


def test_other_units_have_histories_of_their_own() -> None:
    files = [metrics_of(run(1, 1.0)), metrics_of(run(1, 2.0, model="customers"))]
    assert [one.value for one in series(files, model="customers")["RowCount"]] == [2.0]


def test_no_files_are_no_history() -> None:
    assert series([], model="orders") == {}
    assert trend([], model="orders") == ()


def test_the_trend_has_scores_and_rows_of_earlier_runs() -> None:
    reports = [run(2, 1.0), run(1, 1.0), any_report([], refresh_id="load-0", rows=5)]
    files = [stored(tables(report)["quality_runs"]) for report in reports]
    assert trend(files, model="orders", without="load-2") == (
        TrendPoint(NOW, 5, None),
        TrendPoint(NOW + timedelta(days=1), 100, 100.0),
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "cannot be read"),
        (b"not Parquet at all", "cannot be read"),
        (metrics_of(run(1, 1.0)).content[:-20], "cannot be read"),
        (stored(tables(run(1, 1.0))["quality_rules"]).content, "lacks metric, value"),
        (
            as_parquet(pa.table({name: ["x"] for name in METRICS.names})),
            "expected at to be timestamp",
        ),
        (
            as_parquet(pa.Table.from_pylist([{"model": "orders"}], schema=NULLABLE)),
            "expected a value of run_id",
        ),
    ],
)
def test_a_file_that_is_no_history_is_named(content: bytes, said: str) -> None:
    damaged = StoredFile("s3://lake/quality_metrics/part-7.parquet", content)
    with pytest.raises(NotHistory, match="part-7") as error:
        series([metrics_of(run(1, 1.0)), damaged], model="orders")
    assert said in str(error.value)


def test_a_file_with_a_flipped_byte_is_an_error_or_harmless() -> None:
    whole = metrics_of(run(1, 1.0)).content
    expected = series([StoredFile("a", whole)], model="orders")
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 0xFF
        try:
            found = series([StoredFile("a", bytes(changed))], model="orders")
        except NotHistory:
            continue
        assert found == expected


runs = st.lists(
    st.tuples(
        st.integers(0, 20),
        st.floats(allow_nan=False, allow_infinity=False),
        st.sampled_from(["a", "b", "c"]),
    ),
    max_size=6,
    unique_by=lambda one: one[0],
)


@given(runs)
def test_what_is_written_is_what_is_read(made: list[tuple[int, float, str]]) -> None:
    found = series([metrics_of(run(*one)) for one in made], model="orders")
    last = {refresh: (day, value) for day, value, refresh in sorted(made)}
    expected = [Point(NOW + timedelta(days=day), value) for day, value in sorted(last.values())]
    assert list(found.get("RowCount", ())) == expected
