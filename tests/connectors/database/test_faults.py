"""What happens when a server does not answer as it should, and what nobody sees of it."""

from __future__ import annotations

import socket
import threading
import traceback
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from connectors.errors import (
    AccessRefused,
    AnswerUnread,
    ConnectorError,
    SecretError,
    SourceFailed,
)
from connectors.order import Order
from connectors.pages import Page
from tests.aws import SmallAws
from tests.connectors.database.reading import (
    BY_TIME,
    EVERYTHING,
    column,
    connector_to,
    database_at,
    database_source,
    fetching,
    ids,
    landed,
    read,
)
from tests.connectors.database.servers import PASSWORD, Server, free_port
from tests.connectors.database.test_ranges import NEXT_DAY, at, moments
from tests.connectors.sources import landed_versions
from wires.database_sources import Tls
from wires.sources import Limits

MARK = "another-password-4712"


def failure(connector: Any) -> ConnectorError:
    """The error of reading, which shows nothing of the secret in any part of it."""
    with pytest.raises(ConnectorError) as error:
        read(connector)
    told = "".join(traceback.format_exception(error.value))
    assert PASSWORD not in told
    assert MARK not in told
    return error.value


def test_a_wrong_password_is_told_without_it(server: Server) -> None:
    error = failure(connector_to(server, database_at(server, "any"), password=MARK))
    assert isinstance(error, AccessRefused)
    assert "does not take username and password" in str(error)


def test_a_secret_without_a_field_says_which(server: Server) -> None:
    secret = {name: value for name, value in server.secret.items() if name != "username"}
    connector = connector_to(server, database_at(server, "any"))
    connector._secrets._load = lambda: str(secret).replace("'", '"').replace("\n", "\\n")
    error = failure(connector)
    assert isinstance(error, SecretError)
    assert "to have the field username" in str(error)


def test_a_certificate_that_nobody_vouches_for_is_refused(server: Server) -> None:
    error = failure(connector_to(server, database_at(server, "any"), ca=""))
    assert "certificate verify failed" in str(error)


def test_a_certificate_for_another_name_is_refused(server: Server, table: str) -> None:
    server.run(f"CREATE TABLE {table} (id int, v int)")
    elsewhere = database_at(server, table, host="127.0.0.1")
    assert "127.0.0.1" in str(failure(connector_to(server, elsewhere)))
    any_name = database_at(server, table, host="127.0.0.1", tls=Tls.VERIFY_CA)
    assert column(server, any_name) == []
    anybody = database_at(server, table, tls=Tls.REQUIRE)
    assert read(connector_to(server, anybody, ca="")).num_rows == 0


def test_a_database_that_is_not_there_is_told(server: Server) -> None:
    nowhere = database_at(server, "any", host="localhost", port=free_port(), connect_seconds=2)
    assert "refused" in str(failure(connector_to(server, nowhere)))


def test_a_table_that_may_not_be_read_is_told(server: Server) -> None:
    told = str(failure(connector_to(server, database_at(server, "missing"))))
    assert "missing" in told


def test_a_replica_of_mysql_is_asked_with_the_right_for_it(mysql: Server, table: str) -> None:
    mysql.run(f"CREATE TABLE {table} (id int, v int)")
    limited = database_at(mysql, table, replica_lag_seconds=5)
    assert "denied" in str(failure(connector_to(mysql, limited)))
    rights = "REPLICA MONITOR" if "MariaDB" in mysql.rows("SELECT version()")[0][0] else ""
    mysql.run(f"GRANT {rights or 'REPLICATION CLIENT'} ON *.* TO reader@'%'")
    assert column(mysql, limited) == [], "a server that is no replica is not behind"
    mysql.run(f"REVOKE {rights or 'REPLICATION CLIENT'} ON *.* FROM reader@'%'")


def test_nothing_is_written(postgres: Server, table: str) -> None:
    """A function of a query that writes is stopped by the server."""
    postgres.run(
        f"CREATE TABLE {table} (id int)",
        f"CREATE FUNCTION write_{table}() RETURNS int SECURITY DEFINER LANGUAGE sql "
        f"AS 'INSERT INTO {table} VALUES (1) RETURNING id'",
    )
    query = f"SELECT write_{table}() AS id"
    assert "read-only transaction" in str(
        failure(connector_to(postgres, database_at(postgres, query=query)))
    )
    assert postgres.rows(f"SELECT * FROM {table}") == []


def many_rows(server: Server, table: str) -> None:
    numbers = {
        "postgresql": "SELECT i AS id, repeat('x', 1000) AS v FROM generate_series(1, 40000) i",
        "mysql": "SELECT seq AS id, repeat('x', 1000) AS v FROM seq_1_to_40000",
    }
    server.run(f"CREATE TABLE {table} AS {numbers[server.engine]}")


def hang_up_on_readers(server: Server) -> None:
    """End the connections of everybody else, as a restart of the server does."""
    if server.engine == "postgresql":
        server.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE usename = 'reader' AND pid <> pg_backend_pid()"
        )
        return
    for (id,) in server.rows("SELECT id FROM information_schema.processlist WHERE user = 'reader'"):
        server.run(f"KILL {id}")


def read_hanging_up(server: Server, pages: Iterator[Page], came: list[int]) -> None:
    """Take down how many rows come, and cut the connection as soon as some have."""
    for page in pages:
        if page.batch is not None:
            came.append(len(page.batch))
        if len(came) == 1:
            hang_up_on_readers(server)


def test_a_connection_that_is_cut_in_the_middle_is_no_end_of_the_rows(
    server: Server, table: str
) -> None:
    many_rows(server, table)
    pages = connector_to(server, database_at(server, table, batch_bytes=2**16)).pages(EVERYTHING)
    came: list[int] = []
    with pytest.raises(SourceFailed):
        read_hanging_up(server, pages, came)
    assert 0 < sum(came) < 40_000


def test_after_a_cut_the_next_run_lands_all_of_it_once(
    aws: SmallAws, server: Server, table: str
) -> None:
    many_rows(server, table)
    kind = "timestamptz" if server.engine == "postgresql" else "datetime"
    server.run(f"ALTER TABLE {table} ADD at {kind} DEFAULT '2026-01-15 01:00:00'")
    source = database_source(server, table, batch_bytes=2**16, cursor=BY_TIME, limits=Limits())
    fetch = fetching(aws, server, source)
    fetch.keep_turn = lambda stream: hang_up_on_readers(server)  # type: ignore[method-assign]  # noqa: ARG005
    with pytest.raises(SourceFailed):
        fetch.run(Order())
    assert landed_versions(aws) == []
    assert fetching(aws, server, source).run(Order()).rows == 40_000
    assert len(set(ids(landed(aws, source)))) == 40_000


def test_a_reader_that_stops_early_hangs_up(server: Server, table: str) -> None:
    many_rows(server, table)
    pages = connector_to(server, database_at(server, table, batch_bytes=2**16)).pages(EVERYTHING)
    with closing(pages):
        assert next(len(page.batch) for page in pages if page.batch is not None)
    connections = {
        "postgresql": "SELECT count(*) FROM pg_stat_activity WHERE usename = 'reader' "
        "AND state = 'active' AND query LIKE '%" + table + "%'",
        "mysql": "SELECT count(*) FROM information_schema.processlist WHERE user = 'reader' "
        "AND info LIKE '%" + table + "%'",
    }
    for _ in range(100):
        ((left,),) = server.rows(connections[server.engine])
        if not left:
            return
        threading.Event().wait(0.05)
    pytest.fail(f"{left} connections are still reading")


@contextmanager
def silent_port() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield int(listening.getsockname()[1])


def test_a_server_that_never_answers_is_left(server: Server) -> None:
    with silent_port() as port:
        silent = database_at(
            server, "any", host="localhost", port=port, connect_seconds=1, wait_seconds=1
        )
        assert "timeout" in str(failure(connector_to(server, silent))).lower().replace("d o", "o")


def test_a_server_that_falls_silent_is_left(server: Server) -> None:
    sleep = "pg_sleep(5)" if server.engine == "postgresql" else "sleep(5)"
    query = f"SELECT 1 AS id, {sleep} AS v"
    error = failure(connector_to(server, database_at(server, query=query, wait_seconds=1)))
    assert "silent for 1 s" in str(error) or "timed out" in str(error)


def test_a_table_that_somebody_holds_is_left_after_a_while(postgres: Server, table: str) -> None:
    postgres.run(f"CREATE TABLE {table} (id int)")
    with closing(postgres.admin()) as holder:
        holder.execute("BEGIN")
        holder.execute(f"LOCK TABLE {table}")
        error = failure(connector_to(postgres, database_at(postgres, table, wait_seconds=1)))
    assert "timeout" in str(error)


def test_a_column_that_is_gone_or_new_between_runs(
    aws: SmallAws, server: Server, table: str
) -> None:
    moments(server, table, (1, at(1)))
    source = database_source(server, table)
    fetching(aws, server, source).run(Order())
    server.run(f"ALTER TABLE {table} ADD note varchar(9)")
    server.run(f"INSERT INTO {table} VALUES (2, '2026-01-15 13:00:00', 'new')")
    fetching(aws, server, source, now=NEXT_DAY).run(Order())
    assert [row.get("note") for row in landed(aws, source)] == [None, "new"]
    server.run(f"ALTER TABLE {table} DROP COLUMN note")
    server.run(f"ALTER TABLE {table} RENAME COLUMN at TO changed")
    with pytest.raises(AnswerUnread, match="expected a column at, there are id, changed"):
        fetching(aws, server, source, now=NEXT_DAY.replace(day=18)).run(Order())
    named = database_source(server, table, columns=("id", "note"), cursor=None)
    with pytest.raises(SourceFailed, match="note"):
        read(connector_to(server, named.database))  # type: ignore[arg-type]  # it has one
