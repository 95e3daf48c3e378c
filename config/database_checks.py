"""Rules of a source's section `database` that more than one value is about."""

from __future__ import annotations

from collections.abc import Iterator

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from config.database_document import DatabaseDocument
from config.errors import BrokenRule
from config.source_document import SourceDocument
from wires.database_sources import Engine, Tls
from wires.sources import CursorType, Mode

_DIALECTS = {Engine.POSTGRESQL: "postgres", Engine.MYSQL: "mysql", Engine.OTHER: ""}


def broken_database(document: SourceDocument, database: DatabaseDocument) -> Iterator[BrokenRule]:
    """Yield every contradiction within the section, and between it and the rest of the file."""
    yield from _broken_place(document, database)
    yield from _broken_engine(database)
    yield from _broken_query(database)
    yield from _broken_columns(document, database)
    yield from _broken_mode(document, database)


def _broken_place(document: SourceDocument, database: DatabaseDocument) -> Iterator[BrokenRule]:
    if not document.secret:
        yield BrokenRule(
            field="secret",
            value="",
            rule="needed for the kind database: it has username and password",
        )
    if database.tls is Tls.OFF and not document.connection:
        rule = "must not be off without a connection to a network of yours: passwords go over it"
        yield _rule("tls", "off", rule)
    if bool(database.table) is bool(database.query):
        yield _rule("table", database.table, "or query is needed, one of them")


def _broken_engine(database: DatabaseDocument) -> Iterator[BrokenRule]:
    is_other = database.engine is Engine.OTHER
    if bool(database.dialect) is not is_other:
        yield _rule(
            "dialect", database.dialect, "must be there for the engine other, and only then"
        )
    if is_other and not database.table:
        yield _rule("query", database.query, "is for postgresql and mysql: others need a table")
    if database.ranges and database.engine is not Engine.POSTGRESQL:
        rule = "is for postgresql: no other server lets connections see the same moment"
        yield _rule("ranges", database.ranges.column, rule)
    if is_other and database.tls is not Tls.OFF:
        rule = "must be off for the engine other: nothing here can verify its driver's connections"
        yield _rule("tls", database.tls.value, rule)
    if is_other and database.replica_lag_seconds:
        yield _rule("replica_lag_seconds", database.replica_lag_seconds, "is not for other engines")


def _broken_query(database: DatabaseDocument) -> Iterator[BrokenRule]:
    if not database.query:
        return
    try:
        found = sqlglot.parse(database.query, dialect=_DIALECTS[database.engine])
    except SqlglotError as error:
        yield _rule("query", database.query[:60], f"must be SQL: {str(error).splitlines()[0]}")
        return
    if len(found) != 1 or not isinstance(found[0], exp.Query) or ";" in database.query:
        yield _rule("query", database.query[:60], "must be one SELECT, without a semicolon")


def _broken_columns(document: SourceDocument, database: DatabaseDocument) -> Iterator[BrokenRule]:
    """Yield columns that others name and that `columns` leaves out."""
    if not database.columns:
        return
    named = {"as_text": database.as_text, "key": database.key}
    for field, names in named.items():
        if lost := [name for name in names if name not in database.columns]:
            yield _rule(field, ", ".join(lost), "must be among database.columns")
    cursor = document.cursor
    for field in ("field", "then") if cursor else ():
        name = getattr(cursor, field)
        if name and name not in database.columns:
            rule = "must be among database.columns"
            yield BrokenRule(field=f"cursor.{field}", value=name, rule=rule)


def _broken_mode(document: SourceDocument, database: DatabaseDocument) -> Iterator[BrokenRule]:
    cursor = document.cursor
    if cursor and cursor.type is CursorType.OPAQUE:
        yield BrokenRule(field="cursor.type", value="opaque", rule="is for APIs")
    if database.key and document.mode is not Mode.CHANGED:
        yield _rule("key", ", ".join(database.key), "is for the mode changed")
    if cursor and cursor.field in database.as_text:
        yield _rule("as_text", cursor.field, "must leave the cursor out: its order is another one")


def _rule(field: str, value: object, rule: str) -> BrokenRule:
    return BrokenRule(field=f"database.{field}", value=value, rule=rule)
