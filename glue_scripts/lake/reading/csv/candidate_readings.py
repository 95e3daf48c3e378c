"""A sample of CSV text as read in a candidate dialect."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from lake.reading.csv.cell_kinds import (
    are_pieces,
    is_comment,
    is_typed,
    main_kind,
    may_be_undivided,
    says_nothing,
    shape,
    typing,
)
from lake.reading.csv.header import Verdict, judge_header
from lake.reading.csv.record_boundaries import Cut, cut_records
from lake.reading.csv.record_grammar import MARK, Dialect, header_cells
from lake.reading.decoding import shown

USUAL = {b",": "comma", b";": "semicolon", b"\t": "tab", b"|": "pipe"}
NAMES = USUAL | {
    b":": "colon",
    b" ": "space",
    b"^": "caret",
    b"~": "tilde",
    b"\x1f": "unit separator",
    b"\x01": "start of heading",
}
TITLE_LINES = 20
_SAMPLE_RECORDS = 1000
_TYPED_RECORDS = 40
_TITLE_SCORE, _NO_HEADER_SCORE = 0.9, 0.5
_MOSTLY, _NEARLY_ALL = 0.6, 0.9
_LEAST = 0.3
"""Share of its score that a reading keeps if its values look like nothing at all."""

QUOTES_LOOKED_AT = 200
"""Number of first records in which quotes are examined."""


@dataclass(frozen=True)
class Reading:
    """A sample as read in one dialect."""

    dialect: Dialect
    sample: bytes
    encoding: str
    cut: Cut
    rows: tuple[int, ...]
    """Numbers of the cut's first records that are not blank."""
    widths: tuple[int, ...]
    """Number of fields of each record; negative if it is invalid."""
    width: int
    """Number of fields that a row has."""
    above: int
    """Number of records above the table's first."""
    agreeing: float
    """Share of the records from there on that have as many fields."""

    @property
    def records(self) -> int:
        return len(self.widths)

    @property
    def splits(self) -> bool:
        return self.width > 1

    @property
    def is_clear(self) -> bool:
        """Whether header and rows, except for a few, have the same number of fields."""
        return self.splits and not self.above and self.agreeing >= 0.98

    @property
    def name(self) -> str:
        if self.width == 1:
            return "one column"
        title = f" below {self.above} lines" if self.above else ""
        delimiter = self.dialect.delimiter
        return f"{NAMES.get(delimiter, repr(delimiter))} ({self.width} columns{title})"

    @property
    def shown(self) -> list[str]:
        """A row, shortened, for people."""
        rows = self.table
        return [cell[:40] for cell in rows[-1]] if rows else []

    @cached_property
    def table(self) -> list[list[str]]:
        """Some records that are as wide as the table, beginning with its first."""
        return [self.cells(self.above), *self.rows_from(self.above + 1)] if self.width else []

    @cached_property
    def heading(self) -> Verdict:
        """The verdict on the table's first record."""
        first, *rows = self.table
        return judge_header(first, rows)

    def rows_from(self, first: int) -> list[list[str]]:
        """Return some records that are as wide as the table, from all over the sample."""
        whole = [i for i in range(first, self.records) if self.widths[i] == self.width]
        step = max(1, len(whole) // _TYPED_RECORDS)
        return [self.cells(i) for i in whole[:1] + whole[1::step]]

    def is_whole(self, i: int) -> bool:
        """Whether a record is as wide as the table."""
        return self.widths[i] == self.width or (i == self.above and not i)

    def line(self, i: int) -> int:
        return int(self.cut.lines[self.rows[i]]) + 1

    def cells(self, i: int) -> list[str]:
        """Return a record's cells, as many as the table is wide.

        A header may have one delimiter more than the rows, or lack the one that ends them all.
        """
        raw = self.raw(i)
        if self.widths[i] == self.width and self._is_simple(raw):
            return shown(raw, self.encoding).decode("utf-8", "replace").split(self._delimiter)
        cells = header_cells(raw, self.dialect, self.width)
        if len(cells) == self.width - 1 and i == self.above:
            cells.append(b"")
        return [shown(cell, self.encoding).decode("utf-8", "replace") for cell in cells]

    def raw(self, i: int) -> bytes:
        row = self.rows[i]
        return self.sample[self.cut.starts[row] : self.cut.ends[row]].rstrip(b"\r\n")

    def _is_simple(self, raw: bytes) -> bool:
        dialect = self.dialect
        return not (dialect.quote in raw or dialect.padding or raw.startswith(MARK))

    @cached_property
    def _delimiter(self) -> str:
        return self.dialect.delimiter.decode("latin-1")

    @cached_property
    def quoted(self) -> int:
        """Number of quoted fields that are not empty, in some of the records."""
        q, d = re.escape(self.dialect.quote), re.escape(self.dialect.delimiter)
        whole = re.compile(rb"(?:\A|%b ?)%b[^%b]+%b(?=%b|\Z)" % (d, q, q, q, d))
        return sum(
            len(whole.findall(self.raw(i))) for i in range(min(self.records, QUOTES_LOOKED_AT))
        )

    @cached_property
    def is_all_quoted(self) -> bool:
        """Whether all fields are quoted, but for a few records, and the first record has names."""
        q, d = re.escape(self.dialect.quote), re.escape(self.dialect.delimiter)
        field = rb"%b[^%b]*%b" % (q, q, q)
        record = re.compile(rb"%b(?:%b ?%b)*" % (field, d, field))
        some = [self.raw(i) for i in range(min(self.records, QUOTES_LOOKED_AT))]
        named = len(some) > 1 and self.dialect.quote * 2 not in some[0]
        whole = sum(record.fullmatch(raw) is not None for raw in some)
        return named and record.fullmatch(some[0]) is not None and whole >= _NEARLY_ALL * len(some)

    @cached_property
    def is_padded(self) -> bool:
        """Whether a space follows every delimiter."""
        padded = self.dialect.delimiter + self.dialect.padding
        some = [self.raw(i) for i in range(self.above, min(self.records, self.above + 200))]
        if self.dialect.quote in b"".join(some):
            quoted = re.compile(rb"%b[^%b]*%b" % ((re.escape(self.dialect.quote),) * 3))
            some = [quoted.sub(b"", record) for record in some]
        delimiters = sum(record.count(self.dialect.delimiter) for record in some)
        followed = sum(record.count(padded) for record in some)
        first = some[0] if some else b""
        in_first = first.count(self.dialect.delimiter) == first.count(padded)
        return in_first and followed >= 0.95 * delimiters > 0

    @cached_property
    def is_titled(self) -> bool:
        """Whether the table, below any lines above it, begins with a header."""
        return len(self.table) > 1 and self.heading is Verdict.HEADER

    @cached_property
    def may_be_one_column(self) -> bool:
        """Whether each row may instead be one value that contains the delimiter."""
        return may_be_undivided([self._delimiter.join(row) for row in self.table], self._delimiter)

    @property
    def begins_typed(self) -> bool:
        """Whether most values of the first column are numbers, dates, codes and the like."""
        cells = [row[0] for row in self.table[1:] if row[0] and not says_nothing(row[0])]
        cells = [cell for cell in cells if not is_comment(cell)]
        kind, share = main_kind(cells)
        if is_typed(kind):
            return share >= _MOSTLY
        return sum(map(bool, map(shape, cells))) > _MOSTLY * len(cells)

    @property
    def pieces(self) -> float:
        """Share of the columns whose values look like pieces of larger values."""
        columns = zip(*(self.table[1:] or self.table), strict=True)
        return sum(are_pieces(column) for column in columns) / max(1, self.width)

    @property
    def is_of_whole_values(self) -> bool:
        """Whether no cell at all looks like a piece of a larger value."""
        return not any(are_pieces([cell]) for row in self.table for cell in row)

    @cached_property
    def score(self) -> float:
        """Rating of how well the sample is explained, from 0 to 1."""
        if not self.table:
            return 0.0
        header = not self.above or self.width == 1 or self.is_titled
        weight = 1.0 if not self.above else _TITLE_SCORE if header else _NO_HEADER_SCORE
        body = self.table[1:] or self.table
        typed = typing(list(zip(*body, strict=True)))
        return self.agreeing * weight * (_LEAST + (1 - _LEAST) * typed)


def read_sample(sample: bytes, dialect: Dialect, *, encoding: str, whole_file: bool) -> Reading:
    """Read a sample in a dialect: find where the table begins, and how wide it is."""
    cut = cut_records(sample, dialect, at_end=whole_file)
    rows = np.flatnonzero(cut.fields != 0)[:_SAMPLE_RECORDS]
    widths = tuple(cut.fields[rows].tolist())
    reading = Reading(dialect, sample, encoding, cut, tuple(rows.tolist()), widths, 0, 0, 0.0)
    if not any(width > 0 for width in widths):
        return reading
    places = _places(widths)
    best = max(places, key=lambda place: (_fit(reading, place), -place[1]))
    return _placed(reading, *best)


def _places(widths: Sequence[int]) -> list[tuple[int, int]]:
    """Return widths that the table may have, each with the record at which it would begin."""
    usual = [width for width, _ in Counter(w for w in widths if w > 0).most_common(3)]
    places = [(width, widths.index(width)) for width in usual]
    first = widths[0]
    if first > 0:
        places.append((first, 0))
    return [(w, i) for w, i in places if i <= TITLE_LINES] or places[:1]


def _fit(reading: Reading, place: tuple[int, int]) -> float:
    """Rate a place; a first record that half of the others agree with begins the table."""
    width, above = place
    placed = _placed(reading, width, above)
    if not above or placed.above == 0:
        return placed.agreeing + (1.0 if placed.agreeing >= 0.5 and width > 1 else 0.0)
    return placed.agreeing if reading.records - above > 1 or width > 2 else 0.0


def _placed(reading: Reading, width: int, above: int) -> Reading:
    widths = reading.widths
    if above == 1 and _is_headed_by_other_end(reading, width):
        above = 0
    table = widths[above:]
    agreeing = table.count(width) + (widths[0] != width and not above)
    return replace(reading, width=width, above=above, agreeing=agreeing / len(table))


def _is_headed_by_other_end(reading: Reading, width: int) -> bool:
    """Whether the first record and the rows differ only by a delimiter at the end.

    Either the first record has one more than the rows, with no name after it, or all rows end with
    one that it lacks, with no value after it.
    """
    first = reading.widths[0]
    if first == width + 1:
        return _ends_blank(reading, 0)
    rows = (i for i, other in enumerate(reading.widths) if other == width)
    return first == width - 1 and all(_ends_blank(reading, i) for i in rows)


def _ends_blank(reading: Reading, i: int) -> bool:
    """Whether a record ends with a delimiter."""
    return reading.raw(i).rstrip(b" ").endswith(reading.dialect.delimiter)
