"""PostgreSQL: rows come by COPY, which streams them in the server's own spelling.

psycopg makes the connection. The rows pass its cursors by, as these make an object of each value:
https://www.psycopg.org/psycopg3/docs/api/pq.html has what is used of libpq.
"""

from __future__ import annotations

import select
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Any, cast

import psycopg
import pyarrow as pa
import sqlalchemy as sa
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult
from sqlalchemy.dialects import postgresql

from connectors.database.login import Login, tls_files
from connectors.database.session import Standing
from connectors.database.spelled_rows import Column, batch_of
from connectors.database.statements import text_of
from connectors.errors import AccessRefused, SourceFailed
from wires.database_sources import DatabaseSource, Isolation, Tls

_SSL_MODES = {
    Tls.VERIFY_FULL: "verify-full",
    Tls.VERIFY_CA: "verify-ca",
    Tls.REQUIRE: "require",
    Tls.OFF: "disable",
}
_SPELLING: Mapping[str, str] = {
    "timezone": "UTC",
    "datestyle": "ISO",
    "intervalstyle": "iso_8601",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "idle_in_transaction_session_timeout": "0",
}
"""Whatever the server or the user has been set to, values are spelled the same."""
_FLOATS = {"float4": pa.float32(), "float8": pa.float64()}
_TYPES: Mapping[str, pa.DataType] = {
    **dict.fromkeys(("int2", "int4", "int8", "oid"), pa.int64()),
    **_FLOATS,
    "bool": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "timestamptz": pa.timestamp("us", "UTC"),
}
_DIGITS = 38
"""Of Arrow's decimals that Parquet's readers know."""
_ACCESS = "28"
"""Class of SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html"""
_STANDING = """
    SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_xact_replay_timestamp()
                ELSE transaction_timestamp() END,
           pg_is_in_recovery(),
           pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn()
               AND EXISTS (SELECT FROM pg_stat_wal_receiver),
           extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float8
"""


class PostgresSession:
    """One connection, in one transaction that sees one moment."""

    dialect: Any = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]  # it has no types

    def __init__(self, source: DatabaseSource, login: Login, *, moment: str = "") -> None:
        """Connect, and begin; with a moment, at the one that another session has exported.

        Raises AccessRefused or SourceFailed.
        """
        self._source = source
        self._login = login
        with _told(login):
            self._connection = _connected(source, login)
            try:
                self._begin(moment)
            except BaseException:
                self._connection.close()
                raise

    def standing(self) -> Standing:
        at, is_standby, has_all, age = self._values(_STANDING)
        if not is_standby:
            return Standing(at=at)
        if at is None:
            return Standing(at=datetime.min.replace(tzinfo=UTC), lag_seconds=None)
        return Standing(at=at, lag_seconds=0 if has_all else age)

    def columns(self, relation: sa.Select[Any]) -> Sequence[Column]:
        with _told(self._login):
            cursor = self._connection.execute(_sql(text_of(relation.limit(0), self.dialect)))
            return [self._column(one) for one in cursor.description or ()]

    def row(self, statement: sa.Select[Any]) -> Sequence[str | None]:
        with _told(self._login):
            cursor = self._connection.execute(_sql(text_of(statement, self.dialect)))
            found = cursor.fetchone()
        return [None if value is None else str(value) for value in found or ()]

    def batches(
        self, statement: sa.Select[Any], columns: Sequence[Column]
    ) -> Generator[pa.RecordBatch, None, None]:
        copied = f"COPY ({text_of(statement, self.dialect)}) TO STDOUT (FORMAT csv)"
        for spelled in self._copied(copied):
            yield batch_of(spelled, columns)

    def export_moment(self) -> str:
        """Return a name by which other sessions see the moment that this one does."""
        (name,) = self._values("SELECT pg_export_snapshot()")
        return str(name)

    def time_literal(self, at: datetime) -> sa.ColumnElement[Any]:
        return sa.literal_column(f"'{at.astimezone(UTC).isoformat(sep=' ')}'")

    def close(self) -> None:
        """Hang up; what the server has not sent yet is not waited for."""
        self._connection.close()

    def _begin(self, moment: str) -> None:
        level = self._source.isolation.value.replace("_", " ").upper()
        if moment:
            level = Isolation.REPEATABLE_READ.value.replace("_", " ").upper()
        self._connection.execute(_sql(f"BEGIN ISOLATION LEVEL {level} READ ONLY"))
        if moment:
            self._connection.execute(_sql(f"SET TRANSACTION SNAPSHOT '{moment}'"))
        # Of the transaction, so that a pool in between may have the connection back as it was.
        wait = f"{self._source.wait_seconds}s"
        for name, value in {**_SPELLING, "lock_timeout": wait, "statement_timeout": wait}.items():
            self._connection.execute(_sql(f"SET LOCAL {name} = '{value}'"))

    def _values(self, sql: str) -> Sequence[Any]:
        with _told(self._login):
            return self._connection.execute(_sql(sql)).fetchone() or ()

    def _column(self, described: psycopg.Column) -> Column:
        info = psycopg.adapters.types.get(described.type_code)
        is_list = info is not None and described.type_code == info.array_oid
        name = info.name if info and not is_list else "another type"
        quoted = self.dialect.identifier_preparer.quote_identifier(described.name)
        if described.name in self._source.as_text:
            return _text(described.name, f"CAST({quoted} AS text)", name)
        if name == "bytea":
            return _text(described.name, f"encode({quoted}, 'hex')", name)
        kind = _decimal(described) if name == "numeric" else _TYPES.get(name)
        if kind is None:
            return _text(described.name, f"CAST({quoted} AS text)", name)
        return Column(name=described.name, type=kind, expression=quoted, server_type=name)

    def _copied(self, sql: str) -> Iterator[bytearray]:
        """Yield what COPY sends, whole rows at a time."""
        with _told(self._login):
            # However long all rows take, it is silence that ends it.
            self._connection.execute("SET LOCAL statement_timeout = 0")
            pg = self._connection.pgconn
            pg.send_query(sql.encode())
            self._demand(self._result(pg), ExecStatus.COPY_OUT)
            yield from self._chunks(pg)
            # Not before this is known whether the rows are all: it may have been cut off.
            self._demand(self._result(pg), ExecStatus.COMMAND_OK)
            while self._result(pg) is not None:
                pass

    def _chunks(self, pg: PGconn) -> Iterator[bytearray]:
        enough, chunk, receive = self._source.batch_bytes, bytearray(), pg.get_copy_data
        while True:
            size, data = receive(1)
            if size > 0:
                chunk += data
                if len(chunk) >= enough:
                    yield chunk
                    chunk = bytearray()
            elif size == 0:
                self._await(pg)
            else:
                break
        if chunk:
            yield chunk

    def _result(self, pg: PGconn) -> PGresult | None:
        while pg.is_busy():
            self._await(pg)
        return pg.get_result()

    def _await(self, pg: PGconn) -> None:
        waiting = select.poll()
        waiting.register(pg.socket, select.POLLIN)
        seconds = self._source.wait_seconds
        if not waiting.poll(seconds * 1000):
            raise SourceFailed(
                f"{self._login.place} has been silent for {seconds} s: raise "
                "database.wait_seconds, or add an index on the cursor's column"
            )
        pg.consume_input()

    def _demand(self, result: PGresult | None, status: ExecStatus) -> None:
        if result is None or result.status != status:
            raise psycopg.errors.error_from_result(cast("PGresult", result))


def _connected(source: DatabaseSource, login: Login) -> psycopg.Connection[tuple[Any, ...]]:
    with ExitStack() as stack:
        files = stack.enter_context(tls_files(login))
        options: dict[str, Any] = {
            "host": login.host,
            "port": login.port,
            "dbname": login.name,
            "user": login.username,
            "password": login.password,
            "connect_timeout": source.connect_seconds,
            "client_encoding": "UTF8",
            "application_name": "connector",
            "gssencmode": "disable",
            "sslmode": _SSL_MODES[login.tls],
            "keepalives_idle": 30,
            "tcp_user_timeout": source.wait_seconds * 1000,
        }
        if login.tls in (Tls.VERIFY_FULL, Tls.VERIFY_CA):
            options["sslrootcert"] = files.authority
        if files.certificate:
            options |= {"sslcert": files.certificate, "sslkey": files.private_key}
        # The transaction is begun by hand, with all that belongs to it.
        return psycopg.connect(autocommit=True, prepare_threshold=None, **options)


def _text(name: str, expression: str, server_type: str) -> Column:
    return Column(name=name, type=pa.string(), expression=expression, server_type=server_type)


def _decimal(described: psycopg.Column) -> pa.DataType | None:
    """Return the type of a number of bounded digits; None for one that only text holds."""
    digits, scale = described.precision, described.scale
    if digits is None or scale is None or not 0 <= scale <= digits <= _DIGITS:
        return None
    return pa.decimal128(digits, scale)


def _sql(text: str) -> bytes:
    """Return a text as psycopg takes it if it is no literal of this code."""
    return text.encode()


@contextmanager
def _told(login: Login) -> Iterator[None]:
    """Tell errors of the driver as those of the source."""
    try:
        yield
    except psycopg.Error as error:
        words = " ".join(str(error).split())[:400]
        if (error.sqlstate or "").startswith(_ACCESS) or "authentication failed" in words:
            raise AccessRefused(
                f"{login.place} does not take username and password of the secret: {words}"
            ) from None
        raise SourceFailed(f"{login.place}: {words}") from None
    except UnicodeDecodeError as error:
        raise SourceFailed(f"{login.place} sends what is not UTF-8: {error.reason}") from None
