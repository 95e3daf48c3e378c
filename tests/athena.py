"""Athena's SQL, answered by DuckDB over the tables of a catalog."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any

import duckdb
import pyarrow as pa
import sqlglot
from sqlglot import expressions as exp

from local_cloud.catalog.files import GlueCatalog
from local_cloud.catalog.reader import CatalogReader
from operations.table_reader import IcebergReader


class NoSuchVersion(Exception):
    """A table is younger than the time that a query asks for."""


class Athena:
    """Reads tables by the catalog: current rows, rows as of a time, and lists of snapshots."""

    def __init__(self, *, glue: Any, s3: Any) -> None:
        self._catalog = GlueCatalog(glue=glue, s3=s3)
        self._reader = CatalogReader(glue=glue, s3=s3)
        self._iceberg = IcebergReader(s3)

    def answer(self, sql: str) -> pa.Table:
        """The answer to one query, whose tables stand with their databases."""
        parsed = sqlglot.parse_one(sql, dialect="athena")
        with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as connection:
            connection.execute("SET TimeZone = 'UTC'").fetchall()
            for number, table in zip(count(), _of_catalog(parsed), strict=False):
                held = f"held_{number}"
                connection.register(held, self._content(connection, table))
                for part, value in (("this", exp.to_identifier(held)), ("db", None)):
                    table.set(part, value)
                table.set("version", None)
            return connection.sql(parsed.sql(dialect="duckdb")).to_arrow_table()

    def _content(self, connection: duckdb.DuckDBPyConnection, table: exp.Table) -> pa.Table:
        name, _, of_metadata = table.name.partition("$")
        described = self._catalog.table(table.db, name)
        if not described.metadata_location:
            return self._reader.read(table.db, name)
        opened = self._iceberg.table(described.metadata_location)
        if of_metadata:
            listed = getattr(opened.inspect, of_metadata)()
            # Trino's have a time zone: https://trino.io/docs/current/connector/iceberg.html
            at = listed.column("committed_at").cast(pa.timestamp("ms", "UTC"))
            return listed.set_column(0, "committed_at", at).select(
                ["committed_at", "snapshot_id", "parent_id", "operation"]
            )
        version = table.args.get("version")
        if version is None:
            return opened.scan().to_arrow()
        snapshot = opened.snapshot_as_of_timestamp(_milliseconds(connection, version))
        if snapshot is None:
            raise NoSuchVersion(name)
        return opened.scan(snapshot_id=snapshot.snapshot_id).to_arrow()


def _of_catalog(parsed: exp.Expr) -> list[exp.Table]:
    """All but those that the query itself defines."""
    return [table for table in parsed.find_all(exp.Table) if table.db]


def _milliseconds(connection: duckdb.DuckDBPyConnection, version: exp.Version) -> int:
    ((at,),) = connection.execute(exp.select(version.expression).sql(dialect="duckdb")).fetchall()
    assert isinstance(at, datetime)
    return int(at.astimezone(UTC).timestamp() * 1000)
