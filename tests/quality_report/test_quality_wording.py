"""Rules in words, from their syntax trees."""

from __future__ import annotations

import pytest

from dqdl import parse
from dqdl.rule_types import SIGNATURES, Expects
from quality_report.wording import _WITHOUT_CONDITION, expected


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ('IsComplete "a"', "a value in every row"),
        ('IsUnique "a" "b" where "c > 0"', 'no value twice, where "c > 0"'),
        ('Completeness "a" > 0.98', "> 0.98"),
        (
            'ColumnValues "a" in $codes where "b = 1" with threshold > 0.9',
            'in ["x", "y"] where "b = 1" with threshold > 0.9',
        ),
        ('ColumnValues "> 3" not between 1 and 2', "not between 1 and 2"),
        ('CustomSql "select count(*) from primary" not in [1, 2]', "not in [1, 2]"),
        ('RowCount > 0 labels=["team"="us"]', "> 0"),
        ('(RowCount > 0) and (IsComplete "a")', '(RowCount > 0) and (IsComplete "a")'),
    ],
)
def test_a_demand_is_said_without_what_it_is_about(rule: str, said: str) -> None:
    ruleset = parse(f'codes = [ "x", "y" ]\nRules = [ {rule} ]')
    assert expected(ruleset.rules[0]) == said


def test_what_has_no_condition_has_words() -> None:
    bare = {Expects.NOTHING, Expects.NUMBER_OR_NOTHING}
    types = {name for name, one in SIGNATURES.items() if one.rule and one.expects in bare}
    assert set(_WITHOUT_CONDITION) == types
