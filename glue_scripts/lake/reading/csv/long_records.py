"""Records of more than MAX_RECORD_BYTES, as distinct from quotes that nobody has closed.

Such a record is quarantined as one, however long it is and whatever is in it. If it proves
malformed, because its quote is not closed or text follows the closing quote, everything after its
first line is read again. Until that is known the text waits on disk, so that memory is bounded.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from itertools import chain
from typing import IO

from lake.reading.csv.record_grammar import MARK, Dialect, line, line_ends_in

SHOWN_BYTES = 4096
"""Bytes that are kept of a record that is too long."""
_READ_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True)
class Ended:
    """The end of an undecided record at the start of a text, and what follows it."""

    size: int
    """Bytes of the record, or of a malformed one's first line."""
    lines: int
    start: bytes
    """Its first SHOWN_BYTES."""
    whole: bool
    """Whether it is a whole record. If not, it is the line on which a malformed one starts."""
    following: Iterator[bytes]
    """The text after it."""


def end_of_record(text: bytes, blocks: Iterable[bytes], dialect: Dialect) -> Ended:
    """Find the end of the record that `text` starts with; `blocks` follow `text`."""
    source = _with_whole_line_ends(chain([text], blocks))
    scan = _Scan(dialect)
    size = lines = 0
    waiting = tempfile.TemporaryFile()  # noqa: SIM115 - outlives this function: see `_replayed`
    for block in source:
        used = scan.feed(block)
        if scan.state is _State.MALFORMED:
            waiting.write(block)
            return _first_line(_replayed(waiting, source), dialect)
        size += used
        lines += line_ends_in(block[:used], dialect)
        if scan.state is _State.DONE:
            waiting.close()
            return Ended(size, lines, text[:SHOWN_BYTES], True, chain([block[used:]], source))
        waiting.write(block)
    if scan.state in (_State.START, _State.PLAIN, _State.CLOSED, _State.ENDING):
        waiting.close()
        return Ended(size, lines, text[:SHOWN_BYTES], True, iter(()))
    return _first_line(_replayed(waiting, source), dialect)


def _first_line(blocks: Iterator[bytes], dialect: Dialect) -> Ended:
    start = b""
    size = lines = 0
    for block in blocks:
        found = line(dialect).match(block)
        used = found.end() if found else len(block)
        start += block[: min(used, SHOWN_BYTES - len(start))]
        size += used
        lines += line_ends_in(block[:used], dialect)
        if found:
            return Ended(size, lines, start, False, chain([block[used:]], blocks))
    return Ended(size, lines, start, False, iter(()))


def _replayed(waiting: IO[bytes], source: Iterator[bytes]) -> Iterator[bytes]:
    with waiting:
        waiting.seek(0)
        yield from _with_whole_line_ends(iter(lambda: waiting.read(_READ_BYTES), b""))
    yield from source


def _with_whole_line_ends(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same text in blocks that do not end between CR and LF."""
    held = b""
    for block in blocks:
        text = held + block
        held = b"\r" if text.endswith(b"\r") else b""
        if len(text) > len(held):
            yield text[: len(text) - len(held)]
    if held:
        yield held


class _State(Enum):
    START = auto()
    """At the start of a field."""
    PLAIN = auto()
    """Inside an unquoted field."""
    QUOTED = auto()
    ESCAPED = auto()
    CLOSED = auto()
    """After a quote that may have closed its field."""
    ENDING = auto()
    """After a CR that an LF has to follow."""
    DONE = auto()
    MALFORMED = auto()


class _Scan:
    """Scans a record, block by block."""

    def __init__(self, dialect: Dialect) -> None:
        self.state = _State.START
        self._dialect = dialect
        self._fresh = True
        d, q = re.escape(dialect.delimiter), re.escape(dialect.quote)
        e, p = re.escape(dialect.escape), re.escape(dialect.padding)
        inside = q if dialect.strict_quotes else b""
        self._plain = re.compile(rb"[^%b%b\r\n]*+" % (d, inside))
        padding = b"(?>(?:%b)?)" % p if p else b""
        self._fields = re.compile(
            rb"%b(?>(?:(?!%b)[^%b%b\r\n]*+%b%b)*)" % (padding, q, d, inside, d, padding)
        )
        self._quoted = re.compile(rb"[^%b%b]*+" % (q, e))

    def feed(self, block: bytes) -> int:
        """Return how many bytes of a block belong to the record: all of them, while it goes on."""
        position = 0
        if self._fresh and block.startswith(MARK):
            position = len(MARK)
        self._fresh = False
        while position < len(block) and self.state not in (_State.DONE, _State.MALFORMED):
            position = self._step(block, position)
        return position

    def _step(self, block: bytes, position: int) -> int:
        match self.state:
            case _State.START:
                return self._start(block, self._after(self._fields, block, position))
            case _State.PLAIN:
                return self._border(block, self._after(self._plain, block, position))
            case _State.QUOTED:
                return self._inside(block, self._after(self._quoted, block, position))
            case _State.ESCAPED:
                self.state = _State.QUOTED
                return position + 1
            case _State.CLOSED if block.startswith(self._dialect.quote, position):
                self.state = _State.QUOTED
                return position + 1
            case _:
                return self._border(block, position)

    def _after(self, pattern: re.Pattern[bytes], block: bytes, position: int) -> int:
        found = pattern.match(block, position)
        return found.end() if found else position

    def _start(self, block: bytes, position: int) -> int:
        if position == len(block):
            return position
        quoted = block.startswith(self._dialect.quote, position)
        self.state = _State.QUOTED if quoted else _State.PLAIN
        return position + quoted

    def _inside(self, block: bytes, position: int) -> int:
        if position == len(block):
            return position
        closes = block.startswith(self._dialect.quote, position)
        self.state = _State.CLOSED if closes else _State.ESCAPED
        return position + 1

    def _border(self, block: bytes, position: int) -> int:
        """Read what may follow a field: a delimiter or a line end."""
        if position == len(block):
            return position
        byte = block[position : position + 1]
        ending = self.state is _State.ENDING
        if byte == self._dialect.delimiter and not ending:
            self.state = _State.START
        elif byte == b"\n":
            self.state = _State.DONE
        elif byte == b"\r" and not self._dialect.cr_ends:
            self.state = _State.ENDING
        elif byte == b"\r" and not ending:
            self.state = _State.DONE
            return position + (2 if block.startswith(b"\r\n", position) else 1)
        else:
            self.state = _State.MALFORMED
        return position + 1
