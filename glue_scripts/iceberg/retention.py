"""Which snapshots are kept: all of the last hours, then the last one of each day.

Metadata is written anew with every commit and lists each snapshot that is kept, so a table with a
load a minute must not keep them all; what was read on a day can be read again all the same.
"""

from __future__ import annotations

from collections.abc import Mapping

from pyiceberg.table.metadata import TableMetadata

HOURS, DAYS = "lake.keep-all-hours", "lake.keep-daily-days"
"""Properties of a table."""
KEPT_HOURS, KEPT_DAYS = 3, 30
"""Longer than the longest query and run; as long as mistakes are found out."""
_FEW, _MANY = 100, 200
"""Down to how many they are thinned out, once there are so many of the last hours."""
_HOUR, _DAY = 3_600_000, 86_400_000


def expired(metadata: TableMetadata, *, now_ms: int) -> list[int]:
    """Ids of snapshots that are not kept any longer. The current one, and any that a branch or tag
    names, always is."""
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
