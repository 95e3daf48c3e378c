"""Retention of snapshots: all of the last hours are kept, then the last one of each day.

Every commit rewrites the metadata, which lists each kept snapshot, so a table with a load a minute
must not keep them all. The rows of an earlier day can still be read.
"""

from __future__ import annotations

from collections.abc import Mapping

from pyiceberg.table.metadata import TableMetadata

HOURS, DAYS = "lake.keep-all-hours", "lake.keep-daily-days"
"""Table properties that override the defaults below."""
KEPT_HOURS, KEPT_DAYS = 3, 30
"""The hours outlast the longest query and run, the days the time until mistakes are noticed."""
_FEW, _MANY = 100, 200
"""Thinning starts at _MANY snapshots, or once one is too old, and spares the newest _FEW."""
_HOUR, _DAY = 3_600_000, 86_400_000


def expired(metadata: TableMetadata, *, now_ms: int) -> list[int]:
    """Return ids of snapshots to drop: never the current one or one that a branch or tag names."""
    if len(metadata.snapshots) < _MANY:
        oldest = now_ms - _days(metadata.properties) * _DAY
        if all(snapshot.timestamp_ms >= oldest for snapshot in metadata.snapshots):
            return []
    named = {ref.snapshot_id for ref in metadata.refs.values()}
    newest_first = sorted(metadata.snapshots, key=lambda s: (s.timestamp_ms, s.sequence_number))
    newest_first.reverse()
    recent = now_ms - _hours(metadata.properties) * _HOUR
    oldest = now_ms - _days(metadata.properties) * _DAY
    seen_days: set[int] = set()
    gone: list[int] = []
    for number, snapshot in enumerate(newest_first):
        day = snapshot.timestamp_ms // _DAY
        last_of_day = day not in seen_days
        seen_days.add(day)
        kept = (
            snapshot.snapshot_id in named
            or snapshot.timestamp_ms >= recent
            or (snapshot.timestamp_ms >= oldest and (last_of_day or number < _FEW))
        )
        if not kept:
            gone.append(snapshot.snapshot_id)
    return gone


def _hours(properties: Mapping[str, str]) -> int:
    return int(properties.get(HOURS, KEPT_HOURS))


def _days(properties: Mapping[str, str]) -> int:
    return int(properties.get(DAYS, KEPT_DAYS))
