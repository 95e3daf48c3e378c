"""Outcomes of rules: one model, from the engine to the report and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from dqdl import Composite, Place, Rule
from quality.verdicts import Verdict

LONGEST = 500
"""Characters of a cell of a sample row that are kept."""
Row = Mapping[str, str | None]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The verdict on one rule. `metrics` has what was measured for it, by names that stay the
    same."""

    rule: Rule | Composite
    verdict: Verdict
    reason: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    row_level: bool = False
    """It is known of each row whether it breaks the rule."""
    failing_rows: int | None = None
    """None where the rule is not about rows, or they were not counted."""
    sample: tuple[Row, ...] = ()
    """Some of the rows that break it; `sample_rows` makes them."""

    @property
    def text(self) -> str:
        return self.rule.text

    @property
    def place(self) -> Place:
        return self.rule.place

    @property
    def labels(self) -> Mapping[str, str]:
        return self.rule.labels


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """The metrics of one analyzer. `error` says why there are none."""

    text: str
    place: Place
    metrics: Mapping[str, float] = field(default_factory=dict)
    error: str | None = None


def sample_rows(rows: Iterable[Mapping[str, object]]) -> tuple[Row, ...]:
    """Rows as text that a report can keep: nulls stay null, and long values are cut."""
    return tuple({name: _cell(value) for name, value in row.items()} for row in rows)


def _cell(value: object) -> str | None:
    if value is None:
        return None
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"
