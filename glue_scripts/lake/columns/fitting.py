"""Fast confirmation of a presumed column type, and conversion to it, in one go.

If all values are of the presumed kind, a few passes over their bytes do what `observe` and
`convert` do with patterns. Anything else is left to those two, so that the result is always theirs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lake.columns.observing import convert, kind_of, observe
from lake.columns.types import NOTHING, TEXT, ColumnType, Kind, decimal_type

Octets = npt.NDArray[np.uint8]
Positions = npt.NDArray[np.int64]
_ZERO, _NINE, _MINUS, _POINT = b"09-."
_SOME_ROWS = 1_000
"""If one of this many first values is text, the column is text."""
_FIRST_DAY = -719_162
"""0001-01-01 in days from 1970."""
_TIMESTAMP_LENGTHS = np.array([16, 19, 21, 22, 23, 24, 25, 26])


def fit(column: pa.ChunkedArray, target: ColumnType) -> tuple[ColumnType, pa.ChunkedArray | None]:
    """Return a text column's type, and its values as `target` or None if they do not fit."""
    if target == TEXT:
        some = observe(column.slice(0, _SOME_ROWS))
        return (some if some == TEXT else observe(column)), column
    quick = _quickly(column, target)
    if quick and target.holds(quick[0]):
        return quick
    found = observe(column)
    if not target.holds(found):
        return found, None
    return found, convert(column, target)


def presume(column: pa.ChunkedArray) -> ColumnType:
    """Return the type that `observe` finds for a text column, faster where nothing is unusual."""
    array = _in_one(column)
    texts = _texts_of(array)
    if texts is None or not len(texts.starts):
        return observe(column)
    kind = kind_of(texts.value(0))
    if kind is Kind.TEXT:
        return TEXT
    found = _looks_like(texts, ColumnType(kind))
    if found is None or _cast(array, found) is None:
        return observe(column)
    return found


@dataclass(frozen=True)
class _Texts:
    """The values of a column that are not empty: their bytes, starts and lengths."""

    data: Octets
    starts: Positions
    lengths: Positions

    def value(self, number: int) -> str:
        start = self.starts[number]
        return self.data[start : start + self.lengths[number]].tobytes().decode()

    @property
    def first(self) -> Octets:
        return self.data[self.starts]

    def at(self, offset: int) -> Octets:
        """Return each value's byte at an offset, or a later byte if the value is shorter."""
        return self.data[np.minimum(self.starts + offset, len(self.data) - 1)]

    @property
    def last(self) -> Octets:
        last: Octets = self.data[self.starts + self.lengths - 1]
        return last


def _quickly(
    column: pa.ChunkedArray, target: ColumnType
) -> tuple[ColumnType, pa.ChunkedArray] | None:
    if column.null_count == len(column):
        return NOTHING, pa.chunked_array([pa.nulls(len(column), target.arrow)])
    array = _in_one(column)
    if target.kind is Kind.BOOLEAN:
        return _truth_values(array, target)
    texts = _texts_of(array)
    if texts is None:
        return None
    found = _looks_like(texts, target)
    if found is None:
        return None
    values = _cast(array, target)
    return None if values is None else (found, pa.chunked_array([values]))


def _in_one(column: pa.ChunkedArray) -> pa.Array:
    array = column.combine_chunks()
    return array.chunk(0) if isinstance(array, pa.ChunkedArray) else array


def _cast(array: pa.Array, target: ColumnType) -> pa.Array | None:
    """Return the values as `target`; None if one is not of that type."""
    try:
        values = pc.cast(array, target.arrow)
    except pa.ArrowInvalid:
        return None
    if target.kind in (Kind.DATE, Kind.TIMESTAMP, Kind.INSTANT) and not _after_year_0(values):
        return None
    return values


def _looks_like(texts: _Texts, target: ColumnType) -> ColumnType | None:
    """Return the type that the values have, provided that Arrow can cast them to `target`."""
    match target.kind:
        case Kind.INTEGER:
            return _integer(texts)
        case Kind.DECIMAL:
            return _decimal(texts)
        case Kind.DATE:
            return target if (texts.lengths == 10).all() else None
        case Kind.TIMESTAMP:
            return target if np.isin(texts.lengths, _TIMESTAMP_LENGTHS).all() else None
        case Kind.INSTANT:
            return target if _all_in_utc(texts) else None
        case _:
            return None


def _truth_values(array: pa.Array, target: ColumnType) -> tuple[ColumnType, pa.ChunkedArray] | None:
    """Convert `true` and `false` only; Arrow's cast would take other spellings too."""
    values = pc.equal(array, "true")
    known = pc.sum(values).as_py() + pc.sum(pc.equal(array, "false")).as_py()
    return (target, pa.chunked_array([values])) if known == len(array) - array.null_count else None


def _texts_of(array: pa.Array) -> _Texts | None:
    """Return the values that are not empty; None if some are empty but quoted, and so not null."""
    offsets = np.frombuffer(array.buffers()[1], np.int32)[
        array.offset : array.offset + len(array) + 1
    ]
    lengths = np.diff(offsets).astype(np.int64)
    filled = lengths > 0
    if len(array) - int(np.count_nonzero(filled)) != array.null_count:
        return None
    data = np.frombuffer(array.buffers()[2], np.uint8)
    return _Texts(data, offsets[:-1][filled].astype(np.int64), lengths[filled])


def _is_digit(octets: Octets) -> npt.NDArray[np.bool_]:
    digit: npt.NDArray[np.bool_] = (octets >= _ZERO) & (octets <= _NINE)
    return digit


def _integer(texts: _Texts) -> ColumnType | None:
    """Return the integer type; None if a value has a leading zero or is negative zero.

    Arrow would take leading zeros, and hexadecimal digits, which begin with 0 as well.
    """
    negative = texts.first == _MINUS
    leading = np.where(negative, texts.at(1), texts.first)
    digits = texts.lengths - negative
    if not _is_digit(leading).all() or ((leading == _ZERO) & ((digits > 1) | negative)).any():
        return None
    return ColumnType(Kind.INTEGER, int(digits.max()))


def _decimal(texts: _Texts) -> ColumnType | None:
    """Return the decimal type; None unless every value has a point.

    Columns with whole numbers among the decimals are left to the patterns.
    """
    begin, end = int(texts.starts[0]), int(texts.starts[-1] + texts.lengths[-1])
    held = texts.data[begin:end].tobytes()
    if held.translate(None, b"0123456789.-"):
        return None
    points = np.flatnonzero(texts.data[begin:end] == _POINT) + begin
    if len(points) != len(texts.starts):
        return None
    negative = texts.first == _MINUS
    whole = points - texts.starts - negative
    fraction = texts.starts + texts.lengths - points - 1
    leading = np.where(negative, texts.at(1), texts.first)
    if (whole < 1).any() or (fraction < 1).any() or ((leading == _ZERO) & (whole > 1)).any():
        return None
    if (negative & (leading == _ZERO)).any() and _has_negative_zero(texts, negative):
        return None
    return decimal_type(int(whole.max()), int(fraction.max()))


def _has_negative_zero(texts: _Texts, negative: npt.NDArray[np.bool_]) -> bool:
    """Whether a value is a negative zero, whose sign no decimal keeps."""
    return any(not texts.value(int(i)).strip("-0.") for i in np.flatnonzero(negative))


def _all_in_utc(texts: _Texts) -> bool:
    is_utc = (texts.last == ord("Z")).all()
    return bool(is_utc and np.isin(texts.lengths - 1, _TIMESTAMP_LENGTHS).all())


def _after_year_0(values: pa.Array) -> bool:
    if pa.types.is_date32(values.type):
        earliest = pc.min(values.cast(pa.int32())).as_py()
        return bool(earliest >= _FIRST_DAY)
    earliest = pc.min(values.cast(pa.int64())).as_py()
    return bool(earliest >= _FIRST_DAY * 86_400_000_000)
