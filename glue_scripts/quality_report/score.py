"""A table's rules as one number from 0 to 100. docs/quality-reports.md has the table of weights."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import floor

from quality_report.results import Anomaly, RuleResult, RuleVerdict, Usual

PER_ANOMALY = 4
MOST_FOR_ANOMALIES = 20


class Dimension(StrEnum):
    """What a rule is about."""

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

_TYPES: Mapping[Dimension, Sequence[str]] = {
    Dimension.COMPLETENESS: ("IsComplete", "Completeness"),
    Dimension.UNIQUENESS: (
        "IsPrimaryKey",
        "IsUnique",
        "Uniqueness",
        "UniqueValueRatio",
        "DistinctValuesCount",
    ),
    Dimension.VALIDITY: (
        "ColumnValues",
        "ColumnLength",
        "ColumnDataType",
        "ColumnExists",
        "ColumnCount",
        "ColumnNamesMatchPattern",
        "SchemaMatch",
        "CustomSql",
        "CustomSQL",
    ),
    Dimension.CONSISTENCY: (
        "ReferentialIntegrity",
        "DatasetMatch",
        "AggregateMatch",
        "RowCountMatch",
    ),
    Dimension.ACCURACY: (
        "Mean",
        "Sum",
        "StandardDeviation",
        "Entropy",
        "ColumnCorrelation",
        "DetectAnomalies",
    ),
    Dimension.VOLUME: ("RowCount",),
    Dimension.FRESHNESS: ("DataFreshness",),
}
_DIMENSIONS = {name: dimension for dimension, names in _TYPES.items() for name in names}
_TEXT = re.compile(r'"(?:\\.|[^"\\])*"', re.DOTALL)
_WORD = re.compile(r"[A-Za-z]+")


@dataclass(frozen=True)
class DimensionScore:
    """Of the rules about one thing, without anomalies."""

    dimension: Dimension
    score: float
    passed: int
    judged: int


@dataclass(frozen=True)
class Score:
    value: float | None
    """None where nothing was judged: that is no praise."""
    dimensions: tuple[DimensionScore, ...]


def score(rules: Iterable[RuleResult], anomalies: Iterable[Anomaly] = ()) -> Score:
    """What part of the rules passed, by weight, in percent; less 4 for each anomaly, up to 20.

    A rule in error counts as failed. One without a verdict for lack of history does not count.
    An anomaly that a rule found is that rule's failure, and not subtracted once more.
    """
    judged = [rule for rule in rules if rule.verdict is not RuleVerdict.NOT_JUDGED]
    if not judged:
        return Score(None, ())
    unusual = sum(one.usual is Usual.NO and one.rule is None for one in anomalies)
    less = min(PER_ANOMALY * unusual, MOST_FOR_ANOMALIES)
    return Score(_percent(_share(judged), less), tuple(_dimension_scores(judged)))


def dimension_of(text: str) -> Dimension:
    """What a rule is about; of several that are combined, the one that weighs most.

    A type that is not known here says something about values.
    """
    words = _WORD.findall(_TEXT.sub(" ", text))
    found = [_DIMENSIONS[word] for word in words if word in _DIMENSIONS]
    # `DetectAnomalies "RowCount"` names its type first, and what it watches as text.
    return max(found, key=lambda dimension: WEIGHTS[dimension], default=Dimension.VALIDITY)


def _dimension_scores(judged: Sequence[RuleResult]) -> Iterable[DimensionScore]:
    for dimension in Dimension:
        rules = [rule for rule in judged if dimension_of(rule.text) is dimension]
        if rules:
            passed = sum(map(_passed, rules))
            yield DimensionScore(
                dimension, _percent(Fraction(passed, len(rules)), 0), passed, len(rules)
            )


def _share(rules: Sequence[RuleResult]) -> Fraction:
    weights = [(WEIGHTS[dimension_of(rule.text)], _passed(rule)) for rule in rules]
    passed = sum(weight for weight, fine in weights if fine)
    return Fraction(passed, sum(weight for weight, _ in weights))


def _passed(rule: RuleResult) -> bool:
    return rule.verdict is RuleVerdict.PASSED


def _percent(share: Fraction, less: int) -> float:
    """Rounded down to a tenth: 100 means that everything passed."""
    return floor(max(share * 100 - less, Fraction(0)) * 10) / 10
