"""What a database has lands once, wherever a run ends and whatever is written meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.database.mysql import MysqlSession
from connectors.database.postgresql import PostgresSession
from connectors.order import Order
from tests.aws import ASSETS, SmallAws
from tests.connectors.database.reading import (
    BY_BOTH,
    BY_NUMBER,
    BY_TIME,
    database_source,
    fetching,
    ids,
    landed,
    whole_source,
)
from tests.connectors.database.servers import Server
from tests.connectors.database.test_ranges import add, at, moments
from tests.connectors.sources import NOON, landed_versions
from tests.kills import Killed
from wires.layout import staged_sources
from wires.sources import Cursor, Limits, Source

_ASKED = ("standing", "columns", "row", "batches")
"""What a connector asks of a session, each of which may be the last thing that it does."""


@contextmanager
def killed_at(limit: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Switch the run off at its `limit`-th question to the database; yields those it has asked."""
    asked: list[str] = []

    def counted(name: str, ask: Callable[..., Any]) -> Callable[..., Any]:
        def do(*given: Any, **named: Any) -> Any:
            if len(asked) == limit:
                raise Killed
            asked.append(name)
            return ask(*given, **named)

        return do

    with monkeypatch.context() as patch:
        for kind in (PostgresSession, MysqlSession):
            for name in _ASKED:
                patch.setattr(kind, name, counted(name, getattr(kind, name)))
        yield asked


@pytest.mark.parametrize("cursor", [BY_TIME, BY_NUMBER, BY_BOTH], ids=lambda one: str(one.type))
def test_killed_at_any_question_the_next_run_lands_all_of_it_once(
    aws: SmallAws, server: Server, table: str, cursor: Cursor, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments(server, table, *((n, at(n, 30)) for n in range(12)))
    source = database_source(server, table, cursor=cursor)
    with killed_at(100, monkeypatch) as asked:
        fetching(aws, server, source).run(Order())
    assert len(asked) >= 3
    for limit in range(len(asked)):
        again = database_source(server, table, cursor=cursor, dataset=f"{table}_{limit}")
        named = {**vars(again), "name": f"{table}_{limit}"}
        once = Source(**named)
        with killed_at(limit, monkeypatch), pytest.raises(Killed):
            fetching(aws, server, once).run(Order())
        assert landed_versions(aws, dataset=once.dataset) == []
        fetching(aws, server, once, later_runs=1).run(Order())
        assert ids(landed(aws, once)) == list(range(12))
        assert aws.keys(ASSETS, staged_sources(once.name)) == []


@pytest.mark.slow
def test_killed_at_any_call_of_aws_the_next_run_lands_all_of_it_once(
    aws: SmallAws, postgres: Server, table: str
) -> None:
    moments(postgres, table, *((n, at(n, 30)) for n in range(12)))
    emitters = [aws.s3.meta.events, aws.tables.meta.client.meta.events]
    killed = 0
    for limit in range(60):
        source = database_source(postgres, table, dataset=f"{table}_{limit}")
        source = Source(**{**vars(source), "name": f"{table}_{limit}"})
        left = [limit]

        def count(left: list[int] = left, **_: object) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise Killed

        for events in emitters:
            events.register("before-call.*", count)
        try:
            fetching(aws, postgres, source).run(Order())
        except Killed:
            killed += 1
        finally:
            for events in emitters:
                events.unregister("before-call.*", count)
        if left[0] >= 0:
            break
        fetching(aws, postgres, source, later_runs=1).run(Order())
        versions = landed_versions(aws, dataset=source.dataset)
        assert len({key for key, _ in versions}) == len(versions)
        assert ids(landed(aws, source)) == list(range(12))
    assert killed > 15


@contextmanager
def writing(server: Server, write: Callable[[Any, int], None]) -> Iterator[list[int]]:
    """Somebody who goes on writing; yields the numbers of what has been committed."""
    ended, done = threading.Event(), list[int]()

    def work() -> None:
        with closing(server.admin()) as connection, closing(connection.cursor()) as cursor:
            while not ended.is_set():
                write(cursor, len(done))
                done.append(len(done))

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield done
    finally:
        ended.set()
        thread.join()


def test_what_is_written_meanwhile_lands_once_by_number(
    aws: SmallAws, server: Server, table: str
) -> None:
    moments(server, table)
    source = database_source(server, table, cursor=BY_NUMBER, limits=Limits())
    with writing(server, lambda c, n: c.execute(f"INSERT INTO {table} VALUES ({n}, NULL)")) as done:
        for _ in range(6):
            fetching(aws, server, source).run(Order())
    fetching(aws, server, source).run(Order())
    assert done
    assert ids(landed(aws, source)) == done


@pytest.mark.slow
def test_what_is_written_meanwhile_lands_once_by_time(
    aws: SmallAws, server: Server, table: str
) -> None:
    """Seconds that are not over wait for the next run, and so no row of a second is missed."""
    moments(server, table)
    now = "clock_timestamp()" if server.engine == "postgresql" else "utc_timestamp(6)"
    source = database_source(server, table, limits=Limits())
    begun = datetime.now(UTC)
    written: Callable[[Any, int], None] = lambda c, n: c.execute(  # noqa: E731
        f"INSERT INTO {table} VALUES ({n}, {now})"
    )
    with writing(server, written) as done:
        while datetime.now(UTC) - begun < timedelta(seconds=3):
            fetching(aws, server, source, now=datetime.now(UTC)).run(Order())
    threading.Event().wait(1.1)
    fetching(aws, server, source, now=datetime.now(UTC)).run(Order())
    assert ids(landed(aws, source)) == done


def test_a_whole_table_is_that_of_one_moment(aws: SmallAws, server: Server, table: str) -> None:
    """Rows move from one end of the table to the other, and are there once at each moment."""
    moments(server, table)
    add(server, table, *((n, None) for n in range(2000)))
    source = whole_source(server, table, batch_bytes=1024, limits=Limits())
    fetch = fetching(aws, server, source)
    keep, moved = fetch.keep_turn, list[int]()

    def move(stream: str) -> None:
        if len(moved) < 9:
            moved.append(len(moved))
            server.run(f"UPDATE {table} SET id = id + 5000 WHERE id = {len(moved)}")
            server.run(f"UPDATE {table} SET id = id - 5000 WHERE id = {len(moved) + 4000}")
        keep(stream)

    fetch.keep_turn = move  # type: ignore[method-assign]
    fetch.run(Order())
    assert len(moved) >= 3
    assert ids(landed(aws, source)) == list(range(2000))


def test_runs_go_on_where_a_killed_one_has_sealed(
    aws: SmallAws, server: Server, table: str
) -> None:
    moments(server, table, *((n, at(n, 30)) for n in range(12)))
    source = database_source(server, table)
    fetch = fetching(aws, server, source)
    fetch.place = type(fetch.place)(**{**vars(fetch.place), "raw_bucket": "missing-bucket"})
    with pytest.raises(Exception, match=r"NoSuchBucket|Not Found|404"):
        fetch.run(Order())
    server.run(f"DELETE FROM {table}")
    report = fetching(aws, server, source, now=NOON, later_runs=1).run(Order())
    assert report.landed[0].is_resumed
    assert ids(landed(aws, source)) == list(range(12)), "what was sealed, not what there is now"
