"""A database on disk for what is compared: memory stays small, however much there is.

Neither the ledger's scan nor every listing is sorted, so two streams cannot simply be merged.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

_TOGETHER = 10_000
_TABLES = """
CREATE TABLE entries(
    key TEXT, version TEXT, status TEXT, dataset TEXT, load TEXT, rows INTEGER, seen INTEGER,
    PRIMARY KEY (key, version)
) WITHOUT ROWID;
CREATE INDEX by_dataset ON entries(dataset, load);
CREATE TABLE current(path TEXT PRIMARY KEY, size INTEGER, stored INTEGER) WITHOUT ROWID;
CREATE TABLE reached(path TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE known(load TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE stray(path TEXT PRIMARY KEY) WITHOUT ROWID;
"""


class Scratch:
    """Tables for one reconciliation."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def add(self, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Add rows; the first with a key stays."""
        every = iter(rows)
        while part := list(islice(every, _TOGETHER)):
            places = ", ".join("?" * len(part[0]))
            self._database.executemany(
                f"INSERT OR IGNORE INTO {table} VALUES ({places})",  # noqa: S608 - names are ours
                part,
            )

    def change(self, statement: str, *values: Any) -> int:
        """Return how many rows a statement has changed."""
        return self._database.execute(statement, values).rowcount

    def rows(self, query: str, *values: Any) -> Iterator[tuple[Any, ...]]:
        yield from self._database.execute(query, values)

    def has(self, table: str, column: str, value: str) -> bool:
        query = f"SELECT 1 FROM {table} WHERE {column} = ?"  # noqa: S608 - names are ours
        return next(self.rows(query, value), None) is not None

    def empty(self, *tables: str) -> None:
        for table in tables:
            self.change(f"DELETE FROM {table}")  # noqa: S608 - names are ours


@contextmanager
def scratch() -> Iterator[Scratch]:
    """Keep a database in a temporary folder for the block."""
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(sqlite3.connect(Path(folder) / "scratch.sqlite")) as database,
    ):
        database.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {_TABLES}")
        yield Scratch(database)
