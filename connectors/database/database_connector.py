"""Reads a range of a table, or all of it, as it is at one moment."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from connectors.database.key_ranges import ranged_batches
from connectors.database.login import login_of
from connectors.database.opening import opened
from connectors.database.session import Session
from connectors.database.statements import Statements
from connectors.errors import AnswerUnread, ReplicaBehind, RowsWithoutPosition
from connectors.pages import Page
from connectors.secrets import Secrets, without_secrets
from wires.database_sources import DatabaseSource, WithoutPosition
from wires.positions import Span, after, later, pair_position, position_of, time_position, whole
from wires.sources import Cursor, CursorType

Say = Callable[[str], Any]


class DatabaseConnector:
    """Reads one table or query."""

    def __init__(
        self, database: DatabaseSource, cursor: Cursor | None, secrets: Secrets, *, say: Say
    ) -> None:
        self._database = database
        self._cursor = cursor
        self._secrets = secrets
        self._say = say

    def pages(self, span: Span) -> Generator[Page, None, None]:
        """Yield where the range ends, and then its rows.

        Raises SourceFailed if they cannot be had whole.
        """
        with without_secrets(self._secrets):
            login = login_of(self._database, self._secrets.current)
            with closing(opened(self._database, login)) as session:
                reading = _Reading(self._database, self._cursor, session, say=self._say)
                bounded = reading.bounded(span)
                yield Page(rows=(), end=bounded.until)
                for batch in reading.batches(bounded, lambda at: opened(self._database, login, at)):
                    yield Page(rows=(), batch=batch)


class _Reading:
    """One moment of the database."""

    def __init__(
        self, database: DatabaseSource, cursor: Cursor | None, session: Session, *, say: Say
    ) -> None:
        self._database = database
        self._cursor = cursor
        self._session = session
        self._say = say
        self._statements = Statements(database, cursor, session)
        self._standing = session.standing()
        self._check_lag()
        self._columns = session.columns(self._statements.described())
        self._check_columns()

    def bounded(self, span: Span) -> Span:
        """Return the range with the end that it has at this moment."""
        if self._cursor is None:
            return span
        self._check_positions(self._cursor)
        until = later(span.asked_from, self._end(self._cursor, span), self._cursor.type)
        return Span(since=span.since, until=until, asked_from=span.asked_from)

    def batches(
        self, span: Span, open_at: Callable[[str], Session]
    ) -> Generator[pa.RecordBatch, None, None]:
        if self._cursor and span.until == span.asked_from:
            return
        conditions, ranges = self._statements.within(span), self._database.ranges
        if ranges is None:
            statement = self._statements.rows(self._columns, conditions)
            yield from self._session.batches(statement, self._columns)
        else:
            yield from ranged_batches(
                ranges,
                self._session,
                self._statements,
                columns=self._columns,
                conditions=conditions,
                open_at=open_at,
            )

    def _end(self, cursor: Cursor, span: Span) -> str:
        """Return where the range ends: nothing that comes later may have a position before it."""
        complete = self._standing.at - timedelta(seconds=cursor.lag_seconds)
        if cursor.type.is_clock:
            return min(span.until, whole(time_position(complete), cursor.type))
        if span.until:
            return span.until
        before = complete if cursor.type is CursorType.TIMESTAMP_AND_INTEGER else None
        highest = self._session.row(self._statements.highest(cursor, before=before))
        if not highest or highest[0] is None:
            return span.asked_from
        return after(_position(highest, cursor), cursor.type)

    def _check_lag(self) -> None:
        limit, lag = self._database.replica_lag_seconds, self._standing.lag_seconds
        if lag:
            self._say(f"the replica is {lag:,.0f} s behind; the range ends at what it has")
        if limit and (lag is None or lag > limit):
            behind = "gets nothing any more" if lag is None else f"is {lag:,.0f} s behind"
            raise ReplicaBehind(
                f"expected a replica that is at most {limit} s behind, this one {behind}: nothing "
                "is read of it; a later run tries again, or raise database.replica_lag_seconds"
            )

    def _check_columns(self) -> None:
        names = [column.name for column in self._columns]
        if len(set(names)) < len(names):
            twice = sorted({name for name in names if names.count(name) > 1})
            raise AnswerUnread(f"expected columns of different names, twice there are {twice}")
        wanted = [*self._database.as_text, *self._database.key]
        wanted += [self._cursor.field, self._cursor.then] if self._cursor else []
        for name in filter(None, wanted):
            if name not in names:
                raise AnswerUnread(
                    f"expected a column {name}, there are {', '.join(names)}: it was dropped or "
                    "renamed; nothing of this range is landed"
                )
        if self._cursor:
            self._check_cursor(self._cursor)

    def _check_cursor(self, cursor: Cursor) -> None:
        types = {column.name: column for column in self._columns}
        wanted = {cursor.field: cursor.type, cursor.then: CursorType.INTEGER}
        for name, kind in wanted.items():
            if name and not _holds(types[name].type, kind):
                raise AnswerUnread(
                    f"expected the cursor {name} to be of a type for {kind}, it is "
                    f"{types[name].server_type}: its order would be another one"
                )

    def _check_positions(self, cursor: Cursor) -> None:
        (count,) = self._session.row(self._statements.without_position(cursor))
        if count in (None, "0"):
            return
        told = f"{int(count or 0):,} rows have no {cursor.field}, so no range has them"
        if self._database.without_position is WithoutPosition.REFUSE:
            raise RowsWithoutPosition(
                f"{told}: give them one, fetch the table with mode full, or set "
                "database.without_position to leave"
            )
        self._say(told)


def _position(found: Sequence[str | None], cursor: Cursor) -> str:
    if cursor.type is CursorType.TIMESTAMP_AND_INTEGER:
        at = datetime.fromisoformat(str(found[0]))
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return pair_position(time_position(at), int(str(found[1])))
    return position_of(str(found[0]), cursor.type)


def _holds(kind: pa.DataType, cursor: CursorType) -> bool:
    """Whether positions of a type are in the order of a column's values."""
    if cursor in (CursorType.TIMESTAMP, CursorType.TIMESTAMP_AND_INTEGER):
        return bool(pa.types.is_timestamp(kind))
    if cursor is CursorType.DATE:
        return bool(pa.types.is_date(kind) or pa.types.is_timestamp(kind))
    return bool(pa.types.is_integer(kind) or (pa.types.is_decimal(kind) and kind.scale == 0))
