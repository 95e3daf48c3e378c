"""The records, cut to an exact number, in Arrow's types and as JSON text."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.columns import COLUMNS
from benchmarks.generator import CHUNK_ROWS, Chunk, chunk, text_of

_SAMPLE_ROWS = 2_000


def chunks_of(rows: int) -> Iterator[Chunk]:
    """Yield the first `rows` orders, with line ends, commas and quotes in a fifth of them."""
    position = 0
    while rows > 0:
        found = chunk(position, quoted=True)
        yield found if rows >= CHUNK_ROWS else first_rows(found, rows)
        rows -= CHUNK_ROWS
        position += 1


def rows_in(megabytes: float) -> int:
    """Return about how many records are so many 10**6 bytes of JSON Lines."""
    sample = first_rows(chunk(0, quoted=True), _SAMPLE_ROWS)
    each = len(text_of(json_lines(sample))) / _SAMPLE_ROWS
    return max(1, round(megabytes * 1_000_000 / each))


def first_rows(whole: Chunk, rows: int) -> Chunk:
    cells = {name: cell.slice(0, rows) for name, cell in whole.cells.items()}
    return Chunk(whole.values.slice(0, rows), cells)


def typed(part: Chunk) -> pa.Table:
    """Return a table with microseconds, as most programs write timestamps."""
    moment = part.values.column("created_at").cast(pa.timestamp("us"))
    place = part.values.schema.get_field_index("created_at")
    return part.values.set_column(place, "created_at", moment)


def without_zones(table: pa.Table) -> pa.Table:
    """Return moments in UTC as plain timestamps, as Hive and Spark write ORC.

    Spark cannot read an ORC file that has instants in it.
    """
    fields = [
        field.with_type(pa.timestamp("us")) if pa.types.is_timestamp(field.type) else field
        for field in table.schema
    ]
    return table.cast(pa.schema(fields))


def json_lines(part: Chunk) -> pa.Array:
    """Return one object for each row, line ends included."""
    pairs = [
        pc.binary_join_element_wise(f'"{name}": ', _json_cell(part, name), "") for name in COLUMNS
    ]
    rows = pc.binary_join_element_wise(*pairs, ", ")
    return pc.binary_join_element_wise("{", rows, "}\n", "")


def _json_cell(part: Chunk, name: str) -> pa.Array:
    values = part.values.column(name).combine_chunks()
    if pa.types.is_string(values.type):
        spelled = [json.dumps(value, ensure_ascii=False) for value in values.to_pylist()]
        return pa.array(spelled)
    text = part.cells[name]
    if pa.types.is_temporal(values.type):
        text = pc.binary_join_element_wise('"', text, '"', "")
    return pc.if_else(values.is_null(), "null", text)
