"""What DuckDB reads a table from: the files of one state of it, as one SELECT."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa
import sqlglot
from pyiceberg.schema import Schema
from sqlglot import expressions as exp

from config.reader_filters import CellsFilter
from operations.errors import OperationError, WrongUse
from operations.reading.catalog import Catalog, ListedTable
from operations.reading.objects import StoredObject
from operations.table_reader import place_of

_LONGEST_LINE = 96 << 20
"""Bytes of a quarantined row: up to 32 MiB, with what JSON escapes."""
_PLAIN_PATHS = "hive_partitioning = false"
"""The catalog says what folders stand for, not their names."""
_TYPES = {
    "boolean": "BOOLEAN",
    "int": "INTEGER",
    "long": "BIGINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "date": "DATE",
    "time": "TIME",
    "timestamp": "TIMESTAMP",
    "timestamptz": "TIMESTAMPTZ",
    "string": "VARCHAR",
    "binary": "BLOB",
    "uuid": "UUID",
}
"""Of Iceberg, in DuckDB; decimals are spelled alike."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """One state of a table, whatever is published later."""

    sql: str
    """A SELECT over the files, and over `{folders}`, if there are any."""
    files: Mapping[str, StoredObject]
    folders: pa.Table | None = None
    """What the folders of files say: column `file`, and one for each of them."""
    columns: Mapping[str, str] = field(default_factory=dict)


def source_of(catalog: Catalog, table: ListedTable, at: str = "") -> Source:
    """Return what a table is read from, as it is or at a snapshot or time.

    Raises WrongUse if there is no such state, OperationError for a table that cannot be read.
    """
    source = _whole(catalog, table, at)
    return _through(table, table.cells, source) if table.cells else source


def _whole(catalog: Catalog, table: ListedTable, at: str) -> Source:
    if at or table.metadata_location:
        snapshot = catalog.snapshot(table, at).snapshot_id if at else None
        return _iceberg(catalog, table, snapshot)
    return _folders(catalog, table)


def _through(table: ListedTable, cells: CellsFilter, source: Source) -> Source:
    """Return what a filter leaves. Raises WrongUse for a state that lacks what chooses rows."""
    chosen_by = cells.rows.columns if cells.rows else ()
    if missing := [name for name in chosen_by if name not in source.columns]:
        raise WrongUse(
            f"{cells.group} sees rows of {table.full_name} by {', '.join(missing)}, which the "
            "table did not have then: ask for a later state"
        )
    left = {name: kind for name, kind in source.columns.items() if cells.shows(name)}
    rows = f" WHERE {cells.expression}" if cells.expression else ""
    sql = f"SELECT {', '.join(map(_name, left))} FROM ({source.sql}){rows}"  # noqa: S608 - quoted
    return replace(source, sql=sql, columns=left)


def _iceberg(catalog: Catalog, table: ListedTable, snapshot: int | None) -> Source:
    scan = catalog.iceberg(table).scan(snapshot_id=snapshot)
    files = []
    for task in scan.plan_files():
        if task.delete_files:
            raise OperationError(
                f"{table.full_name} has delete files, which no job of this platform writes: "
                f"`history {table.full_name}` shows who has, `rollback` goes back"
            )
        bucket, key = place_of(task.file.file_path)
        files.append(StoredObject(bucket, key, task.file.file_size_in_bytes))
    schema = scan.projection()
    columns = {one.name: _type_of(table, one.name, str(one.field_type)) for one in schema.fields}
    if not files:
        return Source(sql=_no_rows(columns), files={}, columns=columns)
    by_id = f"schema = MAP {{{', '.join(_by_id(schema, columns))}}}"
    listed = ", ".join(map(quoted, sorted(one.path for one in files)))
    sql = f"SELECT * FROM read_parquet([{listed}], {by_id}, {_PLAIN_PATHS})"  # noqa: S608 - quoted
    return Source(sql=sql, files={one.path: one for one in files}, columns=columns)


def _by_id(schema: Schema, columns: Mapping[str, str]) -> Iterator[str]:
    """Yield how DuckDB finds each column: a file has it by its id, under whatever name."""
    for one in schema.fields:
        kind = quoted(columns[one.name])
        yield f"{one.field_id}: {{name: {quoted(one.name)}, type: {kind}, default_value: NULL}}"


def _folders(catalog: Catalog, table: ListedTable) -> Source:
    columns = {name: _hive(table, name, kind) for name, kind in table.all_columns.items()}
    found = list(_objects(catalog, table))
    if not found:
        return Source(sql=_no_rows(columns), files={}, columns=columns)
    listed = ", ".join(quoted(item.path) for item, _ in found)
    own = ", ".join(
        f"CAST(rows.{_name(name)} AS {columns[name]}) AS {_name(name)}" for name in table.columns
    )
    said = "".join(
        f", CAST(said.{_name(name)} AS {columns[name]}) AS {_name(name)}" for name in table.keys
    )
    reader = _reader(table, listed, {name: columns[name] for name in table.columns})
    sql = (
        f"SELECT {own}{said} FROM {reader} AS rows "  # noqa: S608 - names and files are quoted
        "JOIN {folders} AS said ON said.file = rows.filename"
    )
    return Source(
        sql=sql,
        files={item.path: item for item, _ in found},
        folders=_said(table, found),
        columns=columns,
    )


def _reader(table: ListedTable, listed: str, columns: Mapping[str, str]) -> str:
    serde = table.serde.lower()
    if "json" in serde:
        kinds = ", ".join(f"{quoted(name)}: {quoted(kind)}" for name, kind in columns.items())
        return (
            f"read_json([{listed}], format = 'newline_delimited', columns = {{{kinds}}}, "
            f"maximum_object_size = {_LONGEST_LINE}, filename = true, {_PLAIN_PATHS})"
        )
    if "parquet" in serde:
        return f"read_parquet([{listed}], union_by_name = true, filename = true, {_PLAIN_PATHS})"
    raise OperationError(
        f"{table.full_name} is stored by {table.serde!r}: expected a SerDe of Parquet or JSON"
    )


def _objects(
    catalog: Catalog, table: ListedTable
) -> Iterator[tuple[StoredObject, tuple[str, ...]]]:
    """Yield data objects, and what their folders say; hidden and empty ones are none."""
    pages = catalog.s3.get_paginator("list_objects_v2")
    for location, values in _places(catalog, table):
        bucket, prefix = place_of(location)
        below = f"{prefix.rstrip('/')}/"
        for page in pages.paginate(Bucket=bucket, Prefix=below):
            for item in page.get("Contents", ()):
                name = item["Key"].rpartition("/")[2]
                if item["Size"] and not name.startswith(("_", ".")):
                    yield StoredObject(bucket, item["Key"], item["Size"]), values


def _places(catalog: Catalog, table: ListedTable) -> Iterable[tuple[str, tuple[str, ...]]]:
    """Return the folders that are registered, or the whole of a table without keys."""
    if not table.keys:
        return [(table.location, ())]
    pages = catalog.glue.get_paginator("get_partitions").paginate(
        DatabaseName=table.database, TableName=table.name
    )
    return [
        (item["StorageDescriptor"]["Location"], tuple(item["Values"]))
        for page in pages
        for item in page["Partitions"]
    ]


def _said(table: ListedTable, found: Iterable[tuple[StoredObject, tuple[str, ...]]]) -> pa.Table:
    rows = [(item.path, *values) for item, values in found]
    names = ["file", *table.keys]
    columns: list[Any] = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
    return pa.table(columns, names=names)


def _no_rows(columns: Mapping[str, str]) -> str:
    nulls = ", ".join(f"CAST(NULL AS {kind}) AS {_name(name)}" for name, kind in columns.items())
    return f"SELECT {nulls} WHERE false"


def _type_of(table: ListedTable, column: str, kind: str) -> str:
    if kind.startswith("decimal("):
        return kind.upper()
    if kind.startswith("fixed["):
        return "BLOB"
    if kind not in _TYPES:
        raise _unreadable(table, column, kind)
    return _TYPES[kind]


def _hive(table: ListedTable, column: str, kind: str) -> str:
    try:
        return exp.DataType.build(kind, dialect="hive").sql("duckdb")
    except sqlglot.ParseError as error:
        raise _unreadable(table, column, kind) from error


def _unreadable(table: ListedTable, column: str, kind: str) -> OperationError:
    return OperationError(
        f"column {column} of {table.full_name} is of type {kind}, which cannot be read here: "
        "expected numbers, text, dates, times, true and false, or bytes"
    )


def quoted(value: str) -> str:
    """Return a text as SQL has it."""
    return "'" + value.replace("'", "''") + "'"


def _name(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'
