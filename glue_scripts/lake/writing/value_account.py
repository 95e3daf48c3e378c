"""Values in = values published, for each object and column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pyarrow as pa

from lake.columns.schema import Schema
from lake.columns.totals import total_of
from lake.errors import AccountingError
from lake.reading.pieces import Chunk
from lake.reading.tallies import expected, tallies_of


class ValueAccount:
    """Compares a piece's values as cut with those about to be written, chunk by chunk."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._values: Counter[str] = Counter()

    @property
    def values(self) -> Mapping[str, int]:
        """Number of values by column, as the reader has cut them."""
        return dict(self._values)

    def add(self, chunk: Chunk, shaped: pa.Table) -> None:
        """Compare a chunk. Raises AccountingError, with column and both counts, if they differ."""
        for source, tally in tallies_of(chunk).items():
            column = self._schema.by_source.get(source)
            read = 0 if column is None else expected(tally, column.type)
            kept = 0 if column is None else shaped.num_rows - shaped.column(column.name).null_count
            if read != kept or (column is None and tally.values):
                raise AccountingError(
                    f"column '{source}': {tally.values if column is None else read} values were "
                    f"read and {kept} came out of their conversion: nothing of the file is "
                    "published. This is a defect of the reader; the file is as it was"
                )
            if column is not None:
                self._values[column.name] += read
        for source, total in chunk.totals.items():
            column = self._schema.by_source.get(source)
            if column and not total.is_of(total_of(shaped.column(column.name))):
                raise AccountingError(
                    f"column '{source}': its values add up to something else than those that were "
                    "read: nothing of the file is published. This is a defect of the reader; the "
                    "file is as it was"
                )
