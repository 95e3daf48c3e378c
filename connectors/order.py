"""What one run is asked for, checked against its source."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from connectors.errors import OrderError
from wires.errors import PositionError
from wires.positions import is_before, position_of, whole
from wires.sources import CursorType, Mode, Source


@dataclass(frozen=True, kw_only=True)
class Order:
    """A stream of a source, and how to fetch it.

    What the schedule fetches is a stream; each range that people ask for is another one.
    """

    since: str = ""
    until: str = ""
    limit: int = 0
    """Rows of a sample; 0 for all."""
    again: bool = False
    """Whether to fetch a range that has landed already once more."""

    @property
    def is_range(self) -> bool:
        return bool(self.since or self.until)

    def stream(self, mode: Mode) -> str:
        """Return the stream's name in the ledger, which says all that makes it another one."""
        name = f"range {self.since}..{self.until}" if self.is_range else mode.value
        return f"sample of {self.limit}, {name}" if self.limit else name

    def word(self, mode: Mode) -> str:
        """Return the stream's name in keys of files."""
        if not self.is_range and not self.limit:
            return mode.value
        kind = "sample" if self.limit else "range"
        return f"{kind}_{hashlib.sha256(self.stream(mode).encode()).hexdigest()[:8]}"


def order_for(
    source: Source, *, since: str = "", until: str = "", limit: int = 0, again: bool = False
) -> Order:
    """Return what a person or the schedule asks for. Raises OrderError if it cannot be had."""
    if limit < 0:
        raise OrderError(f"expected a limit of 1 row or more, or 0 for all, got {limit}")
    if not since and not until:
        return Order(limit=limit, again=again)
    kind = _cursor_type(source)
    try:
        begin, end = (
            whole(position_of(text, kind), kind) if text else "" for text in (since, until)
        )
    except PositionError as error:
        raise OrderError(f"{source.name}: --since and --until: {error}") from error
    if begin and end and not is_before(begin, end, kind):
        raise OrderError(f"expected --since before --until, got {since} and {until}")
    return Order(since=begin, until=end, limit=limit, again=again)


def _cursor_type(source: Source) -> CursorType:
    if source.mode is Mode.FULL or source.cursor is None:
        raise OrderError(
            f"{source.name} is fetched in full each time, so it has no --since and --until: "
            "leave them out, or give it a cursor in its file"
        )
    if source.cursor.type is CursorType.OPAQUE:
        raise OrderError(
            f"positions of {source.name} mean something to the source alone, so it has no "
            "--since and --until: leave them out"
        )
    return source.cursor.type
