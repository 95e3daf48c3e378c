"""What a table has taken in, in the summary of each of its snapshots.

A snapshot that brings nothing new, as compaction makes them, carries it on.
"""

from __future__ import annotations

from pyiceberg.table import Table

WATERMARK = "watermark"


def watermark_of(table: Table) -> str:
    """ "" if nothing was published yet."""
    snapshot = table.current_snapshot()
    if snapshot is None or snapshot.summary is None:
        return ""
    return snapshot.summary.additional_properties.get(WATERMARK, "")
