"""Writes records as files. The same records always give the same bytes."""

from __future__ import annotations

import csv
import gzip
import io
import json
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import orc

from local_cloud.shop.records import BrokenRow, Record

_SYNC_MARKER = b"small shop: sync"
"""Stands between the blocks of an Avro file; the library would choose it at random."""


def csv_text(
    rows: Sequence[Record],
    *,
    columns: Sequence[str],
    delimiter: str = ",",
    broken: Sequence[BrokenRow] = (),
) -> bytes:
    """Return records as CSV, with the `broken` rows, in the order of their lines, among them."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_in_text(asdict(row)[column]) for column in columns] for row in rows)
    lines = text.getvalue().splitlines(keepends=True)
    for row in broken:
        lines.insert(row.line - 1, f"{row.text}\n")
    return "".join(lines).encode()


def gzipped_csv(rows: Sequence[Record], *, columns: Sequence[str], delimiter: str) -> bytes:
    return gzip.compress(csv_text(rows, columns=columns, delimiter=delimiter), mtime=0)


def json_list(rows: Sequence[Record]) -> bytes:
    return ("[\n " + ",\n ".join(map(_json_object, rows)) + "\n]\n").encode()


def json_lines(rows: Sequence[Record]) -> bytes:
    return "".join(f"{_json_object(row)}\n" for row in rows).encode()


def avro(rows: Sequence[Record], *, name: str, fields: Mapping[str, Any]) -> bytes:
    schema = {
        "type": "record",
        "name": name,
        "fields": [{"name": field, "type": kind} for field, kind in fields.items()],
    }
    target = io.BytesIO()
    fastavro.writer(
        target,
        fastavro.parse_schema(schema),
        map(asdict, rows),
        codec="deflate",
        sync_marker=_SYNC_MARKER,
    )
    return target.getvalue()


def parquet(rows: Sequence[Record], *, schema: pa.Schema) -> bytes:
    target = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(map(asdict, rows)), schema), target)
    return target.getvalue()


def orc_file(rows: Sequence[Record], *, schema: pa.Schema) -> bytes:
    target = io.BytesIO()
    orc.write_table(pa.Table.from_pylist(list(map(asdict, rows)), schema), target)
    return target.getvalue()


def png() -> bytes:
    """Return an image of four pixels in a square."""
    header = struct.pack(">IIBBBBB", 2, 2, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\0\x20\xe0\0\xe0\x20")
    chunks = ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def _json_object(row: Record) -> str:
    """Return a row as JSON, with all digits of decimals, which `json` cannot write."""
    pairs = (f"{json.dumps(name)}: {_json_value(value)}" for name, value in asdict(row).items())
    return "{" + ", ".join(pairs) + "}"


def _json_value(value: Any) -> str:
    return str(value) if isinstance(value, Decimal) else json.dumps(_in_text(value))


def _in_text(value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return str(value).lower() if isinstance(value, bool) else value
