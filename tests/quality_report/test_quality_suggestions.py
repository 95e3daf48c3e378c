"""Rules that are suggested. That they hold is tested where profiles are."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from quality_report.figures import ColumnProfile, Distinct, Kind, Profile, TopValue
from quality_report.suggest import suggest_rules
from tests.quality_report.judge import rules_in
from tests.quality_report.profiles import rich_profile
from tests.quality_report.reports import HOSTILE, NOW


def suggested(column: ColumnProfile, rows: int = 1000) -> list[str]:
    """What is suggested for the column alone."""
    rules = rules_in(suggest_rules(Profile(rows=rows, columns=(column,), sample=rows)))
    return rules[2:]


def numbers(minimum: str, maximum: str, kind: Kind = Kind.DECIMAL) -> ColumnProfile:
    return ColumnProfile(
        name="n",
        type=kind.value,
        kind=kind,
        nulls=0,
        distinct=Distinct(900, exact=True),
        minimum=minimum,
        maximum=maximum,
        looked_at=1000,
    )


def texts(*values: str, rows: int = 500, nulls: int = 0) -> ColumnProfile:
    return ColumnProfile(
        name="t",
        type="string",
        kind=Kind.TEXT,
        nulls=nulls,
        distinct=Distinct(len(values), exact=True),
        minimum=min(values),
        maximum=max(values),
        looked_at=rows * len(values),
        top=tuple(TopValue(value, rows) for value in values),
    )


def test_a_profile_leads_to_rules_with_comments() -> None:
    text = suggest_rules(rich_profile(), at=NOW)
    assert "# country: string, 6 values, 0 nulls" in text
    rules = rules_in(text)
    for rule in (
        "ColumnCount >= 8",
        "RowCount between 2155 and 8625",
        'IsPrimaryKey "order_id"',
        'ColumnLength "order_id" = 7',
        'ColumnValues "country" in ["  ", "AT", "CH", "DE", "FR", "XX"]',
        'Completeness "customer_email" >= 0.899',
        'ColumnValues "amount" >= 0',
        'ColumnValues "amount" <= 1100',
        'ColumnValues "created_at" >= "2026-09-01" where "`created_at` is not null"',
        'ColumnValues "created_at" <= (now() + 1 days) where "`created_at` is not null"',
    ):
        assert rule in rules
    assert not [rule for rule in rules if "legacy_code" in rule]


@pytest.mark.parametrize(
    ("minimum", "maximum", "expected"),
    [
        ("-5", "7", ["n >= -7", "n <= 9"]),
        ("0.2", "0.4", ["n >= 0", "n <= 0.44"]),
        ("0", "0", ["n >= 0", "n <= 1"]),
        ("-3", "-3", ["n >= -3.3", "n <= -2.7"]),
        ("-1e300", "1", []),
    ],
)
def test_numbers_get_round_bounds_with_room(
    minimum: str, maximum: str, expected: list[str]
) -> None:
    rules = [rule for rule in suggested(numbers(minimum, maximum)) if "Values" in rule]
    assert rules == [f'ColumnValues "n" {rule[2:]}' for rule in expected]


def test_numbers_that_count_rows_are_not_limited_upwards() -> None:
    column = replace(numbers("1", "1000", Kind.INTEGER), unique=True)
    assert suggested(column) == ['IsPrimaryKey "n"', 'ColumnValues "n" >= 0']


def test_no_range_is_suggested_where_nan_would_break_it() -> None:
    assert suggested(replace(numbers("1", "9", Kind.DOUBLE), nan=1)) == ['IsComplete "n"']


def test_few_rows_prove_no_uniqueness() -> None:
    column = replace(numbers("1", "9", Kind.INTEGER), unique=True)
    assert 'IsPrimaryKey "n"' not in suggested(column, rows=9)


def test_a_column_that_is_called_like_a_key_is_preferred() -> None:
    first = replace(numbers("1", "9", Kind.INTEGER), unique=True, name="position")
    second = replace(first, name="order_id")
    rules = rules_in(suggest_rules(Profile(rows=50, columns=(first, second), sample=50)))
    assert 'IsUnique "position"' in rules
    assert 'IsPrimaryKey "order_id"' in rules


@pytest.mark.parametrize("value", ['with "quotes"', "back\\slash", "two\nlines"])
def test_values_that_rules_cannot_write_are_not_listed(value: str) -> None:
    assert suggested(texts("a", value)) == ['IsComplete "t"']


def test_values_that_hardly_repeat_are_no_fixed_set() -> None:
    assert suggested(texts("a", "b", rows=3)) == ['IsComplete "t"']


def test_columns_that_rules_cannot_name_are_counted_and_left_out() -> None:
    column = replace(texts("a"), name=HOSTILE, type="struct<\na>")
    text = suggest_rules(Profile(rows=500, columns=(column,), sample=500, left_out=("more",)))
    assert rules_in(text) == ["ColumnCount >= 2", "RowCount between 249 and 1001"]
    assert "Without rules: 2 columns" in text


def test_a_date_in_the_future_is_not_forbidden_where_there_are_some() -> None:
    assert "now()" in suggest_rules(rich_profile(), at=NOW)
    assert "now()" not in suggest_rules(rich_profile(), at=NOW - timedelta(days=60))
    assert "now()" not in suggest_rules(rich_profile())


@pytest.mark.parametrize("slack", [0.0, 1.0, -1.0])
def test_slack_is_a_part(slack: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        suggest_rules(rich_profile(), slack=slack)
