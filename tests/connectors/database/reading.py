"""Sources at a real server, and what their connector gives."""

from __future__ import annotations

import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from connectors.database.database_connector import DatabaseConnector
from connectors.fetch import Fetch
from connectors.secrets import Secrets
from tests.aws import RAW, SmallAws
from tests.connectors.database.servers import Server
from tests.connectors.sources import ListedRows, any_source, fetch_of, landed_versions
from wires.database_sources import DatabaseSource, Engine
from wires.positions import Span
from wires.sources import Cursor, CursorType, Kind, Limits, Mode, Source

EVERYTHING = Span(since="", until="", asked_from="")
BY_TIME = Cursor(type=CursorType.TIMESTAMP, field="at", start="2026-01-15T00:00:00.000000Z")
BY_NUMBER = Cursor(type=CursorType.INTEGER, field="id")
BY_BOTH = Cursor(type=CursorType.TIMESTAMP_AND_INTEGER, field="at", then="id")


def database_at(server: Server, table: str = "", **changes: Any) -> DatabaseSource:
    return DatabaseSource(
        **{"engine": Engine(server.engine), "table": table, "wait_seconds": 20, **changes}
    )


def secrets_of(server: Server, **changes: Any) -> Secrets:
    return Secrets("the_secret", lambda: json.dumps({**server.secret, **changes}))


def connector_to(
    server: Server,
    database: DatabaseSource,
    cursor: Cursor | None = None,
    *,
    said: list[str] | None = None,
    **secret: Any,
) -> DatabaseConnector:
    say = (said if said is not None else []).append
    return DatabaseConnector(database, cursor, secrets_of(server, **secret), say=say)


def read(connector: DatabaseConnector, span: Span = EVERYTHING) -> pa.Table:
    """All rows, as Parquet has them."""
    batches = [page.batch for page in connector.pages(span) if page.batch is not None]
    if not batches:
        return pa.table({})
    file = io.BytesIO()
    pq.write_table(pa.Table.from_batches(batches), file)
    return pq.read_table(file)


def column(server: Server, database: DatabaseSource) -> list[Any]:
    """The values of the column `v`, in the order of `id`."""
    rows = read(connector_to(server, database)).to_pylist()
    return [row["v"] for row in sorted(rows, key=lambda row: row["id"])]


def database_source(server: Server, table: str, **changes: Any) -> Source:
    """A source whose rows go to the dataset of the table's name."""
    own = {name: changes.pop(name) for name in list(changes) if name in _OF_DATABASE}
    values: dict[str, Any] = {
        "name": table,
        "dataset": table,
        "kind": Kind.DATABASE,
        "secret": "the_secret",
        "cursor": BY_TIME,
        "limits": Limits(rows_per_file=5),
        "database": database_at(server, table, **own),
        **changes,
    }
    return any_source(**values)


_OF_DATABASE = frozenset(DatabaseSource.__dataclass_fields__)


def whole_source(server: Server, table: str, **changes: Any) -> Source:
    return database_source(server, table, **{"cursor": None, "mode": Mode.FULL, **changes})


def fetching(aws: SmallAws, server: Server, source: Source, **own: Any) -> Fetch:
    assert source.database is not None
    fetch = fetch_of(aws, ListedRows(source, []), **own)
    fetch.connector = connector_to(server, source.database, source.cursor)
    return fetch


def landed(aws: SmallAws, source: Source) -> list[dict[str, Any]]:
    """The rows of all versions of all files that a source has landed."""
    return [
        row
        for key, version in sorted(landed_versions(aws, dataset=source.dataset))
        for row in pq.read_table(
            io.BytesIO(aws.s3.get_object(Bucket=RAW, Key=key, VersionId=version)["Body"].read())
        ).to_pylist()
    ]


def ids(rows: list[dict[str, Any]]) -> list[int]:
    return sorted(row["id"] for row in rows)
