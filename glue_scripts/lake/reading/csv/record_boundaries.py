"""Cutting of CSV text into records, before and independent of any parsing.

A record ends at a line end outside quotes: LF, with any CRs before it or, if the file has no LF, a
CR. A field that starts with a quote runs to the quote that closes it; inside, two quotes stand for
one, and if the dialect has an escape, so do the escape and a quote. A record is malformed if a
quoted field is not closed, text follows its closing quote, a quote stands inside an unquoted field,
or a CR that ends no line stands outside quotes. It then reaches to the end of its line: one bad
quote costs one record. A record of more than MAX_RECORD_BYTES is too long, whatever is in it.

A record depends only on the text after its start. So a file can be cut in many places at once, and
the pieces can be checked against each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lake.errors import InputRefused
from lake.reading.csv.record_grammar import (
    MALFORMED,
    Dialect,
    count_fields,
    line,
    line_ends_in,
    record,
)

Positions = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Octets = npt.NDArray[np.uint8]
_LF, _CR = 10, 13
MAX_RECORD_BYTES = 32 * 1024 * 1024
TOO_LONG = -2
_PART_BYTES = 2 * 1024 * 1024
"""Bytes that are parsed at a time. The parser passes over them once for each column, and is twice
as fast if they fit into a processor's cache."""


@dataclass(frozen=True)
class Cut:
    """Record borders in a text."""

    starts: Positions
    ends: Positions
    """Position just after each record's line end."""
    fields: Positions
    """Fields per record; 0 for a blank line, MALFORMED or TOO_LONG for an invalid record."""
    lines: Positions
    """Line of each start, counted from 0."""
    line_count: int

    @property
    def end(self) -> int:
        """Where the text that is not cut yet begins."""
        return int(self.ends[-1]) if len(self.ends) else 0

    def before(self, limit: int) -> Cut:
        """Return the records that start before a position."""
        kept = int(np.searchsorted(self.starts, limit))
        if kept == len(self.starts):
            return self
        return Cut(
            self.starts[:kept],
            self.ends[:kept],
            self.fields[:kept],
            self.lines[:kept],
            int(self.lines[kept]),
        )


@dataclass(frozen=True)
class Region:
    """Consecutive whole records of a text: how far they reach, and how many they are."""

    end: int
    ends: tuple[int, ...]
    """Record ends that cut the region into parts of about _PART_BYTES; the last is `end`."""
    records: int
    """Number of line ends outside quotes, including those of blank lines."""
    lines: int
    """Number of all line ends."""
    cut: Cut | None
    """The records one by one, if a look at the whole text was not enough."""


def find_region(text: bytes, dialect: Dialect, *, start: int = 0) -> Region:
    """Return the region of whole records from `start` on, where a record begins."""
    if len(text) - start <= MAX_RECORD_BYTES and not _has_lone_cr(text):
        if text.find(dialect.quote, start) < 0:
            end = text.rfind(b"\n", start) + 1
            count = int(np.count_nonzero(np.frombuffer(text, np.uint8)[start:end] == _LF))
            if end:
                return Region(end, _part_ends(text, start, end), count, count, None)
        elif not (dialect.escape and dialect.escape in text):
            found = _region_of_quoted(text, dialect, start)
            if found:
                return found
    cut = cut_records(text[start:], dialect, at_end=False)
    end = start + cut.end
    return Region(end, (end,), len(cut.starts), cut.line_count, cut)


def _part_ends(text: bytes, start: int, end: int) -> tuple[int, ...]:
    """Return the position after the last line end before each multiple of _PART_BYTES."""
    found = (
        text.rfind(b"\n", start, at) + 1 for at in range(start + _PART_BYTES, end, _PART_BYTES)
    )
    return (*sorted({at for at in found if at}), end)


def _has_lone_cr(text: bytes) -> bool:
    return b"\r" in text and text.count(b"\r") != text.count(b"\r\n")


def no_line_end() -> InputRefused:
    """Return the error for a line that is longer than any record may be."""
    return InputRefused(
        f"a line of more than {MAX_RECORD_BYTES:,} bytes: "
        "this is no CSV, or its line ends are missing"
    )


def cut_records(text: bytes, dialect: Dialect, *, at_end: bool) -> Cut:
    """Cut a text that starts with a record, and with `at_end` also ends with one, into records."""
    # A CR at the very end may be the first half of a CRLF.
    usable = text[:-1] if text.endswith(b"\r") and not at_end else text
    cut = _cut_regular(usable, dialect, at_end=at_end)
    return _cut_one_by_one(usable, dialect, at_end=at_end) if cut is None else cut


def ends_with_cr(text: bytes, quote: bytes) -> bool:
    """Whether the lines of a text end at CR alone.

    They do if each LF is inside quotes or after the last CR.
    """
    if b"\n" not in text:
        return b"\r" in text
    text = text.rstrip(b"\r\n")
    if b"\r" not in text or b"\n" not in text:
        return b"\r" in text
    data = np.frombuffer(text, np.uint8)
    outside = _outside(np.flatnonzero(data == _LF), np.flatnonzero(data == quote[0]))
    return not len(outside)


def first_record_start(text: bytes, dialect: Dialect) -> int:
    """Return the likely position of the first record that starts after the first byte of `text`.

    `text` may start anywhere; whether that is inside quotes is inferred from the positions of later
    quotes. The answer can be wrong: callers have to check it against the end of the record before.
    """
    data = np.frombuffer(text, np.uint8)
    quotes = np.flatnonzero(data == dialect.quote[0])
    misplaced = [
        _misplaced(
            data, quotes, dialect, opening=quotes[inside::2], closing=quotes[1 - inside :: 2]
        )
        for inside in (0, 1)
    ]
    starts_inside = misplaced[1] < misplaced[0]
    ends = _line_ends(data, dialect, has_cr=b"\r" in text)
    outside = ends[(np.searchsorted(quotes, ends) % 2 == 1) == starts_inside]
    return int(outside[0]) + 1 if len(outside) else len(text)


def _region_of_quoted(text: bytes, dialect: Dialect, start: int) -> Region | None:
    data = np.frombuffer(text, np.uint8)[start:]
    quotes = np.flatnonzero(data == dialect.quote[0])
    if _misplaced(data, quotes, dialect, opening=quotes[0::2], closing=quotes[1::2]):
        return None
    feeds = np.flatnonzero(data == _LF)
    ends = _outside(feeds, quotes)
    if not len(ends):
        return None
    lines = int(np.searchsorted(feeds, ends[-1])) + 1
    last = np.searchsorted(ends, np.arange(_PART_BYTES, int(ends[-1]) + 1, _PART_BYTES)) - 1
    inner = np.unique(ends[last[last >= 0]])
    parts = tuple(start + int(end) + 1 for end in np.union1d(inner, ends[-1:]))
    return Region(parts[-1], parts, len(ends), lines, None)


def _cut_regular(text: bytes, dialect: Dialect, *, at_end: bool) -> Cut | None:
    """Cut the text; None if a quote is misplaced, or an escape could change its meaning."""
    if not text or (dialect.escape and dialect.escape in text):
        return None
    data = np.frombuffer(text, np.uint8)
    quotes = np.flatnonzero(data == dialect.quote[0])
    if (at_end and len(quotes) % 2) or _misplaced(
        data, quotes, dialect, opening=quotes[0::2], closing=quotes[1::2]
    ):
        return None
    lone_crs = not dialect.cr_ends and _has_lone_cr(text)
    if lone_crs and len(quotes):
        return None
    line_ends = _line_ends(data, dialect, has_cr=b"\r" in text)
    record_ends = _outside(line_ends, quotes)
    starts = np.concatenate((np.zeros(1, np.int64), record_ends + 1))[:-1]
    delimiters = _outside(np.flatnonzero(data == dialect.delimiter[0]), quotes)
    up_to = np.searchsorted(delimiters, record_ends)
    fields = np.diff(up_to, prepend=0) + 1
    fields[_blank(data, starts, record_ends)] = 0
    if lone_crs:
        _look_at_returns(data, starts, record_ends, fields)
    fields[record_ends + 1 - starts > MAX_RECORD_BYTES] = TOO_LONG
    lines = np.searchsorted(line_ends, starts)
    used = int(np.searchsorted(line_ends, record_ends[-1], side="right")) if len(record_ends) else 0
    return Cut(starts, record_ends + 1, fields, lines, used)


def _line_ends(data: Octets, dialect: Dialect, *, has_cr: bool) -> Positions:
    """Return the position of the last byte of each line end."""
    feeds = np.flatnonzero(data == _LF)
    if not has_cr or not dialect.cr_ends:
        return feeds
    returns = np.flatnonzero(data == _CR)
    following = np.append(data, 0)[returns + 1]
    lone = returns[following != _LF]
    return np.sort(np.concatenate((feeds, lone))) if len(lone) else feeds


def _look_at_returns(data: Octets, starts: Positions, ends: Positions, fields: Positions) -> None:
    """Mark records with a CR that ends no line as malformed, in text without quotes.

    CRs in a row before an LF belong to its line end.
    """
    returns = np.flatnonzero(data == _CR)
    following = np.append(data, 0)[returns + 1]
    ending = following == _LF
    for i in np.flatnonzero(following[:-1] == _CR)[::-1]:
        ending[i] = ending[i + 1]
    hit = np.searchsorted(ends, returns[~ending])
    fields[hit[hit < len(ends)]] = MALFORMED
    for i in np.flatnonzero((data[starts] == _CR) & (fields > 0)):
        if (data[starts[i] : ends[i]] == _CR).all():
            fields[i] = 0


def _blank(data: Octets, starts: Positions, ends: Positions) -> Flags:
    length = ends - starts
    crlf = (length == 1) & (data[starts] == _CR) & (data[ends] == _LF)
    blank: Flags = (length == 0) | crlf
    return blank


def _outside(positions: Positions, quotes: Positions) -> Positions:
    if not len(quotes) or not len(positions):
        return positions
    outside: Positions = positions[np.searchsorted(quotes, positions) % 2 == 0]
    return outside


def _misplaced(
    data: Octets, quotes: Positions, dialect: Dialect, *, opening: Positions, closing: Positions
) -> int:
    """Count opening quotes that follow no border, and closing ones that precede none."""
    if not len(quotes):
        return 0
    border = np.zeros(256, np.bool_)
    border[[dialect.delimiter[0], dialect.quote[0], _LF, _CR]] = True
    before = border[data[opening - 1]] | (opening == 0)
    after = border[data[np.minimum(closing + 1, len(data) - 1)]] | (closing == len(data) - 1)
    return int(np.count_nonzero(~before) + np.count_nonzero(~after))


def _cut_one_by_one(text: bytes, dialect: Dialect, *, at_end: bool) -> Cut:
    """Cut at the same borders as `_cut_regular`, and around malformed records as well."""
    whole, cut_off = record(dialect)
    to_line_end = line(dialect)
    starts: list[int] = []
    ends: list[int] = []
    fields: list[int] = []
    lines: list[int] = []
    position = line_number = 0
    while position < len(text):
        count = MALFORMED
        found = whole.match(text, position)
        if found:
            count = count_fields(found.group(), dialect)
        elif not at_end and cut_off.match(text, position):
            break
        else:
            found = to_line_end.match(text, position)
            if not found:
                break
        if found.end() - position > MAX_RECORD_BYTES:
            count = TOO_LONG
        starts.append(position)
        ends.append(found.end())
        fields.append(count)
        lines.append(line_number)
        line_number += line_ends_in(found.group(), dialect)
        position = found.end()
    return Cut(
        starts=np.array(starts, np.int64),
        ends=np.array(ends, np.int64),
        fields=np.array(fields, np.int64),
        lines=np.array(lines, np.int64),
        line_count=line_number,
    )
