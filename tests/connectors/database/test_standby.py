"""A real standby of PostgreSQL, which is behind or has lost its server."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from connectors.database.login import login_of
from connectors.database.postgresql import PostgresSession
from connectors.errors import ReplicaBehind
from tests.connectors.database.reading import (
    BY_TIME,
    connector_to,
    database_at,
    read,
    secrets_of,
)
from tests.connectors.database.servers import (
    PASSWORD,
    Server,
    _folder,
    _program,
    _running,
    free_port,
)
from tests.connectors.database.test_ranges import at, moments, span_to
from tests.connectors.sources import NOON


@pytest.fixture(scope="module")
def standby(postgres: Server) -> Iterator[Server]:
    """A copy of the server, which follows it."""
    port = free_port()
    with _folder() as (folder, as_owner):
        data, copier = folder / "data", _program("pg_basebackup")
        source = f"host=localhost port={postgres.port} user=postgres"
        copied = subprocess.run(
            [*as_owner, copier, "-D", str(data), "-R", "-c", "fast", "-d", source],
            env={**os.environ, "PGPASSWORD": PASSWORD, "HOME": str(folder)},
            capture_output=True,
            check=False,
            cwd="/",
        )
        assert copied.returncode == 0, copied.stderr.decode()
        told = f"{source} password={PASSWORD}"
        options = {
            "port": str(port),
            "listen_addresses": "localhost",
            "unix_socket_directories": "",
            "ssl": "on",
            "ssl_cert_file": str(postgres.folder / "server.crt"),
            "ssl_key_file": str(postgres.folder / "server.key"),
            "primary_conninfo": told,
            "wal_receiver_status_interval": "1s",
        }
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]

        def admin() -> Any:
            return psycopg.connect(
                host="localhost",
                port=port,
                user="postgres",
                password=PASSWORD,
                dbname="shop",
                autocommit=True,
            )

        command = [*as_owner, _program("postgres"), "-D", str(data), *words]
        with _running(command, folder, admin) as p:
            yield Server(
                engine="postgresql",
                port=port,
                folder=folder,
                authority=postgres.authority,
                admin=admin,
                process=p,
            )


def caught_up(standby: Server, statement: str, expected: Any) -> None:
    for _ in range(200):
        try:
            if standby.rows(statement) == expected:
                return
        except psycopg.Error:
            pass
        threading.Event().wait(0.05)
    pytest.fail(f"{statement} is not {expected} there")


@pytest.mark.slow
def test_a_standby_is_read_up_to_what_it_has(postgres: Server, standby: Server, table: str) -> None:
    moments(postgres, table, (1, at(1)))
    caught_up(standby, f"SELECT id FROM {table}", [(1,)])
    standby.run("SELECT pg_wal_replay_pause()")
    paused = "SELECT pg_get_wal_replay_pause_state()"
    caught_up(standby, paused, [("paused",)])
    now = datetime.fromisoformat(str(standby.rows("SELECT now()")[0][0]))
    postgres.run(f"INSERT INTO {table} VALUES (2, now())")
    pages = connector_to(standby, database_at(standby, table), BY_TIME).pages(
        span_to(now + timedelta(hours=1))
    )
    with closing(pages):
        end = datetime.fromisoformat(next(pages).end)
    assert end <= now, "what the standby has not replayed is left to a later range"
    standby.run("SELECT pg_wal_replay_resume()")
    caught_up(standby, f"SELECT id FROM {table} ORDER BY id", [(1,), (2,)])


@pytest.mark.slow
def test_a_standby_that_has_all_is_not_behind_however_long_nothing_came(
    postgres: Server, standby: Server, table: str
) -> None:
    moments(postgres, table, (1, at(1)))
    caught_up(standby, f"SELECT id FROM {table}", [(1,)])
    source = database_at(standby, table, replica_lag_seconds=1)
    threading.Event().wait(2)
    with closing(PostgresSession(source, login_of(source, secrets_of(standby).current))) as session:
        assert session.standing().lag_seconds == 0
    found = read(connector_to(standby, source, BY_TIME), span_to(NOON))
    assert found.num_rows == 1


@pytest.mark.slow
def test_a_standby_that_is_too_far_behind_is_not_read(
    postgres: Server, standby: Server, table: str
) -> None:
    moments(postgres, table, (1, at(1)))
    caught_up(standby, f"SELECT id FROM {table}", [(1,)])
    standby.run("SELECT pg_wal_replay_pause()")
    caught_up(standby, "SELECT pg_get_wal_replay_pause_state()", [("paused",)])
    postgres.run(f"INSERT INTO {table} VALUES (2, now())")
    threading.Event().wait(2.5)
    source = database_at(standby, table, replica_lag_seconds=1)
    with pytest.raises(ReplicaBehind, match="at most 1 s behind, this one is"):
        read(connector_to(standby, source, BY_TIME), span_to(NOON))
    said: list[str] = []
    read(connector_to(standby, database_at(standby, table), BY_TIME, said=said), span_to(NOON))
    assert "behind; the range ends at what it has" in said[0]
    standby.run("SELECT pg_wal_replay_resume()")
