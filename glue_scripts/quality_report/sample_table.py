"""The rows that a page shows of those that break a rule."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from dqdl import columns_of
from quality.outcomes import Outcome, Row
from quality_report.wording import plural

MOST_ROWS = 10
MOST_COLUMNS = 12


@dataclass(frozen=True, kw_only=True)
class SampleTable:
    """Some rows and columns; `hits` are the columns that the rule names."""

    rows: Sequence[Row]
    columns: Sequence[str]
    hits: Collection[str]
    caption: str


def sample_table(outcome: Outcome) -> SampleTable:
    """A part of a sample, with the columns that the rule names first."""
    rows, hits = outcome.sample[:MOST_ROWS], columns_of(outcome.rule)
    every = list(dict.fromkeys(name for row in rows for name in row))
    columns = sorted(every, key=lambda name: name not in hits)[:MOST_COLUMNS]
    total = outcome.failing_rows or len(outcome.sample)
    caption = plural(total, "row")
    if len(rows) < total:
        caption = f"{len(rows)} of {caption}"
    if len(columns) < len(every):
        caption += f", without {plural(len(every) - len(columns), 'other column')}"
    return SampleTable(rows=rows, columns=columns, hits=hits, caption=caption)
