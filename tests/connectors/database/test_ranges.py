"""What a range has, at its ends and in between, on real servers."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.errors import AnswerUnread, RowsWithoutPosition
from connectors.order import Order, order_for
from tests.aws import SmallAws
from tests.connectors.database.reading import (
    BY_BOTH,
    BY_NUMBER,
    BY_TIME,
    EVERYTHING,
    connector_to,
    database_at,
    database_source,
    fetching,
    ids,
    landed,
    read,
)
from tests.connectors.database.servers import Server
from tests.connectors.sources import NOON
from wires.database_sources import KeyRanges, WithoutPosition
from wires.positions import Span
from wires.sources import Cursor, CursorType

NEXT_DAY = NOON + timedelta(days=1)


def moments(server: Server, table: str, *rows: tuple[int, str | None]) -> None:
    """A table whose rows have a time in UTC."""
    kind = "timestamptz" if server.engine == "postgresql" else "datetime(6)"
    server.run(f"CREATE TABLE {table} (id bigint PRIMARY KEY, at {kind} NULL)")
    if rows:
        add(server, table, *rows)


def add(server: Server, table: str, *rows: tuple[int, str | None]) -> None:
    zone = "+00" if server.engine == "postgresql" else ""
    told = [(id, f"'{at}{zone}'" if at else "NULL") for id, at in rows]
    values = ", ".join(f"({id}, {at})" for id, at in told)
    server.run(f"INSERT INTO {table} VALUES {values}")


def at(hour: int, minute: int = 0, fraction: str = "") -> str:
    return f"2026-01-15 {hour:02}:{minute:02}:00{fraction}"


def test_a_range_has_its_beginning_and_not_its_end(server: Server, table: str) -> None:
    moments(
        server,
        table,
        (1, at(0, 59)),
        (2, at(1)),
        (3, at(1, 59)),
        (4, "2026-01-15 01:59:59.999999"),
        (5, at(2)),
    )
    span = Span(
        since="2026-01-15T01:00:00.000000Z",
        asked_from="2026-01-15T01:00:00.000000Z",
        until="2026-01-15T02:00:00.000000Z",
    )
    found = read(connector_to(server, database_at(server, table), BY_TIME), span)
    assert ids(found.to_pylist()) == [2, 3, 4]


def test_runs_land_each_row_once_and_rows_of_the_future_later(
    aws: SmallAws, server: Server, table: str
) -> None:
    moments(server, table, *((n, at(n, 30)) for n in range(12)), (99, "2026-01-15 12:00:00"))
    source = database_source(server, table)
    assert fetching(aws, server, source).run(Order()).rows == 12
    add(server, table, (12, at(13)))
    assert fetching(aws, server, source, now=NEXT_DAY).run(Order()).rows == 2
    assert fetching(aws, server, source, now=NEXT_DAY).run(Order()).landed == ()
    assert ids(landed(aws, source)) == [*range(13), 99]


def test_a_range_ends_where_the_servers_clock_is(aws: SmallAws, server: Server, table: str) -> None:
    """The clock of this machine is a day ahead: what the server writes meanwhile is not missed."""
    tomorrow = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    moments(server, table, (1, at(1)))
    source = database_source(server, table)
    (landing,) = fetching(aws, server, source, now=tomorrow).run(Order()).landed
    assert landing.position <= (tomorrow - timedelta(hours=23)).isoformat()
    now = "now()" if server.engine == "postgresql" else "utc_timestamp(6)"
    server.run(f"INSERT INTO {table} VALUES (2, {now})")
    time.sleep(1.1)
    assert fetching(aws, server, source, now=tomorrow).run(Order()).rows == 1
    assert ids(landed(aws, source)) == [1, 2]


def span_to(moment: datetime) -> Span:
    return Span(since="", asked_from="", until=moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))


def test_a_row_that_commits_late_comes_with_the_overlap(
    aws: SmallAws, server: Server, table: str
) -> None:
    moments(server, table, (1, at(10)), (2, at(11)))
    source = database_source(server, table, cursor=replace(BY_TIME, overlap=7200))
    with closing(server.admin()) as writer, closing(writer.cursor()) as cursor:
        cursor.execute("BEGIN")
        zone = "+00" if server.engine == "postgresql" else ""
        cursor.execute(f"INSERT INTO {table} VALUES (3, '{at(11, 30)}{zone}')")
        assert fetching(aws, server, source).run(Order()).rows == 2
        cursor.execute("COMMIT")
    fetching(aws, server, source, now=NEXT_DAY).run(Order())
    assert set(ids(landed(aws, source))) == {1, 2, 3}


def test_numbers_are_fetched_by_their_order_and_not_that_of_their_digits(
    aws: SmallAws, server: Server, table: str
) -> None:
    moments(server, table, *((n, None) for n in range(8, 13)))
    source = database_source(server, table, cursor=BY_NUMBER)
    (landing,) = fetching(aws, server, source).run(Order()).landed
    assert landing.position == "13"
    add(server, table, (13, None), (100, None))
    assert fetching(aws, server, source).run(Order()).rows == 2
    (nothing,) = fetching(aws, server, source).run(Order()).landed
    assert (nothing.rows, nothing.position) == (0, "101")
    assert ids(landed(aws, source)) == [*range(8, 14), 100]


def test_rows_of_one_time_are_told_apart_by_their_number(
    aws: SmallAws, server: Server, table: str
) -> None:
    moments(server, table, (9, at(1)), (10, at(1)), (3, at(2, 0, ".000001")))
    source = database_source(server, table, cursor=BY_BOTH)
    (landing,) = fetching(aws, server, source).run(Order()).landed
    assert landing.position == "2026-01-15T02:00:00.000001Z/4"
    add(server, table, (4, at(2, 0, ".000001")), (1, at(3)), (11, at(1)))
    assert fetching(aws, server, source).run(Order()).rows == 2
    assert ids(landed(aws, source)) == [1, 3, 4, 9, 10], "what comes before the position is missed"


def test_a_pair_goes_back_by_its_time(aws: SmallAws, server: Server, table: str) -> None:
    moments(server, table, (9, at(1)), (10, at(2)))
    source = database_source(server, table, cursor=replace(BY_BOTH, overlap=1800))
    fetching(aws, server, source).run(Order())
    add(server, table, (8, at(1, 45)), (11, at(1, 15)))
    fetching(aws, server, source).run(Order())
    assert ids(landed(aws, source)) == [8, 9, 10, 10]


def test_a_range_of_numbers_that_people_ask_for_ends_where_they_say(
    aws: SmallAws, server: Server, table: str
) -> None:
    moments(server, table, *((n, None) for n in range(20)))
    source = database_source(server, table, cursor=BY_NUMBER)
    order = order_for(source, since="5", until="12")
    assert fetching(aws, server, source).run(order).rows == 7
    assert "--again" in fetching(aws, server, source).run(order).note


def test_rows_without_a_position_are_counted_and_refused(
    aws: SmallAws, server: Server, table: str
) -> None:
    moments(server, table, (1, at(1)), (2, None), (3, None))
    with pytest.raises(RowsWithoutPosition, match="2 rows have no at, so no range has them"):
        fetching(aws, server, database_source(server, table)).run(Order())
    said: list[str] = []
    leaving = database_at(server, table, without_position=WithoutPosition.LEAVE)
    found = read(connector_to(server, leaving, BY_TIME, said=said), span_to(NOON))
    assert ids(found.to_pylist()) == [1]
    assert said == ["2 rows have no at, so no range has them"]


def test_an_empty_table_moves_nothing(aws: SmallAws, server: Server, table: str) -> None:
    moments(server, table, (1, at(1)))
    server.run(f"DELETE FROM {table}")
    for cursor, position in ((BY_NUMBER, ""), (BY_BOTH, "")):
        source = database_source(server, table, cursor=cursor)
        source = replace(source, name=f"{table}_{cursor.type}")
        (landing,) = fetching(aws, server, source).run(Order()).landed
        assert (landing.rows, landing.position) == (0, position)


@pytest.mark.parametrize(
    ("cursor", "expected"),
    [
        (Cursor(type=CursorType.INTEGER, field="at"), "of a type for integer, it is"),
        (Cursor(type=CursorType.TIMESTAMP, field="id"), "of a type for timestamp, it is"),
        (
            Cursor(type=CursorType.TIMESTAMP, field="when"),
            "expected a column when, there are id, a",
        ),
    ],
)
def test_a_cursor_whose_order_is_another_one_is_refused(
    server: Server, table: str, cursor: Cursor, expected: str
) -> None:
    moments(server, table, (1, at(1)))
    with pytest.raises(AnswerUnread, match=expected):
        read(connector_to(server, database_at(server, table), cursor), span_to(NOON))


def test_key_ranges_have_each_row_once_and_see_one_moment(postgres: Server, table: str) -> None:
    postgres.run(
        f"CREATE TABLE {table} AS SELECT nullif(i, 7) AS id, i AS v "
        "FROM generate_series(-50, 949) i"
    )
    ranges = KeyRanges(column="id", at_once=4)
    database = database_at(postgres, table, ranges=ranges, batch_bytes=1024)
    pages = connector_to(postgres, database).pages(EVERYTHING)
    found: list[int] = []
    for page in pages:
        if page.batch is None:
            continue
        if not found:
            postgres.run(f"DELETE FROM {table} WHERE v > 500", f"INSERT INTO {table} VALUES (1, 1)")
        found += page.batch.column("v").to_pylist()
    assert sorted(found) == list(range(-50, 950))


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_fewer_rows_than_ranges_come_as_well(postgres: Server, table: str, rows: int) -> None:
    postgres.run(
        f"CREATE TABLE {table} AS SELECT i AS id, i AS v FROM generate_series(1, {rows}) i"
    )
    database = database_at(postgres, table, ranges=KeyRanges(column="id", at_once=4))
    found: list[dict[str, Any]] = read(connector_to(postgres, database)).to_pylist()
    assert ids(found) == list(range(1, rows + 1))
