"""Reads tables as Athena would, and answers SQL over them."""

from __future__ import annotations

import gzip
import io
import json
import re
from collections.abc import Iterator
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from local_cloud.catalog.files import CatalogTable, Column, GlueCatalog, Part
from local_cloud.catalog.types import arrow_type, coerced_by_partition, readable_as
from local_cloud.errors import CatalogError


class CatalogReader:
    """Reads tables only by what the catalog says: columns by name, registered partitions.

    Raises CatalogError for a file that Athena would refuse.
    """

    def __init__(self, *, glue: Any, s3: Any) -> None:
        self._catalog = GlueCatalog(glue=glue, s3=s3)
        self._s3 = s3

    def read(self, database: str, table: str) -> pa.Table:
        """Return all rows, with the columns of the table followed by its partition keys."""
        described = self._catalog.table(database, table)
        if described.metadata_location:
            return _as_catalogued(self._catalog.iceberg_rows(described), described)
        schema = pa.schema(
            (column.name, arrow_type(column.type))
            for column in (*described.columns, *described.partition_keys)
        )
        pieces = [
            piece
            for part in self._catalog.parts(described)
            for piece in self._pieces(described, part)
        ]
        return pa.concat_tables([schema.empty_table(), *pieces])

    def query(self, sql: str) -> pa.Table:
        """Return the answer to SQL about tables that are named `table` or `database.table`."""
        with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as connection:
            databases = self._catalog.databases()
            for database in databases:
                connection.execute(f'CREATE SCHEMA "{database}"')
                for table in self._catalog.tables(database):
                    if re.search(rf"\b{re.escape(table.name)}\b", sql):
                        self._offer(connection, table)
            connection.execute(f"SET search_path = '{','.join(databases)}'")
            return connection.sql(sql).to_arrow_table()

    def _offer(self, connection: duckdb.DuckDBPyConnection, table: CatalogTable) -> None:
        held = f"{table.database}__{table.name}"
        connection.register(held, self.read(table.database, table.name))
        connection.execute(
            f'CREATE VIEW "{table.database}"."{table.name}" AS '  # noqa: S608 - names of the catalog
            f'SELECT * FROM temp.main."{held}"'
        )

    def _pieces(self, table: CatalogTable, part: Part) -> Iterator[pa.Table]:
        keys = [
            (column.name, pc.cast(pa.scalar(value), arrow_type(column.type)))
            for column, value in zip(table.partition_keys, part.values, strict=True)
        ]
        for bucket, key in self._catalog.keys(part.location):
            body = self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()
            name = f"s3://{bucket}/{key}"
            piece = _decoded(body, name, table, part)
            for column, value in keys:
                piece = piece.append_column(column, pa.repeat(value, piece.num_rows))
            yield piece


def _as_catalogued(rows: pa.Table, table: CatalogTable) -> pa.Table:
    """Return rows with the catalog's types; partition columns are columns like others."""
    columns = [
        pc.cast(rows.column(column.name), arrow_type(column.type)) for column in table.columns
    ]
    return pa.table(columns, names=[column.name for column in table.columns])


def _decoded(body: bytes, name: str, table: CatalogTable, part: Part) -> pa.Table:
    if "parquet" in part.serde.lower():
        return _from_parquet(body, name, table, part)
    if "json" in part.serde.lower():
        return _from_json_lines(body, name, table.columns)
    raise CatalogError(
        f"{table.database}.{table.name} is stored by {part.serde!r}: expected a SerDe of Parquet "
        "or JSON"
    )


def _from_parquet(body: bytes, name: str, table: CatalogTable, part: Part) -> pa.Table:
    content = pq.read_table(io.BytesIO(body))
    stored = {column.lower(): content.column(column) for column in content.column_names}
    declared = {column.name: arrow_type(column.type) for column in part.columns}
    columns = []
    for column in table.columns:
        wanted = arrow_type(column.type)
        found = stored.get(column.name)
        if found is None:
            columns.append(pa.nulls(content.num_rows, wanted))
            continue
        between = declared.get(column.name, wanted)
        _check(found.type, between, wanted, f"column {column.name} of {name}")
        columns.append(pc.cast(pc.cast(found, between), wanted))
    return pa.table(columns, names=[column.name for column in table.columns])


def _check(stored: pa.DataType, declared: pa.DataType, wanted: pa.DataType, what: str) -> None:
    if not readable_as(stored, declared):
        raise CatalogError(f"{what} holds {stored}, its partition declares {declared}")
    if not coerced_by_partition(declared, wanted):
        raise CatalogError(f"{what}: its partition declares {declared}, its table {wanted}")


def _from_json_lines(body: bytes, name: str, columns: tuple[Column, ...]) -> pa.Table:
    text = gzip.decompress(body) if name.endswith(".gz") else body
    rows = [json.loads(line) for line in text.split(b"\n") if line.strip()]
    folded = [{field.lower(): value for field, value in row.items()} for row in rows]
    return pa.table(
        [pa.array([row.get(c.name) for row in folded], arrow_type(c.type)) for c in columns],
        names=[column.name for column in columns],
    )
