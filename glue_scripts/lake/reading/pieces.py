"""Reading of a part of a file: the records that start in it, as rows or bad records.

A piece reports where its first record starts, and where the next piece's must start. Whoever puts
pieces together checks that each starts where the one before says: then they hold exactly the
records that reading from the top would give, each once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lake.columns.totals import Total
from lake.columns.types import ColumnType
from lake.errors import AccountingError
from lake.reading.csv.cell_kinds import is_comment
from lake.reading.csv.header_repeats import header_repeats
from lake.reading.csv.long_records import SHOWN_BYTES, end_of_record
from lake.reading.csv.parsing import parse
from lake.reading.csv.record_boundaries import (
    MAX_RECORD_BYTES,
    TOO_LONG,
    Cut,
    Flags,
    Positions,
    cut_records,
    find_region,
)
from lake.reading.csv.record_grammar import MALFORMED, MARK, why_malformed
from lake.reading.decoding import SINGLE_BYTE_ENCODINGS, is_foreign, shown
from lake.reading.layout import CsvLayout

_LARGE_BYTES = 1024 * 1024
_SEAM_BYTES = 64 * 1024
STRAY = "bytes that are no characters in the file's encoding"
FOREIGN = "bytes that spell UTF-8 in a file of another encoding"
AGAIN = "the header once more"
COMMENT = "a comment"
BEHIND = "a value behind the last delimiter, which ends all rows"
_UTF8_SPELLED = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)


@dataclass(frozen=True)
class BadRecord:
    """A record that cannot be a row."""

    line: int
    """Line on which the record starts, counted from 0 at the start of the piece."""
    raw: bytes
    reason: str


@dataclass(frozen=True)
class Origin:
    """The source of rows, for those that are quarantined after all."""

    lines: Sequence[int] | Positions
    """Line of each row, counted like `BadRecord.line`."""
    raw: Callable[[int], bytes]
    """Returns a row as it is in the source."""


@dataclass(frozen=True)
class Tally:
    """Number of non-empty fields in a column, counted before any conversion."""

    values: int = 0
    """Fields that hold a value other than an empty text."""
    blanks: int = 0
    """Empty texts: a value in a column of text, nothing in any other."""

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.values + other.values, self.blanks + other.blanks)

    def __sub__(self, other: Tally) -> Tally:
        return Tally(self.values - other.values, self.blanks - other.blanks)


@dataclass(frozen=True)
class Chunk:
    """Consecutive records of a piece."""

    rows: pa.Table
    """Columns by source name. In CSV all are text: an empty field is null if it is unquoted, "" if
    it is quoted."""
    bad: list[BadRecord]
    records: int
    """Number of records, good and bad, as the cutter counts them; blank lines do not count."""
    origin: Callable[[], Origin]
    """Returns the origin of the rows. It is slow, but most chunks are never asked."""
    types: tuple[ColumnType, ...] | None = None
    """Types of the columns, in formats that have types; there, not all columns are text."""
    tallies: Mapping[str, Tally] | None = None
    """Tallies of the columns of `rows`, by source name, counted before any conversion. None if
    `rows` is as it was cut, and can be counted itself."""
    totals: Mapping[str, Total] = field(default_factory=dict)
    """Totals of the columns of `rows` that have one, by source name, before any conversion. Not for
    CSV, where all are text."""


class PieceReader:
    """Iterates over the chunks of a piece.

    `blocks` is the text from a record's start on; one block has to end exactly at `limit`, if there
    is one. Blocks after the limit are read only to complete the last record.
    """

    def __init__(
        self,
        layout: CsvLayout,
        blocks: Iterable[bytes],
        *,
        start: int = 0,
        limit: int | None = None,
    ) -> None:
        self._layout = layout
        self._dialect = layout.dialect
        self._blocks = iter(blocks)
        self._limit = limit
        self._repeats = header_repeats(layout)
        self.position = start
        """Where the text that is not read yet begins; at the end, the next record's start."""
        self.lines = 0
        """Number of line ends so far."""

    @property
    def shapes(self) -> Mapping[str, bool]:
        """Return nothing: a CSV file has no objects and lists."""
        return {}

    def __iter__(self) -> Iterator[Chunk]:
        rest = b""
        while (block := next(self._blocks, None)) is not None:
            if self._is_done():
                return
            beyond = self._limit is not None and (
                self.position + len(rest) + len(block) > self._limit
            )
            if beyond:
                rest = yield from self._take_up_to_limit(rest + block, at_end=False)
            else:
                rest = yield from self._take_behind(rest, block)
            if len(rest) > MAX_RECORD_BYTES and not self._is_done():
                yield self._take_undecided(rest)
                rest = b""
        if rest and not self._is_done():
            # The last line of a file may lack its end.
            ends = (b"\n", b"\r") if self._dialect.cr_ends else b"\n"
            whole = rest if rest.endswith(ends) else rest + b"\n"
            yield from self._take_up_to_limit(whole, at_end=True)

    def _is_done(self) -> bool:
        return self._limit is not None and self.position >= self._limit

    def _take_undecided(self, text: bytes) -> Chunk:
        """Read a record that exceeds the size of one before it ends."""
        found = end_of_record(text, self._blocks, self._dialect)
        self._blocks = found.following
        raw = found.start.rstrip(b"\r\n")
        is_long = found.size > MAX_RECORD_BYTES
        reason = _too_long() if is_long else why_malformed(raw, self._dialect)
        bad = BadRecord(self.lines, shown(raw, self._layout.encoding), reason)
        self.position += found.size
        self.lines += found.lines
        nothing = parse(b"", self._dialect, self._layout.encoding, self._layout.parsed)
        rows = self._columns_of(nothing)
        return Chunk(rows, [bad], 1, lambda: Origin([], _no_row))

    def _take_behind(self, rest: bytes, block: bytes) -> Generator[Chunk, None, bytes]:
        """Read a block after the unfinished record in `rest`; return the text after whole records.

        If that record ends near the start of a large block, the block is read from there as it is,
        because appending it to `rest` would copy it.
        """
        if not rest:
            return (yield from self._take(block))
        if len(block) >= _LARGE_BYTES:
            behind = yield from self._take(rest + block[:_SEAM_BYTES])
            if len(behind) < _SEAM_BYTES:
                return (yield from self._take(block, _SEAM_BYTES - len(behind)))
            return behind + block[_SEAM_BYTES:]
        return (yield from self._take(rest + block))

    def _take(self, text: bytes, start: int = 0) -> Generator[Chunk, None, bytes]:
        """Read whole records from `start`, where one begins; return the text after them."""
        region = find_region(text, self._dialect, start=start)
        if region.cut is None and region.end > start and not self._is_special(text):
            rows = self._parsed(text, start, region.ends)
            if rows is not None and rows.num_rows == region.records and not self._aside(rows):
                rows = self._columns_of(rows)
                origin = partial(self._origin_in, text, start, region.end, self.lines)
                self.position += region.end - start
                self.lines += region.lines
                yield Chunk(rows, [], region.records, origin)
                return text[region.end :]
        text = text[start:]
        end = region.end - start
        cut = region.cut or cut_records(text[:end], self._dialect, at_end=True)
        yield from self._take_cut(text, cut)
        return text[end:]

    def _take_up_to_limit(self, text: bytes, *, at_end: bool) -> Generator[Chunk, None, bytes]:
        cut = cut_records(text, self._dialect, at_end=at_end)
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
        cut = _unmarked(text, cut)
        good: Flags = cut.fields == len(self._layout.parsed)
        reasons = dict.fromkeys(self._foreign(text, cut, good), FOREIGN)
        good[list(reasons)] = False
        rows = self._parsed(_join(text, cut, good))
        if rows is None:
            for i in np.flatnonzero(good):
                if self._parsed(_record(text, cut, i)) is None:
                    reasons[int(i)] = STRAY
            good[list(reasons)] = False
            rows = self._parsed(_join(text, cut, good))
        count = int(np.count_nonzero(good))
        if rows is None or rows.num_rows != count:
            raise AccountingError(
                f"the parser made {'no' if rows is None else rows.num_rows} rows of {count} records"
            )
        rows = self._columns_of(self._without_aside(rows, good, reasons))
        bad = [self._bad(text, cut, i, reasons) for i in np.flatnonzero(~good & (cut.fields != 0))]
        origin = partial(self._origin, text, cut, good, self.lines)
        return Chunk(rows, bad, rows.num_rows + len(bad), origin)

    def _without_aside(self, rows: pa.Table, good: Flags, reasons: dict[int, str]) -> pa.Table:
        aside = self._aside(rows)
        if not aside:
            return rows
        records = np.flatnonzero(good)
        reasons |= {int(records[row]): reason for row, reason in aside.items()}
        good[records[list(aside)]] = False
        kept = np.ones(rows.num_rows, np.bool_)
        kept[list(aside)] = False
        return rows.filter(pa.array(kept))

    def _aside(self, rows: pa.Table) -> dict[int, str]:
        """Return which parsed records are not rows after all, and why."""
        found: dict[int, str] = {}
        if self._layout.ends_blank:
            found |= dict.fromkeys(_filled(rows.column(rows.num_columns - 1)), BEHIND)
        if self._layout.comments:
            found |= dict.fromkeys(_comments(rows.column(0)), COMMENT)
        return found | dict.fromkeys(self._repeats.rows(self._columns_of(rows)).tolist(), AGAIN)

    def _columns_of(self, rows: pa.Table) -> pa.Table:
        """Return the rows without the field after the last delimiter."""
        return rows.select(range(len(self._layout.fields))) if self._layout.ends_blank else rows

    def _bad(self, text: bytes, cut: Cut, i: np.int64, reasons: Mapping[int, str]) -> BadRecord:
        raw = _record(text, cut, i).rstrip(b"\r\n")
        reason = reasons.get(int(i)) or self._reason(raw, int(cut.fields[i]))
        if cut.fields[i] == TOO_LONG:
            raw = raw[:SHOWN_BYTES]
        own = self._layout.encoding
        line = self.lines + int(cut.lines[i])
        return BadRecord(line, raw if reason == FOREIGN else shown(raw, own), reason)

    def _reason(self, raw: bytes, fields: int) -> str:
        if fields == TOO_LONG:
            return _too_long()
        if fields == MALFORMED:
            return why_malformed(raw, self._dialect)
        return f"{fields} field{'' if fields == 1 else 's'}, expected {len(self._layout.parsed)}"

    def _origin_in(self, text: bytes, start: int, end: int, line: int) -> Origin:
        text = text[start:end]
        cut = cut_records(text, self._dialect, at_end=True)
        return self._origin(text, cut, cut.fields != 0, line)

    def _origin(self, text: bytes, cut: Cut, good: Flags, line: int) -> Origin:
        rows = np.flatnonzero(good)

        def raw(number: int) -> bytes:
            return shown(_record(text, cut, rows[number]).rstrip(b"\r\n"), self._layout.encoding)

        return Origin(line + cut.lines[rows], raw)

    def _parsed(self, text: bytes, start: int = 0, ends: Sequence[int] = ()) -> pa.Table | None:
        """Parse records; return None if Arrow rejects them, for whatever reason."""
        own = self._layout.encoding
        try:
            return parse(text, self._dialect, own, self._layout.parsed, start=start, ends=ends)
        except pa.ArrowInvalid:
            return None

    def _is_special(self, text: bytes) -> bool:
        """Whether some records have to be checked one by one."""
        if self._layout.encoding in SINGLE_BYTE_ENCODINGS:
            return not text.isascii() and bool(_UTF8_SPELLED.search(text))
        return _has_mark(text)

    def _foreign(self, text: bytes, cut: Cut, good: Flags) -> Iterator[int]:
        """Yield records in UTF-8 in a one-byte encoding, where they would read as `cafÃ©`."""
        if self._layout.encoding in SINGLE_BYTE_ENCODINGS and self._is_special(text):
            for i in np.flatnonzero(good):
                if is_foreign(_record(text, cut, i)):
                    yield int(i)


def _filled(column: pa.ChunkedArray) -> list[int]:
    """Return the rows in which a column has a value."""
    if column.null_count == len(column):
        return []
    filled: list[int] = np.flatnonzero(pc.not_equal(column, "").fill_null(False)).tolist()
    return filled


def _comments(column: pa.ChunkedArray) -> list[int]:
    """Return the rows in which a column's value begins like a comment."""
    if not len(column):
        return []
    begun = np.flatnonzero(pc.starts_with(column, "#").fill_null(False))
    return [int(i) for i in begun if is_comment(column[int(i)].as_py())]


def _too_long() -> str:
    return f"a record of more than {MAX_RECORD_BYTES:,} bytes, which is the limit"


def _no_row(number: int) -> bytes:
    raise IndexError(number)


def _has_mark(text: bytes) -> bool:
    return b"\xef" in text and MARK in text


def _unmarked(text: bytes, cut: Cut) -> Cut:
    """Return a cut whose records begin after any byte order marks."""
    if not _has_mark(text):
        return cut
    starts = cut.starts.copy()
    fields = cut.fields.copy()
    for i, (start, end) in enumerate(zip(cut.starts, cut.ends, strict=True)):
        while text.startswith(MARK, starts[i], end):
            starts[i] += len(MARK)
        if starts[i] > start and not text[starts[i] : end].strip(b"\r\n"):
            fields[i] = 0
    return replace(cut, starts=starts, fields=fields)


def _record(text: bytes, cut: Cut, i: np.int64) -> bytes:
    return text[cut.starts[i] : cut.ends[i]]


def _join(text: bytes, cut: Cut, good: Flags) -> bytes:
    if not good.any():
        return b""
    begun = np.concatenate(([True], cut.starts[1:] != cut.ends[:-1]))
    if good.all() and not begun[1:].any():
        return text[cut.starts[0] : cut.ends[-1]]
    before = np.concatenate(([False], good[:-1]))
    after = np.concatenate((good[1:], [False]))
    firsts = np.flatnonzero(good & (~before | begun))
    lasts = np.flatnonzero(good & (~after | np.concatenate((begun[1:], [True]))))
    runs = zip(cut.starts[firsts], cut.ends[lasts], strict=True)
    return b"".join(text[start:end] for start, end in runs)
