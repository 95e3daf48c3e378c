"""SQL of contracts and rules in Spark: what is run, what is refused, and what names mean there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as t

from quality.errors import SqlRefused
from quality.spellings import SPELLINGS
from quality.verdicts import Verdict
from quality.vetting import condition, query
from tests.config.test_contract_sql import CONDITIONS, NO_CONDITIONS, NO_QUERIES, QUERIES
from tests.quality.tables import evaluation_of, outcome_of


def column(name: str, kind: t.DataType, *others: str) -> t.StructField:
    return t.StructField(name, kind, metadata={SPELLINGS: list(others)})


@pytest.fixture(scope="module")
def table(spark: SparkSession) -> DataFrame:
    fields = [
        column("order_id", t.LongType(), "OrderId"),
        column("größe_cm", t.LongType(), "Größe (cm)"),
        column("имя", t.StringType(), "Имя"),
        column("year_in_file", t.LongType(), "year"),
        column("amount", t.LongType(), "amount"),
        column("amount_1f2e3d", t.LongType(), "Amount"),
    ]
    return spark.createDataFrame([(1, 2, "x", 2025, 5, 50)], t.StructType(fields))


@pytest.mark.parametrize(
    "text",
    [
        "OrderId = 1 AND order_id = 1 AND `OrderId` = 1",
        "`Größe (cm)` = 2 AND größe_cm = 2 AND GRÖßE_CM = 2",
        "имя = 'x' AND ИМЯ = 'x' AND `Имя` = 'x'",
        "`year` = 2025 AND year(date'2026-01-01') = 2026",
        "amount = 5 AND Amount = 5 AND `amount` = 5 AND `Amount` = 50",
    ],
)
@pytest.mark.few(2)
def test_a_condition_names_columns_either_way(table: DataFrame, text: str) -> None:
    assert table.where(condition(table, text)).count() == 1


@pytest.mark.parametrize("text", [*NO_CONDITIONS, "OrderID > 1", "colour > 0", "имена = 'x'"])
def test_what_is_no_condition_on_the_columns_is_refused(table: DataFrame, text: str) -> None:
    with pytest.raises(SqlRefused) as caught:
        condition(table, text)
    assert str(caught.value)
    assert "SQLSTATE" not in str(caught.value)


def frames(table: DataFrame) -> Mapping[str, DataFrame]:
    return {"orders": table, "customers": table.select("order_id")}


@pytest.mark.parametrize("text", NO_QUERIES)
def test_what_is_no_query_over_the_given_tables_is_refused(table: DataFrame, text: str) -> None:
    with pytest.raises(SqlRefused):
        query(table.sparkSession, text, frames(table).__getitem__, frames(table))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("WITH orders AS (SELECT 1 AS a) SELECT * FROM orders", []),
        ("WITH a AS (SELECT * FROM orders), orders AS (SELECT 1) SELECT * FROM a", ["orders"]),
        ("WITH orders AS (SELECT 1) SELECT * FROM (SELECT * FROM orders) JOIN customers", ["c"]),
        ("SELECT * FROM (WITH orders AS (SELECT 1) SELECT * FROM orders) JOIN orders", ["orders"]),
        ("WITH RECURSIVE orders(n) AS (SELECT 1 UNION ALL SELECT n FROM orders) TABLE orders", []),
        ("SELECT orders FROM VALUES (1) AS customers(orders)", []),
    ],
)
def test_a_name_that_a_query_defines_is_no_dataset(
    table: DataFrame, text: str, read: list[str]
) -> None:
    _, opened = query(table.sparkSession, text, frames(table).__getitem__, frames(table))
    assert sorted(opened) == [{"c": "customers"}.get(name, name) for name in read]


@pytest.mark.parametrize("text", QUERIES)
def test_a_query_touches_the_tables_that_it_names_and_no_other(table: DataFrame, text: str) -> None:
    opened: list[str] = []

    def opening(name: str) -> DataFrame:
        opened.append(name)
        return frames(table)[name]

    query(table.sparkSession, text, opening, frames(table))
    assert sorted(opened) == sorted(n for n in frames(table) if n in text.lower())


def test_spark_takes_what_is_taken_where_there_is_none(spark: SparkSession) -> None:
    names = ["amount", "status", "returned", "Order ID", "имя", "नाम", "名前 (漢字)", "country"]
    names += ["items", "ordered_on", "a", "b", "c", "is_valid"]
    kinds = {"returned": "boolean", "a": "boolean", "b": "boolean", "c": "boolean"}
    kinds |= {"is_valid": "boolean", "items": "array<int>", "ordered_on": "date"}
    spelled = ", ".join(f"`{name}` {kinds.get(name, 'string')}" for name in names)
    frame = spark.createDataFrame([], spelled)
    for text in CONDITIONS:
        if "try_cast" not in text and "RLIKE" not in text:  # of text, which booleans are not
            condition(frame, text)


class _Broken(Mapping[str, DataFrame]):
    """Datasets of which all but one must not be touched."""

    def __init__(self, good: DataFrame) -> None:
        self._good = good

    def __getitem__(self, name: str) -> DataFrame:
        if name != "good":
            raise RuntimeError(f"{name} was touched")
        return self._good

    def __iter__(self) -> Iterator[str]:
        yield from ("broken", "good")

    def __len__(self) -> int:
        return 2

    def __contains__(self, name: object) -> bool:
        return name in tuple(self)


def test_a_rule_that_names_no_broken_neighbour_is_judged(table: DataFrame) -> None:
    rules = [
        'CustomSql "select count(*) from primary join good using (order_id)" = 1',
        'CustomSql "select count(*) as broken from primary" = 1',
        'ReferentialIntegrity "OrderId" "good.OrderId" = 1.0',
    ]
    found = evaluation_of(", ".join(rules), table, references=_Broken(table))
    assert [outcome.verdict for outcome in found.outcomes] == [Verdict.PASSED] * 3


@pytest.mark.parametrize(
    "rule",
    [
        'IsComplete "Größe (cm)"',
        'ColumnValues "OrderId" = 1',
        'Mean "Amount" = 50',
        'Mean "amount" = 5',
        'IsPrimaryKey "Имя" "year"',
        'RowCount = 1 where "`Größe (cm)` = 2 and OrderId = 1"',
        'ColumnExists "OrderId"',
        'CustomSql "select sum(`Amount`) + sum(OrderId) from primary" = 51',
    ],
)
@pytest.mark.few(2)
def test_rules_name_columns_either_way(table: DataFrame, rule: str) -> None:
    assert outcome_of(rule, table).verdict is Verdict.PASSED


def test_a_metric_has_one_name_however_its_rule_is_spelled(table: DataFrame) -> None:
    spelled = evaluation_of('Mean "OrderId" > 0, Mean "order_id" > 0', table)
    assert list(spelled.metrics) == ["Mean:order_id"]
