"""Which delimiter a CSV text uses, and whether its first record names the columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lake.column_types import TEXT, ColumnType, Kind
from lake.errors import InputRefused
from lake.observing import kind_of_value
from lake.records import Cut, cut_records

SAMPLE_BYTES = 1024 * 1024
SAMPLE_RECORDS = 1000
_DELIMITERS = {b",": "comma", b";": "semicolon", b"\t": "tab", b"|": "pipe"}


@dataclass(frozen=True)
class _Reading:
    """How a sample looks when it is cut at one delimiter."""

    delimiter: bytes
    width: int
    """Fields of the first record."""
    agreeing: float
    """Share of the records that have as many."""
    records: int


def find_delimiter(sample: bytes, *, whole_file: bool) -> bytes:
    """The delimiter under which the records agree best with the first one.

    A text that no candidate splits has one column. Raises InputRefused if two candidates
    split every record of the sample into the same number of fields each.
    """
    readings = [_read(sample, delimiter, whole_file=whole_file) for delimiter in _DELIMITERS]
    splitting = [reading for reading in readings if reading.width > 1]
    if not splitting:
        return b","
    best = max(splitting, key=lambda reading: (reading.agreeing, reading.width))
    perfect = [r for r in splitting if r.agreeing == 1 and r.records > 1]
    if len(perfect) > 1:
        named = " and ".join(f"{_DELIMITERS[r.delimiter]} ({r.width} columns)" for r in perfect)
        raise InputRefused(
            f"the delimiter is ambiguous: every record can be split by {named}. "
            "Put quotes around values that contain one of them"
        )
    return best.delimiter


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


def _read(sample: bytes, delimiter: bytes, *, whole_file: bool) -> _Reading:
    fields = _sampled(cut_records(sample, delimiter, at_end=whole_file))
    if not fields:
        return _Reading(delimiter, 0, 0, 0)
    agreeing = sum(count == fields[0] for count in fields) / len(fields)
    return _Reading(delimiter, fields[0], agreeing, len(fields))


def _sampled(cut: Cut) -> list[int]:
    return [int(count) for count in cut.fields if count][:SAMPLE_RECORDS]
