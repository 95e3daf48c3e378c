"""Figures of a profile. Plain values that JSON can keep; docs/quality-reports.md says how exact.

Values of columns are text, in the way that a person would write them: so decimals stay exact, and
whole numbers beyond 2^53 survive every reader of JSON.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from quality_report.codec import decoded, encoded

_SCHEMA = "quality-profile/1"


class Kind(StrEnum):
    """Kinds of columns, by what they can be asked."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DOUBLE = "double"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"
    OTHER = "other"
    """Lists, structures, bytes: only nulls are counted."""

    @property
    def is_number(self) -> bool:
        return self in {Kind.INTEGER, Kind.DECIMAL, Kind.DOUBLE}

    @property
    def is_temporal(self) -> bool:
        return self in {Kind.DATE, Kind.TIMESTAMP}


@dataclass(frozen=True)
class Distinct:
    """How many values differ."""

    count: int
    exact: bool


@dataclass(frozen=True)
class Quantile:
    share: float
    value: str


@dataclass(frozen=True)
class Lengths:
    """Lengths of texts, in characters."""

    shortest: int
    mean: float
    longest: int


@dataclass(frozen=True)
class Bin:
    """A bar of a histogram: from `low` up to `high`, which belongs to it only where it is the
    last bar, or where values are whole."""

    low: str
    high: str
    rows: int


@dataclass(frozen=True)
class TopValue:
    value: str
    rows: int
    cut: bool = False
    """The value is longer than a profile keeps: this is its beginning."""


@dataclass(frozen=True, kw_only=True)
class ColumnProfile:
    name: str
    type: str
    kind: Kind
    nulls: int
    nan: int = 0
    infinite: int = 0
    """Both apart from nulls. Everything below is about the other values."""
    blank: int = 0
    """Texts of white space, or of nothing."""
    distinct: Distinct | None = None
    unique: bool = False
    """Known for certain: no value stands twice."""
    minimum: str | None = None
    maximum: str | None = None
    mean: float | None = None
    deviation: float | None = None
    quantiles: tuple[Quantile, ...] = ()
    lengths: Lengths | None = None
    looked_at: int = 0
    """Rows that the bars and the top values are of."""
    bins: tuple[Bin, ...] = ()
    top: tuple[TopValue, ...] = ()
    """The most frequent first."""

    @property
    def lists_all_values(self) -> bool:
        """The top values are all values that the column has, each as it is."""
        known = self.distinct is not None and self.distinct.exact
        whole = not any(value.cut for value in self.top)
        return known and whole and self.distinct_count == len(self.top)

    @property
    def distinct_count(self) -> int:
        return self.distinct.count if self.distinct else 0


@dataclass(frozen=True, kw_only=True)
class Profile:
    """The profile of a table. `left_out` are the columns beyond those that are profiled."""

    rows: int
    columns: tuple[ColumnProfile, ...]
    left_out: tuple[str, ...] = ()
    sample: int
    """In tables of more rows, bars and top values are of about this many rows."""

    @property
    def column_count(self) -> int:
        return len(self.columns) + len(self.left_out)

    def to_json(self) -> str:
        return encoded(self, schema=_SCHEMA)

    @staticmethod
    def from_json(text: str) -> Profile:
        return decoded(Profile, text, schema=_SCHEMA)


def as_number(value: str | None) -> Decimal | None:
    """The number that the text of a numeric column is."""
    return None if value is None else Decimal(value)
