"""Every number is what DuckDB, or plain Python, makes of the same rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from pyspark.sql import SparkSession

from tests.quality.tables import NAMES, ROWS, Row, evaluation_of, table_of

WHERE = "i > 0 or ok"
GROUPED = ("i", "n", "d", "t", "day", "ok")
EXACT = ("i", "d")
DUCKDB = "i bigint, n varchar, x double, d decimal(12,3), t timestamptz, day date, ok boolean"

ANALYZERS = ", ".join(
    [
        "RowCount",
        f'RowCount where "{WHERE}"',
        'ColumnCorrelation "i" "d"',
        'Uniqueness "n" "ok"',
        f'Uniqueness "i" "day" where "{WHERE}"',
        *[f'Completeness "{name}"' for name in NAMES],
        *[f'Completeness "{name}" where "{WHERE}"' for name in NAMES],
        *[f'Uniqueness "{name}"' for name in GROUPED],
        *[f'DistinctValuesCount "{name}" where "{WHERE}"' for name in GROUPED],
        *[f'UniqueValueRatio "{name}"' for name in GROUPED],
        *[f'Entropy "{name}" where "{WHERE}"' for name in GROUPED],
        *[f'{kind} "{name}"' for kind in ("Mean", "Sum", "StandardDeviation") for name in EXACT],
        *[f'Sum "{name}" where "{WHERE}"' for name in EXACT],
        *[f'ColumnValues "{name}"' for name in EXACT],
        'ColumnLength "n"',
    ]
)


def expected(rows: Sequence[Row]) -> dict[str, float | None]:
    """The same metrics by SQL."""
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(f"create table rows ({DUCKDB})")
        if rows:
            marks = ", ".join("?" * len(NAMES))
            connection.executemany(f"insert into rows values ({marks})", rows)
        found = {name: connection.execute(sql).fetchall()[0][0] for name, sql in queries().items()}
    return {name: _number(value) for name, value in found.items()}


def _number(value: Decimal | float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def queries() -> dict[str, str]:
    some, suffix = f"from rows where {WHERE}", f" where {WHERE}"
    found = {
        "RowCount": "select count(*) from rows",
        f"RowCount{suffix}": f"select count(*) {some}",
        "ColumnCorrelation:i,d": "select case when stddev_pop(i) > 0 and stddev_pop(d) > 0 "
        "then corr(i, d) end from rows where i is not null and d is not null",
        "Uniqueness:n,ok": groups("n, ok", "sum(c) filter (c = 1) / sum(c)"),
        f"Uniqueness:i,day{suffix}": groups("i, day", "sum(c) filter (c = 1) / sum(c)", WHERE),
    }
    for name in NAMES:
        found[f"Completeness:{name}"] = f"select count({name}) / nullif(count(*), 0) from rows"
        found[f"Completeness:{name}{suffix}"] = f"select count({name}) / nullif(count(*), 0) {some}"
    for name in GROUPED:
        found[f"Uniqueness:{name}"] = groups(name, "sum(c) filter (c = 1) / sum(c)")
        found[f"DistinctValuesCount:{name}{suffix}"] = groups(name, "count(*)", WHERE)
        found[f"UniqueValueRatio:{name}"] = groups(name, "count(*) filter (c = 1) / count(*)")
        entropy = "case when sum(c) > 0 then log2(sum(c)) - sum(c * log2(c)) / sum(c) end"
        found[f"Entropy:{name}{suffix}"] = groups(name, entropy, WHERE)
    for name in EXACT:
        wide = f"{name}::decimal(38,3)" if name == "d" else f"{name}::hugeint"
        found[f"Sum:{name}"] = f"select sum({wide}) from rows"
        found[f"Sum:{name}{suffix}"] = f"select sum({wide}) {some}"
        found[f"Mean:{name}"] = f"select sum({wide}) / count({name}) from rows"
        found[f"StandardDeviation:{name}"] = f"select stddev_pop({name}) from rows"
        found[f"Minimum:{name}"] = f"select min({name}) from rows"
        found[f"Maximum:{name}"] = f"select max({name}) from rows"
    found["MinimumLength:n"] = "select min(length(coalesce(n, ''))) from rows"
    found["MaximumLength:n"] = "select max(length(coalesce(n, ''))) from rows"
    return found


def groups(names: str, result: str, where: str = "true") -> str:
    """About the groups of rows that have at least one of the values."""
    result = result.replace("sum(c) filter (c = 1)", "coalesce(sum(c) filter (c = 1), 0)")
    return (
        f"select {result} from (select count(*) as c from rows where ({where}) "
        f"and not ({' is null and '.join(names.split(', '))} is null) group by {names})"
    )


def assert_same(found: Mapping[str, float], wanted: Mapping[str, float | None]) -> None:
    assert set(found) == {name for name, value in wanted.items() if value is not None}
    for name, value in found.items():
        assert value == pytest.approx(wanted[name], rel=1e-9, abs=1e-9), name


@pytest.mark.slow
@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS)
@example(rows=[])
@example(rows=[(1, "a", 1.0, Decimal("1.000"), None, None, True)])
@example(rows=[(7, "a", 7.0, Decimal("7.000"), None, None, True)] * 5)
def test_numbers_are_those_of_duckdb(spark: SparkSession, rows: list[Row]) -> None:
    evaluation = evaluation_of(f"Analyzers = [ {ANALYZERS} ]", table_of(spark, rows))
    assert not [one.error for one in evaluation.measurements if one.error]
    assert_same(evaluation.metrics, expected(rows))
    assert evaluation.passes == 2


def of_doubles(values: Sequence[float | None]) -> dict[str, float | None]:
    """By the definitions; NaN spoils what it takes part in, and is neither least nor most."""
    there = [value for value in values if value is not None]
    numbers = [value for value in there if not math.isnan(value)]
    mean = sum(there) / len(there) if there else None
    return {
        "Sum:x": _number(sum(there)) if there else None,
        "Mean:x": _number(mean),
        "Minimum:x": min(numbers, default=None),
        "Maximum:x": max(numbers, default=None),
        "DistinctValuesCount:x": len({"NaN" if math.isnan(v) else v + 0.0 for v in there}),
    }


@settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS)
@example(rows=[(None, None, float("nan"), None, None, None, None)] * 2)
def test_numbers_of_doubles_know_nan(spark: SparkSession, rows: list[Row]) -> None:
    analyzers = ", ".join(
        f'{kind} "x"' for kind in ("Sum", "Mean", "ColumnValues", "DistinctValuesCount")
    )
    evaluation = evaluation_of(f"Analyzers = [ {analyzers} ]", table_of(spark, rows))
    assert_same(evaluation.metrics, of_doubles([row[2] for row in rows]))


def test_sums_of_large_numbers_are_exact(spark: SparkSession) -> None:
    largest = 9_223_372_036_854_775_807
    table = table_of(spark, [(largest, None), (largest, None), (1, None)], "i bigint, d double")
    evaluation = evaluation_of(f'Sum "i" = {2 * largest + 1}, Sum "i" > {2 * largest + 1}', table)
    assert [outcome.verdict for outcome in evaluation.outcomes] == ["passed", "failed"]


def test_a_ratio_is_not_rounded(spark: SparkSession) -> None:
    table = table_of(spark, [(number if number < 93 else None,) for number in range(100)], "i int")
    evaluation = evaluation_of('Completeness "i" > 0.93, Completeness "i" = 0.93', table)
    assert [outcome.verdict for outcome in evaluation.outcomes] == ["failed", "passed"]
    assert evaluation.outcomes[0].reason == (
        'Completeness of "i" is 0.93, expected > 0.93; 7 of 100 rows are null'
    )


def test_the_deviation_is_that_of_the_population(spark: SparkSession) -> None:
    table = table_of(spark, [(0,), (None,), (20,), (None,), (40,)], "units int")
    metrics = evaluation_of('Analyzers = [ StandardDeviation "units" ]', table).metrics
    assert metrics["StandardDeviation:units"] == pytest.approx(16.33, abs=0.01)
