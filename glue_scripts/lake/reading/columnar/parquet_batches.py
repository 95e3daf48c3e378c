"""How many rows of a Parquet file are read at once, by what its pages say of themselves.

The library unpacks a page whole, and spells a value out as often as it stands there: of a few bytes
it makes any number. A page's header bounds what is unpacked, since the library refuses a page that
unpacks to anything else; the footer's sizes are promises.
https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from lake.errors import InputRefused
from lake.reading.budgets import BATCH_BYTES, BATCH_ROWS, PART_BYTES, check_parts, rows_at_once
from lake.reading.columnar.parquet_pages import (
    DATA,
    DATA_2,
    DICTIONARY,
    PACKED_SIZE,
    PLAIN_SIZE,
    VALUES,
    pages_between,
)
from lake.reading.columnar.thrift import Struct, structs_in
from lake.reading.contents import Content

_ROW_GROUPS, _COLUMNS, _METADATA, _ENCRYPTED = 4, 1, 3, 8
"""Field numbers in the footer, a row group and a column of one."""
_TYPE, _PACKED, _FIRST_PAGE, _DICTIONARY_PAGE = 1, 7, 9, 11
"""Field numbers in what the footer says of a column of a row group."""
_ENCODINGS = {DATA: 2, DATA_2: 4}
"""Field number of the encoding in each kind of page with data."""
_TEXT = 6
"""Physical type of values whose sizes the type does not say."""
_INDICES, _PREFIXES = (2, 8), 7
"""Encodings: places in the dictionary, and parts of the value before."""
_UNSURE_ROWS = 1024
_ENDING_BYTES = 8
_LONGEST_FOOTER = 64 * 1024 * 1024
Longest = Callable[[int, str], int]
"""Returns the bytes of the longest text in the dictionary of a row group's column."""


@dataclass(frozen=True)
class Leaf:
    """A column of a file that has no nested ones."""

    name: str
    size: int
    """Bytes of each value, if the type says so; else 0."""


@dataclass(frozen=True)
class Run:
    """Row groups that follow each other and are read in batches of one size."""

    groups: tuple[int, ...]
    rows: int


@dataclass(frozen=True)
class _Extent:
    """What a column of a row group takes in memory."""

    width: float
    """Bytes of a value that is spelled out, on average within any page."""
    largest: int
    """Bytes of the largest page."""
    unpacked: int
    """Bytes of that page and of the dictionary, which are in memory together."""
    rows: int = BATCH_ROWS
    """The most rows of it that are read at once."""


def check_footer(content: Content) -> None:
    """Raise InputRefused for a footer that takes too much memory, of which it needs many times."""
    size = _footer_size(content)
    if size > _LONGEST_FOOTER:
        raise InputRefused(
            f"the footer of the Parquet file has {size:,} bytes, expected {_LONGEST_FOOTER:,} at "
            "most: write fewer row groups, or fewer columns"
        )


def runs_of(content: Content, groups: int, leaves: Sequence[Leaf], longest: Longest) -> list[Run]:
    """Return how to read all row groups. Raises InputRefused if a part of one is too large.

    A footer that is not understood is left to the library, which says what is wrong with it.
    """
    runs: list[Run] = []
    rows = [_UNSURE_ROWS] * groups
    try:
        for number, found in enumerate(_row_groups(content)):
            if number < groups:
                rows[number] = _rows_of(number, found, leaves, content, longest)
    except (IndexError, KeyError, TypeError, ValueError):
        pass
    for number, own in enumerate(rows):
        if runs and runs[-1].rows == own:
            runs[-1] = Run((*runs[-1].groups, number), own)
        else:
            runs.append(Run((number,), own))
    return runs


def _footer_size(content: Content) -> int:
    ending = bytes(content.read(max(0, content.size - _ENDING_BYTES), content.size))
    return min(int.from_bytes(ending[:4], "little"), content.size)


def _row_groups(content: Content) -> Iterator[Struct]:
    last = content.size - _ENDING_BYTES
    footer = bytes(content.read(max(0, last - _footer_size(content)), last))
    return structs_in(footer, _ROW_GROUPS)


def _rows_of(
    number: int, group: Struct, leaves: Sequence[Leaf], content: Content, longest: Longest
) -> int:
    columns = group[_COLUMNS]
    if any(_ENCRYPTED in column for column in columns):
        return BATCH_ROWS  # the library says so when it reads them
    extents = [
        _extent(column[_METADATA], leaf, content, partial(longest, number, leaf.name))
        for column, leaf in zip(columns, leaves, strict=True)
    ]
    for leaf, extent in zip(leaves, extents, strict=True):
        if extent.largest > PART_BYTES:
            raise InputRefused(
                f"a page of the column '{leaf.name}' unpacks to {extent.largest:,} bytes, expected "
                f"{PART_BYTES:,} at most: write smaller pages (about a megabyte is usual)"
            )
    unpacked = sum(extent.unpacked for extent in extents)
    check_parts("Parquet", "pages", unpacked, content.size)
    rows = min([rows_at_once(extent.width for extent in extents), *(e.rows for e in extents)])
    return 1 << (rows.bit_length() - 1)


def _extent(column: Struct, leaf: Leaf, content: Content, longest: Callable[[], int]) -> _Extent:
    is_text = column[_TYPE] == _TEXT
    start = min(p for p in (column.get(_DICTIONARY_PAGE, 0), column[_FIRST_PAGE]) if p > 0)
    width, largest, dictionary, indices, rows = 0.0, 0, 0, False, BATCH_ROWS
    for page, _ in pages_between(start, start + column[_PACKED], content):
        if page is None:
            rows = _UNSURE_ROWS
            break
        size = max(page.get(PLAIN_SIZE, 0), page[PACKED_SIZE])
        if DICTIONARY in page:
            dictionary = max(dictionary, size)
            continue
        largest = max(largest, size)
        values, encoding = _values_of(page)
        indices |= encoding in _INDICES
        if is_text and encoding == _PREFIXES:
            rows = _UNSURE_ROWS
        elif is_text and encoding not in _INDICES and values:
            width = max(width, size / values)
    if is_text and indices:
        is_much = dictionary * BATCH_ROWS > BATCH_BYTES
        width = max(width, longest() if is_much and dictionary <= PART_BYTES else dictionary)
    return _Extent(max(width, leaf.size), max(largest, dictionary), largest + dictionary, rows)


def _values_of(page: Mapping[int, Any]) -> tuple[int, int]:
    """Return how many values a page holds, and in which encoding."""
    for kind, place in _ENCODINGS.items():
        if kind in page:
            return int(page[kind].get(VALUES, 0)), int(page[kind].get(place, 0))
    return 0, 0
