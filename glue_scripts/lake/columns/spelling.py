"""Typed values as text: one form for each value, whatever column, batch or unit it comes in."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

_NEEDLESS_DIGITS = r"(?:\.0+|(\.[0-9]*[1-9])0+)$"


def spelled(column: pa.ChunkedArray, *, trim: bool = False) -> pa.ChunkedArray:
    """Return values as text: ISO 8601 for dates and times, `true` and `false`, numbers in digits.

    Times have only the fraction digits that they need, and `Z` if they have a zone, so that
    nanoseconds further down in a file do not change the spelling of the values before. Decimals
    keep their column's scale; `trim` removes zeros at the end, for formats in which the scale is
    only what some rows happened to need.
    """
    kind = column.type
    if pa.types.is_decimal(kind):
        text = _decimals(column)
        return pc.replace_substring_regex(text, _NEEDLESS_DIGITS, r"\1") if trim else text
    if pa.types.is_timestamp(kind):
        return _moments(column)
    if pa.types.is_time(kind):
        return _shortened(pc.cast(column, pa.string()))
    return pc.cast(column, pa.string())


def spelled_moments(micros: pa.Array, nanos: pa.Array, *, zone: bool) -> pa.Array:
    """Return moments with nanoseconds as text, even where 64 bits of those do not reach.

    `nanos` are 0 to 999, added to `micros` from 1970.
    """
    whole = pc.replace_substring(pc.cast(micros.cast(pa.timestamp("us")), pa.string()), " ", "T")
    rest = pc.utf8_lpad(pc.cast(nanos, pa.string()), 3, "0")
    text = _shortened(pc.binary_join_element_wise(whole, rest, ""))
    return pc.binary_join_element_wise(text, "Z", "") if zone else text


def _moments(column: pa.ChunkedArray) -> pa.ChunkedArray:
    zoneless = column.cast(pa.int64()).cast(pa.timestamp(column.type.unit))
    text = _shortened(pc.replace_substring(pc.cast(zoneless, pa.string()), " ", "T"))
    return pc.binary_join_element_wise(text, "Z", "") if column.type.tz else text


def _shortened(text: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray | pa.Array:
    return pc.replace_substring_regex(text, _NEEDLESS_DIGITS, r"\1")


def _decimals(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Spell decimals without an exponent, which Arrow writes for small ones."""
    kind = column.type
    wide = pa.decimal256(76, kind.scale)
    whole = [chunk.cast(wide).view(pa.decimal256(76, 0)) for chunk in column.chunks]
    units = pc.cast(pa.chunked_array(whole, pa.decimal256(76, 0)), pa.string())
    if kind.scale == 0:
        return units
    digits = pc.utf8_lpad(pc.replace_substring(units, "-", ""), kind.scale + 1, "0")
    pointed = pc.replace_substring_regex(digits, rf"([0-9]{{{kind.scale}}})$", r".\1")
    sign = pc.if_else(pc.starts_with(units, "-"), "-", "")
    return pc.binary_join_element_wise(sign, pointed, "")
