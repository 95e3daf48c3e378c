"""Columns of curated tables, as they follow from contracts. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlglot
from sqlglot import expressions as exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify

from wires.column_names import column_name_of
from wires.contracts import CuratedTable, DatasetContract, DeclaredColumn

_DIALECT = "spark"
_KINDS: Mapping[exp.DType, str] = {
    exp.DType.VARCHAR: "string",
    exp.DType.TEXT: "string",
    exp.DType.BIGINT: "bigint",
    exp.DType.INT: "int",
    exp.DType.DOUBLE: "double",
    exp.DType.DECIMAL: "decimal",
    exp.DType.BOOLEAN: "boolean",
    exp.DType.DATE: "date",
    exp.DType.TIMESTAMP: "timestamp",
    exp.DType.TIMESTAMPTZ: "timestamp",
    exp.DType.TIMESTAMPNTZ: "timestamp",
}
"""Kinds of types, without what decimals are of."""


def columns_of_curated(
    table: CuratedTable, contract: DatasetContract, contracts: Sequence[DatasetContract]
) -> tuple[DeclaredColumn, ...]:
    """Return the columns that a table will have, each with a kind of type.

    () where they do not follow: some dataset that it reads declares no columns, or the type of an
    expression is not known before Spark has run it.
    """
    if not table.sql:
        return tuple(map(_as_declared, contract.columns))
    schema = {
        other.name: {column_name_of(column.name): column.type for column in other.columns}
        for other in contracts
        if other.name in (contract.name, *table.uses)
    }
    if not all(schema.values()):
        return ()
    return _selected(table.sql, schema)


def _as_declared(column: DeclaredColumn) -> DeclaredColumn:
    kind = column.type.partition("(")[0].removesuffix("tz")
    return DeclaredColumn(name=column_name_of(column.name), type=kind)


def _selected(sql: str, schema: Mapping[str, Mapping[str, str]]) -> tuple[DeclaredColumn, ...]:
    named: dict[str, object] = {table: dict(columns) for table, columns in schema.items()}
    try:
        found = qualify(sqlglot.parse_one(sql, dialect=_DIALECT), schema=named, dialect=_DIALECT)
        typed = annotate_types(found, schema=named, dialect=_DIALECT)
    except SqlglotError:
        return ()
    if not isinstance(typed, exp.Query):
        return ()
    kinds = [_KINDS.get(one.type.this) if one.type else None for one in typed.selects]
    if None in kinds:
        return ()
    return tuple(
        DeclaredColumn(name=one.alias_or_name, type=str(kind))
        for one, kind in zip(typed.selects, kinds, strict=True)
    )
