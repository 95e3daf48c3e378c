"""Uploads and what became of them: counts by status, and the latest ones."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from operations.console import table
from operations.progress import Progress
from operations.recovery.entries import Entry, Selection, told
from operations.recovery.estate import Estate
from wires.object_ledger import ObjectStatus
from wires.printable import printable


@dataclass(frozen=True, kw_only=True)
class Uploads:
    """Object versions in the ledger, however many: only those that are shown are held."""

    counts: Counter[str]
    """Entries of each status that fulfil all conditions but that on the status."""
    matching: int
    shown: list[dict[str, Any]]
    """The latest ones, the last upload first."""

    def to_json(self) -> dict[str, Any]:
        every = {status.value: self.counts[status.value] for status in ObjectStatus}
        return {"counts": every, "matching": self.matching, "objects": self.shown}

    def lines(self) -> Iterator[str]:
        counted = [f"{self.counts[s.value]:,} {s.value}" for s in ObjectStatus]
        yield ", ".join(counted)
        yield from objects_table(self.shown)
        if self.matching > len(self.shown):
            yield (
                f"{len(self.shown):,} of {self.matching:,} are shown, the last uploads first: "
                "--limit shows more"
            )


def find_uploads(
    estate: Estate, selection: Selection, *, limit: int, progress: Progress
) -> Uploads:
    """Read the whole ledger."""
    counts: Counter[str] = Counter()
    matching = 0
    seen = progress.counter("entries read")

    def matches() -> Iterator[Entry]:
        nonlocal matching
        for entry in estate.objects.all_objects():
            seen.add(1)
            if selection.has_apart_from_status(entry):
                counts[str(entry["status"])] += 1
                if selection.has_status(entry):
                    matching += 1
                    yield entry

    latest = heapq.nlargest(limit, matches(), key=_order)
    return Uploads(counts=counts, matching=matching, shown=[told(entry) for entry in latest])


def objects_table(shown: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the lines of a table of entries, whose texts cannot look like something else."""
    if not shown:
        return
    head = ("key", "version", "status", "dataset", "load", "uploaded", "ended", "reason")
    names = (
        *("key", "version_id", "status", "dataset", "load_id"),
        *("uploaded_at", "finished_at", "reason"),
    )
    yield from table(head, ([printable(str(one[name])) for name in names] for one in shown))


def _order(entry: Entry) -> tuple[str, str, str]:
    return str(entry.get("uploaded_at", "")), str(entry["key"]), str(entry["version_id"])
