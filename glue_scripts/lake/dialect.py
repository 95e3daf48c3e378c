"""How a CSV text is written: delimiter, quote, escape, and where its table begins.

Judged by a sample from the start of the text. Where two readings fit every record alike,
the text is refused and both are named: nothing is guessed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from lake.column_types import TEXT, ColumnType, Kind
from lake.errors import InputRefused
from lake.observing import kind_of_value
from lake.records import Dialect, cut_records

SAMPLE_BYTES = 1024 * 1024
SAMPLE_RECORDS = 1000
_DELIMITERS = {
    b",": "comma",
    b";": "semicolon",
    b"\t": "tab",
    b"|": "pipe",
    b":": "colon",
    b"^": "caret",
    b"~": "tilde",
    b"\x1f": "unit separator",
    b"\x01": "start of heading",
}
_USUAL = frozenset({b",", b";", b"\t", b"|"})
_QUOTES = (b'"', b"'")
_ESCAPE = b"\\"


@dataclass(frozen=True)
class Reading:
    """How a sample looks when it is read in a dialect."""

    dialect: Dialect
    width: int
    """The number of fields that a row has."""
    agreeing: float
    """Share of the records that have as many."""
    records: int
    titled: bool
    """Whether there are narrower lines above the table."""
    quoted: int
    """Borders of fields at which there is a quote."""

    @property
    def name(self) -> str:
        title = " below a title" if self.titled else ""
        return f"{_DELIMITERS[self.dialect.delimiter]} ({self.width} columns{title})"


def find_reading(sample: bytes, *, whole_file: bool, fixed: Dialect | None = None) -> Reading:
    """The reading under which the records agree best.

    A text that no delimiter splits has one column. Raises InputRefused if two delimiters
    split every record of the sample into the same number of fields each.
    """
    if fixed:
        return _read(sample, fixed, whole_file=whole_file)
    readings = [_read(sample, dialect, whole_file=whole_file) for dialect in _candidates(sample)]
    splitting = [reading for reading in readings if reading.width > 1]
    usual = [r for r in splitting if r.dialect.delimiter in _USUAL]
    # The colon of a time and its like count only in a text that nothing else splits.
    splitting = usual or [r for r in splitting if r.agreeing == 1 and not r.titled]
    if not splitting:
        single = [r for r in readings if r.dialect.delimiter in _USUAL] or [
            _read(sample, Dialect(), whole_file=whole_file)
        ]
        return max(single, key=_rank)
    best = max(splitting, key=_rank)
    _refuse_ambiguity(best, splitting)
    return best


def has_header(first: Sequence[str | None], rest: Sequence[ColumnType]) -> bool:
    """Whether the first record names the columns.

    `rest` are the types of the records after it. It is a header if some column is typed
    and its first cell is not; with no typed column, if its cells are all filled, distinct
    and not all typed; with no records after it, if no cell is typed.
    """
    kinds = [kind_of_value(cell) if cell else None for cell in first]
    typed = [i for i, kind in enumerate(rest) if kind.kind not in (Kind.TEXT, Kind.NOTHING)]
    judged = [i for i in typed if kinds[i] is not None]
    if judged:
        return any(_breaks(kinds[i], rest[i]) for i in judged)
    filled = [kind for kind in kinds if kind is not None]
    if typed or all(kind.kind is Kind.NOTHING for kind in rest):
        return all(kind == TEXT for kind in filled) and bool(filled)
    distinct = len(set(first)) == len(first) and len(filled) == len(first)
    return (distinct and TEXT in filled) or all(kind == TEXT for kind in filled)


def _breaks(cell: ColumnType | None, column: ColumnType) -> bool:
    return cell is not None and column.join(cell) == TEXT


def _candidates(sample: bytes) -> list[Dialect]:
    delimiters = [d for d in _DELIMITERS if d in sample] or [b","]
    quotes = [q for q in _QUOTES if q == b'"' or q in sample]
    dialects = [Dialect(d, q) for d, q in product(delimiters, quotes)]
    escaped = [
        Dialect(d.delimiter, d.quote, _ESCAPE) for d in dialects if _ESCAPE + d.quote in sample
    ]
    return dialects + escaped


def _rank(reading: Reading) -> tuple[float, bool, bool, bool, int]:
    """Agreement first, then what is usual and explains the text with less."""
    is_quoted = reading.dialect.quote == b'"' or reading.quoted >= 2 * max(1, reading.records)
    wrapped = reading.dialect.quote != b'"' and is_quoted
    return (
        round(reading.agreeing, 3) if is_quoted else round(reading.agreeing, 3) - 0.001,
        not reading.titled,
        wrapped,
        not reading.dialect.escape,
        reading.width,
    )


def _refuse_ambiguity(best: Reading, readings: Sequence[Reading]) -> None:
    rivals = {
        r.dialect.delimiter: r
        for r in readings
        if r.agreeing == best.agreeing == 1
        and r.records > 1
        and r.quoted >= best.quoted
        and r.titled == best.titled
    }
    if len(rivals) > 1:
        named = " and by ".join(reading.name for reading in rivals.values())
        raise InputRefused(
            f"the delimiter is ambiguous: every record can be split by {named}. Put quotes "
            "around values that contain one of them, or fix the delimiter in a contract"
        )


def _read(sample: bytes, dialect: Dialect, *, whole_file: bool) -> Reading:
    cut = cut_records(sample, dialect, at_end=whole_file)
    fields = [int(count) for count in cut.fields if count][:SAMPLE_RECORDS]
    if not fields:
        return Reading(dialect, 0, 0, 0, titled=False, quoted=0)
    width = _width(fields)
    table = fields[fields.index(width) :] if width else fields
    return Reading(
        dialect,
        width,
        sum(count == width for count in table) / len(table),
        len(table),
        titled=len(table) < len(fields),
        quoted=_quoted_borders(sample[: cut.end], dialect),
    )


def _width(fields: Sequence[int]) -> int:
    """The first record's, unless it looks like a title above a table that is clearly wider."""
    counts = Counter(count for count in fields if count > 0)
    if not counts:
        return 0
    usual, times = max(counts.items(), key=lambda item: (item[1], item[0]))
    is_title = fields[0] < usual and (fields[0] <= 1 or 2 * fields[0] <= usual)
    if is_title and 2 * times > len(fields) - fields.index(usual):
        return usual
    return fields[0] if fields[0] > 0 else usual


def _quoted_borders(sample: bytes, dialect: Dialect) -> int:
    d, q = dialect.delimiter, dialect.quote
    if q not in sample:
        return 0
    borders = (d + q, q + d, b"\n" + q, q + b"\n", q + b"\r")
    found = sum(sample.count(border) for border in borders)
    if q == b'"':
        return found
    # Two apostrophes with nothing between them may as well be a value.
    empty = re.compile(rb"(?<=[%b\n])%b(?=[%b\r\n])" % (re.escape(d), q + q, re.escape(d)))
    return found - 2 * len(empty.findall(sample))
