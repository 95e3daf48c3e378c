"""Profiles of tables, compared with what DuckDB makes of the same file."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from pyspark.sql import SparkSession

from quality_report.columns import LONGEST
from quality_report.counting import KEPT
from quality_report.figures import ColumnProfile, Distinct, Kind, Profile, TopValue
from quality_report.profile import profile
from quality_report.scales import BARS
from quality_report.suggest import suggest_rules
from tests.quality_report import judge, tables
from tests.sessions import QUICK_ON_LITTLE_DATA

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", autouse=True)
def _quick(spark: SparkSession) -> Iterator[None]:
    for name, value in QUICK_ON_LITTLE_DATA.items():
        spark.conf.set(name, value)
    yield
    for name in QUICK_ON_LITTLE_DATA:
        spark.conf.unset(name)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tables")


# A smaller example is not worth the minutes that Spark would take to find it.
@pytest.mark.slow
@settings(
    max_examples=8, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate]
)
@given(table=tables.tables())
def test_a_profile_says_what_another_engine_says(
    spark: SparkSession, folder: Path, table: pa.Table
) -> None:
    path = tables.write(table, folder)
    found = profile(spark.read.parquet(str(path)))
    assert found.rows == table.num_rows
    assert Profile.from_json(found.to_json()) == found
    for column in found.columns:
        values = table.column(column.name)
        _check_against_duckdb(column, tables.expected(path, column.name, values.type))
        _check_by_hand(column, values.to_pylist())
    judge.check(suggest_rules(found), path, rows=table.num_rows)


def _check_against_duckdb(column: ColumnProfile, expected: tables.Expected) -> None:
    assert (column.nulls, column.distinct) == (
        expected.nulls,
        Distinct(expected.distinct, exact=True),
    )
    assert (column.minimum, column.maximum) == (_cut(expected.minimum), _cut(expected.maximum))
    if expected.mean is not None:
        assert column.mean == pytest.approx(expected.mean, rel=1e-9, abs=1e-9)
    assert sorted(value.rows for value in column.top) == sorted(expected.top.values())[-KEPT:]
    for value in column.top:
        if not value.cut:
            assert value.rows == expected.top[value.value]
    assert column.unique == (bool(expected.top) and max(expected.top.values()) == 1)


def _cut(text: str | None) -> str | None:
    return text if text is None or len(text) <= LONGEST else text[:LONGEST] + "…"


def _check_by_hand(column: ColumnProfile, values: list[object]) -> None:
    own = tables.ordered(values)
    assert column.looked_at == len(own)
    if column.kind is Kind.TEXT:
        lengths = [len(value) for value in own]
        assert column.blank == sum(not value.strip(" \t\r\n\f\v\u00a0\u3000") for value in own)
        if lengths:
            assert column.lengths
            assert (column.lengths.shortest, column.lengths.longest) == (min(lengths), max(lengths))
            assert column.lengths.mean == pytest.approx(statistics.fmean(lengths))
        return
    if column.kind is Kind.DOUBLE:
        doubles = [value for value in values if isinstance(value, float)]
        assert column.nan == sum(map(math.isnan, doubles))
        assert column.infinite == sum(map(math.isinf, doubles))
    for quantile in column.quantiles:
        place = max(math.ceil(quantile.share * len(own)) - 1, 0)
        assert quantile.value == tables.text_of(own[place]) or column.kind in _THROUGH_DOUBLES
    if column.deviation is not None:
        numbers = list(map(float, own))
        room = max(map(abs, numbers)) / 1e6
        assert column.deviation == pytest.approx(statistics.pstdev(numbers), rel=1e-6, abs=room)
    if column.bins:
        assert sum(bar.rows for bar in column.bins) == len(own)
        assert len(column.bins) <= BARS
        assert (column.bins[0].rows, column.bins[-1].rows) > (0, 0)


_THROUGH_DOUBLES = {Kind.INTEGER, Kind.DECIMAL, Kind.TIMESTAMP}
"""Spark's quantiles of these are doubles on the way: beyond 2^53 they are near, not equal."""


def test_bars_of_whole_numbers_hold_exactly_what_their_ends_say(spark: SparkSession) -> None:
    column = profile(spark.range(1000).selectExpr("id * id AS n")).columns[0]
    squares = [n * n for n in range(1000)]
    for bar in column.bins:
        assert bar.rows == sum(int(bar.low) <= n <= int(bar.high) for n in squares)


def test_bars_reach_over_all_of_a_type(spark: SparkSession) -> None:
    ends = spark.sql(
        "SELECT * FROM VALUES (-9223372036854775808L, -1.7E308D, DATE'0001-01-01'), "
        "(9223372036854775807L, 1.7E308D, DATE'9999-12-31') AS (n, d, t)"
    )
    for column in profile(ends).columns:
        assert [bar.rows for bar in column.bins] == [1, *[0] * (BARS - 2), 1]
        assert (column.bins[0].low, column.bins[-1].high) == (column.minimum, column.maximum)


def test_decimals_are_exact_to_the_last_digit(spark: SparkSession) -> None:
    table = spark.sql("SELECT CAST('123456789012345678901234567890123456.78' AS DECIMAL(38,2)) d")
    column = profile(table).columns[0]
    assert column.minimum == column.maximum == "123456789012345678901234567890123456.78"
    assert column.top == (TopValue("123456789012345678901234567890123456.78", 1),)


def test_times_do_not_depend_on_the_zone_of_the_session(spark: SparkSession) -> None:
    zone = spark.conf.get("spark.sql.session.timeZone")
    sql = "SELECT timestamp_micros(1700000000250000) t, TIMESTAMP_NTZ'2024-01-01 03:04:05' n"
    try:
        spark.conf.set("spark.sql.session.timeZone", "Pacific/Auckland")
        found = profile(spark.sql(sql))
    finally:
        spark.conf.set("spark.sql.session.timeZone", str(zone))
    assert [column.minimum for column in found.columns] == [
        "2023-11-14 22:13:20.25",
        "2024-01-01 03:04:05",
    ]


def test_names_may_differ_in_case_alone_and_have_dots(spark: SparkSession) -> None:
    table = spark.createDataFrame([(1, "x", None)], "a int, A string, `b.c` array<int>")
    found = profile(table)
    assert [column.name for column in found.columns] == ["a", "A", "b.c"]
    assert [column.maximum for column in found.columns] == ["1", "x", None]
    assert (found.columns[2].kind, found.columns[2].nulls) == (Kind.OTHER, 1)


def test_columns_beyond_the_limit_are_named(spark: SparkSession) -> None:
    found = profile(spark.range(3).selectExpr("id a", "id b", "id c"), most_columns=2)
    assert [column.name for column in found.columns] == ["a", "b"]
    assert found.left_out == ("c",)
    assert found.column_count == 3


def test_long_texts_are_kept_apart_though_their_beginnings_are_equal(spark: SparkSession) -> None:
    table = spark.createDataFrame([("x" * 200 + end,) for end in "aab"], "s string")
    column = profile(table).columns[0]
    assert column.distinct == Distinct(2, exact=True)
    assert [(value.rows, value.cut, len(value.value)) for value in column.top] == [
        (2, True, LONGEST + 1),
        (1, True, LONGEST + 1),
    ]


def test_a_large_table_is_counted_in_part_and_says_so(spark: SparkSession) -> None:
    table = spark.range(20_000).selectExpr(
        "id", "CAST(id % 3 AS string) AS few", "CAST(id AS string) AS many"
    )
    found = profile(table, sample=2_000)
    number, few, many = found.columns
    assert (found.rows, found.sample) == (20_000, 2_000)
    assert (number.minimum, number.maximum, number.mean) == ("0", "19999", 9999.5)
    assert few.distinct == Distinct(3, exact=True)
    assert [value.rows for value in few.top] == [6667, 6667, 6666]
    assert many.distinct
    assert not many.distinct.exact
    assert many.distinct.count == pytest.approx(20_000, rel=0.04)
    assert many.looked_at == pytest.approx(2_000, rel=0.2)
    assert not many.unique


@pytest.mark.slow
def test_two_profiles_of_a_table_are_equal(spark: SparkSession) -> None:
    table = spark.range(5_000).selectExpr("id", "hash(id) % 900 AS h")
    assert profile(table, sample=500) == profile(table, sample=500)


@pytest.mark.parametrize("limits", [{"sample": 0}, {"most_columns": 0}])
def test_limits_are_at_least_one(spark: SparkSession, limits: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="from 1"):
        profile(spark.range(1), **limits)
