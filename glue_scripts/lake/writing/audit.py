"""Audit of stored files, by their footers, against the counts of the readers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from lake.running.isolation import Blame, fault_of
from lake.running.waiting import each
from lake.store import FooterCounts, footer_counts
from lake.writing.conversion import Converted


@dataclass(frozen=True, kw_only=True)
class Audit:
    """The result of auditing files that belong together."""

    rows: int
    values: Mapping[str, int]
    """Number of values by column."""
    wrong: Mapping[int, str] = field(default_factory=dict)
    """Numbers of the files that do not hold what was read for them, each with the difference."""


def audit(bucket: str, converted: Sequence[Converted]) -> Audit:
    """Compare rows and values in each file's footer with those that were read."""
    stored = [number for number, item in enumerate(converted) if item.file]
    looked = each(partial(_look, bucket), [converted[number].file for number in stored])
    found = dict(zip(stored, looked, strict=True))
    wrong: dict[int, str] = {}
    rows, values = 0, Counter[str]()
    for number, item in enumerate(converted):
        counts = found.get(number, FooterCounts(0, {}))
        reason = counts if isinstance(counts, str) else _difference(item, counts)
        if reason:
            wrong[number] = reason
        if not isinstance(counts, str):
            rows += counts.rows
            values.update(counts.values)
    return Audit(rows=rows, values=dict(values), wrong=wrong)


def total(values: Iterable[Mapping[str, int]]) -> Counter[str]:
    """Add up the numbers of values by column, over all pieces."""
    every: Counter[str] = Counter()
    for of_piece in values:
        every.update(of_piece)
    return every


def _look(bucket: str, key: str) -> FooterCounts | str:
    try:
        return footer_counts(bucket, key)
    except Exception as error:
        fault = fault_of(error)
        if fault.blame is not Blame.ITEM:
            raise
        return f"the file that was written cannot be read back: {fault.reason}"


def _difference(item: Converted, counts: FooterCounts) -> str:
    rows = sum(item.published)
    if counts.rows != rows:
        return f"{rows} rows were read and {counts.rows} are in the file that was written of them"
    for name, count in total(item.values).items():
        there = counts.values.get(name, 0)
        if there != count:
            return (
                f"column '{name}': {count} values were read and {there} are in the file that was "
                "written of them"
            )
    return ""
