"""Conversion of columns from typed formats to the lake's types."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lake.columns.moments import MICROS, NANOS
from lake.columns.recasting import recast
from lake.columns.spelling import spelled, spelled_moments
from lake.columns.types import NOTHING, TEXT, ColumnType, Kind, decimal_type

__all__ = ["is_bytes", "plain", "plain_type", "recast", "spelled", "type_of", "values_of"]

_DIGITS = {8: 3, 16: 5, 32: 10, 64: 19}
"""Number of digits of the largest signed integer, by its bits."""
_UNSIGNED_DIGITS = {8: 3, 16: 5, 32: 10, 64: 20}
_UUID_BYTES = 16
_HEX = np.frombuffer(b"0123456789abcdef", np.uint8)

_BYTES = (
    pa.types.is_binary,
    pa.types.is_large_binary,
    pa.types.is_binary_view,
    pa.types.is_fixed_size_binary,
)
_SIMPLE = (
    (pa.types.is_null, NOTHING),
    (pa.types.is_boolean, ColumnType(Kind.BOOLEAN)),
    (pa.types.is_floating, ColumnType(Kind.DOUBLE)),
    (pa.types.is_date, ColumnType(Kind.DATE)),
    (pa.types.is_string, TEXT),
    (pa.types.is_time, TEXT),
)


def type_of(stored: pa.DataType) -> ColumnType | None:
    """Return the type that holds all values of an Arrow type; None if there is none.

    Unsigned integers of 64 bits are decimals; times of day and nanoseconds are text.
    """
    stored = plain_type(stored)
    if pa.types.is_integer(stored):
        return _integer(stored)
    if pa.types.is_decimal(stored):
        return decimal_type(max(0, stored.precision - stored.scale), stored.scale)
    if pa.types.is_timestamp(stored):
        return ColumnType(Kind.INSTANT if stored.tz else Kind.TIMESTAMP)
    return next((kind for holds, kind in _SIMPLE if holds(stored)), None)


def plain_type(stored: pa.DataType) -> pa.DataType:
    """Return the type that `plain` converts a type to.

    Dictionaries become the type of their values; all forms of text, and bytes, become one.
    """
    if pa.types.is_dictionary(stored):
        return plain_type(stored.value_type)
    if stored == pa.uuid() or pa.types.is_large_string(stored) or pa.types.is_string_view(stored):
        return pa.string()
    if is_bytes(stored):
        return pa.string()
    return plain_type(stored.storage_type) if isinstance(stored, pa.BaseExtensionType) else stored


def is_bytes(stored: pa.DataType) -> bool:
    """Whether values are bytes that are not declared as text."""
    if pa.types.is_dictionary(stored):
        return is_bytes(stored.value_type)
    return any(holds(stored) for holds in _BYTES)


def plain(array: pa.Array) -> pa.Array:
    """Return the same values in `plain_type`; UUIDs as they are usually written."""
    if pa.types.is_dictionary(array.type):
        return plain(array.dictionary_decode())
    if array.type == pa.uuid():
        return uuids(array.storage)
    if isinstance(array, pa.ExtensionArray):
        return plain(array.storage)
    if is_bytes(array.type):
        return array.cast(pa.binary()).view(pa.string())
    if pa.types.is_large_string(array.type) or pa.types.is_string_view(array.type):
        # By way of bytes, so that invalid text gets through and can be reported.
        return array.cast(_bytes_of(array.type)).cast(pa.binary()).view(pa.string())
    return array


def uuids(array: pa.Array) -> pa.Array:
    """Return UUIDs of 16 bytes each as text."""
    octets = np.frombuffer(array.buffers()[1] or b"", np.uint8)
    octets = octets[array.offset * _UUID_BYTES :][: len(array) * _UUID_BYTES]
    halves = np.stack([_HEX[octets >> 4], _HEX[octets & 15]], axis=1)
    letters = np.insert(halves.reshape(len(array), 2 * _UUID_BYTES), [8, 12, 16, 20], 0x2D, axis=1)
    width = letters.shape[1]
    offsets = np.arange(0, width * (len(array) + 1), width, dtype=np.int32)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(letters))]
    texts = pa.Array.from_buffers(pa.string(), len(array), buffers)
    return pc.if_else(array.is_valid(), texts, pa.scalar(None, pa.string()))


def values_of(column: pa.ChunkedArray) -> tuple[ColumnType, pa.ChunkedArray]:
    """Return a plain column's type and its values in it; `type_of` must know the type.

    Nothing is rounded: nanoseconds that are no whole microseconds make the column text. Days and
    moments must be within the years 1 to 9999, which is as far as readers go.
    """
    if pa.types.is_struct(column.type):
        return TEXT, pa.chunked_array([_spelled_long(c) for c in column.chunks], pa.string())
    kind = type_of(column.type)
    if kind is None:
        raise TypeError(f"expected a type that inspection lets in, got {column.type}")
    if kind == NOTHING:
        return NOTHING, pa.chunked_array([pa.nulls(len(column), pa.string())])
    if kind == TEXT:
        return TEXT, spelled(column)
    if pa.types.is_timestamp(column.type):
        # Whatever the zone is called, the moments are counted in UTC.
        column = column.cast(pa.int64()).cast(pa.timestamp(column.type.unit, kind.arrow.tz))
    try:
        return kind, pc.cast(column, kind.arrow)
    except pa.ArrowInvalid:
        return TEXT, spelled(column)


def _spelled_long(array: pa.StructArray) -> pa.Array:
    """Return moments that have nanoseconds in addition as text."""
    micros, nanos = (pc.struct_field(array, name) for name in (MICROS, NANOS))
    return spelled_moments(micros.cast(pa.int64()), nanos, zone=bool(micros.type.tz))


def _bytes_of(text: pa.DataType) -> pa.DataType:
    return pa.large_binary() if pa.types.is_large_string(text) else pa.binary_view()


def _integer(stored: pa.DataType) -> ColumnType:
    if pa.types.is_signed_integer(stored):
        return ColumnType(Kind.INTEGER, _DIGITS[stored.bit_width])
    digits = _UNSIGNED_DIGITS[stored.bit_width]
    return decimal_type(digits, 0) if stored.bit_width == 64 else ColumnType(Kind.INTEGER, digits)
