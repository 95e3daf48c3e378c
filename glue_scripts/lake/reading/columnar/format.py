"""Parquet, ORC and Avro, as one of the formats."""

from __future__ import annotations

from lake.columns.types import ColumnType
from lake.reading.columnar.source import ColumnarReader, columns_in
from lake.reading.layout import COLUMNAR_FORMATS, ColumnarLayout, Layout
from lake.reading.parts import Part, Reader, Start


class ColumnarFormat:
    """Files that have types of their own."""

    signs: tuple[str, ...] = COLUMNAR_FORMATS

    def examine(self, start: Start) -> tuple[Layout, list[ColumnType]]:
        columns = columns_in(
            start.original, start.kind, compression=start.compression, max_ratio=start.max_ratio
        )
        layout = ColumnarLayout(
            format=start.kind, compression=start.compression, untold=columns.untold
        )
        return layout.with_fields(columns.types), list(columns.types.values())

    def reader(self, part: Part, layout: ColumnarLayout) -> tuple[Reader, int]:
        of = (part.original, layout.format, layout.compression, part.max_ratio, part.digest)
        return ColumnarReader(*of, only=part.rules.only, texts=part.rules.texts), 0
