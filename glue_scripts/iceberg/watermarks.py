"""What a table has taken in, in the summary of each of its snapshots.

A snapshot that brings nothing new, as compaction makes them, carries it on.
"""

from __future__ import annotations

from pyiceberg.table import Table
from pyiceberg.table.snapshots import Operation

WATERMARK = "watermark"


def watermark_of(table: Table) -> str:
    """ "" if nothing was published yet."""
    snapshot = table.current_snapshot()
    while snapshot is not None and snapshot.summary is not None:
        if WATERMARK in snapshot.summary.additional_properties:
            return snapshot.summary.additional_properties[WATERMARK]
        # Other engines' compaction carries nothing on, and brings nothing.
        parent = snapshot.parent_snapshot_id
        if snapshot.summary.operation is not Operation.REPLACE or parent is None:
            return ""
        snapshot = table.snapshot_by_id(parent)
    return ""
