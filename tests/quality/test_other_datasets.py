"""Rules that compare a table with others."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from quality.verdicts import Verdict
from tests.quality.tables import Row, evaluation_of, outcome_of, table_of

SCHEMA = "id int, country string, amount double"
SMALL = st.lists(
    st.tuples(
        st.sampled_from([None, 1, 2, 3]),
        st.sampled_from([None, "DE", "FR"]),
        st.sampled_from([None, 1.5, float("nan")]),
    ),
    max_size=8,
)


def distinct_by_id(rows: Sequence[Row]) -> list[Row]:
    return list({row[0]: row for row in rows if row[0] is not None}.values())


def same(left: object, right: object) -> bool:
    return left == right or (left != left and right != right)  # noqa: PLR0124  # NaN


@pytest.mark.slow
@settings(max_examples=2, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mine=SMALL, theirs=SMALL)
@example(mine=[(1, "DE", None)], theirs=[])
def test_matches_are_those_of_plain_python(
    spark: SparkSession, mine: list[Row], theirs: list[Row]
) -> None:
    unique_mine, unique_theirs = distinct_by_id(mine), distinct_by_id(theirs)
    ids, pairs = {row[0] for row in theirs}, {row[:2] for row in theirs}
    by_id = {row[0]: row for row in unique_theirs}
    references = {
        "others": table_of(spark, theirs, SCHEMA),
        "unique": table_of(spark, unique_theirs, SCHEMA),
    }
    refers = [row[0] is not None and row[0] in ids for row in mine]
    refers_twice = [None not in row[:2] and row[:2] in pairs for row in mine]
    equals = [
        row[0] in by_id and all(same(*two) for two in zip(row, by_id[row[0]], strict=True))
        for row in unique_mine
    ]
    evaluation = evaluation_of(
        'ReferentialIntegrity "id" "others.id" >= 0, '
        'ReferentialIntegrity "id,country" "others.{id,country}" >= 0, '
        'RowCountMatch "others" >= 0, SchemaMatch "others" = 1.0',
        table_of(spark, mine, SCHEMA),
        references=references,
    )
    metrics = evaluation.metrics
    assert evaluation.passes == 2
    if mine:
        assert metrics['ReferentialIntegrity:id,"others.{id}"'] == sum(refers) / len(mine)
        assert metrics['ReferentialIntegrity:id,country,"others.{id,country}"'] == (
            sum(refers_twice) / len(mine)
        )
    if theirs:
        assert metrics["RowCountMatch:others"] == len(mine) / len(theirs)
    match = outcome_of(
        'DatasetMatch "unique" "id" >= 0',
        table_of(spark, unique_mine, SCHEMA),
        references=references,
    )
    assert list(match.metrics.values()) == ([sum(equals) / len(unique_mine)] if unique_mine else [])


def test_rows_that_refer_to_nothing_are_told(spark: SparkSession) -> None:
    table = table_of(spark, [(1,), (2,), (None,), (2,)], "id int")
    places = table_of(spark, [(1,), (1,), (None,)], "key int")
    evaluation = evaluation_of(
        'ReferentialIntegrity "id" "places.key" > 0.9, '
        'ReferentialIntegrity "id" "places.key" = 1.0 where "id = 1"',
        table,
        references={"places": places},
    )
    assert [outcome.verdict for outcome in evaluation.outcomes] == ["failed", "passed"]
    assert evaluation.outcomes[0].reason == (
        "the part of the rows that stand in places.{key} is 0.25, expected > 0.9; "
        "3 of 4 rows break it"
    )
    assert evaluation.failing_rows().count() == 3


def test_named_columns_are_compared_alone(spark: SparkSession) -> None:
    table = table_of(spark, [(1, 5.0, "x"), (2, 6.0, "y")], "id int, amount double, note string")
    other = table_of(spark, [(1, 5.0), (2, 7.0)], "key int, total double")
    evaluation = evaluation_of(
        'DatasetMatch "other" "id->key" "amount->total" >= 0.9, DatasetMatch "other" "id->key" > 0',
        table,
        references={"other": other},
    )
    first, second = evaluation.outcomes
    assert (first.verdict, list(first.metrics.values())) == (Verdict.FAILED, [0.5])
    assert second.verdict is Verdict.ERROR
    assert "have different columns (amount, note, total)" in second.reason
    assert [row.id for row in evaluation.failing_rows().collect()] == [2]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mine", "theirs", "where"),
    [
        ([(1,), (1,)], [(1,)], "in the table"),
        ([(None,)], [(1,)], "in the table"),
        ([(1,)], [(1,), (1,)], "in 'other'"),
        ([(1,)], [(1,), (None,)], "in 'other'"),
    ],
)
def test_a_key_that_tells_no_rows_apart_is_an_error(
    spark: SparkSession, mine: list[Row], theirs: list[Row], where: str
) -> None:
    outcome = outcome_of(
        'DatasetMatch "other" "id" > 0.5',
        table_of(spark, mine, "id int"),
        references={"other": table_of(spark, theirs, "id int")},
    )
    assert outcome.verdict is Verdict.ERROR
    assert f"null or stands twice {where}: expected a key" in outcome.reason


@pytest.mark.slow
def test_sums_and_means_are_divided(spark: SparkSession) -> None:
    table = table_of(spark, [(1, 0), (2, 0), (None, 0)], "a int, zero int")
    other = table_of(spark, [("1.50", 0), ("0.50", 0)], "b string, zero int").selectExpr(
        "cast(b as decimal(5,2)) as b", "zero"
    )
    evaluation = evaluation_of(
        'AggregateMatch "sum(a)" "sum(other.b)" = 1.5, '
        'AggregateMatch "AVG(a)" "avg(other.b)" = 1.5, '
        'AggregateMatch "sum(zero)" "sum(other.zero)" = 1, '
        'AggregateMatch "sum(a)" "sum(other.zero)" > 0',
        table,
        references={"other": other},
    )
    assert [one.verdict for one in evaluation.outcomes] == ["passed", "passed", "passed", "failed"]
    assert evaluation.outcomes[0].reason == (
        "sum(a) / sum(other.b) is 1.5, expected = 1.5; 3 here, 2 there"
    )
    assert evaluation.passes == 1


def test_schemas_match_by_name_and_type(spark: SparkSession) -> None:
    table = table_of(spark, [], "a int, b string, c double")
    other = table_of(spark, [], "c double, a int, b int, d int")
    outcome = outcome_of('SchemaMatch "other" = 1.0', table, references={"other": other})
    assert (outcome.verdict, outcome.metrics) == (Verdict.FAILED, {"SchemaMatch:other": 0.5})
    assert outcome.reason.endswith("different are b, d")


def test_types_that_can_never_be_equal_are_an_error(spark: SparkSession) -> None:
    outcome = outcome_of(
        'ReferentialIntegrity "id" "other.key" = 1',
        table_of(spark, [(1,)], "id int"),
        references={"other": table_of(spark, [("x",)], "key string")},
    )
    assert outcome.verdict is Verdict.ERROR
    assert "they can never be equal, so make them one type" in outcome.reason
