"""Files that bring types with them, and what is read of them; some are made byte by byte, since no
writer makes them wrong."""

from __future__ import annotations

import io
import json
import struct
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import orc

from lake.columns.types import ColumnType
from lake.errors import InputRefused
from lake.reading.formats import PieceReading, examine
from lake.reading.originals import Span
from lake.reading.pieces import BadRecord, Tally
from lake.reading.row_rules import NO_RULES, RowRules
from tests.glue_scripts.texts import Text

MARKER = b"a marker of 16 b"


@dataclass(frozen=True)
class Found:
    rows: list[dict[str, Any]]
    bad: list[BadRecord]
    records: int
    types: dict[str, ColumnType]
    tallies: dict[str, Tally]


def at(*parts: int) -> datetime:
    """A moment without a zone."""
    shown = "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}".format(*parts, *[0] * (7 - len(parts)))
    return datetime.fromisoformat(shown)


def parquet(table: pa.Table, **options: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


def orc_file(table: pa.Table, **options: Any) -> bytes:
    sink = io.BytesIO()
    orc.write_table(table, sink, **options)
    return sink.getvalue()


def avro(rows: list[dict[str, Any]], schema: dict[str, Any], **options: Any) -> bytes:
    sink = io.BytesIO()
    fastavro.writer(sink, fastavro.parse_schema(schema), rows, **options)
    return sink.getvalue()


def read(content: bytes, rules: RowRules = NO_RULES) -> Found:
    layout, _ = examine(Text(content), max_ratio=1000)
    whole = Span(0, len(content))
    reading = PieceReading(Text(content), layout, whole, max_ratio=1000, rules=rules)
    rows: list[dict[str, Any]] = []
    bad: list[BadRecord] = []
    tallies = {name: Tally() for name in layout.fields}
    for chunk in reading:
        rows += chunk.rows.to_pylist()
        bad += chunk.bad
        assert chunk.tallies is not None
        tallies |= {name: tallies[name] + own for name, own in chunk.tallies.items()}
    found = reading.findings
    types = dict(zip(found.names, found.types, strict=True))
    return Found(rows, bad, found.records, types, tallies)


def refusal(content: bytes) -> str:
    """Why a file is refused, "" if it is not."""
    try:
        read(content)
    except InputRefused as reason:
        return str(reason)
    return ""


def record(*types: Any, **more: Any) -> dict[str, Any]:
    """A schema whose fields are called c0, c1, …"""
    fields = [{"name": f"c{number}", "type": kind} for number, kind in enumerate(types)]
    return {"type": "record", "name": "row", "fields": fields, **more}


def avro_bytes(
    schema: Any, *blocks: tuple[int, bytes], codec: str = "null", marker: bytes = MARKER
) -> bytes:
    """A container with these blocks: how many records they say they have, and bytes."""
    told = {"avro.schema": json.dumps(schema), "avro.codec": codec}
    metadata = b"".join(text(key) + text(value) for key, value in told.items())
    parts = [whole(count) + whole(len(data)) + data + marker for count, data in blocks]
    return b"Obj\x01" + whole(len(told)) + metadata + whole(0) + MARKER + b"".join(parts)


def whole(number: int) -> bytes:
    """As Avro and Thrift write integers."""
    return varint(((number << 1) ^ (number >> 63)) & (2**64 - 1))


def varint(number: int) -> bytes:
    octets = bytearray()
    while number > 127:
        octets.append(number & 127 | 128)
        number >>= 7
    return bytes([*octets, number])


def text(value: str) -> bytes:
    return whole(len(value.encode())) + value.encode()


def with_footer_rows(content: bytes, rows: int, told: int) -> bytes:
    """A Parquet file of so many rows whose footer says, wherever it does, that they are `told`."""
    size = struct.unpack("<I", content[-8:-4])[0]
    body, footer = content[: -8 - size], content[-8 - size : -8]
    field = b"\x16"
    footer = footer.replace(field + whole(rows), field + whole(told))
    return body + footer + struct.pack("<I", len(footer)) + b"PAR1"
