"""CSV, as one of the formats."""

from __future__ import annotations

from functools import partial

from lake.columns.types import ColumnType
from lake.reading.csv.record_boundaries import first_record_start
from lake.reading.csv.source import examine
from lake.reading.layout import CsvLayout, Layout
from lake.reading.parts import Part, Reader, Start
from lake.reading.pieces import PieceReader


class CsvFormat:
    """Text with delimiters: what has no signs of another format."""

    signs: tuple[str, ...] = ()

    def examine(self, start: Start) -> tuple[Layout, list[ColumnType]]:
        return examine(
            start.original,
            max_ratio=start.max_ratio,
            demands=start.demands,
            presumptions=start.presumptions,
        )

    def reader(self, part: Part, layout: CsvLayout) -> tuple[Reader, int]:
        if not layout.splittable:
            return PieceReader(layout, part.stream(layout, body=layout.body)), 0
        body = len(layout.mark) + layout.body
        blocks, first = part.records(body, partial(first_record_start, dialect=layout.dialect))
        return PieceReader(layout, blocks, start=first, limit=part.limit), first
