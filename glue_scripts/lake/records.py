"""Cutting CSV text into records, before and apart from any parsing.

A record ends at LF, CRLF or CR outside quotes. A field that starts with a quote runs to
the quote that closes it; two quotes inside stand for one. A quote inside an unquoted field
is a character like any other. Where a quoted field is not closed, or text follows its
closing quote, the record is malformed and reaches to the end of its line: one bad quote
costs one record.

Buffers in which every quote stands where it should are cut with a few passes of NumPy over
the whole buffer; any other buffer goes record by record through a regular expression.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from lake.errors import InputRefused

Positions = npt.NDArray[np.int64]
_LF, _CR, _QUOTE = 10, 13, 34
MAX_RECORD_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class BadRecord:
    """A record that cannot be a row."""

    line: int
    """Line in the decoded text on which the record starts, from 1."""
    raw: bytes
    reason: str


@dataclass(frozen=True)
class Slab:
    """Consecutive records of a file."""

    good: bytes
    """Records with the right number of fields, each with its line end, nothing between them."""
    good_lines: Positions
    """The line on which each good record starts."""
    bad: list[BadRecord]

    @property
    def rows(self) -> int:
        """Records, good and bad; blank lines are none."""
        return len(self.good_lines) + len(self.bad)


@dataclass(frozen=True)
class Cut:
    """Record borders in a buffer."""

    starts: Positions
    ends: Positions
    """Just behind each record's line end."""
    fields: Positions
    """Fields per record; 0 for a blank line, -1 for a malformed record."""
    lines: Positions
    """Line of each start, counted from 0 at the start of the buffer."""
    line_count: int


class RecordCutter:
    """Cuts one file, given as blocks of UTF-8, into slabs.

    `width` is the number of fields that a row must have.
    """

    def __init__(
        self, *, delimiter: bytes, width: int, skip_first: bool, max_record: int = MAX_RECORD_BYTES
    ) -> None:
        self._delimiter = delimiter
        self._width = width
        self._skip_first = skip_first
        self._max_record = max_record
        self._line = 1

    def slabs(self, blocks: Iterable[bytes]) -> Iterator[Slab]:
        """The records in the file's order, whatever the borders of the blocks."""
        rest = b""
        for block in blocks:
            buffer = rest + block
            cut, rest = self._cut(buffer, at_end=False)
            if len(cut.starts):
                yield self._slab(buffer, cut)
        if rest:
            buffer = rest if rest.endswith((b"\n", b"\r")) else rest + b"\n"
            cut, _ = self._cut(buffer, at_end=True)
            yield self._slab(buffer, cut)

    def _cut(self, buffer: bytes, *, at_end: bool) -> tuple[Cut, bytes]:
        # A CR at the very end may be the first half of a CRLF.
        usable = buffer[:-1] if buffer.endswith(b"\r") and not at_end else buffer
        cut = cut_records(usable, self._delimiter, at_end=at_end)
        used = int(cut.ends[-1]) if len(cut.ends) else 0
        if len(buffer) - used > self._max_record:
            cut = _cut_one_by_one(
                usable, self._delimiter, at_end=at_end, max_record=self._max_record
            )
            used = int(cut.ends[-1]) if len(cut.ends) else 0
            if len(buffer) - used > self._max_record:
                raise InputRefused(
                    f"line {self._line + cut.line_count} has more than {self._max_record:,} bytes: "
                    "this is not CSV, or its line ends are missing"
                )
        return cut, buffer[used:]

    def _slab(self, buffer: bytes, cut: Cut) -> Slab:
        lines = cut.lines + self._line
        self._line += cut.line_count
        fields = cut.fields.copy()
        if self._skip_first:
            first = np.flatnonzero(fields)[:1]
            fields[first] = 0
            self._skip_first = not len(first)
        good = fields == self._width
        undecodable = _undecodable(buffer, cut, good)
        good[undecodable] = False
        bad = [
            BadRecord(
                line=int(lines[i]),
                raw=buffer[cut.starts[i] : cut.ends[i]].rstrip(b"\r\n"),
                reason=_reason(int(fields[i]), self._width),
            )
            for i in np.flatnonzero(~good & (fields != 0))
        ]
        return Slab(good=_join(buffer, cut, good), good_lines=lines[good], bad=bad)


def cut_records(buffer: bytes, delimiter: bytes, *, at_end: bool) -> Cut:
    """The complete records of a buffer that starts with one; `at_end`, all of it is complete."""
    cut = _cut_regular(buffer, delimiter, at_end=at_end) if buffer else None
    return cut or _cut_one_by_one(buffer, delimiter, at_end=at_end)


def split_fields(record: bytes, delimiter: bytes) -> list[bytes]:
    """The fields of one well-formed record, unquoted."""
    d = len(delimiter)
    fields = []
    for position, found in enumerate(_field(delimiter).finditer(record)):
        text = found.group()[d if position else 0 :]
        fields.append(text[1:-1].replace(b'""', b'"') if text[:1] == b'"' else text)
    return fields


def count_fields(record: bytes, delimiter: bytes) -> int:
    """Fields of one well-formed record."""
    if b'"' not in record:
        return record.count(delimiter) + 1
    return len(_field(delimiter).findall(record))


def _reason(fields: int, width: int) -> str:
    if fields == -1:
        return "a quoted field is not closed, or text follows its closing quote"
    if fields == width:
        return "bytes that are no characters in the file's encoding"
    return f"{fields} field{'' if fields == 1 else 's'}, expected {width}"


def _join(buffer: bytes, cut: Cut, good: npt.NDArray[np.bool_]) -> bytes:
    if len(good) and good.all():
        return buffer[cut.starts[0] : cut.ends[-1]]
    edges = np.flatnonzero(np.diff(np.concatenate(([False], good, [False])).astype(np.int8)))
    runs = zip(edges[0::2], edges[1::2], strict=True)
    return b"".join(buffer[cut.starts[first] : cut.ends[last - 1]] for first, last in runs)


def _undecodable(buffer: bytes, cut: Cut, good: npt.NDArray[np.bool_]) -> list[int]:
    try:
        buffer[: cut.ends[-1]].decode()
    except UnicodeDecodeError:
        return [
            int(i)
            for i in np.flatnonzero(good)
            if not _decodes(buffer[cut.starts[i] : cut.ends[i]])
        ]
    return []


def _decodes(record: bytes) -> bool:
    try:
        record.decode()
    except UnicodeDecodeError:
        return False
    return True


def _cut_regular(buffer: bytes, delimiter: bytes, *, at_end: bool) -> Cut | None:
    """None if a quote stands where it should not."""
    data = np.frombuffer(buffer, np.uint8)
    quotes = np.flatnonzero(data == _QUOTE) if b'"' in buffer else np.empty(0, np.int64)
    if len(quotes) and not _well_placed(data, quotes, delimiter[0], at_end=at_end):
        return None
    line_ends = _line_ends(data, has_cr=b"\r" in buffer)
    record_ends = _outside(line_ends, quotes)
    starts = np.concatenate((np.zeros(1, np.int64), record_ends + 1))[:-1]
    delimiters = _outside(np.flatnonzero(data == delimiter[0]), quotes)
    up_to = np.searchsorted(delimiters, record_ends)
    fields = np.diff(up_to, prepend=0) + 1
    fields[_blank(data, starts, record_ends)] = 0
    all_outside = len(line_ends) == len(record_ends)
    lines = np.arange(len(starts)) if all_outside else np.searchsorted(line_ends, starts)
    used = int(np.searchsorted(line_ends, record_ends[-1], side="right")) if len(record_ends) else 0
    return Cut(starts, record_ends + 1, fields, lines, used)


def _line_ends(data: npt.NDArray[np.uint8], *, has_cr: bool) -> Positions:
    """The last byte of each line end."""
    feeds = np.flatnonzero(data == _LF)
    if not has_cr:
        return feeds
    returns = np.flatnonzero(data == _CR)
    following = np.append(data, 0)[returns + 1]
    lone = returns[following != _LF]
    return np.sort(np.concatenate((feeds, lone))) if len(lone) else feeds


def _blank(
    data: npt.NDArray[np.uint8], starts: Positions, ends: Positions
) -> npt.NDArray[np.bool_]:
    length = ends - starts
    crlf = (length == 1) & (data[starts] == _CR) & (data[ends] == _LF)
    blank: npt.NDArray[np.bool_] = (length == 0) | crlf
    return blank


def _outside(positions: Positions, quotes: Positions) -> Positions:
    if not len(quotes) or not len(positions):
        return positions
    outside: Positions = positions[np.searchsorted(quotes, positions) % 2 == 0]
    return outside


def _well_placed(
    data: npt.NDArray[np.uint8], quotes: Positions, delimiter: int, *, at_end: bool
) -> bool:
    """Opening quotes follow a border or a quote, closing ones precede one."""
    if at_end and len(quotes) % 2:
        return False
    border = np.zeros(256, np.bool_)
    border[[delimiter, _LF, _CR, _QUOTE]] = True
    opening, closing = quotes[0::2], quotes[1::2]
    before = border[data[opening - 1]] | (opening == 0)
    after = border[data[np.minimum(closing + 1, len(data) - 1)]] | (closing == len(data) - 1)
    return bool(before.all() and after.all())


@cache
def _field(delimiter: bytes) -> re.Pattern[bytes]:
    d = re.escape(delimiter)
    return re.compile(rb'(?:\A|%b)(?:"(?:[^"]++|"")*+"|(?!")[^%b\r\n]*+)' % (d, d))


@cache
def _record(delimiter: bytes) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """A whole record with its line end, and one that the buffer may have cut off."""
    d = re.escape(delimiter)
    quoted, plain = rb'"(?:[^"]++|"")*+"', rb'(?!")[^%b\r\n]*+' % d
    field = rb"(?:%b|%b)" % (quoted, plain)
    whole = rb"%b(?:%b%b)*+(?:\r\n|\n|\r)" % (field, d, field)
    open_end = rb'(?:"(?:[^"]++|"")*+"?|%b)\Z' % plain
    return re.compile(whole), re.compile(rb"(?:%b%b)*+%b" % (field, d, open_end))


_LINE = re.compile(rb"[^\r\n]*+(?:\r\n|\n|\r)")


def _cut_one_by_one(
    buffer: bytes, delimiter: bytes, *, at_end: bool, max_record: int | None = None
) -> Cut:
    """The same borders as `_cut_regular` gives, and malformed records besides."""
    whole, cut_off = _record(delimiter)
    starts: list[int] = []
    ends: list[int] = []
    fields: list[int] = []
    lines: list[int] = []
    position = line = 0
    while position < len(buffer):
        found = whole.match(buffer, position)
        count = -1
        if found:
            record = found.group().rstrip(b"\r\n") if len(found.group()) <= 2 else found.group()
            count = count_fields(found.group(), delimiter) if record else 0
        else:
            too_long = max_record is not None and len(buffer) - position > max_record
            if not at_end and not too_long and cut_off.match(buffer, position):
                break
            found = _LINE.match(buffer, position)
            if not found:
                break
        starts.append(position)
        ends.append(found.end())
        fields.append(count)
        lines.append(line)
        line += len(_LINE.findall(found.group()))
        position = found.end()
    return Cut(
        starts=np.array(starts, np.int64),
        ends=np.array(ends, np.int64),
        fields=np.array(fields, np.int64),
        lines=np.array(lines, np.int64),
        line_count=line,
    )
