from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from wires.errors import PositionError
from wires.positions import (
    after,
    is_before,
    next_span,
    position_of,
    spelled,
    time_position,
    whole,
)
from wires.sources import Cursor, CursorType

NOON = datetime(2026, 1, 15, 12, 0, 30, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "kind", "position"),
    [
        ("2026-01-15T10:00:00Z", CursorType.TIMESTAMP, "2026-01-15T10:00:00.000000Z"),
        ("2026-01-15T12:00:00.5+02:00", CursorType.TIMESTAMP, "2026-01-15T10:00:00.500000Z"),
        ("2026-01-15 10:00", CursorType.TIMESTAMP, "2026-01-15T10:00:00.000000Z"),
        ("2026-01-15", CursorType.DATE, "2026-01-15T00:00:00.000000Z"),
        (1768471200, CursorType.EPOCH_SECONDS, "2026-01-15T10:00:00.000000Z"),
        ("1768471200123", CursorType.EPOCH_MILLISECONDS, "2026-01-15T10:00:00.123000Z"),
        (-1, CursorType.EPOCH_SECONDS, "1969-12-31T23:59:59.000000Z"),
        ("2026-01-15", CursorType.EPOCH_SECONDS, "2026-01-15T00:00:00.000000Z"),
        ("0042", CursorType.INTEGER, "42"),
        ('W/"a"', CursorType.OPAQUE, 'W/"a"'),
    ],
)
def test_a_position_is_read_as_its_source_spells_it(
    value: Any, kind: CursorType, position: str
) -> None:
    assert position_of(value, kind) == position


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("soon", CursorType.TIMESTAMP),
        (None, CursorType.TIMESTAMP),
        (True, CursorType.INTEGER),
        ("1.5", CursorType.INTEGER),
        ("many", CursorType.EPOCH_SECONDS),
        ("1e99", CursorType.EPOCH_SECONDS),
        ("NaN", CursorType.EPOCH_SECONDS),
    ],
)
def test_what_is_no_position_says_what_was_expected(value: Any, kind: CursorType) -> None:
    with pytest.raises(PositionError, match=f"type {kind}, such as"):
        position_of(value, kind)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (CursorType.TIMESTAMP, "2026-01-15T10:00:00Z"),
        (CursorType.DATE, "2026-01-15"),
        (CursorType.EPOCH_SECONDS, "1768471200"),
        (CursorType.EPOCH_MILLISECONDS, "1768471200123"),
        (CursorType.INTEGER, "42"),
    ],
)
def test_a_position_is_spelled_as_it_was_read(kind: CursorType, text: str) -> None:
    assert spelled(position_of(text, kind), kind) == text


def test_numbers_are_in_the_order_of_numbers() -> None:
    assert is_before("9", "10", CursorType.INTEGER)
    assert after("9", CursorType.INTEGER) == "10"


def test_times_before_the_year_1000_are_in_order() -> None:
    early, late = (time_position(datetime(year, 1, 1, tzinfo=UTC)) for year in (9, 1000))
    assert early < late


def test_a_range_ends_at_a_second_that_is_over() -> None:
    cursor = Cursor(type=CursorType.TIMESTAMP, field="at", lag_seconds=60)
    span = next_span(cursor, "", now=NOON)
    assert span is not None
    assert span.until == "2026-01-15T11:59:30.000000Z"
    assert next_span(cursor, span.until, now=NOON) is None


def test_a_day_is_fetched_when_it_is_over() -> None:
    cursor = Cursor(type=CursorType.DATE, field="day", overlap=86_400)
    span = next_span(cursor, "2026-01-14T00:00:00.000000Z", now=NOON)
    assert span is not None
    assert span.until == "2026-01-15T00:00:00.000000Z"
    assert span.asked_from == "2026-01-13T00:00:00.000000Z"
    assert whole(time_position(NOON), CursorType.DATE) == span.until


def test_an_overlap_does_not_go_back_before_the_start() -> None:
    cursor = Cursor(type=CursorType.INTEGER, field="id", start="5", overlap=100)
    span = next_span(cursor, "20", now=NOON)
    assert span is not None
    assert (span.asked_from, span.since) == ("5", "20")
