"""Sums of a column's values, whatever their order: exact modulo 2 to the 64th.

Numbers, days and moments are counted in units of their type, texts in bytes. Columns with the same
values in different types have the same total, apart from the size of the unit. Totals are taken of
a typed file's values, and again of what is about to be written, to find conversions that change
values without losing or adding any.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_TURN = 2**64
_WORD_BITS = 64
_DIGITS = {"s": 0, "ms": 3, "us": 6, "ns": 9}


@dataclass(frozen=True)
class Total:
    """The total of one column."""

    sort: str
    """Kind of value that is added up; only totals of one sort can be compared."""
    units: int
    digits: int = 0
    """Decimal places of the unit: it is 10 to the power of minus this number."""

    def is_of(self, other: Total | None) -> bool:
        """Whether both may be of the same values; true if that is unknown."""
        if other is None or self.sort != other.sort:
            return True
        digits = max(self.digits, other.digits)
        return self.units_of(digits) == other.units_of(digits)

    def __sub__(self, other: Total | None) -> Total | None:
        """Return the total of the values that are left; None if that is unknown."""
        if other is None or self.sort != other.sort:
            return None
        digits = max(self.digits, other.digits)
        return Total(self.sort, (self.units_of(digits) - other.units_of(digits)) % _TURN, digits)

    def units_of(self, digits: int) -> int:
        """Return the total in smaller units, with so many decimal places."""
        parts: int = 10 ** (digits - self.digits)
        return self.units * parts % _TURN


def totals_in(rows: pa.Table) -> dict[str, Total]:
    """Return the totals of the columns that have one, by name."""
    found = {name: total_of(rows.column(n)) for n, name in enumerate(rows.column_names)}
    return {name: total for name, total in found.items() if total is not None}


def without(totals: Mapping[str, Total], rows: pa.Table) -> dict[str, Total]:
    """Return totals without the values of some rows."""
    aside = totals_in(rows)
    left = {name: total - aside.get(name) for name, total in totals.items()}
    return {name: total for name, total in left.items() if total is not None}


def total_of(column: pa.ChunkedArray) -> Total | None:
    """Return a column's total; None for types that have none.

    These are binary floating point numbers, and times of day, which become text.
    """
    kind = column.type
    if pa.types.is_integer(kind):
        return Total("number", _added(column))
    if pa.types.is_decimal(kind):
        return Total("number", sum(map(_low_words, column.chunks)) % _TURN, kind.scale)
    if pa.types.is_timestamp(kind):
        return Total("moment", _added(column.cast(pa.int64())), _DIGITS[kind.unit])
    if pa.types.is_date32(kind):
        return Total("day", _added(column.cast(pa.int32())))
    if pa.types.is_boolean(kind):
        return Total("truth", _added(column))
    return Total("text", sum(map(_bytes, column.chunks))) if pa.types.is_string(kind) else None


def _added(column: pa.ChunkedArray) -> int:
    """Add up integers modulo 2 to the 64th, as Arrow does because it ignores overflow."""
    return int(pc.sum(column).as_py() or 0) % _TURN


def _bytes(array: pa.Array) -> int:
    """Count the bytes of texts; without nulls, from the first and the last offset alone."""
    if array.null_count:
        return int(pc.sum(pc.binary_length(array)).as_py() or 0)
    if not len(array):
        return 0
    borders = np.frombuffer(array.buffers()[1], np.int32)
    return int(borders[array.offset + len(array)]) - int(borders[array.offset])


def _low_words(array: pa.Array) -> int:
    """Return the lowest 64 bits of the sum of decimals, in units of their scale."""
    if not len(array):
        return 0
    if array.null_count:
        array = array.drop_null()
    words = array.type.bit_width // _WORD_BITS
    numbers = np.frombuffer(array.buffers()[1], np.uint64)[array.offset * words :: words]
    return int(numbers[: len(array)].sum(dtype=np.uint64)) if len(array) else 0
