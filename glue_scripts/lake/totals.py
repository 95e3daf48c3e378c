"""What the values of a column add up to, whatever their order: exact modulo 2 to the 64th.

Numbers, days and moments are counted in units of their type, texts in bytes. Two columns that hold
the same values in different types have the same total, but for the size of the unit. It is taken of
values as a file with types has them, and again of what is about to be written: a conversion that
changes values, and neither loses nor makes any, shows here.
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
    """Of one column."""

    sort: str
    """What is added up; only totals of one sort can be compared."""
    units: int
    digits: int = 0
    """A unit is one of 10 to the power of so many parts of one."""

    def is_of(self, other: Total | None) -> bool:
        """Whether both may be of the same values: true where that cannot be told."""
        if other is None or self.sort != other.sort:
            return True
        digits = max(self.digits, other.digits)
        return self.units_of(digits) == other.units_of(digits)

    def __sub__(self, other: Total | None) -> Total | None:
        """Of the values that are left, None where that cannot be told."""
        if other is None or self.sort != other.sort:
            return None
        digits = max(self.digits, other.digits)
        return Total(self.sort, (self.units_of(digits) - other.units_of(digits)) % _TURN, digits)

    def units_of(self, digits: int) -> int:
        """In smaller units."""
        parts: int = 10 ** (digits - self.digits)
        return self.units * parts % _TURN


def totals_in(rows: pa.Table) -> dict[str, Total]:
    """By column, of those that have one."""
    found = {name: total_of(rows.column(n)) for n, name in enumerate(rows.column_names)}
    return {name: total for name, total in found.items() if total is not None}


def without(totals: Mapping[str, Total], rows: pa.Table) -> dict[str, Total]:
    """Without the values of some rows."""
    aside = totals_in(rows)
    left = {name: total - aside.get(name) for name, total in totals.items()}
    return {name: total for name, total in left.items() if total is not None}


def total_of(column: pa.ChunkedArray) -> Total | None:
    """None for types of which there is none: binary floating point numbers, and times of day, which
    become text."""
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
    """Arrow adds without looking at an overflow, and so modulo 2 to the 64th."""
    return int(pc.sum(column).as_py() or 0) % _TURN


def _bytes(array: pa.Array) -> int:
    """Told by the first and the last border, where there are no nulls between them."""
    if array.null_count:
        return int(pc.sum(pc.binary_length(array)).as_py() or 0)
    if not len(array):
        return 0
    borders = np.frombuffer(array.buffers()[1], np.int32)
    return int(borders[array.offset + len(array)]) - int(borders[array.offset])


def _low_words(array: pa.Array) -> int:
    """Of the sum of decimals, in units of their scale, the lowest 64 bits."""
    if not len(array):
        return 0
    if array.null_count:
        array = array.drop_null()
    words = array.type.bit_width // _WORD_BITS
    numbers = np.frombuffer(array.buffers()[1], np.uint64)[array.offset * words :: words]
    return int(numbers[: len(array)].sum(dtype=np.uint64)) if len(array) else 0
