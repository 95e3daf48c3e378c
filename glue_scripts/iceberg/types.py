"""Columns of a table: their types in Glue and in Iceberg, and their field ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from pyiceberg.schema import Schema
from pyiceberg.table import Table
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
    TimestampType,
    TimestamptzType,
)

from iceberg.field_ids import DECIMAL, NO_IDS, WALL_CLOCK, FieldIds, goes_on

Columns = Sequence[tuple[str, str]]
"""Name and Glue type of each column."""
_PLAIN: Mapping[str, IcebergType] = MappingProxyType(
    {
        "string": StringType(),
        "bigint": LongType(),
        "int": IntegerType(),
        "smallint": IntegerType(),
        "tinyint": IntegerType(),
        "double": DoubleType(),
        "float": FloatType(),
        "boolean": BooleanType(),
        "date": DateType(),
        "timestamp": TimestamptzType(),
        WALL_CLOCK: TimestampType(),
        "binary": BinaryType(),
    }
)


class UnknownType(ValueError):
    """A type that no Iceberg table can have."""


def schema_of(
    columns: Columns, docs: Mapping[str, str] = MappingProxyType({}), ids: FieldIds = NO_IDS
) -> Schema:
    """Return the schema of a new table with these columns.

    `docs` are the columns' comments for people, `ids` the field ids that they must have, if that
    matters. Raises UnknownType.
    """
    return _schema(columns, {}, docs, _Ids(0, ids), schema_id=0)


def schema_for(
    table: Table,
    columns: Columns,
    docs: Mapping[str, str] = MappingProxyType({}),
    ids: FieldIds = NO_IDS,
) -> Schema:
    """Return the schema of a table with these columns from now on: its own if nothing changes.

    A column keeps its field id if readers can read older files with the new type. Otherwise it is
    another column of the same name to Iceberg, so that an id is never reused for other values.
    `ids` are wanted for new columns, as far as they are still free. Raises UnknownType.
    """
    standing = {field.name: field for field in table.schema().fields}
    wanted = _schema(
        columns,
        standing,
        docs,
        _Ids(table.metadata.last_column_id, ids),
        schema_id=max(schema.schema_id for schema in table.metadata.schemas) + 1,
    )
    return table.schema() if wanted.fields == table.schema().fields else wanted


def field_ids(schema: Schema) -> dict[str, int]:
    """Return the field id of each column, by name."""
    return {field.name: field.field_id for field in schema.fields}


def _schema(
    columns: Columns,
    standing: Mapping[str, NestedField],
    docs: Mapping[str, str],
    ids: _Ids,
    *,
    schema_id: int,
) -> Schema:
    kept = {
        name: standing[name]
        for name, kind in columns
        if name in standing and goes_on(_spelled(standing[name].field_type), kind)
    }
    numbers = [(n, kept[n].field_id if n in kept else ids.of(n), kind) for n, kind in columns]
    fields = [
        NestedField(number, name, _typed(kind, ids, kept.get(name)), doc=docs.get(name))
        for name, number, kind in numbers
    ]
    return Schema(*fields, schema_id=schema_id)


def columns_of(schema: Schema) -> list[tuple[str, str]]:
    """Return name and Glue type of each column."""
    return [(field.name, _spelled(field.field_type)) for field in schema.fields]


class _Ids:
    """Hands out field ids that no column has had."""

    def __init__(self, highest: int, wanted: FieldIds) -> None:
        self._wanted = {name: number for name, number in wanted.items() if number > highest}
        self._last = max([highest, *self._wanted.values()])

    def of(self, name: str) -> int:
        """Return the id that is wanted for a column, or the next free one."""
        return self._wanted.get(name) or self.next()

    def next(self) -> int:
        self._last += 1
        return self._last


def _typed(kind: str, ids: _Ids, standing: NestedField | None) -> IcebergType:
    if standing is not None and _spelled(standing.field_type) == kind:
        return standing.field_type
    if kind in _PLAIN:
        return _PLAIN[kind]
    decimal = DECIMAL.fullmatch(kind)
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
    """Split a text at the commas outside of brackets."""
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
