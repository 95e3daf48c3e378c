"""Columns that come with types of their own, from formats that have some, in the lake's types."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from lake.column_types import NOTHING, TEXT, ColumnType, Kind, decimal_type
from lake.observing import convert

_DIGITS = {8: 3, 16: 5, 32: 10, 64: 19}
"""Of the largest signed integer with as many bits."""
_UNSIGNED_DIGITS = {8: 3, 16: 5, 32: 10, 64: 20}


_SIMPLE = (
    (pa.types.is_null, NOTHING),
    (pa.types.is_boolean, ColumnType(Kind.BOOLEAN)),
    (pa.types.is_floating, ColumnType(Kind.DOUBLE)),
    (pa.types.is_date, ColumnType(Kind.DATE)),
    (pa.types.is_string, TEXT),
    (pa.types.is_large_string, TEXT),
    (pa.types.is_time, TEXT),
)


def type_of(stored: pa.DataType) -> ColumnType | None:
    """The type that holds all values of an Arrow type; None where there is none.

    Integers of 64 bits without a sign are decimals; times of day and nanoseconds are text.
    """
    if pa.types.is_dictionary(stored):
        return type_of(stored.value_type)
    if pa.types.is_integer(stored):
        return _integer(stored)
    if pa.types.is_decimal(stored):
        return decimal_type(stored.precision - stored.scale, stored.scale)
    if pa.types.is_timestamp(stored):
        return ColumnType(Kind.INSTANT if stored.tz else Kind.TIMESTAMP)
    return next((kind for holds, kind in _SIMPLE if holds(stored)), None)


def values_of(column: pa.ChunkedArray) -> tuple[ColumnType, pa.ChunkedArray]:
    """A column's type and its values in that; the type must be one that `type_of` knows.

    Nanoseconds that are no whole microseconds make the column text: nothing is rounded. So do
    moments outside the years 1 to 9999, which is as far as readers go.
    """
    kind = type_of(column.type)
    assert kind is not None, f"{column.type} was let in"  # noqa: S101 - checked when looked at
    if kind == NOTHING:
        return NOTHING, pa.chunked_array([pa.nulls(len(column), pa.string())])
    try:
        values = pc.cast(column, kind.arrow)
    except pa.ArrowInvalid:
        return TEXT, spelled(column)
    if kind.kind in (Kind.DATE, Kind.TIMESTAMP, Kind.INSTANT) and not _readable(values):
        return TEXT, spelled(column)
    return kind, values


def recast(values: pa.ChunkedArray, kind: ColumnType, target: ColumnType) -> pa.ChunkedArray:
    """Values of a type in a wider one, which must be the join of it with something."""
    if values.type == target.arrow:
        return values
    if kind == NOTHING:
        return pa.chunked_array([pa.nulls(len(values), target.arrow)])
    if pa.types.is_string(values.type):
        return convert(values, target)
    return spelled(values) if target.kind is Kind.TEXT else pc.cast(values, target.arrow)


def spelled(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """As text: ISO 8601 for dates and times, `true` and `false`, numbers with no more fraction
    digits than they need."""
    if pa.types.is_decimal(column.type):
        text = pc.cast(column, pa.string())
        return (
            pc.replace_substring_regex(text, r"(\.[0-9]*?)\.?0+$", r"\1")
            if column.type.scale
            else text
        )
    if pa.types.is_timestamp(column.type):
        text = pc.replace_substring(pc.cast(column, pa.string()), " ", "T")
        return pc.replace_substring_regex(text, r"\.0+(Z?)$", r"\1")
    return pc.cast(column, pa.string())


def _integer(stored: pa.DataType) -> ColumnType:
    if pa.types.is_signed_integer(stored):
        return ColumnType(Kind.INTEGER, _DIGITS[stored.bit_width])
    digits = _UNSIGNED_DIGITS[stored.bit_width]
    return decimal_type(digits, 0) if stored.bit_width == 64 else ColumnType(Kind.INTEGER, digits)


def _readable(values: pa.ChunkedArray) -> bool:
    years = pc.min_max(pc.year(values)).as_py()
    return years["min"] is None or 1 <= years["min"] <= years["max"] <= 9999
