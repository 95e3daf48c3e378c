"""The watermark of a table: what it has taken in, kept in each snapshot's summary.

A snapshot that brings nothing new, such as compaction's, carries it over.
"""

from __future__ import annotations

from pyiceberg.table import Table
from pyiceberg.table.snapshots import Operation

WATERMARK = "watermark"


def watermark_of(table: Table) -> str:
    """Return the watermark of a table; "" if nothing was published yet."""
    snapshot = table.current_snapshot()
    while snapshot is not None and snapshot.summary is not None:
        if WATERMARK in snapshot.summary.additional_properties:
            return snapshot.summary.additional_properties[WATERMARK]
        # Compaction by other engines brings nothing, and does not carry the watermark over.
        parent = snapshot.parent_snapshot_id
        if snapshot.summary.operation is not Operation.REPLACE or parent is None:
            return ""
        snapshot = table.snapshot_by_id(parent)
    return ""
