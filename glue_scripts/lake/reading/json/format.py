"""JSON, as one of the formats."""

from __future__ import annotations

from lake.columns.types import ColumnType
from lake.reading.json.layout import look
from lake.reading.json.source import JsonLinesReader, JsonTextReader
from lake.reading.layout import LINES, JsonLayout, Layout
from lake.reading.parts import Part, Reader, Start


class JsonFormat:
    """Objects on lines, in a list, or one after the other."""

    signs: tuple[str, ...] = ("json",)

    def examine(self, start: Start) -> tuple[Layout, list[ColumnType]]:
        sample = look(start.text())
        layout = JsonLayout(
            format=sample.layout,
            compression=start.compression,
            encoding=start.encoding.name,
            mark=start.encoding.mark.decode("latin-1"),
        )
        layout = layout.with_fields(sample.fields).with_shapes(sample.shapes)
        return layout, list(sample.fields.values())

    def reader(self, part: Part, layout: JsonLayout) -> tuple[Reader, int]:
        shapes = layout.shapes
        if layout.format != LINES:
            text = part.stream(layout)
            return JsonTextReader(text, shapes, layout.format, texts=part.texts), 0
        if not layout.splittable:
            return JsonLinesReader(part.stream(layout), shapes, texts=part.texts), 0
        blocks, first = part.records(len(layout.mark), _second_line)
        limit = part.limit
        return JsonLinesReader(blocks, shapes, start=first, limit=limit, texts=part.texts), first


def _second_line(text: bytes) -> int:
    return text.find(b"\n") + 1 or len(text)
