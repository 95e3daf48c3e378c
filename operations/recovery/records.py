"""Records of streams in quarantine: counts by source, and the latest ones with their reasons."""

from __future__ import annotations

import heapq
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from operations.console import table
from operations.progress import Progress
from operations.recovery.estate import Estate
from wires.layout import QUARANTINED_RECORDS, quarantined_records
from wires.printable import printable

_SHOWN = ("source", "stream", "shard", "sequence", "came_at", "reason")


@dataclass(frozen=True, kw_only=True)
class Records:
    """Quarantined records, however many: only those that are shown are read."""

    counts: Counter[str]
    """By source."""
    shown: list[dict[str, Any]]
    """The latest ones, the last that was put aside first."""

    def to_json(self) -> dict[str, Any]:
        return {"counts": dict(sorted(self.counts.items())), "records": self.shown}

    def lines(self) -> Iterator[str]:
        yield f"{self.counts.total():,} records of streams are in quarantine"
        for source, count in sorted(self.counts.items()):
            yield f"{count:,} of {source}"
        if not self.shown:
            return
        rows = ([printable(str(one[name])) for name in _SHOWN] for one in self.shown)
        yield from table(_SHOWN, rows)
        if self.counts.total() > len(self.shown):
            yield f"{len(self.shown):,} of them are shown, the last ones first: --limit shows more"


def find_records(
    estate: Estate, *, source: str, since: datetime | None, limit: int, progress: Progress
) -> Records:
    """List all objects of a source, or of all, and read the latest ones."""
    counts: Counter[str] = Counter()
    seen = progress.counter("records listed")

    def matches() -> Iterator[tuple[datetime, str]]:
        for key, at in _listed(estate, quarantined_records(source) if source else ""):
            seen.add(1)
            if since is None or at >= since:
                counts[key.removeprefix(QUARANTINED_RECORDS).partition("/")[0]] += 1
                yield at, key

    latest = heapq.nlargest(limit, matches())
    return Records(counts=counts, shown=[_read(estate, key) for _, key in latest])


def _listed(estate: Estate, folder: str) -> Iterator[tuple[str, datetime]]:
    pages = estate.s3.get_paginator("list_objects_v2")
    prefix = folder or QUARANTINED_RECORDS
    for page in pages.paginate(Bucket=estate.names.quality_bucket, Prefix=prefix):
        for item in page.get("Contents", ()):
            yield item["Key"], item["LastModified"]


def _read(estate: Estate, key: str) -> dict[str, Any]:
    answer = estate.s3.get_object(Bucket=estate.names.quality_bucket, Key=key)
    return {**json.loads(answer["Body"].read()), "object": key}
