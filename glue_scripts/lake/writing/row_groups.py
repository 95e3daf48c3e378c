"""Snappy Parquet as all layers write it: one file, in row groups of a good size."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lake.columns.schema import CONSTANT_COLUMNS

_SAMPLED_ROWS = 20_000
_ROW_GROUP_BYTES = 128 * 1024 * 1024
"""Arrow memory that is collected before a row group is written."""


class RowGroups:
    """A Parquet file whose row groups are written when enough rows have come together."""

    def __init__(
        self,
        where: Path | IO[bytes],
        schema: pa.Schema,
        metadata: Mapping[bytes, bytes] | None = None,
        *,
        samples: bool = False,
    ) -> None:
        """With `samples`, dictionaries are only for columns of which a sample repeats: where values
        are text just read, others cost time. Without, Arrow tries one for each column, and gives
        it up where it grows too large."""
        self._samples = samples
        self.misfit = False
        """Rows came that do not fit; what is in the file is of no use."""
        self._where = where
        self._schema = schema
        self._metadata = dict(metadata or {})
        """For the footer."""
        self._writer: pq.ParquetWriter | None = None
        self._waiting: list[pa.Table] = []
        self._size = 0

    def __enter__(self) -> RowGroups:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Write what is left, and the footer."""
        self._flush()
        (self._writer or self._open(self._schema.empty_table())).close()

    def add(self, table: pa.Table | None) -> None:
        """Take in rows; None stands for rows that do not fit."""
        if table is None or self.misfit:
            self.misfit = True
            self._waiting = []
            return
        if table.num_rows:
            self._waiting.append(table)
            self._size += table.nbytes
        if self._size >= _ROW_GROUP_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._waiting:
            group = pa.concat_tables(self._waiting).unify_dictionaries()
            writer = self._writer or self._open(group)
            writer.write_table(group, row_group_size=group.num_rows)
        self._waiting, self._size = [], 0

    def _open(self, first: pa.Table) -> pq.ParquetWriter:
        options: dict[str, Any] = {
            "compression": "snappy",
            "store_decimal_as_integer": True,
            # Readers are to find plain text, whatever it was in memory.
            "store_schema": False,
            "use_dictionary": _repeating(first) if self._samples else True,
        }
        self._writer = pq.ParquetWriter(self._where, self._schema, **options)
        if self._metadata:
            self._writer.add_key_value_metadata(self._metadata)
        return self._writer


def _repeating(table: pa.Table) -> list[str]:
    sample = table.slice(0, _SAMPLED_ROWS)
    return [
        name
        for name, column in zip(sample.column_names, sample.columns, strict=True)
        if name in CONSTANT_COLUMNS or pc.count_distinct(column).as_py() * 4 < _SAMPLED_ROWS
    ]
