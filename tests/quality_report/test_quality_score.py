"""The score, by hand and by property."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dqdl import Place, parse_rule
from quality.anomalies import Anomaly, Usual
from quality.outcomes import Outcome
from quality.verdicts import Verdict
from quality_report.score import (
    MOST_FOR_ANOMALIES,
    WEIGHTS,
    Dimension,
    DimensionScore,
    dimension_of,
    score,
)
from tests.quality_report.reports import any_rule

PASSED, FAILED = Verdict.PASSED, Verdict.FAILED
ERROR, NOT_JUDGED = Verdict.ERROR, Verdict.NOT_JUDGED
TEXTS = [
    'IsComplete "a"',
    'IsUnique "a"',
    'ColumnValues "a" > 0',
    'ReferentialIntegrity "a" "b.a" = 1.0',
    'Mean "a" > 3',
    "RowCount > 0",
    'DataFreshness "a" < 3 days',
    '(IsComplete "a") and (RowCount > 0)',
    'SomethingNew "a"',
]
any_rules = st.lists(
    st.builds(any_rule, st.sampled_from(TEXTS), st.sampled_from(list(Verdict))), max_size=8
)


def any_anomaly(usual: Usual = Usual.NO, rule: str | None = None) -> Anomaly:
    return Anomaly(metric="RowCount", value=1.0, usual=usual, reason="", rule=rule)


any_anomalies = st.lists(
    st.builds(any_anomaly, st.sampled_from(list(Usual)), st.sampled_from([None, "RowCount > 0"])),
    max_size=8,
)


def test_rules_count_by_weight() -> None:
    rules = [
        any_rule('IsComplete "a"'),  # 3
        any_rule('ColumnValues "a" > 0', FAILED),  # 2
        any_rule('Mean "a" > 3'),  # 1
    ]
    assert score(rules).value == 66.6  # 4 of 6, rounded down


def test_a_dimension_has_the_share_of_its_rules_that_passed() -> None:
    rules = [any_rule('IsComplete "a"'), any_rule('Completeness "b" > 0.5', ERROR)]
    assert score([*rules, any_rule("RowCount > 0")]).dimensions == (
        DimensionScore(Dimension.COMPLETENESS, 50.0, 1, 2),
        DimensionScore(Dimension.VOLUME, 100.0, 1, 1),
    )


def test_a_rule_in_error_counts_as_failed() -> None:
    assert score([any_rule(verdict=ERROR), any_rule()]).value == 50.0


def test_a_rule_that_was_not_judged_does_not_count() -> None:
    assert score([any_rule(verdict=NOT_JUDGED), any_rule()]).value == 100.0


@pytest.mark.parametrize("rules", [[], [any_rule(verdict=NOT_JUDGED)]])
def test_nothing_judged_is_no_score(rules: Sequence[Outcome]) -> None:
    assert score(rules, [any_anomaly()]).value is None


@pytest.mark.parametrize(("count", "expected"), [(0, 100.0), (1, 96.0), (3, 88.0), (9, 80.0)])
def test_an_anomaly_costs_four_and_all_of_them_at_most_twenty(count: int, expected: float) -> None:
    assert score([any_rule()], [any_anomaly()] * count).value == expected


def test_anomalies_do_not_lead_below_nothing() -> None:
    assert score([any_rule(verdict=FAILED)], [any_anomaly()]).value == 0.0


def test_what_is_usual_or_unknown_or_a_rule_of_its_own_costs_nothing() -> None:
    free = [any_anomaly(Usual.YES), any_anomaly(Usual.UNKNOWN), any_anomaly(rule="RowCount > 0")]
    assert score([any_rule()], free).value == 100.0


@pytest.mark.parametrize(
    ("text", "dimension"),
    [
        ('IsPrimaryKey "id" "day"', Dimension.UNIQUENESS),
        ('ColumnValues "RowCount" > 0', Dimension.VALIDITY),
        ('DetectAnomalies "Completeness" "a"', Dimension.ACCURACY),
        ('(RowCount > 0) or (IsComplete "a")', Dimension.COMPLETENESS),
        ('CustomSQL "select count(*) from primary" = 0', Dimension.VALIDITY),
        ("DetectAnomalies RowCount", Dimension.ACCURACY),
        ('DataFreshness "day" <= 1 days', Dimension.FRESHNESS),
        ('SomethingNew "a"', Dimension.VALIDITY),
    ],
)
def test_a_rule_belongs_to_a_dimension(text: str, dimension: Dimension) -> None:
    assert dimension_of(parse_rule(text, Place(1, 1))) is dimension


def test_each_dimension_has_a_weight() -> None:
    assert set(WEIGHTS) == set(Dimension)


@given(any_rules, any_anomalies)
def test_a_score_is_between_0_and_100(rules: list[Outcome], anomalies: list[Anomaly]) -> None:
    value = score(rules, anomalies).value
    assert value is None or 0 <= value <= 100


@given(any_rules, any_anomalies)
def test_100_means_that_everything_passed(rules: list[Outcome], anomalies: list[Anomaly]) -> None:
    judged = {rule.verdict for rule in rules} - {NOT_JUDGED}
    unusual = any(one.usual is Usual.NO and one.rule is None for one in anomalies)
    assert (score(rules, anomalies).value == 100) == (judged == {PASSED} and not unusual)


@given(any_rules, any_anomalies, st.data())
def test_a_rule_that_fails_instead_of_passing_never_raises_the_score(
    rules: list[Outcome], anomalies: list[Anomaly], data: st.DataObject
) -> None:
    rules = [*rules, any_rule(data.draw(st.sampled_from(TEXTS)))]
    place = data.draw(st.sampled_from([n for n, r in enumerate(rules) if r.verdict is PASSED]))
    worse = list(rules)
    worse[place] = replace(rules[place], verdict=data.draw(st.sampled_from([FAILED, ERROR])))
    before, after = score(rules, anomalies).value, score(worse, anomalies).value
    assert before is not None
    assert after is not None
    assert after <= before


@given(any_rules, any_anomalies)
def test_an_anomaly_never_raises_the_score(rules: list[Outcome], anomalies: list[Anomaly]) -> None:
    before = score(rules, anomalies).value
    after = score(rules, [*anomalies, any_anomaly()]).value
    if before is None or after is None:
        assert before is after
    else:
        assert after <= before
        assert before - after <= MOST_FOR_ANOMALIES
