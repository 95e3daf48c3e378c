"""A whole table, which lands if it differs from what has landed last."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.order import Order
from tests.aws import ASSETS, SmallAws
from tests.connectors.database.reading import (
    fetching,
    ids,
    landed,
    whole_source,
)
from tests.connectors.database.servers import Server
from tests.connectors.sources import NOON, landed_versions
from tests.kills import Killed
from wires.layout import staged_sources
from wires.sources import Mode, Source

NEXT_DAY = NOON + timedelta(days=1)
CHANGES = (
    "UPDATE {} SET v = NULL WHERE id = 2",
    "UPDATE {} SET v = '' WHERE id = 2",
    "INSERT INTO {} VALUES (4, 'four')",
    "DELETE FROM {} WHERE id = 4",
    "ALTER TABLE {} ADD w int",
    "UPDATE {} SET v = CASE id WHEN 1 THEN 'three' WHEN 3 THEN 'one' ELSE v END",
)


def made(server: Server, table: str) -> None:
    server.run(
        f"CREATE TABLE {table} (id int PRIMARY KEY, v varchar(9))",
        f"INSERT INTO {table} VALUES (1, 'one'), (2, 'two'), (3, 'three')",
    )


def changed_source(server: Server, table: str, **changes: object) -> Source:
    return whole_source(server, table, **{"mode": Mode.CHANGED, "key": ("id",), **changes})


def test_a_full_source_lands_whole_each_time(aws: SmallAws, server: Server, table: str) -> None:
    made(server, table)
    source = whole_source(server, table)
    for _ in range(2):
        assert fetching(aws, server, source).run(Order()).rows == 3
    assert ids(landed(aws, source)) == [1, 1, 2, 2, 3, 3]


@pytest.mark.parametrize("key", [(), ("id",)])
def test_each_change_lands_all_of_it_and_nothing_lands_without_one(
    aws: SmallAws, server: Server, table: str, key: tuple[str, ...]
) -> None:
    made(server, table)
    source = changed_source(server, table, key=key)
    assert fetching(aws, server, source).run(Order()).rows == 3
    for change in CHANGES:
        again = fetching(aws, server, source).run(Order())
        assert (again.rows, again.note) == (0, again.note)
        assert "nothing has changed among" in again.note
        server.run(change.format(table))
        assert fetching(aws, server, source).run(Order()).rows in (3, 4), change
    assert len(landed_versions(aws, dataset=table)) == 1 + len(CHANGES)


def test_rows_in_another_order_are_no_change(aws: SmallAws, postgres: Server, table: str) -> None:
    made(postgres, table)
    source = changed_source(postgres, table)
    fetching(aws, postgres, source).run(Order())
    postgres.run(f"DELETE FROM {table} WHERE id = 1", f"INSERT INTO {table} VALUES (1, 'one')")
    assert postgres.rows(f"SELECT id FROM {table}")[0] == (2,)
    assert "nothing has changed" in fetching(aws, postgres, source).run(Order()).note


def test_rows_that_have_gone_are_named(aws: SmallAws, server: Server, table: str) -> None:
    made(server, table)
    source = changed_source(server, table)
    fetching(aws, server, source).run(Order())
    assert "nothing has changed" in fetching(aws, server, source).run(Order()).note
    server.run(f"DELETE FROM {table} WHERE id > 1", f"INSERT INTO {table} VALUES (5, 'five')")
    report = fetching(aws, server, source).run(Order())
    assert report.rows == 2
    assert report.note == "2 rows have gone since the last time: id=2; id=3"
    server.run(f"DELETE FROM {table}")
    gone = fetching(aws, server, source).run(Order())
    assert (gone.rows, gone.note) == (0, "2 rows have gone since the last time: id=1; id=5")


def test_only_the_keys_of_what_has_landed_last_are_kept(
    aws: SmallAws, server: Server, table: str
) -> None:
    made(server, table)
    source = changed_source(server, table)
    for value in range(3):
        for _ in range(2):
            fetching(aws, server, source).run(Order())
        server.run(f"UPDATE {table} SET v = '{value}' WHERE id = 1")
    left = aws.keys(ASSETS, staged_sources(source.name))
    assert len(left) == 1
    assert "keys-" in left[0]


def test_again_lands_what_has_not_changed(aws: SmallAws, server: Server, table: str) -> None:
    made(server, table)
    source = changed_source(server, table)
    fetching(aws, server, source).run(Order())
    assert fetching(aws, server, source).run(Order(again=True)).rows == 3


@pytest.mark.slow
def test_killed_at_any_call_the_next_run_lands_each_state_once(
    aws: SmallAws, postgres: Server, table: str
) -> None:
    made(postgres, table)
    source = changed_source(postgres, table)
    calls = 0
    for limit in range(40):
        fetch = fetching(aws, postgres, source)
        left = [limit]

        def count(left: list[int] = left, **_: object) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise Killed

        emitters = [aws.s3.meta.events, aws.tables.meta.client.meta.events]
        for events in emitters:
            events.register("before-call.*", count)
        try:
            fetch.run(Order())
        except Killed:
            calls += 1
        finally:
            for events in emitters:
                events.unregister("before-call.*", count)
        fetching(aws, postgres, source, later_runs=1).run(Order())
        postgres.run(f"UPDATE {table} SET v = '{limit}' WHERE id = 1")
    assert calls > 15
    versions = landed_versions(aws, dataset=table)
    assert len({key for key, _ in versions}) == len(versions)
    values = [row["v"] for row in landed(aws, source) if row["id"] == 1]
    assert values == ["one", *(str(number) for number in range(39))]
    fetching(aws, postgres, source).run(Order())
    assert len(aws.keys(ASSETS, staged_sources(source.name))) == 1


def test_a_sample_of_it_moves_nothing(aws: SmallAws, server: Server, table: str) -> None:
    made(server, table)
    source = changed_source(server, table)
    assert fetching(aws, server, source).run(Order(limit=2)).rows == 2
    assert fetching(aws, server, source).run(Order()).rows == 3
