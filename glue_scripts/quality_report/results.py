"""What judging a table gave: verdicts of rules, and values compared with what is usual."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from math import isfinite

LONGEST = 500
"""Characters of a cell of a sample row that are kept."""


class RuleVerdict(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    """It could not be judged, and somebody has to do something about it."""
    NOT_JUDGED = "not_judged"
    """There is not enough history yet."""


@dataclass(frozen=True)
class Place:
    """Of a rule in its text, from 1."""

    line: int
    column: int


@dataclass(frozen=True, kw_only=True)
class RuleResult:
    text: str
    verdict: RuleVerdict
    reason: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    place: Place | None = None
    sample: tuple[Mapping[str, str | None], ...] = ()
    """Some of the rows that break it; `sample_rows` makes them."""
    failing_rows: int | None = None
    """None where the rule is not about rows, or they were not counted."""


class Usual(StrEnum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    """There is not enough history yet."""


@dataclass(frozen=True)
class Measured:
    """What a metric was when."""

    at: datetime
    value: float


@dataclass(frozen=True, kw_only=True)
class Anomaly:
    """A watched value. Only one that is not usual is an anomaly indeed."""

    metric: str
    value: float
    usual: Usual
    reason: str
    """How it was judged, or why not."""
    low: float | None = None
    high: float | None = None
    """The range that was expected."""
    earlier: tuple[Measured, ...] = ()
    """Oldest first."""
    rule: str | None = None
    """The text of the rule that watches it, if one does: that rule failed then."""

    def __post_init__(self) -> None:
        for number in (self.value, self.low, self.high):
            if number is not None and not isfinite(number):
                raise ValueError(f"{self.metric}: expected finite numbers, got {number}")


def sample_rows(rows: Iterable[Mapping[str, object]]) -> tuple[Mapping[str, str | None], ...]:
    """Rows as text that a report can keep: nulls stay null, and long values are cut."""
    return tuple({name: _cell(value) for name, value in row.items()} for row in rows)


def _cell(value: object) -> str | None:
    if value is None:
        return None
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"
