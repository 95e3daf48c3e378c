"""What SQLAlchemy speaks beside the two: SQLite is the one that every Python has."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from connectors.database.database_connector import DatabaseConnector
from connectors.errors import SourceFailed, ValueUnfit
from connectors.secrets import Secrets
from tests.connectors.database.reading import BY_BOTH, BY_NUMBER, BY_TIME, EVERYTHING, ids, read
from tests.connectors.database.test_ranges import span_to
from tests.connectors.sources import NOON
from wires.database_sources import DatabaseSource, Engine, Tls
from wires.sources import Cursor

Connect = Callable[..., DatabaseConnector]


@pytest.fixture
def connect(tmp_path: Path) -> Connect:
    """A connector to a database of three events."""
    file = tmp_path / "shop.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(
            "CREATE TABLE events "
            "(id INTEGER, at DATETIME, amount NUMERIC(10,2), data BLOB, v TEXT);"
            "INSERT INTO events VALUES (9, '2026-01-15 01:00:00.000000', 1.5, x'00ff', ''),"
            "(10, '2026-01-15 02:00:00.000000', NULL, NULL, NULL),"
            "(11, '2026-01-15 12:00:00.000000', 0.1, x'', 'ü');"
        )

    def made(cursor: Cursor | None = None, **changes: object) -> DatabaseConnector:
        values = {
            "engine": Engine.OTHER,
            "dialect": "sqlite+pysqlite",
            "name": str(file),
            "table": "events",
            "tls": Tls.OFF,
            **changes,
        }
        secrets = Secrets("its", lambda: json.dumps({"username": "", "password": ""}))
        return DatabaseConnector(DatabaseSource(**values), cursor, secrets, say=print)  # type: ignore[arg-type]

    return made


def test_rows_come_with_their_types(connect: Connect) -> None:
    found = read(connect(batch_bytes=64))
    assert found.schema.field("amount").type == pa.decimal128(10, 2)
    assert found.to_pylist()[:2] == [
        {
            "id": 9,
            "at": datetime.fromisoformat("2026-01-15 01:00:00"),
            "amount": Decimal("1.50"),
            "data": "00ff",
            "v": "",
        },
        {
            "id": 10,
            "at": datetime.fromisoformat("2026-01-15 02:00:00"),
            "amount": None,
            "data": None,
            "v": None,
        },
    ]


def test_ranges_are_those_of_any_database(connect: Connect) -> None:
    assert ids(read(connect(BY_TIME), span_to(NOON)).to_pylist()) == [9, 10]
    for cursor, end in ((BY_NUMBER, "12"), (BY_BOTH, "2026-01-15T12:00:00.000000Z/12")):
        pages = list(connect(cursor).pages(EVERYTHING))
        assert pages[0].end == end
        assert sum(len(page.batch) for page in pages[1:]) == 3


def test_a_value_that_its_type_does_not_hold_is_told(connect: Connect) -> None:
    with closing(sqlite3.connect(connect()._database.name)) as connection, connection:
        connection.execute("INSERT INTO events (id, v) VALUES ('many', 'x')")
    with pytest.raises(ValueUnfit, match=r"column id .* put id into database\.as_text"):
        read(connect())
    assert read(connect(as_text=("id",))).column("id").to_pylist()[-1] == "many"


def test_a_table_that_is_not_there_is_told(connect: Connect) -> None:
    with pytest.raises(SourceFailed, match="nothing"):
        read(connect(table="nothing"))
