"""Columns of a table: Glue's names of types, Iceberg's, and the field ids that files carry."""

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
"""Name and Glue type of each."""
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
    """The schema of a new table with these columns; `docs` are the comments that people see, `ids`
    those that columns are to have, if it matters.

    Raises UnknownType.
    """
    return _schema(columns, {}, docs, _Ids(0, ids), schema_id=0)


def schema_for(
    table: Table,
    columns: Columns,
    docs: Mapping[str, str] = MappingProxyType({}),
    ids: FieldIds = NO_IDS,
) -> Schema:
    """The schema of a table that is to have these columns from now on: its own if it has them.

    Columns keep their field ids where readers of older files may go on with them. One whose type
    changes otherwise is another column of the same name to Iceberg, so that ids of a column that
    is gone never come back for other values. `ids` are those that new columns are to have, as far
    as they are still free. Raises UnknownType.
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
    """By name of each column."""
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
    """Name and Glue type of each column."""
    return [(field.name, _spelled(field.field_type)) for field in schema.fields]


class _Ids:
    """Those that no column has had."""

    def __init__(self, highest: int, wanted: FieldIds) -> None:
        self._wanted = {name: number for name, number in wanted.items() if number > highest}
        self._last = max([highest, *self._wanted.values()])

    def of(self, name: str) -> int:
        """The one that a column is to have, or any."""
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
