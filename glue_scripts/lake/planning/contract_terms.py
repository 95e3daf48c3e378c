"""The consequences of a contract for reading and writing a dataset's files. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection

from lake.columns.schema import Schema
from lake.columns.types import TEXT, ColumnType, Kind, decimal_type
from lake.reading.row_rules import RowRules
from wires.contracts import DatasetContract, Evolution

_INT64_DIGITS = 19
_TYPES = {
    "string": TEXT,
    "bigint": ColumnType(Kind.INTEGER, _INT64_DIGITS),
    "double": ColumnType(Kind.DOUBLE),
    "boolean": ColumnType(Kind.BOOLEAN),
    "date": ColumnType(Kind.DATE),
    "timestamp": ColumnType(Kind.TIMESTAMP),
    "timestamptz": ColumnType(Kind.INSTANT),
}
_DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")


def declared_type(spelled: str) -> ColumnType:
    """Return the lake's type for a declared one, such as `decimal(12,2)`."""
    found = _DECIMAL.fullmatch(spelled)
    if found:
        return decimal_type(int(found[1]) - int(found[2]), int(found[2]))
    return _TYPES[spelled]


def declared_schema(contract: DatasetContract) -> Schema:
    """Return the declared columns, which the table has from the start."""
    return Schema.declared((column.name, declared_type(column.type)) for column in contract.columns)


def rules_of(contract: DatasetContract, table: Schema) -> RowRules:
    """Return the rules for each row, whatever its file; `table` says which columns are meant."""
    key = tuple(source_of(name, table) for name in contract.primary_key)
    once = tuple(source_of(name, table) for name in told_once(contract))
    declared = [(source_of(c.name, table), declared_type(c.type)) for c in contract.columns]
    texts = tuple(source for source, kind in declared if kind == TEXT)
    if contract.evolution is not Evolution.DISCARD:
        return RowRules(required=key, unique=once, texts=texts)
    return RowRules(
        required=key,
        unique=once,
        texts=texts,
        types=tuple((source, kind.spell()) for source, kind in declared),
        only=tuple(source for source, _ in declared),
    )


def told_once(contract: DatasetContract) -> tuple[str, ...]:
    """Return the columns, by their contract names, whose values must be unique in a file.

    There are none if the contract says which of two rows is the later: such a file may list
    changes.
    """
    return () if contract.latest_by else contract.primary_key


def source_of(name: str, table: Schema) -> str:
    """Return the name in files of a contract's column; the contract's if no file has it yet."""
    column = table.called(name)
    return name if column is None or column.source is None else column.source


def wanted_columns(found: Schema, table: Schema, contract: DatasetContract) -> Schema:
    """Return the columns of a file that its table is to have, in the types to be stored."""
    if contract.evolution is not Evolution.DISCARD:
        return found
    names = table.merge(found)
    types = {source_of(c.name, names): declared_type(c.type) for c in contract.columns}
    kept = [column for column in found.columns if column.source in types]
    return Schema.of([str(c.source) for c in kept], [types[str(c.source)] for c in kept])


def differences(found: Schema, table: Schema | None, contract: DatasetContract) -> list[str]:
    """Return, for people, what keeps a file out of a table whose columns may not change."""
    declared = declared_schema(contract)
    expected = declared if declared.columns else table
    if contract.evolution is not Evolution.STRICT or expected is None:
        return []
    missing = [
        f"column '{column.name}' is missing"
        for column in declared.columns
        if found.called(column.declared) is None
    ]
    return missing + expected.changes(expected.merge(found))


def as_in(table: Schema, found: Schema) -> Schema:
    """Return the file's columns that a table has, in the table's types."""
    names = table.merge(found)
    types = {names.of_column(column).source: column.type for column in table.columns}
    kept = [str(column.source) for column in found.columns if column.source in types]
    return Schema.of(kept, [types[source] for source in kept])


def untold_bytes(found: Schema, untold: Collection[str], contract: DatasetContract) -> list[str]:
    """Return wanted columns of bytes that neither the file nor the contract declares as text."""
    wanted = wanted_columns(found, Schema(), contract).by_source
    types = {source_of(c.name, found): declared_type(c.type) for c in contract.columns}
    return [source for source in untold if source in wanted and types.get(source) != TEXT]


def overflowing(found: Schema, contract: DatasetContract) -> Schema:
    """Return columns that may exceed the digits of a strict contract, in their declared types.

    Only their values can tell.
    """
    if contract.evolution is not Evolution.STRICT:
        return Schema()
    types = {source_of(c.name, found): declared_type(c.type) for c in contract.columns}
    over = [c for c in found.columns if c.source in types and not types[c.source].admits(c.type)]
    return Schema.of([str(c.source) for c in over], [types[str(c.source)] for c in over])
