from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connectors.errors import CircuitOpen, OrderError, SourceFailed, StagedFilesGone
from connectors.order import Order, order_for
from tests.aws import ASSETS, RAW, STATE, SmallAws
from tests.connectors.sources import (
    NOON,
    ListedRows,
    any_source,
    event,
    fetch_of,
    full_source,
    hourly_events,
    ids,
    landed_rows,
    landed_versions,
)
from tests.kills import Killed
from wires.errors import SourceStateError
from wires.layout import staged_sources
from wires.routes import Route, route_of
from wires.source_ledger import SourceLedger
from wires.sources import Cursor, CursorType, Source

NEXT_DAY = NOON + timedelta(days=1)


def test_what_is_fetched_lands_once_where_uploads_take_the_layered_route(aws: SmallAws) -> None:
    rows = ListedRows(any_source(), hourly_events())
    report = fetch_of(aws, rows).run(Order())
    assert landed_rows(aws) == rows.rows
    assert report.rows == 12
    keys = aws.keys(RAW)
    assert keys[0] == (
        "data/incoming/2026/01/15/events/events_api-incremental-000001-20260115T000000000000Z-"
        "20260115T120000000000Z-0001.jsonl.gz"
    )
    assert len(keys) == 4
    assert {route_of(key) for key in keys} == {Route.LAYERED}
    assert aws.keys(ASSETS) == []


def test_the_next_run_goes_on_where_the_last_one_ended(aws: SmallAws) -> None:
    rows = ListedRows(any_source(), hourly_events(24))
    fetch_of(aws, rows).run(Order())
    fetch_of(aws, rows, now=NEXT_DAY).run(Order())
    assert ids(landed_rows(aws)) == list(range(24))
    assert rows.asked[1].since == rows.asked[0].until == "2026-01-15T12:00:00.000000Z"
    assert fetch_of(aws, rows, now=NEXT_DAY).run(Order()).landed == ()


def test_a_long_time_lands_window_by_window(aws: SmallAws) -> None:
    cursor = replace(any_source().cursor or Cursor(type=CursorType.DATE), window_seconds=5 * 3600)
    rows = ListedRows(any_source(cursor=cursor), hourly_events())
    report = fetch_of(aws, rows).run(Order())
    assert [one.rows for one in report.landed] == [5, 5, 2]
    assert landed_rows(aws) == rows.rows


def test_a_run_whose_time_is_over_leaves_the_rest_to_the_next(aws: SmallAws) -> None:
    cursor = replace(any_source().cursor or Cursor(type=CursorType.DATE), window_seconds=5 * 3600)
    rows = ListedRows(any_source(cursor=cursor), hourly_events())
    moments = iter([NOON, NOON, *[NOON + timedelta(hours=2)] * 9])
    report = fetch_of(aws, rows, now=NOON)
    report.now = lambda: next(moments)
    first = report.run(Order())
    assert len(first.landed) == 1
    assert "60 minutes are over" in first.note
    fetch_of(aws, rows).run(Order())
    assert landed_rows(aws) == rows.rows


def test_rows_that_are_younger_than_the_range_come_with_the_next_one(aws: SmallAws) -> None:
    rows = ListedRows(any_source(), hourly_events(24), ignores_until=True)
    first = fetch_of(aws, rows).run(Order())
    assert [one.left_for_later for one in first.landed] == [12]
    fetch_of(aws, rows, now=NEXT_DAY).run(Order())
    assert ids(landed_rows(aws)) == list(range(24))


def test_rows_without_a_position_are_not_left_out(aws: SmallAws) -> None:
    rows = ListedRows(any_source(), [*hourly_events(2), {"id": 99}])
    fetch_of(aws, rows).run(Order())
    assert ids(landed_rows(aws)) == [0, 1, 99]


def test_an_overlap_brings_late_rows_with_those_that_come_again(aws: SmallAws) -> None:
    cursor = replace(any_source().cursor or Cursor(type=CursorType.DATE), overlap=7200)
    rows = ListedRows(any_source(cursor=cursor), hourly_events())
    fetch_of(aws, rows).run(Order())
    rows.rows.append(event(100, NOON - timedelta(hours=1)))
    fetch_of(aws, rows, now=NEXT_DAY).run(Order())
    assert ids(landed_rows(aws)) == [*range(10), 10, 10, 11, 11, 100]


def test_numbers_that_grow_are_fetched_from_the_last_one_on(aws: SmallAws) -> None:
    source = any_source(cursor=Cursor(type=CursorType.INTEGER, field="id", start="3"))
    rows = ListedRows(source, [{"id": n} for n in range(9)])
    fetch_of(aws, rows).run(Order())
    rows.rows += [{"id": n} for n in range(9, 12)]
    fetch_of(aws, rows).run(Order())
    assert ids(landed_rows(aws)) == list(range(3, 12))
    assert [span.asked_from for span in rows.asked] == ["3", "9"]


def test_a_state_that_the_source_names_is_handed_back_to_it(aws: SmallAws) -> None:
    rows = ListedRows(any_source(cursor=Cursor(type=CursorType.OPAQUE)), hourly_events(2))
    rows.state = 'W/"abc"'
    fetch_of(aws, rows).run(Order())
    fetch_of(aws, rows).run(Order())
    assert [span.asked_from for span in rows.asked] == ["", 'W/"abc"']


def test_a_full_source_lands_whole_each_time(aws: SmallAws) -> None:
    rows = ListedRows(full_source(), [{"id": n} for n in range(4)])
    fetch_of(aws, rows).run(Order())
    fetch_of(aws, rows, now=NEXT_DAY).run(Order())
    assert ids(landed_rows(aws)) == [0, 0, 1, 1, 2, 2, 3, 3]


def test_a_range_that_people_ask_for_leaves_the_schedule_where_it_is(aws: SmallAws) -> None:
    source = any_source()
    rows = ListedRows(source, hourly_events(24))
    fetch_of(aws, rows).run(Order())
    order = order_for(source, since="2026-01-15T02:00:00Z", until="2026-01-15T04:00:00Z")
    assert fetch_of(aws, rows).run(order).rows == 2
    again = fetch_of(aws, rows).run(order)
    assert (again.rows, "--again" in again.note) == (0, True)
    assert fetch_of(aws, rows).run(replace(order, again=True)).rows == 2
    fetch_of(aws, rows, now=NEXT_DAY).run(Order())
    assert ids(landed_rows(aws)) == sorted([*range(24), 2, 3, 2, 3])


def test_a_range_and_the_schedule_run_side_by_side(aws: SmallAws) -> None:
    source = any_source()
    rows, others = ListedRows(source, hourly_events()), ListedRows(source, hourly_events())
    order = order_for(source, until="2026-01-15T02:00:00Z")
    rows.before_page = once(lambda: fetch_of(aws, others).run(order))
    assert fetch_of(aws, rows).run(Order()).rows == 12
    assert ids(landed_rows(aws)) == sorted([*range(12), 0, 1])


def test_two_runs_of_one_stream_take_turns(aws: SmallAws) -> None:
    rows, others = (ListedRows(any_source(), hourly_events()) for _ in range(2))
    notes: list[str] = []
    rows.before_page = lambda: notes.append(fetch_of(aws, others).run(Order()).note)
    fetch_of(aws, rows).run(Order())
    assert all(note.startswith("another run") for note in notes)
    assert landed_rows(aws) == rows.rows


def test_of_two_runs_that_think_they_are_alone_one_lands(aws: SmallAws) -> None:
    rows, others = (ListedRows(any_source(), hourly_events()) for _ in range(2))
    rows.before_page = once(lambda: fetch_of(aws, others, later_runs=1).run(Order()))
    fetch = fetch_of(aws, rows)
    fetch.leases.keep = lambda *_, **__: True  # type: ignore[method-assign]  # it never looks
    with pytest.raises(SourceStateError, match="1 have been closed"):
        fetch.run(Order())
    assert landed_rows(aws) == rows.rows


def test_a_sample_moves_nothing(aws: SmallAws) -> None:
    rows = ListedRows(any_source(), hourly_events())
    assert fetch_of(aws, rows).run(Order(limit=3)).rows == 3
    assert fetch_of(aws, rows).run(Order()).rows == 12


@pytest.mark.parametrize(
    ("source", "asked", "expected"),
    [
        (full_source(), {"since": "2026-01-01"}, "fetched in full"),
        (any_source(cursor=Cursor(type=CursorType.OPAQUE)), {"until": "x"}, "the source alone"),
        (any_source(), {"since": "yesterday"}, "2026-01-15T10:00:00Z"),
        (any_source(), {"since": "2026-01-02", "until": "2026-01-02"}, "before --until"),
        (any_source(), {"limit": -1}, "1 row or more"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(
    source: Source, asked: dict[str, Any], expected: str
) -> None:
    with pytest.raises(OrderError, match=expected):
        order_for(source, **asked)


def test_a_sealed_landing_whose_files_somebody_has_removed_is_an_error(aws: SmallAws) -> None:
    rows = ListedRows(any_source(), hourly_events())
    fetch = fetch_of(aws, rows)
    with killed_when_landing(aws), pytest.raises(Killed):
        fetch.run(Order())
    for key in aws.keys(ASSETS):
        if "manifest" not in key:
            aws.s3.delete_object(Bucket=ASSETS, Key=key)
    with pytest.raises(StagedFilesGone, match="somebody has removed it"):
        fetch_of(aws, rows, later_runs=1).run(Order())
    assert fetch_of(aws, rows, later_runs=1).run(Order(again=True)).rows == 12
    assert landed_rows(aws) == rows.rows


def test_a_source_that_fails_run_after_run_is_left_alone_for_a_while(aws: SmallAws) -> None:
    rows = ListedRows(any_source(), hourly_events())
    rows.before_page = failing
    for _ in range(3):
        with pytest.raises(SourceFailed, match="out of order"):
            fetch_of(aws, rows).run(Order())
    with pytest.raises(CircuitOpen, match=r"3 runs in a row have failed.*out of order"):
        fetch_of(aws, rows, now=NOON + timedelta(minutes=29)).run(Order())
    assert len(rows.asked) == 3
    with pytest.raises(SourceFailed):
        fetch_of(aws, rows, now=NOON + timedelta(minutes=31)).run(Order())
    with pytest.raises(CircuitOpen, match="4 runs"):
        fetch_of(aws, rows, now=NOON + timedelta(minutes=90)).run(Order())
    rows.before_page = lambda: None
    assert fetch_of(aws, rows, now=NOON + timedelta(minutes=92)).run(Order()).rows == 12
    assert SourceLedger(aws.tables.Table(STATE), rows.source.name).trouble().failures == 0


def test_people_ask_a_source_that_is_left_alone(aws: SmallAws) -> None:
    rows = ListedRows(any_source(), hourly_events())
    rows.before_page = failing
    for _ in range(3):
        with pytest.raises(SourceFailed):
            fetch_of(aws, rows).run(Order())
    rows.before_page = lambda: None
    with pytest.raises(CircuitOpen):
        fetch_of(aws, rows).run(Order())
    assert fetch_of(aws, rows).run(Order(limit=2)).rows == 2
    assert fetch_of(aws, rows).run(Order(again=True)).rows == 12


def failing() -> None:
    raise SourceFailed("out of order")


def once(act: Callable[[], object]) -> Callable[[], None]:
    """What does something the first time, and nothing from then on."""
    left = [act]

    def do() -> None:
        if left:
            left.pop()()

    return do


@contextmanager
def killed_when_landing(aws: SmallAws) -> Iterator[None]:
    """Switch the run off before it puts anything into the raw bucket."""

    def kill(params: dict[str, Any], **_: object) -> None:
        if params["context"]["s3_redirect"]["bucket"] == RAW:
            raise Killed

    aws.s3.meta.events.register("before-call.s3.PutObject", kill)
    try:
        yield
    finally:
        aws.s3.meta.events.unregister("before-call.s3.PutObject", kill)


def killed_at(aws: SmallAws, limit: int) -> Callable[[], None]:
    """Switch the run off at its `limit`-th call to AWS; returns how to switch it on again."""
    made: list[str] = []

    def count(event_name: str, **_: object) -> None:
        if len(made) >= limit:
            raise Killed
        made.append(event_name)

    emitters = [aws.s3.meta.events, aws.tables.meta.client.meta.events]
    for events in emitters:
        events.register("before-call.*", count)

    def on_again() -> None:
        for events in emitters:
            events.unregister("before-call.*", count)

    return on_again


def calls_of_a_run(aws: SmallAws) -> int:
    """How many calls a whole run makes."""
    made: list[str] = []
    for events in (aws.s3.meta.events, aws.tables.meta.client.meta.events):
        events.register("before-call.*", lambda event_name, **_: made.append(event_name))
    rows = ListedRows(any_source(name="counted", dataset="counted"), hourly_events(7))
    fetch_of(aws, rows).run(Order())
    return len(made)


@pytest.mark.slow
def test_killed_at_any_call_the_next_run_lands_the_same_range_once(aws: SmallAws) -> None:
    """Each stream begins anew under another name, so that one AWS serves all of them."""
    total = calls_of_a_run(aws)
    assert total > 15
    for limit in range(total):
        source = any_source(name=f"events_{limit}", dataset=f"events_{limit}")
        rows = ListedRows(source, hourly_events(7))
        on_again = killed_at(aws, limit)
        with pytest.raises(Killed):
            fetch_of(aws, rows).run(Order())
        on_again()
        rows.rows.append({"id": 1000 + limit, "at": "2026-01-15T06:00:00Z"})  # it goes on living
        fetch_of(aws, rows, now=NEXT_DAY, later_runs=1).run(Order())
        _stands_whole(aws, source, rows.rows)


def _stands_whole(aws: SmallAws, source: Source, rows: list[dict[str, Any]]) -> None:
    versions = landed_versions(aws, dataset=source.dataset)
    assert len({key for key, _ in versions}) == len(versions), versions
    found = ids(landed_rows(aws, dataset=source.dataset))
    assert found in (ids(rows), ids(rows[:7])), "whole, as it was at the one time or the other"
    assert SourceLedger(aws.tables.Table(STATE), source.name).state("incremental").open is None
    assert aws.keys(ASSETS, staged_sources(source.name)) == []
