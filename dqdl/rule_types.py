"""The types of rules, and the parameters and conditions of each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum, auto


class RuleType(StrEnum):
    AGGREGATE_MATCH = "AggregateMatch"
    ALL_STATISTICS = "AllStatistics"
    COLUMN_CORRELATION = "ColumnCorrelation"
    COLUMN_COUNT = "ColumnCount"
    COLUMN_DATA_TYPE = "ColumnDataType"
    COLUMN_EXISTS = "ColumnExists"
    COLUMN_LENGTH = "ColumnLength"
    COLUMN_NAMES_MATCH_PATTERN = "ColumnNamesMatchPattern"
    COLUMN_VALUES = "ColumnValues"
    COMPLETENESS = "Completeness"
    CUSTOM_SQL = "CustomSql"
    DATA_FRESHNESS = "DataFreshness"
    DATASET_MATCH = "DatasetMatch"
    DETECT_ANOMALIES = "DetectAnomalies"
    DISTINCT_VALUES_COUNT = "DistinctValuesCount"
    ENTROPY = "Entropy"
    IS_COMPLETE = "IsComplete"
    IS_PRIMARY_KEY = "IsPrimaryKey"
    IS_UNIQUE = "IsUnique"
    MEAN = "Mean"
    REFERENTIAL_INTEGRITY = "ReferentialIntegrity"
    ROW_COUNT = "RowCount"
    ROW_COUNT_MATCH = "RowCountMatch"
    SCHEMA_MATCH = "SchemaMatch"
    STANDARD_DEVIATION = "StandardDeviation"
    SUM = "Sum"
    UNIQUENESS = "Uniqueness"
    UNIQUE_VALUE_RATIO = "UniqueValueRatio"


class Takes(Enum):
    """The kinds of parameters."""

    NOTHING = auto()
    COLUMN = auto()
    TWO_COLUMNS = auto()
    COLUMNS = auto()
    PATTERN = auto()
    SQL = auto()
    DATASET = auto()
    FOREIGN_COLUMNS = auto()
    DATASET_AND_MAPPINGS = auto()
    TWO_AGGREGATES = auto()
    RULE_TYPE = auto()


class Expects(Enum):
    """The kinds of conditions."""

    NOTHING = auto()
    NUMBER = auto()
    NUMBER_OR_NOTHING = auto()
    VALUES = auto()
    TYPE_NAME = auto()
    DURATION = auto()


@dataclass(frozen=True)
class Range:
    """The values that a measured number can have, both ends included."""

    low: float = float("-inf")
    high: float = float("inf")
    whole: bool = False


ANY_NUMBER = Range()
AT_LEAST_ZERO = Range(low=0)
RATIO = Range(low=0, high=1)
COUNT = Range(low=0, whole=True)


@dataclass(frozen=True, kw_only=True)
class Signature:
    takes: Takes
    expects: Expects = Expects.NOTHING
    range: Range = ANY_NUMBER
    where: bool = True
    threshold: bool = False
    analyzer: bool = False
    rule: bool = True


def _measure(takes: Takes, measured: Range, *, where: bool = True) -> Signature:
    """Return the signature of a number that can be measured without a rule."""
    return Signature(
        takes=takes, expects=Expects.NUMBER, range=measured, where=where, analyzer=True
    )


def _match(takes: Takes, measured: Range) -> Signature:
    return Signature(takes=takes, expects=Expects.NUMBER, range=measured, where=False)


SIGNATURES = {
    RuleType.AGGREGATE_MATCH: _match(Takes.TWO_AGGREGATES, ANY_NUMBER),
    RuleType.ALL_STATISTICS: Signature(takes=Takes.COLUMN, analyzer=True, rule=False),
    RuleType.COLUMN_CORRELATION: _measure(Takes.TWO_COLUMNS, Range(low=-1, high=1)),
    RuleType.COLUMN_COUNT: _measure(Takes.NOTHING, COUNT, where=False),
    RuleType.COLUMN_DATA_TYPE: Signature(
        takes=Takes.COLUMN, expects=Expects.TYPE_NAME, threshold=True
    ),
    RuleType.COLUMN_EXISTS: Signature(takes=Takes.COLUMN, where=False),
    RuleType.COLUMN_LENGTH: _measure(Takes.COLUMN, COUNT),
    RuleType.COLUMN_NAMES_MATCH_PATTERN: Signature(takes=Takes.PATTERN, where=False),
    RuleType.COLUMN_VALUES: Signature(
        takes=Takes.COLUMN, expects=Expects.VALUES, threshold=True, analyzer=True
    ),
    RuleType.COMPLETENESS: _measure(Takes.COLUMN, RATIO),
    RuleType.CUSTOM_SQL: Signature(
        takes=Takes.SQL,
        expects=Expects.NUMBER_OR_NOTHING,
        where=False,
        threshold=True,
        analyzer=True,
    ),
    RuleType.DATA_FRESHNESS: Signature(takes=Takes.COLUMN, expects=Expects.DURATION),
    RuleType.DATASET_MATCH: _match(Takes.DATASET_AND_MAPPINGS, RATIO),
    RuleType.DETECT_ANOMALIES: Signature(takes=Takes.RULE_TYPE, where=False),
    RuleType.DISTINCT_VALUES_COUNT: _measure(Takes.COLUMN, COUNT),
    RuleType.ENTROPY: _measure(Takes.COLUMN, AT_LEAST_ZERO),
    RuleType.IS_COMPLETE: Signature(takes=Takes.COLUMN),
    RuleType.IS_PRIMARY_KEY: Signature(takes=Takes.COLUMNS),
    RuleType.IS_UNIQUE: Signature(takes=Takes.COLUMNS),
    RuleType.MEAN: _measure(Takes.COLUMN, ANY_NUMBER),
    RuleType.REFERENTIAL_INTEGRITY: Signature(
        takes=Takes.FOREIGN_COLUMNS, expects=Expects.NUMBER, range=RATIO
    ),
    RuleType.ROW_COUNT: _measure(Takes.NOTHING, COUNT),
    RuleType.ROW_COUNT_MATCH: _match(Takes.DATASET, AT_LEAST_ZERO),
    RuleType.SCHEMA_MATCH: _match(Takes.DATASET, RATIO),
    RuleType.STANDARD_DEVIATION: _measure(Takes.COLUMN, AT_LEAST_ZERO),
    RuleType.SUM: _measure(Takes.COLUMN, ANY_NUMBER),
    RuleType.UNIQUENESS: _measure(Takes.COLUMNS, RATIO),
    RuleType.UNIQUE_VALUE_RATIO: _measure(Takes.COLUMNS, RATIO),
}

WATCHABLE = frozenset(
    rule_type for rule_type, signature in SIGNATURES.items() if signature.analyzer
) - {RuleType.ALL_STATISTICS}
"""Rule types whose metric `DetectAnomalies` can watch."""

ALIASES = {"CustomSQL": RuleType.CUSTOM_SQL}
"""Spellings that AWS's own pages use as alternatives."""

REFUSED = {
    "DetectPII": "cannot be run: what it looks for and how is known to AWS alone, and an imitation "
    "would call data clean that is not; name columns with personal data in the contract",
    **dict.fromkeys(
        ("FileFreshness", "FileMatch", "FileSize", "FileUniqueness"),
        "is about files, and rules here are about the rows of a table; what arrives as files is "
        "checked when it is read",
    ),
}
"""Rule types of AWS that are errors here, with the reason."""
