"""MySQL and MariaDB: the server spells each row as a line of CSV.

It has no COPY. A value of Python for each value of a row is what its driver takes most time for, so
a row is one value: the line that the server makes of it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pymysql
import sqlalchemy as sa
from pymysql.constants import CLIENT, ER, FIELD_TYPE, FLAG
from pymysql.cursors import SSCursor
from sqlalchemy.dialects import mysql

from connectors.database.login import Login, tls_context, tls_files
from connectors.database.session import Standing
from connectors.database.spelled_rows import Column, batch_of
from connectors.database.statements import text_of
from connectors.errors import AccessRefused, SourceFailed
from wires.database_sources import DatabaseSource

_BINARY = 63
"""Number of the character set that is none."""
_ROWS_AT_ONCE = 1000
"""Between two looks at how much has come."""
_REFUSED = frozenset(
    {ER.ACCESS_DENIED_ERROR, ER.DBACCESS_DENIED_ERROR, ER.TABLEACCESS_DENIED_ERROR}
)
_WHOLE = frozenset(
    {FIELD_TYPE.TINY, FIELD_TYPE.SHORT, FIELD_TYPE.INT24, FIELD_TYPE.LONG, FIELD_TYPE.YEAR}
)
_TYPES: Mapping[int, pa.DataType] = {
    **dict.fromkeys(_WHOLE, pa.int64()),
    FIELD_TYPE.DOUBLE: pa.float64(),
    FIELD_TYPE.DATE: pa.date32(),
    FIELD_TYPE.NEWDATE: pa.date32(),
    FIELD_TYPE.DATETIME: pa.timestamp("us"),
    FIELD_TYPE.TIMESTAMP: pa.timestamp("us", "UTC"),
}
_SPELLED = {
    # As the double that it is: the server shows six digits of it.
    FIELD_TYPE.FLOAT: "{} + 0E0",
    FIELD_TYPE.BIT: "{} + 0",
    FIELD_TYPE.TIMESTAMP: "CONCAT({}, '+00:00')",
}
_DECIMALS = (FIELD_TYPE.DECIMAL, FIELD_TYPE.NEWDECIMAL)
_NAMES = {number: name.lower() for name, number in vars(FIELD_TYPE).items() if name.isupper()}
_DIGITS = 38
_REPLICA = ("SHOW REPLICA STATUS", "SHOW SLAVE STATUS")
"""The latter for MariaDB before 10.5 and MySQL before 8.0.22."""
_BEHIND = ("Seconds_Behind_Source", "Seconds_Behind_Master")


class _Cursor(SSCursor):  # type: ignore[misc]  # the driver has no types
    """Takes rows as they come, and knows what its columns are.

    `description` says neither whether a number has a sign nor whether text is text.
    """

    def abandon(self) -> None:
        """Leave the rows that have not come; the driver would read them all before it goes."""
        if self._result:
            self._result.unbuffered_active = False
        self._result: Any = None
        self.connection: Any = None

    @property
    def fields(self) -> Sequence[Any]:
        return self._result.fields if self._result else ()


class MysqlSession:
    """One connection, in one transaction that sees one moment."""

    dialect: Any = mysql.dialect(paramstyle="named")

    def __init__(self, source: DatabaseSource, login: Login) -> None:
        """Connect, and begin. Raises AccessRefused or SourceFailed."""
        self._source = source
        self._login = login
        with _told(login):
            self._connection = _connected(source, login)
            try:
                for statement in _beginning(source):
                    self._all(statement)
            except BaseException:
                self._connection.close()
                raise

    def standing(self) -> Standing:
        ((now,),) = self._all("SELECT utc_timestamp(6)")
        at = datetime.fromisoformat(now).replace(tzinfo=UTC)
        if not self._source.replica_lag_seconds:
            return Standing(at=at)
        lag = self._lag()
        behind = timedelta(seconds=lag or 0)
        return Standing(at=at - behind, lag_seconds=lag)

    def columns(self, relation: sa.Select[Any]) -> Sequence[Column]:
        with _told(self._login), self._connection.cursor(_Cursor) as cursor:
            cursor.execute(text_of(relation.limit(0), self.dialect))
            return [self._column(field) for field in cursor.fields]

    def row(self, statement: sa.Select[Any]) -> Sequence[str | None]:
        found = self._all(text_of(statement, self.dialect))
        return found[0] if found else ()

    def batches(
        self, statement: sa.Select[Any], columns: Sequence[Column]
    ) -> Generator[pa.RecordBatch, None, None]:
        # Null if one of them is longer than the server's packets; no expression is null otherwise.
        fields = ", ',', ".join(column.expression for column in columns)
        line: sa.ColumnClause[str] = sa.literal_column(f"CONCAT({fields})")
        spelled = statement.with_only_columns(line)
        for lines in self._lines(text_of(spelled, self.dialect)):
            yield batch_of(lines, columns)

    def time_literal(self, at: datetime) -> sa.ColumnElement[Any]:
        text = at.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ")
        return sa.literal_column(f"'{text}'")

    def close(self) -> None:
        """Hang up; what the server has not sent yet is not waited for."""
        if self._connection.open:
            self._connection.close()

    def _lines(self, sql: str) -> Iterator[bytes]:
        cursor = self._connection.cursor(_Cursor)
        try:
            with _told(self._login):
                cursor.execute(sql)
                yield from self._chunks(cursor)
        finally:
            cursor.abandon()

    def _chunks(self, cursor: _Cursor) -> Iterator[bytes]:
        chunk: list[bytes] = []
        size = 0
        while rows := cursor.fetchmany(_ROWS_AT_ONCE):
            for (line,) in rows:
                if line is None:
                    raise SourceFailed(
                        f"{self._login.place} cannot send a row, which is longer than its "
                        "max_allowed_packet: raise that, or leave the long column out"
                    )
                chunk.append(line)
                size += len(line) + 1
                if size >= self._source.batch_bytes:
                    yield b"\n".join([*chunk, b""])
                    chunk, size = [], 0
        if chunk:
            yield b"\n".join([*chunk, b""])

    def _column(self, field: Any) -> Column:
        name, quoted = field.name, self.dialect.identifier_preparer.quote_identifier(field.name)
        server_type = _NAMES.get(field.type_code, f"type {field.type_code}")
        is_text = name in self._source.as_text
        kind = None if is_text else _type_of(field)
        if kind is not None:
            spelled = _SPELLED.get(field.type_code, "{}").format(quoted)
            expression = f"IF({quoted} IS NULL, '', {spelled})"
        else:
            text = f"REPLACE({_as_text(field, quoted)}, '\"', '\"\"')"
            expression = f"IF({quoted} IS NULL, '', CONCAT('\"', {text}, '\"'))"
            kind = pa.string()
        return Column(name=name, type=kind, expression=expression, server_type=server_type)

    def _lag(self) -> float | None:
        found = self._replica_status()
        if found is None:
            return 0
        behind = next((found[name] for name in _BEHIND if name in found), None)
        return None if behind is None else float(behind)

    def _replica_status(self) -> Mapping[str, str | None] | None:
        """Return what a replica says of itself; None for a server that is none."""
        for statement in _REPLICA:
            with _told(self._login), self._connection.cursor() as cursor:
                try:
                    cursor.execute(statement)
                except pymysql.err.ProgrammingError as error:
                    if error.args[0] != ER.PARSE_ERROR:
                        raise
                    continue
                names = [name for name, *_ in cursor.description or ()]
                found = cursor.fetchone()
                return dict(zip(names, map(_text, found), strict=True)) if found else None
        return None

    def _all(self, sql: str) -> Sequence[Sequence[Any]]:
        with _told(self._login), self._connection.cursor() as cursor:
            cursor.execute(sql)
            return [tuple(map(_text, row)) for row in cursor.fetchall()]


def _connected(source: DatabaseSource, login: Login) -> Any:
    with tls_files(login) as files:
        context = tls_context(login, files)
        return pymysql.connect(
            host=login.host,
            port=login.port,
            user=login.username,
            password=login.password.encode(),
            database=login.name,
            charset="utf8mb4",
            use_unicode=False,
            # Values come as the server spells them.
            conv={},
            connect_timeout=source.connect_seconds,
            read_timeout=source.wait_seconds,
            write_timeout=source.wait_seconds,
            ssl=context,
            ssl_disabled=context is None,
            client_flag=CLIENT.PROTOCOL_41,
            autocommit=None,
        )


def _beginning(source: DatabaseSource) -> Iterator[str]:
    """Yield what makes values be spelled the same whatever the server has been set to, and what
    begins the transaction."""
    yield "SET SESSION time_zone = '+00:00'"
    # Zero dates are values, and are read as they are.
    yield "SET SESSION sql_mode = ''"
    yield f"SET SESSION net_write_timeout = {source.wait_seconds}"
    level = source.isolation.value.replace("_", " ").upper()
    yield f"SET SESSION TRANSACTION ISOLATION LEVEL {level}"
    yield "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"


def _type_of(field: Any) -> pa.DataType | None:
    """Return the type of a column in Parquet; None for what lands as text."""
    code = field.type_code
    if code == FIELD_TYPE.LONGLONG:
        return pa.uint64() if field.flags & FLAG.UNSIGNED else pa.int64()
    if code == FIELD_TYPE.BIT:
        return pa.uint64()
    if code == FIELD_TYPE.FLOAT:
        return pa.float64()
    if code in _DECIMALS:
        return _decimal(field)
    return _TYPES.get(code)


def _decimal(field: Any) -> pa.DataType | None:
    # Its length counts the sign, and the point where there is one.
    signs = (0 if field.flags & FLAG.UNSIGNED else 1) + (1 if field.scale else 0)
    digits = field.length - signs
    return pa.decimal128(digits, field.scale) if digits <= _DIGITS else None


def _as_text(field: Any, quoted: str) -> str:
    code = field.type_code
    is_bytes = field.charsetnr == _BINARY and code in _OF_BYTES
    return f"LOWER(HEX({quoted}))" if is_bytes else f"CONVERT({quoted} USING utf8mb4)"


_OF_BYTES = frozenset(
    {
        FIELD_TYPE.BLOB,
        FIELD_TYPE.TINY_BLOB,
        FIELD_TYPE.MEDIUM_BLOB,
        FIELD_TYPE.LONG_BLOB,
        FIELD_TYPE.STRING,
        FIELD_TYPE.VAR_STRING,
        FIELD_TYPE.VARCHAR,
        FIELD_TYPE.GEOMETRY,
    }
)


def _text(value: Any) -> str | None:
    return value.decode() if isinstance(value, bytes) else value


@contextmanager
def _told(login: Login) -> Iterator[None]:
    """Tell errors of the driver as those of the source."""
    try:
        yield
    except (pymysql.err.MySQLError, OSError) as error:
        words = " ".join(str(one) for one in error.args)[:400]
        if error.args and error.args[0] in _REFUSED:
            raise AccessRefused(
                f"{login.place} does not take username and password of the secret, or lets them "
                f"see too little: {words}"
            ) from None
        raise SourceFailed(f"{login.place}: {words}") from None
