"""Each row breaks the rules that plain Python says it breaks."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from pyspark.sql import SparkSession

from quality.verdicts import Composites, Verdict
from tests.quality.tables import AT, NAMES, ROWS, Row, evaluation_of, outcome_of, table_of

Test = Callable[[Any], bool]


def there(test: Test) -> Test:
    """Only a value that is one can pass."""
    return lambda value: value is not None and value == value and test(value)  # noqa: PLR0124  # NaN


def or_nothing(test: Test) -> Test:
    """What is no value passes too."""
    return lambda value: value is None or value != value or test(value)  # noqa: PLR0124  # NaN


def midnight(day: Any) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def is_integer(text: str) -> bool:
    return re.fullmatch(r"\s*[+-]?\d+\s*", text, re.ASCII) is not None


SPACES = re.compile(r"\s+")
RULES: list[tuple[str, str, Test]] = [
    ('ColumnValues "i" > 1', "i", there(lambda v: v > 1)),
    ('ColumnValues "i" >= 9007199254740993', "i", there(lambda v: v >= 2**53 + 1)),
    ('ColumnValues "i" < 2.5', "i", there(lambda v: v < 2.5)),
    ('ColumnValues "i" = "3"', "i", there(lambda v: v == 3)),
    ('ColumnValues "i" != 3', "i", or_nothing(lambda v: v != 3)),
    ('ColumnValues "i" between 0 and 3', "i", there(lambda v: 0 < v < 3)),
    ('ColumnValues "i" not between 0 and 3', "i", there(lambda v: v <= 0 or v >= 3)),
    ('ColumnValues "i" in [1, 2, NULL]', "i", lambda v: v in {1, 2, None}),
    ('ColumnValues "i" not in [1, 2]', "i", or_nothing(lambda v: v not in {1, 2})),
    ('ColumnValues "i" not in [1, NULL]', "i", lambda v: v not in {1, None}),
    ('ColumnValues "x" > -5', "x", there(lambda v: v > -5)),
    ('ColumnValues "x" = 0.1', "x", there(lambda v: v == 0.1)),
    ('ColumnValues "x" != 0.1', "x", or_nothing(lambda v: v != 0.1)),
    ('ColumnValues "x" not between -1 and 1', "x", there(lambda v: v <= -1 or v >= 1)),
    ('ColumnValues "x" in [0, 2.5]', "x", there(lambda v: v in {0, 2.5})),
    ('ColumnValues "x" != NULL', "x", lambda v: v is not None),
    ('ColumnValues "d" <= 0.1', "d", there(lambda v: v <= Decimal("0.1"))),
    ('ColumnValues "d" in [0.1, 2.50001]', "d", there(lambda v: v == Decimal("0.1"))),
    ('ColumnValues "t" > (now() - 3 days)', "t", there(lambda v: v > AT - timedelta(days=3))),
    ('ColumnValues "t" >= (now() - 72 hours)', "t", there(lambda v: v >= AT - timedelta(days=3))),
    ('ColumnValues "t" < "1970-01-01"', "t", there(lambda v: v.year < 1970)),
    ('ColumnValues "day" > "2026-11-17"', "day", there(lambda v: v.isoformat() > "2026-11-17")),
    ('ColumnValues "day" < now()', "day", there(lambda v: midnight(v) < AT)),
    ('ColumnValues "ok" = "true"', "ok", lambda v: v is True),
    ('ColumnValues "ok" != "true"', "ok", lambda v: v is not True),
    ('ColumnValues "n" in ["a", EMPTY]', "n", lambda v: v in {"a", ""}),
    ('ColumnValues "n" != EMPTY', "n", lambda v: v != ""),
    ('ColumnValues "n" = NULL', "n", lambda v: v is None),
    (
        'ColumnValues "n" not in ["a", WHITESPACES_ONLY]',
        "n",
        or_nothing(lambda v: v != "a" and not SPACES.fullmatch(v)),
    ),
    ('ColumnValues "n" matches "[a-z]"', "n", there(lambda v: bool(re.fullmatch("[a-z]", v)))),
    ('ColumnValues "n" matches "a.b|b"', "n", there(lambda v: bool(re.fullmatch("a.b|b", v)))),
    ('ColumnValues "n" not matches "[a-z]"', "n", there(lambda v: not re.fullmatch("[a-z]", v))),
    ('ColumnValues "n" > "a"', "n", there(lambda v: v > "a")),
    ('ColumnLength "n" > 0', "n", lambda v: len(v or "") > 0),
    ('ColumnLength "n" in [1, 3]', "n", lambda v: len(v or "") in {1, 3}),
    ('ColumnLength "n" != 2', "n", lambda v: len(v or "") != 2),
    ('ColumnDataType "n" = "INTEGER"', "n", there(is_integer)),
    ('ColumnDataType "n" != "Integer"', "n", or_nothing(lambda v: not is_integer(v))),
    ('ColumnDataType "i" = "INTEGER"', "i", there(lambda v: -(2**31) <= v < 2**31)),
    ('DataFreshness "t" <= 3 days', "t", there(lambda v: AT - v <= timedelta(days=3))),
    (
        'DataFreshness "day" between 2 days and 90 hours',
        "day",
        there(lambda v: timedelta(days=2) < AT - midnight(v) < timedelta(hours=90)),
    ),
    ('IsComplete "x"', "x", lambda v: v is not None),
    ('Completeness "n" > 0.5', "n", lambda v: v is not None),
]
SELECTED = 'ColumnValues "i" > 1 where "ok"'


def broken_by(row: Row, rows: Sequence[Row]) -> list[str]:
    values = dict(zip(NAMES, row, strict=True))
    broken = [text for text, name, test in RULES if not test(values[name])]
    if values["ok"] and not there(lambda v: v > 1)(values["i"]):
        broken.append(SELECTED)
    broken += [text for text, breaks in KEYS if breaks(values, rows)]
    return broken


def count_of(rows: Sequence[Row], values: dict[str, Any], *names: str) -> int:
    numbers = [NAMES.index(name) for name in names]
    counts = Counter(tuple(normal(row[number]) for number in numbers) for row in rows)
    key = tuple(normal(values[name]) for name in names)
    return 1 if set(key) == {None} else counts[key]


def normal(value: Any) -> Any:
    """NaN equals itself here, as in Spark's groups."""
    return "NaN" if isinstance(value, float) and math.isnan(value) else value


KEYS: list[tuple[str, Callable[[dict[str, Any], Sequence[Row]], bool]]] = [
    ('IsUnique "n"', lambda values, rows: count_of(rows, values, "n") > 1),
    ('IsUnique "x" "ok"', lambda values, rows: count_of(rows, values, "x", "ok") > 1),
    ('Uniqueness "day" > 0.5', lambda values, rows: count_of(rows, values, "day") > 1),
    (
        'IsPrimaryKey "n" "i"',
        lambda values, rows: (
            count_of(rows, values, "n", "i") > 1 or values["n"] is None or values["i"] is None
        ),
    ),
    (
        'IsUnique "i" where "ok"',
        lambda values, rows: bool(
            values["ok"] and count_of([row for row in rows if row[6]], values, "i") > 1
        ),
    ),
]


@pytest.mark.slow
@settings(max_examples=2, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS)
@example(rows=[])
@example(rows=[(None,) * len(NAMES)] * 2)
def test_rows_break_the_rules_that_they_break(spark: SparkSession, rows: list[Row]) -> None:
    texts = [*[text for text, _, _ in RULES], SELECTED, *[text for text, _ in KEYS]]
    numbered = [(number, *row) for number, row in enumerate(rows)]
    schema = (
        "number int, i bigint, n string, x double, d decimal(12,3), t timestamp, day date, "
        "ok boolean"
    )
    evaluation = evaluation_of(", ".join(texts), table_of(spark, numbered, schema))
    assert all(outcome.row_level for outcome in evaluation.outcomes)
    wanted = {number: broken_by(row, rows) for number, row in enumerate(rows)}
    found = {row["number"]: row["broken_rules"] for row in evaluation.failing_rows().collect()}
    assert found == {number: broken for number, broken in wanted.items() if broken}
    passing = [row["number"] for row in evaluation.passing_rows().collect()]
    assert sorted(passing) == [number for number, broken in wanted.items() if not broken]
    for outcome in evaluation.outcomes:
        if not outcome.text.startswith(("Completeness", "Uniqueness")):
            is_broken = any(outcome.text in broken for broken in wanted.values())
            assert outcome.verdict == ("failed" if is_broken else "passed"), outcome


def test_rows_that_are_equal_are_all_kept(spark: SparkSession) -> None:
    table = table_of(spark, [(1,), (1,), (1,), (2,)], "i int")
    evaluation = evaluation_of('IsUnique "i"', table)
    assert evaluation.failing_rows().count() == 3
    assert [row.i for row in evaluation.passing_rows().collect()] == [2]


def test_rows_within_a_threshold_are_told_and_can_be_tolerated(spark: SparkSession) -> None:
    table = table_of(spark, [("a",), ("b",), (None,)], "n string")
    evaluation = evaluation_of('ColumnValues "n" in ["a", "b"] with threshold > 0.6', table)
    assert evaluation.outcomes[0].verdict is Verdict.PASSED
    assert evaluation.failing_rows().count() == 1
    assert evaluation.failing_rows(tolerated=False).count() == 0
    assert evaluation.passing_rows(tolerated=False).count() == 3


def test_rows_are_counted_and_shown_rule_by_rule(spark: SparkSession) -> None:
    table = table_of(spark, [(1, "a"), (2, None), *[(3, None)] * 9], "i int, n string")
    rules = 'IsComplete "n", ColumnValues "i" < 3, RowCount > 1, Mean "n" > 1, IsComplete "i"'
    evaluation = evaluation_of(rules, table)
    outcomes = evaluation.counted()
    assert [outcome.failing_rows for outcome in outcomes] == [10, 9, None, None, 0]
    assert outcomes[0].sample[0].keys() == {"i", "n"}
    assert outcomes[1].sample == ({"i": "3", "n": None},) * 5
    assert [outcome.rule for outcome in outcomes] == [one.rule for one in evaluation.outcomes]


def test_nothing_is_counted_where_no_rule_is_about_rows(spark: SparkSession) -> None:
    evaluation = evaluation_of("RowCount > 5", table_of(spark, [(1,)], "i int"))
    assert evaluation.counted() == tuple(evaluation.outcomes)


def test_failing_rows_have_the_columns_of_the_table_and_one_more(spark: SparkSession) -> None:
    table = table_of(spark, [(1, None)], "`a.b` int, `c d` string")
    evaluation = evaluation_of('IsComplete "c d", IsUnique "a.b"', table)
    failing = evaluation.failing_rows(column="why")
    assert failing.columns == ["a.b", "c d", "why"]
    assert [tuple(row) for row in failing.collect()] == [(1, None, ['IsComplete "c d"'])]
    assert evaluation.passing_rows().columns == ["a.b", "c d"]
    with pytest.raises(ValueError, match="got 'c d': pass another as `column`"):
        evaluation.failing_rows(column="c d")


def test_a_composite_is_about_the_table_or_about_each_row(spark: SparkSession) -> None:
    table = table_of(spark, [(2, 1), (0, 3)], "a int, b int")
    rule = '(ColumnValues "a" > 1) or (ColumnValues "b" > 2)'
    by_table = outcome_of(rule, table)
    by_row = outcome_of(rule, table, composites=Composites.BY_ROW)
    assert (by_table.verdict, by_table.row_level) == (Verdict.FAILED, False)
    assert (by_row.verdict, by_row.row_level) == (Verdict.PASSED, True)


def test_rows_break_a_composite_of_which_they_break_one(spark: SparkSession) -> None:
    table = table_of(spark, [(2, 1), (0, 3), (5, 5)], "a int, b int")
    rule = '(ColumnValues "a" > 1) and (ColumnValues "b" > 2)'
    evaluation = evaluation_of(rule, table)
    assert {row.a for row in evaluation.failing_rows().collect()} == {0, 2}


def test_null_is_allowed_row_by_row(spark: SparkSession) -> None:
    table = table_of(spark, [(None,), (5,), (0,)], "a int")
    rule = '(ColumnValues "a" = NULL) OR (ColumnValues "a" between 1 and 9)'
    evaluation = evaluation_of(rule, table, composites=Composites.BY_ROW)
    assert [row.a for row in evaluation.failing_rows().collect()] == [0]
