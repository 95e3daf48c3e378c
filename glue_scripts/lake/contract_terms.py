"""What a contract means for the reading and writing of a dataset's files. Pure."""

from __future__ import annotations

import re

from lake.column_types import TEXT, ColumnType, Kind, decimal_type
from lake.row_rules import RowRules
from lake.schema import Column, Schema
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
    """`decimal(12,2)` as the lake's type."""
    found = _DECIMAL.fullmatch(spelled)
    if found:
        return decimal_type(int(found[1]) - int(found[2]), int(found[2]))
    return _TYPES[spelled]


def declared_schema(contract: DatasetContract) -> Schema:
    """The columns that the table has from the start."""
    columns = (Column(column.name, declared_type(column.type)) for column in contract.columns)
    return Schema(tuple(columns))


def rules_of(contract: DatasetContract) -> RowRules:
    """What is demanded of each row, whatever its file."""
    if contract.evolution is not Evolution.DISCARD:
        return RowRules(required=contract.primary_key, unique=contract.primary_key)
    declared = declared_schema(contract)
    return RowRules(
        required=contract.primary_key,
        unique=contract.primary_key,
        types=tuple((column.name, column.type.spell()) for column in declared.columns),
        only=tuple(column.name for column in declared.columns),
    )


def wanted_columns(found: Schema, contract: DatasetContract) -> Schema:
    """Of a file's columns those that its table is to have, in the types that it asks for."""
    if contract.evolution is not Evolution.DISCARD:
        return found
    names = {column.name for column in found.columns}
    declared = declared_schema(contract).columns
    return Schema(tuple(column for column in declared if column.name in names))


def differences(found: Schema, table: Schema | None, contract: DatasetContract) -> list[str]:
    """For people: what keeps a file out of a table whose columns may not change."""
    declared = declared_schema(contract)
    expected = declared if declared.columns else table
    if contract.evolution is not Evolution.STRICT or expected is None:
        return []
    names = {column.name for column in found.columns}
    missing = [
        f"column '{column.name}' is missing"
        for column in declared.columns
        if column.name not in names
    ]
    return missing + expected.changes(expected.merge(found))
