"""What is asked of a database, in the dialect that it speaks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import quoted_name

from connectors.database.session import Session
from connectors.database.spelled_rows import Column
from wires.database_sources import DatabaseSource
from wires.positions import Span, pair_of, spelled
from wires.sources import Cursor, CursorType

_ALIAS = "asked"
Condition = sa.ColumnElement[bool]


class Statements:
    """The statements of one landing."""

    def __init__(self, source: DatabaseSource, cursor: Cursor | None, session: Session) -> None:
        self._source = source
        self._cursor = cursor
        self._session = session
        self._from = relation_of(source)

    def described(self) -> sa.Select[Any]:
        """Return a statement with the columns that are wanted."""
        names = self._source.columns
        if names:
            return self._select(*map(named, names))
        return self._select(sa.literal_column("*"))

    def rows(self, columns: Sequence[Column], conditions: Sequence[Condition]) -> sa.Select[Any]:
        """Return a statement with all columns of the rows that fulfil the conditions."""
        expressions = [column.expression for column in columns]
        return self._select(*map(sa.literal_column, expressions)).where(*conditions)

    def within(self, span: Span) -> list[Condition]:
        """Return what makes a row one of a range: at its beginning or later, before its end."""
        cursor = self._cursor
        if cursor is None:
            return []
        conditions = []
        if span.asked_from:
            conditions.append(sa.not_(self._is_before(span.asked_from, cursor)))
        if span.until:
            conditions.append(self._is_before(span.until, cursor))
        return conditions or [named(cursor.field).is_not(None)]

    def highest(self, cursor: Cursor, *, before: datetime | None) -> sa.Select[Any]:
        """Return a statement for the last position that there is, of rows older than a moment."""
        names = [name for name in (cursor.field, cursor.then) if name]
        # Under other names, or ORDER BY would mean these texts, of which "9" is the last.
        spelled_out = [
            sa.cast(named(name), sa.String(64)).label(f"position_{number}")
            for number, name in enumerate(names)
        ]
        statement = self._select(*spelled_out)
        statement = statement.where(*(named(name).is_not(None) for name in names))
        if before is not None:
            older = named(cursor.field) < self._session.time_literal(before)
            statement = statement.where(older)
        return statement.order_by(*(named(name).desc() for name in names)).limit(1)

    def without_position(self, cursor: Cursor) -> sa.Select[Any]:
        """Return a statement for the number of rows that no range has."""
        names = [name for name in (cursor.field, cursor.then) if name]
        is_null = sa.or_(*(named(name).is_(None) for name in names))
        return self._select(sa.func.count()).where(is_null)

    def bounds(self, column: str) -> sa.Select[Any]:
        """Return a statement for the lowest and the highest value of a column."""
        return self._select(sa.func.min(named(column)), sa.func.max(named(column)))

    def _select(self, *what: Any) -> sa.Select[Any]:
        return sa.select(*what).select_from(self._from)

    def _is_before(self, position: str, cursor: Cursor) -> Condition:
        at = named(cursor.field)
        if cursor.type is not CursorType.TIMESTAMP_AND_INTEGER:
            return at < self._literal(position, cursor.type)
        moment, number = pair_of(position)
        time = self._literal(moment, CursorType.TIMESTAMP)
        of_that_time = sa.and_(at == time, named(cursor.then) < sa.literal_column(str(number)))
        return sa.or_(at < time, of_that_time)

    def _literal(self, position: str, kind: CursorType) -> sa.ColumnElement[Any]:
        if kind is CursorType.TIMESTAMP:
            return self._session.time_literal(datetime.fromisoformat(position))
        if kind is CursorType.DATE:
            return sa.literal(datetime.fromisoformat(position).date(), sa.Date())
        return sa.literal_column(spelled(position, kind))


def named(name: str) -> sa.ColumnClause[Any]:
    """Return a column, in the very letters of its name."""
    return sa.column(quoted_name(name, quote=True))


def relation_of(source: DatabaseSource) -> sa.FromClause:
    """Return the table, or the query as if it were one."""
    if source.query:
        return sa.table(quoted_name(f"({source.query}\n) {_ALIAS}", quote=False))
    schema, _, name = source.table.rpartition(".")
    return sa.table(
        quoted_name(name, quote=True), schema=quoted_name(schema, quote=True) if schema else None
    )


def text_of(statement: sa.Select[Any], dialect: sa.engine.Dialect) -> str:
    """Return a statement as one text, values included: COPY takes no others."""
    return str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
