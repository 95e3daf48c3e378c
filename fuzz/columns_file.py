"""Writes Parquet, ORC and Avro with their libraries, and values in each format's own types."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import orc

from fuzz.kinds import Kind
from fuzz.programs import Column, File, Format
from fuzz.truth import Record, Written, cells_of

_AVRO_MARK = b"0123456789abcdef"
"""Stands between the blocks; fixed so that files are the same each time."""
_ARROW: Mapping[Kind, pa.DataType] = {
    Kind.INTEGER: pa.int64(),
    Kind.BIG: pa.uint64(),
    Kind.DECIMAL: pa.decimal128(18, 2),
    Kind.LONG_DECIMAL: pa.decimal128(38, 20),
    Kind.DOUBLE: pa.float64(),
    Kind.MINUS_ZERO: pa.float64(),
    Kind.DATE: pa.date32(),
    Kind.TIMESTAMP: pa.timestamp("us"),
    Kind.INSTANT: pa.timestamp("us", tz="UTC"),
    Kind.NANOSECONDS: pa.timestamp("ns"),
    Kind.TRUTH: pa.bool_(),
}
_AVRO: Mapping[Kind, Any] = {
    Kind.INTEGER: "long",
    Kind.DECIMAL: {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 2},
    Kind.LONG_DECIMAL: {"type": "bytes", "logicalType": "decimal", "precision": 38, "scale": 20},
    Kind.DOUBLE: "double",
    Kind.MINUS_ZERO: "double",
    Kind.DATE: {"type": "int", "logicalType": "date"},
    Kind.TIMESTAMP: {"type": "long", "logicalType": "local-timestamp-micros"},
    Kind.INSTANT: {"type": "long", "logicalType": "timestamp-micros"},
    Kind.TRUTH: "boolean",
}
NATIVES = frozenset(_ARROW)
"""Kinds that Parquet and ORC have a type for; the others are text there."""
AVRO_NATIVES = frozenset(_AVRO)
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - a moment without a zone


def write_columns(file: File) -> Written:
    rows = [cells_of(file, row) for row in range(file.rows)]
    values = {
        column.name: [
            _native(kind_of_column(column), cells[place].text)
            if column.kind_at(row) is not Kind.BLANK
            else None
            for row, cells in enumerate(rows)
        ]
        for place, column in enumerate(file.columns)
    }
    records = tuple(Record(row + 1, cells) for row, cells in enumerate(rows))
    return Written(_BODIES[file.format](file, values), records)


def kind_of_column(column: Column) -> Kind:
    """Return the one kind of the column's values."""
    return next((p.kind for p in column.parts if p.kind is not Kind.BLANK), Kind.WORD)


def _native(kind: Kind, text: str) -> Any:
    return _READ.get(kind, str)(text)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _nanoseconds(text: str) -> int:
    whole, fraction = text.split(".")
    seconds = (datetime.fromisoformat(whole) - _EPOCH) // timedelta(seconds=1)
    return seconds * 10**9 + int(fraction)


_READ: Mapping[Kind, Callable[[str], Any]] = {
    Kind.INTEGER: int,
    Kind.BIG: int,
    Kind.DECIMAL: Decimal,
    Kind.LONG_DECIMAL: Decimal,
    Kind.DOUBLE: float,
    Kind.MINUS_ZERO: float,
    Kind.DATE: date.fromisoformat,
    Kind.TIMESTAMP: _moment,
    Kind.INSTANT: lambda text: _moment(text).astimezone(UTC),
    Kind.NANOSECONDS: _nanoseconds,
    Kind.TRUTH: lambda text: text == "true",
}


def _table(file: File, values: Mapping[str, Sequence[Any]]) -> pa.Table:
    types = [_ARROW.get(kind_of_column(column), pa.string()) for column in file.columns]
    names = [column.name for column in file.columns]
    arrays = [pa.array(values[name], kind) for name, kind in zip(names, types, strict=True)]
    return pa.table(arrays, names=names)


def _parquet(file: File, values: Mapping[str, Sequence[Any]]) -> bytes:
    sink, style = io.BytesIO(), file.columnar
    pq.write_table(
        _table(file, values),
        sink,
        compression=style.codec or "snappy",
        use_dictionary=style.dictionary,
        row_group_size=style.group_rows or None,
        write_statistics=False,
        write_page_checksum=True,
    )
    return sink.getvalue()


def _orc(file: File, values: Mapping[str, Sequence[Any]]) -> bytes:
    sink = io.BytesIO()
    orc.write_table(_table(file, values), sink, compression=file.columnar.codec or "uncompressed")
    return sink.getvalue()


def _avro(file: File, values: Mapping[str, Sequence[Any]]) -> bytes:
    fields = [
        {"name": c.name, "type": ["null", _AVRO.get(kind_of_column(c), "string")]}
        for c in file.columns
    ]
    schema = fastavro.parse_schema({"type": "record", "name": "row", "fields": fields})
    rows = (dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True))
    sink = io.BytesIO()
    interval = 16_000 if not file.columnar.group_rows else 20 * file.columnar.group_rows
    fastavro.writer(
        sink,
        schema,
        rows,
        codec=file.columnar.codec or "null",
        sync_interval=interval,
        sync_marker=_AVRO_MARK,
    )
    return sink.getvalue()


_BODIES: Mapping[Format, Callable[[File, Mapping[str, Sequence[Any]]], bytes]] = {
    Format.PARQUET: _parquet,
    Format.ORC: _orc,
    Format.AVRO: _avro,
}
