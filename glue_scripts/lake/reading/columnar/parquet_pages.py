"""The pages of a Parquet file, counted by their own headers.

The footer may count fewer values than there are, and a reader that trusts it misses the rest.

https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow.parquet as pq

from lake.errors import InputRefused
from lake.reading.columnar.thrift import struct_at
from lake.reading.contents import Content
from lake.reading.refusals import joined

_HEADER_BYTES = 4096
_LONGEST_HEADER_BYTES = 16 * 1024 * 1024
PLAIN_SIZE, PACKED_SIZE, DATA, DICTIONARY, DATA_2 = 2, 3, 5, 7, 8
"""Field numbers in a page header."""
VALUES = 1
"""That of the number of values, in the parts that pages of data have."""
_MAGIC = b"PAR1"
_ENDING_BYTES = 8
"""Bytes of the footer's size and of the magic bytes."""
_FOOTER_START = 0x15
"""First byte of a footer, whose first field is a number, the version."""


def check_counts(metadata: pq.FileMetaData, content: Content) -> None:
    """Raise InputRefused if pages, columns and row groups hold different numbers of values.

    Only for files whose columns have been read: the library ends the process if the footer's
    statements about a column are encrypted.
    """
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        for column in (group.column(n) for n in range(group.num_columns)):
            name = column.path_in_schema
            if column.num_values != group.num_rows:
                raise _miscounted(name, group.num_rows, f"{column.num_values:,}")
            held = _held(column, content)
            if held not in (None, column.num_values):
                raise _miscounted(name, column.num_values, f"{held:,}")


def check_alone(content: Content, metadata: pq.FileMetaData | None = None) -> None:
    """Raise InputRefused if another file ends among the bytes that no column uses.

    A reader of joined files sees the last one's footer, and its columns in the first one's bytes.
    Without `metadata`, for a file that cannot be read, all bytes are searched.
    """
    last = content.size - _ENDING_BYTES
    for start, end in _unused(metadata, content) if metadata else [(len(_MAGIC), last)]:
        for found in re.finditer(_MAGIC, content.read(start, end)):
            place = start + found.start()
            size = int.from_bytes(bytes(content.read(place - 4, place)), "little")
            footer = place - 4 - size
            if len(_MAGIC) <= footer and content.read(footer, footer + 1)[0] == _FOOTER_START:
                raise joined("Parquet", place + len(_MAGIC))


def _unused(metadata: pq.FileMetaData, content: Content) -> Iterator[tuple[int, int]]:
    """Yield the ranges between the first bytes and the footer that no column uses."""
    ending = bytes(content.read(content.size - _ENDING_BYTES, content.size - len(_MAGIC)))
    last = content.size - _ENDING_BYTES - int.from_bytes(ending, "little")
    groups = (metadata.row_group(number) for number in range(metadata.num_row_groups))
    columns = (group.column(n) for group in groups for n in range(group.num_columns))
    taken = sorted((_start(c), _start(c) + c.total_compressed_size) for c in columns)
    place = len(_MAGIC)
    for start, end in [*taken, (last, last)]:
        if start > place:
            yield place, start
        place = max(place, end)


def _start(column: pq.ColumnChunkMetaData) -> int:
    """Return where a column's pages start; 0 if it has none."""
    offsets = (column.dictionary_page_offset or 0, column.data_page_offset)
    return min((offset for offset in offsets if offset > 0), default=0)


def _miscounted(column: str, told: int, held: str) -> InputRefused:
    return InputRefused(
        f"the Parquet file is damaged, or its writer miscounts: its footer says that it has "
        f"{told:,} rows where the column '{column}' holds {held}. Write and upload it again"
    )


def _held(column: pq.ColumnChunkMetaData, content: Content) -> int | None:
    """Count the values in the pages of one column of one row group.

    Returns None if a header is not understood or fewer values are found, because some writers leave
    a header out of the size that they record. If it is damage, the library has found it when it
    read the pages.
    """
    held = 0
    for page, _ in pages_of(column, content):
        if page is None:
            return None
        held += sum(page[kind].get(VALUES, 0) for kind in (DATA, DATA_2) if kind in page)
    return held if held >= column.num_values else None


def pages_of(
    column: pq.ColumnChunkMetaData, content: Content
) -> Iterator[tuple[Mapping[int, Any] | None, int]]:
    """Yield the header of each page, and where the page's data begins.

    A header that is not understood is None, and the last one.
    """
    start = _start(column)
    yield from pages_between(start, start + column.total_compressed_size if start else 0, content)


def pages_between(
    place: int, end: int, content: Content
) -> Iterator[tuple[Mapping[int, Any] | None, int]]:
    """Yield the same for the pages of a column that stand in these bytes."""
    while place < end:
        page, place = _page(content, place)
        yield page, place
        if page is None:
            return
        place += page[PACKED_SIZE]


def _page(content: Content, place: int) -> tuple[Mapping[int, Any] | None, int]:
    """Return a page's header and where it ends; None as the header if there is none."""
    size = _HEADER_BYTES
    while size <= _LONGEST_HEADER_BYTES and place < content.size:
        data = content.read(place, min(content.size, place + size))
        try:
            page, length = struct_at(data, 0)
        except IndexError:
            if len(data) < size:
                break
            size *= 16
            continue
        except ValueError:
            break
        return (page, place + length) if _is_page(page) else (None, place)
    return None, place


def _is_page(page: Mapping[int, Any]) -> bool:
    return isinstance(page.get(PACKED_SIZE), int) and page[PACKED_SIZE] >= 0
