"""Positions in a source, and the ranges between them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

from wires.errors import PositionError
from wires.sources import Cursor, CursorType

_AND = "/"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LOWEST = -(2**63)
"""Before the numbers of all rows of one time."""
_PER_SECOND = {CursorType.EPOCH_SECONDS: 1, CursorType.EPOCH_MILLISECONDS: 1000}


@dataclass(frozen=True, kw_only=True)
class Span:
    """What a connector is asked for: rows at `asked_from` or later, and before `until`."""

    since: str
    """Where the range begins, without the overlap; "" for the beginning of everything."""
    until: str
    """"" if the source's own end is the end."""
    asked_from: str


def time_position(at: datetime) -> str:
    """Return the position of a moment."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def position_of(value: object, kind: CursorType) -> str:
    """Return the position that a source or a person has spelled in the way of a cursor's type.

    Raises PositionError for another spelling.
    """
    try:
        return _position(value, kind)
    except (ValueError, OverflowError, InvalidOperation) as error:
        raise PositionError(
            f"expected a position of type {kind}, such as {_EXAMPLES[kind]}, got {value!r:.80}"
        ) from error


def _position(value: object, kind: CursorType) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise ValueError("neither text nor number")
    if kind is CursorType.OPAQUE:
        return str(value)
    if kind is CursorType.INTEGER:
        return str(int(str(value)))
    if kind is CursorType.TIMESTAMP_AND_INTEGER:
        at, _, number = str(value).partition(_AND)
        return pair_position(time_position(_read_time(at)), int(number) if number else _LOWEST)
    if kind in _PER_SECOND and not _looks_like_a_time(value):
        parts = Decimal(str(value)) * 1_000_000 / _PER_SECOND[kind]
        return time_position(_EPOCH + timedelta(microseconds=int(parts // 1)))
    return time_position(_read_time(str(value)))


def pair_position(at: str, number: int) -> str:
    """Return the position of a row by its time and its number."""
    return f"{at}{_AND}{number}"


def pair_of(position: str) -> tuple[str, int]:
    """Undo `pair_position`."""
    at, _, number = position.partition(_AND)
    return at, int(number)


def _looks_like_a_time(value: object) -> bool:
    """Whether somebody has spelled a moment as people do, where a source would give a number."""
    return isinstance(value, str) and "-" in value[1:]


def _read_time(text: str) -> datetime:
    """Return the moment; one without a zone is in UTC."""
    at = datetime.fromisoformat(text.strip())
    return at if at.tzinfo else at.replace(tzinfo=UTC)


_EXAMPLES = {
    CursorType.TIMESTAMP: "2026-01-15T10:00:00Z",
    CursorType.DATE: "2026-01-15",
    CursorType.EPOCH_SECONDS: "1768471200",
    CursorType.EPOCH_MILLISECONDS: "1768471200000",
    CursorType.INTEGER: "4711",
    CursorType.TIMESTAMP_AND_INTEGER: "2026-01-15T10:00:00Z/4711",
    CursorType.OPAQUE: "an ETag",
}


def spelled(position: str, kind: CursorType) -> str:
    """Return a position as its source spells it."""
    if not kind.is_clock or not position:
        return position
    at = _read_time(position)
    if kind in _PER_SECOND:
        return str((at - _EPOCH) // timedelta(microseconds=1_000_000 // _PER_SECOND[kind]))
    if kind is CursorType.DATE:
        return at.date().isoformat()
    return position if at.microsecond else position.replace(".000000", "")


def is_before(one: str, other: str, kind: CursorType) -> bool:
    """Whether a position comes before another; "" comes before all."""
    if kind is CursorType.INTEGER and one and other:
        return int(one) < int(other)
    if kind is CursorType.TIMESTAMP_AND_INTEGER and one and other:
        return pair_of(one) < pair_of(other)
    return one < other


def after(position: str, kind: CursorType) -> str:
    """Return the end of a range whose last row has this position, in a cursor without a clock."""
    if kind is CursorType.TIMESTAMP_AND_INTEGER and position:
        at, number = pair_of(position)
        return pair_position(at, number + 1)
    return str(int(position) + 1) if kind is CursorType.INTEGER and position else position


def whole(position: str, kind: CursorType) -> str:
    """Return a position, or the last one before it that all sources can spell."""
    if not kind.is_clock or not position:
        return position
    return time_position(_whole(_read_time(position), kind))


def later(one: str, other: str, kind: CursorType) -> str:
    """Return the later of two positions."""
    return other if is_before(one, other, kind) else one


def next_span(
    cursor: Cursor, position: str, *, now: datetime, begin: str = "", end: str = ""
) -> Span | None:
    """Return what comes after a position, up to now and at most to `end`; None if nothing does.

    The first fetch of a stream, which has no position yet, begins at `begin`, or at the cursor's
    start.
    """
    since = position or begin or cursor.start
    asked_from = _back(cursor, position) or since
    if not cursor.type.is_clock:
        return Span(since=since, until=end, asked_from=asked_from)
    last = time_position(_whole(now - timedelta(seconds=cursor.lag_seconds), cursor.type))
    until = min(filter(None, (last, end, _window_end(cursor, since))))
    return Span(since=since, until=until, asked_from=asked_from) if until > since else None


def _whole(at: datetime, kind: CursorType) -> datetime:
    """Return the beginning of the second or the day, which all sources can spell."""
    second = at.astimezone(UTC).replace(microsecond=0)
    return second.replace(hour=0, minute=0, second=0) if kind is CursorType.DATE else second


def _window_end(cursor: Cursor, since: str) -> str:
    if not cursor.window_seconds or not since:
        return ""
    return time_position(_read_time(since) + timedelta(seconds=cursor.window_seconds))


def _back(cursor: Cursor, position: str) -> str:
    """Return a position less the overlap, but not before the cursor's start; "" before the first
    landing, where nothing can have been missed."""
    if not position or cursor.type is CursorType.OPAQUE:
        return position
    if cursor.type is CursorType.INTEGER:
        return later(str(int(position) - cursor.overlap), cursor.start, cursor.type)
    if cursor.type is CursorType.TIMESTAMP_AND_INTEGER:
        return _pair_back(cursor, position)
    at = _read_time(position) - timedelta(seconds=cursor.overlap)
    return later(time_position(_whole(at, cursor.type)), cursor.start, cursor.type)


def _pair_back(cursor: Cursor, position: str) -> str:
    if not cursor.overlap:
        return position
    at = _read_time(pair_of(position)[0]) - timedelta(seconds=cursor.overlap)
    return later(pair_position(time_position(at), _LOWEST), cursor.start, cursor.type)
