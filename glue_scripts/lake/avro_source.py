"""Avro files as Arrow batches. https://avro.apache.org/docs/1.12.0/specification/"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa

from lake.column_types import MAX_DECIMAL_DIGITS
from lake.errors import InputRefused

_ROWS = 65_536
_PLAIN: Mapping[str, pa.DataType] = {
    "null": pa.null(),
    "boolean": pa.bool_(),
    "int": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "string": pa.string(),
    "enum": pa.string(),
}
_LOGICAL: Mapping[str, pa.DataType] = {
    "date": pa.date32(),
    "time-millis": pa.time64("us"),
    "time-micros": pa.time64("us"),
    "timestamp-millis": pa.timestamp("us", tz="UTC"),
    "timestamp-micros": pa.timestamp("us", tz="UTC"),
    "local-timestamp-millis": pa.timestamp("us"),
    "local-timestamp-micros": pa.timestamp("us"),
    "uuid": pa.string(),
}
_DECIMAL = "decimal"


class AvroFile:
    """One object container file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @cached_property
    def schema(self) -> pa.Schema:
        """Raises InputRefused, naming the field, for what has no column."""
        with self._path.open("rb") as source:
            written = fastavro.reader(source).writer_schema
        if not isinstance(written, dict) or written.get("type") != "record":
            raise InputRefused(
                f"the Avro file holds values of type {_name(written)}, expected records"
            )
        return pa.schema([(field["name"], _type(field)) for field in written["fields"]])

    @cached_property
    def rows(self) -> int:
        """The sum of what the blocks' heads say."""
        with self._path.open("rb") as source:
            return sum(block.num_records for block in fastavro.block_reader(source))

    def batches(self) -> Iterator[pa.RecordBatch]:
        with self._path.open("rb") as source:
            rows: list[dict[str, Any]] = []
            for row in fastavro.reader(source):
                rows.append(row)  # type: ignore[arg-type]  # the schema is a record
                if len(rows) == _ROWS:
                    yield self._batch(rows)
                    rows = []
            if rows:
                yield self._batch(rows)

    def _batch(self, rows: list[dict[str, Any]]) -> pa.RecordBatch:
        columns = [
            pa.array([_fitting(row[field.name], field.type) for row in rows], field.type)
            for field in self.schema
        ]
        return pa.record_batch(columns, schema=self.schema)


def _fitting(value: Any, kind: pa.DataType) -> Any:
    return str(value) if kind == pa.string() and value is not None else value


def _type(field: Mapping[str, Any]) -> pa.DataType:
    kind = field["type"]
    if isinstance(kind, list):
        others = [branch for branch in kind if branch != "null"]
        if len(others) > 1:
            named = " and ".join(map(_name, others))
            raise InputRefused(
                f"the field '{field['name']}' is a union of {named}, expected one type: write it "
                "as one of them, or as text"
            )
        kind = others[0] if others else "null"
    found = _column_type(kind)
    if found is None:
        raise InputRefused(
            f"the field '{field['name']}' is of type {_name(kind)}, expected plain values (text, "
            "numbers, truth values, dates, times): flatten it, or write it as text"
        )
    return found


def _column_type(kind: Any) -> pa.DataType | None:
    if isinstance(kind, str):
        return _PLAIN.get(kind)
    logical = kind.get("logicalType")
    if logical == _DECIMAL:
        precision = kind["precision"]
        fits = precision <= MAX_DECIMAL_DIGITS
        return pa.decimal128(precision, kind.get("scale", 0)) if fits else None
    return _LOGICAL.get(logical) or _column_type(kind["type"])


def _name(kind: Any) -> str:
    if isinstance(kind, dict):
        return str(kind.get("logicalType") or kind["type"])
    return "union" if isinstance(kind, list) else str(kind)
