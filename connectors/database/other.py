"""What SQLAlchemy speaks, by a driver that the adopter ships: rows come as values of Python."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy import types
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql import quoted_name

from connectors.database.login import Login
from connectors.database.session import Standing
from connectors.database.spelled_rows import Column
from connectors.errors import SourceFailed, ValueUnfit
from wires.database_sources import DatabaseSource, Isolation

_DIGITS = 38
_BYTES_OF_A_VALUE = 64
"""What a value is taken to have when batches are cut; a row of Python is not measured."""


class OtherSession:
    """One connection, in one transaction."""

    def __init__(self, source: DatabaseSource, login: Login) -> None:
        self._source = source
        self._login = login
        self._types: Mapping[str, types.TypeEngine[Any]] = {}
        with _told(login):
            self._engine = sa.create_engine(_url(source, login), poolclass=sa.NullPool)
            self._connection = self._engine.connect()
            try:
                self._begin()
            except BaseException:
                self.close()
                raise
        self.dialect: Any = self._engine.dialect

    def standing(self) -> Standing:
        """Return this machine's time, since each server spells its own another way."""
        return Standing(at=datetime.now(UTC))

    def columns(self, relation: sa.Select[Any]) -> Sequence[Column]:
        schema, _, table = self._source.table.rpartition(".")
        with _told(self._login):
            found = sa.inspect(self._connection).get_columns(table, schema=schema or None)
        by_name = {one["name"]: one["type"] for one in found}
        wanted = [column.name for column in relation.selected_columns]
        self._types = by_name
        names = [name for name in wanted if name in by_name] if self._source.columns else by_name
        return [self._column(name, by_name[name]) for name in names]

    def row(self, statement: sa.Select[Any]) -> Sequence[str | None]:
        with _told(self._login):
            found = self._connection.execute(statement).fetchone()
        return [None if value is None else str(value) for value in found or ()]

    def batches(
        self, statement: sa.Select[Any], columns: Sequence[Column]
    ) -> Generator[pa.RecordBatch, None, None]:
        at_once = max(100, self._source.batch_bytes // (_BYTES_OF_A_VALUE * len(columns)))
        # With their types, or the dialect would hand out what it keeps instead of values.
        typed = statement.with_only_columns(*(self._typed(column) for column in columns))
        with _told(self._login):
            options = {"stream_results": True, "max_row_buffer": at_once}
            result = self._connection.execute(typed, execution_options=options)
            for rows in result.partitions(at_once):
                yield _batch(rows, columns)

    def time_literal(self, at: datetime) -> sa.ColumnElement[Any]:
        """Return a time without a zone, as most servers keep it; it is one in UTC."""
        return sa.literal(at.astimezone(UTC).replace(tzinfo=None), sa.DateTime())

    def close(self) -> None:
        self._connection.close()
        self._engine.dispose()

    def _begin(self) -> None:
        wanted = self._source.isolation.value.replace("_", " ").upper()
        connection: Any = self._connection.connection.dbapi_connection
        levels = self._engine.dialect.get_isolation_level_values(connection)
        if wanted in levels:
            self._connection.execution_options(isolation_level=wanted)
        elif self._source.isolation is Isolation.REPEATABLE_READ:
            # Stricter, and what servers have that do not know the other.
            self._connection.execution_options(isolation_level="SERIALIZABLE")

    def _typed(self, column: Column) -> sa.ColumnElement[Any]:
        name = quoted_name(column.name, quote=True)
        is_text = column.name in self._source.as_text
        return sa.column(name, types.NullType() if is_text else self._types[column.name])

    def _column(self, name: str, kind: types.TypeEngine[Any]) -> Column:
        quoted = self._engine.dialect.identifier_preparer.quote_identifier(name)
        is_text = name in self._source.as_text
        found = pa.string() if is_text else _type_of(kind)
        return Column(name=name, type=found, expression=quoted, server_type=str(kind))


def _url(source: DatabaseSource, login: Login) -> sa.URL:
    return sa.URL.create(
        source.dialect,
        username=login.username or None,
        password=login.password or None,
        host=login.host or None,
        port=login.port or None,
        database=login.name,
    )


def _type_of(kind: types.TypeEngine[Any]) -> pa.DataType:
    """Return the type in Parquet of what values are certain to be; text for all others."""
    if isinstance(kind, types.Boolean):
        return pa.bool_()
    if isinstance(kind, types.Integer):
        return pa.int64()
    if isinstance(kind, types.Float):
        return pa.float64()
    if isinstance(kind, types.Numeric):
        digits, scale = kind.precision, kind.scale
        fits = digits is not None and scale is not None and 0 <= scale <= digits <= _DIGITS
        return pa.decimal128(digits, scale) if fits else pa.string()
    if isinstance(kind, types.DateTime):
        return pa.timestamp("us", "UTC") if kind.timezone else pa.timestamp("us")
    return pa.date32() if isinstance(kind, types.Date) else pa.string()


def _batch(rows: Sequence[Any], columns: Sequence[Column]) -> pa.RecordBatch:
    arrays = [
        _array([row[number] for row in rows], column) for number, column in enumerate(columns)
    ]
    return pa.RecordBatch.from_arrays(
        arrays, schema=pa.schema([(column.name, column.type) for column in columns])
    )


def _array(values: list[Any], column: Column) -> pa.Array:
    try:
        if pa.types.is_string(column.type):
            return pa.array([_spelled(value) for value in values], pa.string())
        return pa.array(values, column.type)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
        raise ValueUnfit(
            f"column {column.name} ({column.server_type}) has a value that {column.type} does not "
            f"hold: {str(error)[:120]}; put {column.name} into database.as_text"
        ) from None


def _spelled(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    if isinstance(value, date):
        return value.isoformat()
    return format(value, "f") if isinstance(value, Decimal) else str(value)


@contextmanager
def _told(login: Login) -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        raise SourceFailed(f"{login.place}: {' '.join(str(error).split())[:400]}") from None
