"""Reading a part of a file: the records that start in it, as rows and as what are none.

A piece of the text says where its first record starts and where the next piece's must. Who
puts pieces together checks that each starts where the one before says: then they hold
exactly the records that reading from the top would give, and each once.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa

from lake.column_types import ColumnType
from lake.errors import AccountingError
from lake.layout import Layout
from lake.parsing import parse
from lake.records import (
    MALFORMED,
    MAX_RECORD_BYTES,
    Cut,
    Flags,
    Positions,
    cut_records,
    find_region,
    no_line_end,
)

_LARGE_BYTES = 1024 * 1024
_SEAM_BYTES = 64 * 1024
STRAY = "bytes that are no characters in the file's encoding"


@dataclass(frozen=True)
class BadRecord:
    """A record that cannot be a row."""

    line: int
    """Line on which the record starts, counted from 0 at the start of the piece."""
    raw: bytes
    reason: str


@dataclass(frozen=True)
class Origin:
    """Where rows stand, for those that are put aside after all."""

    lines: Sequence[int] | Positions
    """Line of each row, counted like `BadRecord.line`."""
    raw: Callable[[int], bytes]
    """A row as it stands."""


@dataclass(frozen=True)
class Chunk:
    """Consecutive records of a piece."""

    rows: pa.Table
    """By source name. In CSV all as text: null where a field is empty and unquoted, "" where it
    is quoted."""
    bad: list[BadRecord]
    records: int
    """As the cutter counts them, good and bad; blank lines are none."""
    origin: Callable[[], Origin]
    """Of the rows. Takes its time: most chunks are never asked."""
    types: tuple[ColumnType, ...] | None = None
    """Of the columns, in formats that have types; there, not all columns are text."""


class PieceReader:
    """Iterates over the chunks of a piece.

    `blocks` is the text from a record's start on; one block has to end exactly at `limit`,
    if there is one. Blocks behind the limit are taken only for the last record's end.
    """

    def __init__(
        self, layout: Layout, blocks: Iterable[bytes], *, start: int = 0, limit: int | None = None
    ) -> None:
        self._layout = layout
        self._blocks = blocks
        self._limit = limit
        self._header = layout.header.encode("latin-1")
        self.position = start
        """Where the text that is not read yet begins; at the end, the next record's start."""
        self.lines = 0
        """Line ends so far."""

    def __iter__(self) -> Iterator[Chunk]:
        rest = b""
        for block in self._blocks:
            if self._is_done():
                return
            beyond = self._limit is not None and (
                self.position + len(rest) + len(block) > self._limit
            )
            if beyond:
                rest = yield from self._take_up_to_limit(rest + block, at_end=False)
            else:
                rest = yield from self._take_behind(rest, block)
            if len(rest) > 2 * MAX_RECORD_BYTES:
                raise no_line_end()
        if rest and not self._is_done():
            # The last line of a file may lack its end.
            whole = rest if rest.endswith((b"\n", b"\r")) else rest + b"\n"
            yield from self._take_up_to_limit(whole, at_end=True)

    def _is_done(self) -> bool:
        return self._limit is not None and self.position >= self._limit

    def _take_behind(self, rest: bytes, block: bytes) -> Generator[Chunk, None, bytes]:
        """Where the record that `rest` begins ends near the start of a large block, the block is
        read on from there as it is: to put it behind `rest` would copy it."""
        if not rest:
            return (yield from self._take(block))
        if len(block) >= _LARGE_BYTES:
            behind = yield from self._take(rest + block[:_SEAM_BYTES])
            if len(behind) < _SEAM_BYTES:
                return (yield from self._take(block, _SEAM_BYTES - len(behind)))
            return behind + block[_SEAM_BYTES:]
        return (yield from self._take(rest + block))

    def _take(self, text: bytes, start: int = 0) -> Generator[Chunk, None, bytes]:
        """What follows the last whole record; `start` is where a record begins."""
        region = find_region(text, self._layout.dialect, start=start)
        if region.cut is None and region.end > start and not self._repeats_header(text):
            rows = self._parsed(text, start, region.ends)
            if rows is not None and rows.num_rows == region.records:
                origin = partial(self._origin_in, text, start, region.end, self.lines)
                self.position += region.end - start
                self.lines += region.lines
                yield Chunk(rows, [], region.records, origin)
                return text[region.end :]
        text = text[start:]
        end = region.end - start
        cut = region.cut or cut_records(text[:end], self._layout.dialect, at_end=True)
        yield from self._take_cut(text, cut)
        return text[end:]

    def _take_up_to_limit(self, text: bytes, *, at_end: bool) -> Generator[Chunk, None, bytes]:
        cut = cut_records(text, self._layout.dialect, at_end=at_end)
        if self._limit is not None:
            cut = cut.before(self._limit - self.position)
        yield from self._take_cut(text, cut)
        return text[cut.end :]

    def _take_cut(self, text: bytes, cut: Cut) -> Iterator[Chunk]:
        if not len(cut.starts):
            return
        chunk = self._chunk(text, cut)
        self.position += cut.end
        self.lines += cut.line_count
        if chunk.records:
            yield chunk

    def _chunk(self, text: bytes, cut: Cut) -> Chunk:
        width = len(self._layout.columns)
        good: Flags = cut.fields == width
        repeats = self._repeated_headers(text, cut, good)
        good[repeats] = False
        rows = self._parsed(_join(text, cut, good))
        stray = np.empty(0, np.int64)
        if rows is None:
            taken = [self._decodes(text, cut, i) for i in np.flatnonzero(good)]
            stray = np.flatnonzero(good)[~np.array(taken, np.bool_)]
            good[stray] = False
            rows = self._parsed(_join(text, cut, good))
        count = int(np.count_nonzero(good))
        if rows is None or rows.num_rows != count:
            raise AccountingError(
                f"the parser made {'no' if rows is None else rows.num_rows} rows of {count} records"
            )
        bad = [
            BadRecord(
                line=self.lines + int(cut.lines[i]),
                raw=text[cut.starts[i] : cut.ends[i]].rstrip(b"\r\n"),
                reason=_reason(int(cut.fields[i]), width, i in repeats, i in stray),
            )
            for i in np.flatnonzero(~good & (cut.fields != 0))
        ]
        return Chunk(rows, bad, count + len(bad), partial(_origin, text, cut, good, self.lines))

    def _origin_in(self, text: bytes, start: int, end: int, line: int) -> Origin:
        text = text[start:end]
        cut = cut_records(text, self._layout.dialect, at_end=True)
        return _origin(text, cut, cut.fields != 0, line)

    def _parsed(self, text: bytes, start: int = 0, ends: Sequence[int] = ()) -> pa.Table | None:
        """None where Arrow does not take the records, for whatever reason."""
        layout = self._layout
        try:
            return parse(
                text, layout.dialect, layout.encoding, layout.columns, start=start, ends=ends
            )
        except pa.ArrowInvalid:
            return None

    def _repeats_header(self, records: bytes) -> bool:
        return bool(self._header) and self._header in records

    def _repeated_headers(self, text: bytes, cut: Cut, good: Flags) -> Positions:
        repeated = [
            i
            for i in (np.flatnonzero(good) if self._repeats_header(text) else ())
            if text[cut.starts[i] : cut.ends[i]].rstrip(b"\r\n") == self._header
        ]
        return np.array(repeated, np.int64)

    def _decodes(self, text: bytes, cut: Cut, i: np.int64) -> bool:
        return self._parsed(text[cut.starts[i] : cut.ends[i]]) is not None


def _reason(fields: int, width: int, is_header: bool, is_stray: bool) -> str:
    if is_header:
        return "the header once more"
    if is_stray:
        return STRAY
    if fields == MALFORMED:
        return "a quoted field is not closed, or text follows its closing quote"
    return f"{fields} field{'' if fields == 1 else 's'}, expected {width}"


def _origin(text: bytes, cut: Cut, good: Flags, line: int) -> Origin:
    rows = np.flatnonzero(good)

    def raw(number: int) -> bytes:
        row = rows[number]
        return text[cut.starts[row] : cut.ends[row]].rstrip(b"\r\n")

    return Origin(line + cut.lines[rows], raw)


def _join(text: bytes, cut: Cut, good: Flags) -> bytes:
    if len(good) and good.all():
        return text[cut.starts[0] : cut.ends[-1]]
    edges = np.flatnonzero(np.diff(np.concatenate(([False], good, [False])).astype(np.int8)))
    runs = zip(edges[0::2], edges[1::2], strict=True)
    return b"".join(text[cut.starts[first] : cut.ends[last - 1]] for first, last in runs)
