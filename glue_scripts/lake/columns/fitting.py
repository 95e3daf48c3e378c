"""Fast confirmation of a presumed column type, and conversion to it, in one go.

If all values are of the presumed kind, a few passes over their bytes do what `observe` and
`convert` do with patterns. Anything else is left to those two, so that the result is always theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

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
    [found], values = fit_all([column], target)
    return found, values


def fit_all(
    columns: Sequence[pa.ChunkedArray], target: ColumnType
) -> tuple[list[ColumnType], pa.ChunkedArray | None]:
    """Return the type of each of several text columns, and the values of all, one after another.

    The result is that of `fit` for each. Many short columns are converted together, because what
    takes time with them is the number of steps.
    """
    quick = None if target == TEXT else _quickly(columns, target)
    if quick:
        return quick
    if len(columns) == 1:
        found, values = _thoroughly(columns[0], target)
        return [found], values
    alone = [fit(column, target) for column in columns]
    chunks = [chunk for _, values in alone if values is not None for chunk in values.chunks]
    fits = all(values is not None for _, values in alone)
    return [kind for kind, _ in alone], pa.chunked_array(chunks, target.arrow) if fits else None


def _thoroughly(
    column: pa.ChunkedArray, target: ColumnType
) -> tuple[ColumnType, pa.ChunkedArray | None]:
    if target == TEXT:
        some = observe(column.slice(0, _SOME_ROWS))
        return (some if some == TEXT else observe(column)), column
    found = observe(column)
    return found, convert(column, target) if target.holds(found) else None


def presume(column: pa.ChunkedArray) -> ColumnType:
    """Return the type that `observe` finds for a text column, faster where nothing is unusual."""
    array = _in_one([column])
    texts = _texts_of(array)
    if texts is None or not len(texts.starts):
        return observe(column)
    kind = kind_of(texts.value(0))
    if kind is Kind.TEXT:
        return TEXT
    found = _looks_like(texts, ColumnType(kind), [0, len(texts.starts)])
    if found is None or _cast(array, found[0]) is None:
        return observe(column)
    return found[0]


@dataclass(frozen=True)
class _Texts:
    """The values of a column that are not empty: their bytes, starts, lengths and rows."""

    data: Octets
    starts: Positions
    lengths: Positions
    rows: Positions

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
    columns: Sequence[pa.ChunkedArray], target: ColumnType
) -> tuple[list[ColumnType], pa.ChunkedArray] | None:
    """Return the type of each column, and the values of all; None if `target` may not hold them, or
    if that takes a closer look."""
    array = _in_one(columns)
    if array.null_count == len(array):
        nulls = pa.nulls(len(array), target.arrow)
        return [NOTHING] * len(columns), pa.chunked_array([nulls])
    texts = _texts_of(array)
    if texts is None:
        return None
    rows = np.cumsum([0, *map(len, columns)])
    found = _looks_like(texts, target, np.searchsorted(texts.rows, rows).tolist())
    if found is None or not all(map(target.holds, found)):
        return None
    values = _cast(array, target)
    return None if values is None else (found, pa.chunked_array([values]))


def _in_one(columns: Sequence[pa.ChunkedArray]) -> pa.Array:
    chunks = [chunk for column in columns for chunk in column.chunks]
    return (
        chunks[0] if len(chunks) == 1 else pa.concat_arrays(chunks or [pa.array([], pa.string())])
    )


def _cast(array: pa.Array, target: ColumnType) -> pa.Array | None:
    """Return the values as `target`; None if one is not of that type."""
    if target.kind is Kind.BOOLEAN:
        return _truth_values(array)
    try:
        values = pc.cast(array, target.arrow)
    except pa.ArrowInvalid:
        return None
    if target.kind in (Kind.DATE, Kind.TIMESTAMP, Kind.INSTANT) and not _after_year_0(values):
        return None
    return values


def _looks_like(
    texts: _Texts, target: ColumnType, borders: Sequence[int]
) -> list[ColumnType] | None:
    """Return the type of the texts between each two borders, provided that Arrow can cast all to
    `target`."""
    match target.kind:
        case Kind.INTEGER:
            return _integers(texts, borders)
        case Kind.DECIMAL:
            return _decimals(texts, borders)
        case Kind.DATE:
            alike = (texts.lengths == 10).all()
        case Kind.TIMESTAMP:
            alike = np.isin(texts.lengths, _TIMESTAMP_LENGTHS).all()
        case Kind.INSTANT:
            alike = _all_in_utc(texts)
        case _:
            alike = target.kind is Kind.BOOLEAN
    return [target if a < b else NOTHING for a, b in pairwise(borders)] if alike else None


def _truth_values(array: pa.Array) -> pa.Array | None:
    """Convert `true` and `false` only; Arrow's cast would take other spellings too."""
    values = pc.equal(array, "true")
    known = pc.sum(values).as_py() + pc.sum(pc.equal(array, "false")).as_py()
    return values if known == len(array) - array.null_count else None


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
    rows = np.flatnonzero(filled)
    return _Texts(data, offsets[rows].astype(np.int64), lengths[rows], rows)


def _is_digit(octets: Octets) -> npt.NDArray[np.bool_]:
    digit: npt.NDArray[np.bool_] = (octets >= _ZERO) & (octets <= _NINE)
    return digit


def _integers(texts: _Texts, borders: Sequence[int]) -> list[ColumnType] | None:
    """Return the integer types; None if a value has a leading zero or is negative zero.

    Arrow would take leading zeros, and hexadecimal digits, which begin with 0 as well.
    """
    negative = texts.first == _MINUS
    leading = np.where(negative, texts.at(1), texts.first)
    digits = texts.lengths - negative
    if not _is_digit(leading).all() or ((leading == _ZERO) & ((digits > 1) | negative)).any():
        return None
    return [
        ColumnType(Kind.INTEGER, int(digits[a:b].max())) if a < b else NOTHING
        for a, b in pairwise(borders)
    ]


def _decimals(texts: _Texts, borders: Sequence[int]) -> list[ColumnType] | None:
    """Return the decimal types; None unless every value has a point.

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
    return [
        decimal_type(int(whole[a:b].max()), int(fraction[a:b].max())) if a < b else NOTHING
        for a, b in pairwise(borders)
    ]


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
