"""Type inference for columns of text, and conversion of their values.

A type is inferred only if the values could be written back as they came, apart from the number of
fraction digits and the spelling of an offset: `007`, `+49 30`, `12d`, `1e5`, `-0.0` and ` 5` are
text.
"""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

from lake.columns.types import NOTHING, TEXT, ColumnType, Kind, decimal_type

_WHOLE = r"(?:0|-?[1-9][0-9]*)"
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"
_PATTERNS = {
    Kind.INTEGER: _WHOLE,
    Kind.DECIMAL: rf"(?:{_WHOLE}|(?:0|-?[1-9][0-9]*)\.[0-9]+|-0\.[0-9]*[1-9][0-9]*)",
    Kind.DATE: _DAY,
    Kind.TIMESTAMP: _DAY + _TIME,
    Kind.INSTANT: _DAY + _TIME + r"(?:Z|[+-][0-9]{2}:?[0-9]{2})",
    Kind.BOOLEAN: r"(?:true|false)",
}
_ANCHORED = {kind: f"^{pattern}$" for kind, pattern in _PATTERNS.items()}
_COMPILED = {kind: re.compile(pattern) for kind, pattern in _PATTERNS.items()}
_INT64_SAFE_DIGITS = 18
_FEW = 8
"""Values among which the first that is not empty is looked for without going through a column."""


def observe(column: pa.ChunkedArray) -> ColumnType:
    """Return the type that holds all values of a text column; null and empty ones do not count."""
    # Words and codes are known by the first one, as below.
    first = next(filter(None, column.slice(0, _FEW).to_pylist()), "")
    if first and kind_of(first) is Kind.TEXT:
        return TEXT
    values = column.drop_null()
    if pc.any(pc.equal(values, "")).as_py():
        values = values.filter(pc.not_equal(values, ""))
    if len(values) == 0:
        return NOTHING
    kind = kind_of(values[0].as_py())
    # The kinds exclude each other, except for whole numbers among decimals. So the first value
    # decides which pattern all others must match.
    if kind is Kind.TEXT:
        return TEXT
    if kind in (Kind.INTEGER, Kind.DECIMAL):
        return _number_type(values)
    return _timelike_type(values, kind)


def convert(column: pa.ChunkedArray, target: ColumnType) -> pa.ChunkedArray:
    """Return the values of a text column as `target`, which must hold them all.

    Quoted empty values stay in columns of text, and in those without other values so far, which are
    stored as text; in every other type they become null.
    """
    if target.kind in (Kind.TEXT, Kind.NOTHING):
        return column
    if pc.any(pc.equal(column, "")).as_py():
        column = pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)
    return pc.cast(column, target.arrow)


def kind_of_value(value: str) -> ColumnType:
    """Return the type of a single value."""
    if value and kind_of(value) is Kind.TEXT:
        return TEXT
    return observe(pa.chunked_array([pa.array([value], pa.string())]))


def kind_of(value: str) -> Kind:
    """Return the kind of a value by its spelling alone."""
    return next((kind for kind, p in _COMPILED.items() if p.fullmatch(value)), Kind.TEXT)


def _matches(values: pa.ChunkedArray, kind: Kind) -> bool:
    found: bool = pc.all(pc.match_substring_regex(values, _ANCHORED[kind])).as_py()
    return found


def _number_type(values: pa.ChunkedArray) -> ColumnType:
    if not _matches(values, Kind.DECIMAL):
        return TEXT
    point = pc.find_substring(values, ".")
    length = pc.binary_length(values)
    whole = pc.less(point, 0)
    if not _whole_numbers_fit(values.filter(whole)):
        return TEXT
    sign = pc.cast(pc.starts_with(values, "-"), pa.int32())
    digits = pc.max(pc.subtract(pc.if_else(whole, length, point), sign)).as_py()
    if pc.all(whole).as_py():
        return ColumnType(Kind.INTEGER, digits)
    scale = pc.max(pc.if_else(whole, 0, pc.subtract(pc.subtract(length, point), 1))).as_py()
    return decimal_type(digits, scale)


def _whole_numbers_fit(values: pa.ChunkedArray) -> bool:
    longest = pc.max(pc.binary_length(values)).as_py() or 0
    return longest <= _INT64_SAFE_DIGITS or _casts(values, pa.int64())


def _timelike_type(values: pa.ChunkedArray, kind: Kind) -> ColumnType:
    found = ColumnType(kind)
    if not _matches(values, kind):
        return TEXT
    if kind is Kind.BOOLEAN:
        return found
    if not _casts(values, found.arrow):
        return TEXT
    # An offset can push an instant out of the years 1 to 9999, which is as far as readers go.
    years = pc.min_max(pc.year(pc.cast(values, found.arrow))).as_py()
    return found if 1 <= years["min"] <= years["max"] <= 9999 else TEXT


def _casts(values: pa.ChunkedArray, target: pa.DataType) -> bool:
    try:
        pc.cast(values, target)
    except pa.ArrowInvalid:
        return False
    return True
