"""Columns of a table: Glue's names of types, Iceberg's, and the field ids that files carry."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import pyarrow as pa
from pyiceberg.schema import Schema
from pyiceberg.types import (
    BinaryType,
    BooleanType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IcebergType,
    IntegerType,
    ListType,
    LongType,
    MapType,
    NestedField,
    StringType,
    StructType,
    TimestamptzType,
)

Columns = Sequence[tuple[str, str]]
"""Name and Glue type of each."""
_FIELD_ID = b"PARQUET:field_id"
_PLAIN: Mapping[str, IcebergType] = MappingProxyType(
    {
        "string": StringType(),
        "bigint": LongType(),
        "int": IntegerType(),
        # Iceberg has no narrower ones; files hold them as 32 bits all the same.
        "smallint": IntegerType(),
        "tinyint": IntegerType(),
        "double": DoubleType(),
        "float": FloatType(),
        "boolean": BooleanType(),
        "date": DateType(),
        "timestamp": TimestamptzType(),
        "binary": BinaryType(),
    }
)
_DECIMAL = re.compile(r"decimal\((\d+),\s*(\d+)\)")


class UnknownType(ValueError):
    """A type that no Iceberg table can have."""


def schema_of(
    columns: Columns, standing: Schema | None = None, docs: Mapping[str, str] = MappingProxyType({})
) -> Schema:
    """The schema of a table with these columns. Columns that stand already keep their field ids;
    `docs` are the comments that people see. Raises UnknownType."""
    known = {field.name: field for field in standing.fields} if standing else {}
    ids = _Ids(standing.highest_field_id if standing else 0)
    named = [
        (name, known[name].field_id if name in known else ids.next(), kind)
        for name, kind in columns
    ]
    fields = [
        NestedField(number, name, _typed(kind, ids, known.get(name)), doc=docs.get(name))
        for name, number, kind in named
    ]
    return Schema(*fields, schema_id=standing.schema_id + 1 if standing else 0)


def columns_of(schema: Schema) -> list[tuple[str, str]]:
    """Name and Glue type of each column."""
    return [(field.name, _spelled(field.field_type)) for field in schema.fields]


def with_field_ids(arrow: pa.Schema, schema: Schema) -> pa.Schema:
    """The same Arrow schema, whose fields carry the table's field ids into Parquet files."""
    return pa.schema([_with_id(field, schema) for field in arrow])


class _Ids:
    def __init__(self, highest: int) -> None:
        self._last = highest

    def next(self) -> int:
        self._last += 1
        return self._last


def _typed(kind: str, ids: _Ids, standing: NestedField | None) -> IcebergType:
    if standing is not None and _spelled(standing.field_type) == kind:
        return standing.field_type
    if kind in _PLAIN:
        return _PLAIN[kind]
    decimal = _DECIMAL.fullmatch(kind)
    if decimal:
        return DecimalType(int(decimal[1]), int(decimal[2]))
    return _nested(kind, ids)


def _nested(kind: str, ids: _Ids) -> IcebergType:
    head, bracket, rest = kind.partition("<")
    if not bracket or not rest.endswith(">"):
        raise UnknownType(f"no Iceberg type for the Glue type {kind}")
    parts = _split(rest[:-1])
    if head == "array" and len(parts) == 1:
        return ListType(ids.next(), _typed(parts[0], ids, None), element_required=False)
    if head == "map" and len(parts) == 2:
        key, value = ids.next(), ids.next()
        return MapType(key, _typed(parts[0], ids, None), value, _typed(parts[1], ids, None), False)
    if head == "struct":
        pairs = [part.split(":", 1) for part in parts]
        numbered = [(name, ids.next(), own) for name, own in pairs]
        return StructType(
            *(NestedField(number, name, _typed(own, ids, None)) for name, number, own in numbered)
        )
    raise UnknownType(f"no Iceberg type for the Glue type {kind}")


def _split(text: str) -> list[str]:
    """At the commas that stand in no brackets."""
    parts, depth = [""], 0
    for char in text:
        depth += (char in "<(") - (char in ">)")
        if char == "," and not depth:
            parts.append("")
        else:
            parts[-1] += char
    return [part.strip() for part in parts]


def _spelled(kind: IcebergType) -> str:
    if isinstance(kind, DecimalType):
        return f"decimal({kind.precision},{kind.scale})"
    if isinstance(kind, ListType):
        return f"array<{_spelled(kind.element_type)}>"
    if isinstance(kind, MapType):
        return f"map<{_spelled(kind.key_type)},{_spelled(kind.value_type)}>"
    if isinstance(kind, StructType):
        inner = ",".join(f"{field.name}:{_spelled(field.field_type)}" for field in kind.fields)
        return f"struct<{inner}>"
    return next(name for name, known in _PLAIN.items() if known == kind)


def _with_id(field: pa.Field, schema: Schema) -> pa.Field:
    number = schema.find_field(field.name).field_id
    return field.with_metadata({_FIELD_ID: str(number).encode()})
