"""How many values there are, counted without looking at what they are.

What a reader has cut is counted before anything is made of it; what was written is counted in the
footers of the files. Between the two lies every conversion, and the counts have to be the same.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from lake.column_types import ColumnType
from lake.pieces import Chunk, Tally


def tallies_of(chunk: Chunk) -> Mapping[str, Tally]:
    """As its reader has counted them; where it left that to be done, of the rows as they were
    cut."""
    return tallies_in(chunk.rows) if chunk.tallies is None else chunk.tallies


def tallies_in(rows: pa.Table) -> dict[str, Tally]:
    return {
        name: _tally(column) for name, column in zip(rows.column_names, rows.columns, strict=True)
    }


def expected(tally: Tally, stored: ColumnType) -> int:
    """Values that a column must have in the file: an empty text is one where text is stored."""
    return tally.values + (tally.blanks if pa.types.is_string(stored.arrow) else 0)


def _tally(column: pa.ChunkedArray) -> Tally:
    filled = len(column) - column.null_count
    if not filled or not pa.types.is_string(column.type):
        return Tally(filled)
    blanks = sum(map(_blanks, column.chunks))
    return Tally(filled - blanks, blanks)


def _blanks(array: pa.Array) -> int:
    """Texts without a character. Arrow gives nulls no length either, wherever it cuts them."""
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
