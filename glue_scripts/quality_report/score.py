"""A table's rules as one number from 0 to 100. docs/quality-reports.md has the table of weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import floor

from dqdl import Composite, Rule, RuleType, leaves_of
from quality.anomalies import Anomaly, Usual
from quality.outcomes import Outcome
from quality.verdicts import Verdict

PER_ANOMALY = 4
MOST_FOR_ANOMALIES = 20


class Dimension(StrEnum):
    """A subject of rules."""

    COMPLETENESS = "completeness"
    UNIQUENESS = "uniqueness"
    VALIDITY = "validity"
    CONSISTENCY = "consistency"
    ACCURACY = "accuracy"
    VOLUME = "volume"
    FRESHNESS = "freshness"


WEIGHTS: Mapping[Dimension, int] = {
    Dimension.COMPLETENESS: 3,
    Dimension.UNIQUENESS: 3,
    Dimension.VALIDITY: 2,
    Dimension.CONSISTENCY: 2,
    Dimension.ACCURACY: 1,
    Dimension.VOLUME: 2,
    Dimension.FRESHNESS: 2,
}
"""Without its values or with rows twice, every figure made of a table is wrong: 3. What is about
the distribution of values is a hint more than a proof: 1."""

_DIMENSIONS: Mapping[RuleType, Dimension] = {
    RuleType.IS_COMPLETE: Dimension.COMPLETENESS,
    RuleType.COMPLETENESS: Dimension.COMPLETENESS,
    RuleType.IS_PRIMARY_KEY: Dimension.UNIQUENESS,
    RuleType.IS_UNIQUE: Dimension.UNIQUENESS,
    RuleType.UNIQUENESS: Dimension.UNIQUENESS,
    RuleType.UNIQUE_VALUE_RATIO: Dimension.UNIQUENESS,
    RuleType.DISTINCT_VALUES_COUNT: Dimension.UNIQUENESS,
    RuleType.REFERENTIAL_INTEGRITY: Dimension.CONSISTENCY,
    RuleType.DATASET_MATCH: Dimension.CONSISTENCY,
    RuleType.AGGREGATE_MATCH: Dimension.CONSISTENCY,
    RuleType.ROW_COUNT_MATCH: Dimension.CONSISTENCY,
    RuleType.MEAN: Dimension.ACCURACY,
    RuleType.SUM: Dimension.ACCURACY,
    RuleType.STANDARD_DEVIATION: Dimension.ACCURACY,
    RuleType.ENTROPY: Dimension.ACCURACY,
    RuleType.COLUMN_CORRELATION: Dimension.ACCURACY,
    RuleType.DETECT_ANOMALIES: Dimension.ACCURACY,
    RuleType.ROW_COUNT: Dimension.VOLUME,
    RuleType.DATA_FRESHNESS: Dimension.FRESHNESS,
}
"""The others say something about values: they are about validity."""


@dataclass(frozen=True)
class DimensionScore:
    """The score of the rules about one thing, without anomalies."""

    dimension: Dimension
    score: float
    passed: int
    judged: int


@dataclass(frozen=True)
class Score:
    value: float | None
    """None where nothing was judged: that is no praise."""
    dimensions: tuple[DimensionScore, ...]


def score(rules: Iterable[Outcome], anomalies: Iterable[Anomaly] = ()) -> Score:
    """The part of the rules that passed, by weight, in percent; less 4 for each anomaly, up to 20.

    A rule in error counts as failed. One without a verdict for lack of history does not count.
    An anomaly that a rule found is that rule's failure, and not subtracted once more.
    """
    judged = [rule for rule in rules if rule.verdict is not Verdict.NOT_JUDGED]
    if not judged:
        return Score(None, ())
    unusual = sum(one.usual is Usual.NO and one.rule is None for one in anomalies)
    less = min(PER_ANOMALY * unusual, MOST_FOR_ANOMALIES)
    return Score(_percent(_share(judged), less), tuple(_dimension_scores(judged)))


def dimension_of(rule: Rule | Composite) -> Dimension:
    """The subject of a rule; of several that are combined, the one that weighs most."""
    found = [_DIMENSIONS.get(leaf.type, Dimension.VALIDITY) for leaf in leaves_of(rule)]
    return max(found, key=lambda dimension: WEIGHTS[dimension], default=Dimension.VALIDITY)


def _dimension_scores(judged: Sequence[Outcome]) -> Iterable[DimensionScore]:
    for dimension in Dimension:
        rules = [one for one in judged if dimension_of(one.rule) is dimension]
        if rules:
            passed = sum(map(_passed, rules))
            yield DimensionScore(
                dimension, _percent(Fraction(passed, len(rules)), 0), passed, len(rules)
            )


def _share(rules: Sequence[Outcome]) -> Fraction:
    weights = [(WEIGHTS[dimension_of(one.rule)], _passed(one)) for one in rules]
    passed = sum(weight for weight, fine in weights if fine)
    return Fraction(passed, sum(weight for weight, _ in weights))


def _passed(rule: Outcome) -> bool:
    return rule.verdict is Verdict.PASSED


def _percent(share: Fraction, less: int) -> float:
    """Rounded down to a tenth: 100 means that everything passed."""
    return floor(max(share * 100 - less, Fraction(0)) * 10) / 10
