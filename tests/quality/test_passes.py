"""How often a table is read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from tests.quality.tables import evaluation_of, table_of


@pytest.fixture
def table(spark: SparkSession, tmp_path: Path) -> Iterator[DataFrame]:
    """In files, so that plans say where they scan it; and plans stay as they are made. Code is
    compiled as it is in a job."""
    for name in ("spark.sql.codegen.wholeStage", "spark.sql.codegen.factoryMode"):
        spark.conf.unset(name)
    path = str(tmp_path / "orders")
    rows = [(1, "a", 1.5), (2, "b", 2.5), (2, None, None)]
    table_of(spark, rows, "id int, n string, x double").write.parquet(path)
    spark.conf.set("spark.sql.adaptive.enabled", "false")
    yield spark.read.parquet(path)
    spark.conf.unset("spark.sql.adaptive.enabled")


def scans(spark: SparkSession, since: int) -> int:
    """Of the table, in the plans of all queries that ran after the one of that number."""
    found = 0
    for query in queries(spark):
        if query.executionId() > since:
            plan = query.physicalPlanDescription()
            found += sum("Location: " in line and "/orders]" in line for line in plan.splitlines())
    return found


def queries(spark: SparkSession) -> list[Any]:
    """Those that Spark remembers: the last thousand of a session."""
    spark.sparkContext._jsc.sc().listenerBus().waitUntilEmpty()
    remembered = spark._jsparkSession.sharedState().statusStore().executionsList()
    return [remembered.apply(place) for place in range(remembered.size())]


def last_query(spark: SparkSession) -> int:
    return max((int(query.executionId()) for query in queries(spark)), default=-1)


SUMS = (
    'RowCount > 0, Completeness "n" > 0.1, IsComplete "id", Mean "x" > 0, Sum "id" > 0, '
    'StandardDeviation "x" >= 0, ColumnCorrelation "id" "x" > -1, ColumnLength "n" < 9, '
    'ColumnValues "n" matches "[a-z]", ColumnValues "id" > 0 where "n is not null", '
    'ColumnDataType "n" = "STRING", DetectAnomalies "RowCount"'
)
GROUPS = (
    'IsUnique "id", IsPrimaryKey "id" "n", Uniqueness "n" > 0, Entropy "id" >= 0, '
    'DistinctValuesCount "x" > 0 where "id > 1", UniqueValueRatio "id" > 0'
)
JOINS = 'ReferentialIntegrity "id" "other.id" > 0, ReferentialIntegrity "n" "other.n" > 0'
QUERY = 'CustomSql "select count(*) from primary" > 0'


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rules", "passes"),
    [
        ('ColumnExists "id", ColumnCount = 3', 0),
        (SUMS, 1),
        (GROUPS, 2),
        (f"{SUMS}, {GROUPS}", 2),
        (f"{SUMS}, {GROUPS}, {JOINS}", 3),
        (f"{SUMS}, {GROUPS}, {JOINS}, {QUERY}", 4),
    ],
)
def test_the_table_is_read_once_for_each_kind_of_rule(
    spark: SparkSession, table: DataFrame, rules: str, passes: int
) -> None:
    other = table_of(spark, [(1, "a")], "id int, n string")
    before = last_query(spark)
    evaluation = evaluation_of(rules, table, references={"other": other})
    assert not [one.reason for one in evaluation.outcomes if one.verdict == "error"]
    assert (evaluation.passes, scans(spark, before)) == (passes, passes)


def test_java_that_fails_in_compiled_code_costs_its_own_rule_too(table: DataFrame) -> None:
    evaluation = evaluation_of("RowCount > 0, RowCount > 1 where \"n rlike '['\"", table)
    first, second = evaluation.outcomes
    assert (first.verdict, second.verdict) == ("passed", "error")
    assert second.reason.startswith("where \"n rlike '['\": no regular expression: Unclosed")


def test_rows_are_not_looked_for_before_somebody_asks(
    spark: SparkSession, table: DataFrame
) -> None:
    evaluation = evaluation_of(SUMS, table)
    before = last_query(spark)
    failing = evaluation.failing_rows()
    assert scans(spark, before) == 0
    failing.write.format("noop").mode("overwrite").save()
    assert scans(spark, before) == 1


def test_sql_that_fails_for_some_row_costs_a_pass_for_each_selection(table: DataFrame) -> None:
    rules = f'{SUMS}, Completeness "n" > 0 where "cast(n as int) = 1"'
    evaluation = evaluation_of(rules, table)
    verdicts = [outcome.verdict.value for outcome in evaluation.outcomes]
    assert verdicts.count("error") == 1
    assert verdicts[-1] == "error"
    assert evaluation.passes == 4  # all, and then each of the three selections
