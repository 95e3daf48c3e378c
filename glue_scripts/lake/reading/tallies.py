"""Counts of values, taken without looking at what they are.

Values that a reader has cut are counted before any conversion, written ones in the footers of the
files. All conversions happen in between, and the counts have to be the same.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from lake.columns.types import ColumnType
from lake.reading.pieces import Chunk, Tally


def tallies_of(chunk: Chunk) -> Mapping[str, Tally]:
    """Return the reader's tallies of a chunk; if it left them out, count the rows as cut."""
    return tallies_in(chunk.rows) if chunk.tallies is None else chunk.tallies


def tallies_in(rows: pa.Table) -> dict[str, Tally]:
    return {
        name: _tally(column) for name, column in zip(rows.column_names, rows.columns, strict=True)
    }


def expected(tally: Tally, stored: ColumnType) -> int:
    """Return how many values a column must have in the file; stored as text, empty ones count."""
    return tally.values + (tally.blanks if pa.types.is_string(stored.arrow) else 0)


def _tally(column: pa.ChunkedArray) -> Tally:
    filled = len(column) - column.null_count
    if not filled or not pa.types.is_string(column.type):
        return Tally(filled)
    blanks = sum(map(_blanks, column.chunks))
    return Tally(filled - blanks, blanks)


def _blanks(array: pa.Array) -> int:
    """Count texts without a character; nulls, which have no length either, do not count."""
    if not len(array):
        return 0
    offsets = np.frombuffer(array.buffers()[1], np.int32)[
        array.offset : array.offset + len(array) + 1
    ]
    without_length = len(array) - int(np.count_nonzero(offsets[1:] != offsets[:-1]))
    if without_length == array.null_count:
        return 0
    valid = array.is_valid().to_numpy(zero_copy_only=False)
    return int(np.count_nonzero((offsets[1:] == offsets[:-1]) & valid))
