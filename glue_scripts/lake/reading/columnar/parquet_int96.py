"""Stored values of Parquet's old INT96 moments: a day, and the nanoseconds of that day.

The library reads the nanoseconds without a sign, so that those below zero come out 584 years late,
and makes 1970 of day 0. Its results cannot be told from true moments.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lake.errors import InputRefused
from lake.reading.columnar.parquet_pages import PACKED_SIZE, pages_of
from lake.reading.contents import Content

_DICTIONARY_PAGE, _DATA_PAGE, _DATA_PAGE_2 = 7, 5, 8
"""Field numbers of a page header's parts that depend on its kind."""
_SIZE, _ENCODING, _ENCODING_2, _LEVELS_2, _REPEATS_2, _IS_PACKED_2 = 2, 2, 4, 5, 6, 7
_PLAIN = 0
_VALUE = np.dtype([("nanos", "<i8"), ("day", "<u4")])
_CODECS = {"SNAPPY": "snappy", "GZIP": "gzip", "BROTLI": "brotli", "ZSTD": "zstd"}
_LENGTH_BYTES = 4


def check_days(metadata: pq.FileMetaData, content: Content, name: str) -> None:
    """Raise InputRefused if a column holds an invalid moment: a file may hold anything."""
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        for column in (group.column(n) for n in range(group.num_columns)):
            if column.path_in_schema != name:
                continue
            levels = metadata.schema.column(_place_of(metadata, name)).max_definition_level
            for values in _values(column, content, has_levels=levels > 0):
                wrong = values[(values["nanos"] < 0) | (values["day"] == 0)]
                if len(wrong):
                    raise _no_moment(name, int(wrong[0]["day"]), int(wrong[0]["nanos"]))


def _no_moment(name: str, day: int, nanos: int) -> InputRefused:
    return InputRefused(
        f"the column '{name}' holds a moment at {nanos:,} nanoseconds of day {day:,} (INT96, whose "
        "days count from 4713 BC), expected 0 or more of a later one: write it as a TIMESTAMP"
    )


def _place_of(metadata: pq.FileMetaData, name: str) -> int:
    """Return the number of a column that is not nested."""
    paths = [metadata.schema.column(n).path for n in range(metadata.num_columns)]
    return paths.index(name)


def _values(
    column: pq.ColumnChunkMetaData, content: Content, *, has_levels: bool
) -> Iterator[np.ndarray]:
    """Yield values that pages store as they are: those of dictionaries, and plain ones."""
    for page, place in pages_of(column, content):
        if page is None:
            raise InputRefused(
                f"the column '{column.path_in_schema}' holds moments that may have been misread, "
                "and its pages do not tell: write it as a TIMESTAMP instead of INT96"
            )
        data = bytes(content.read(place, place + page[PACKED_SIZE]))
        plain = _plain_values(page, data, column.compression, has_levels=has_levels)
        if plain is not None:
            yield np.frombuffer(plain[: len(plain) // _VALUE.itemsize * _VALUE.itemsize], _VALUE)


def _plain_values(
    page: Mapping[int, Any], data: bytes, codec: str, *, has_levels: bool
) -> bytes | None:
    size = page[_SIZE]
    if _DICTIONARY_PAGE in page:
        return _unpacked(data, codec, size)
    if page.get(_DATA_PAGE, {}).get(_ENCODING) == _PLAIN:
        data = _unpacked(data, codec, size)
        levels = int.from_bytes(data[:_LENGTH_BYTES], "little") + _LENGTH_BYTES if has_levels else 0
        return data[levels:]
    told = page.get(_DATA_PAGE_2, {})
    if told.get(_ENCODING_2) == _PLAIN:
        levels = told.get(_LEVELS_2, 0) + told.get(_REPEATS_2, 0)
        rest = data[levels:]
        return _unpacked(rest, codec, size - levels) if told.get(_IS_PACKED_2, True) else rest
    return None


def _unpacked(data: bytes, codec: str, size: int) -> bytes:
    if codec not in _CODECS:
        return data if codec == "UNCOMPRESSED" else _unpacked_lz4(data, size)
    return bytes(pa.decompress(data, size, _CODECS[codec], asbytes=True))


def _unpacked_lz4(data: bytes, size: int) -> bytes:
    """Unpack LZ4 without a frame, like `LZ4_RAW`, or with leading lengths, like Hadoop's."""
    try:
        return bytes(pa.decompress(data, size, "lz4_raw", asbytes=True))
    except OSError:
        return bytes(pa.decompress(data[2 * _LENGTH_BYTES :], size, "lz4_raw", asbytes=True))
