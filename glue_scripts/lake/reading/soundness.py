"""Detection of values that are invalid for their type, row by row, in files that have types."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lake.columns.moments import MICROS

_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896
"""0001-01-01 and 9999-12-31 in days from 1970."""
_PER_DAY = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}
_UNITS = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}
_FAR_OFF = "outside of the years 1 to 9999"


def flaws(batch: pa.RecordBatch) -> dict[int, str]:
    """Return the reason for each row that cannot be published; the columns are plain."""
    found: dict[int, str] = {}
    for name, array in zip(batch.schema.names, batch.columns, strict=True):
        for row, reason in _flaws_of(array):
            found.setdefault(row, f"{name} {reason}")
    return dict(sorted(found.items()))


def shown(batch: pa.RecordBatch, row: int) -> dict[str, Any]:
    """Return a row with values that can be shown.

    Bytes that are no characters are escaped; days and times that are out of range are numbers.
    """
    values = zip(batch.schema.names, batch.columns, strict=True)
    return {name: _shown(array[row]) for name, array in values}


def _flaws_of(array: pa.Array) -> Iterator[tuple[int, str]]:
    kind = array.type
    if pa.types.is_struct(kind):
        yield from _flaws_of(pc.struct_field(array, MICROS))
    elif pa.types.is_string(kind):
        yield from _unsound(array, lambda _: "holds bytes that are no characters")
    elif pa.types.is_decimal(kind):
        reason = f"has more digits than the {kind.precision} that the column is declared with"
        yield from _unsound(array, lambda _: reason)
    elif pa.types.is_time(kind):
        told = f"{_UNITS[kind.unit]} from midnight, expected a time of day"
        yield from _unsound(array, partial(_counted, array, told))
    elif pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        yield from _far_off(array)


def _unsound(array: pa.Array, reason: Callable[[int], str]) -> Iterator[tuple[int, str]]:
    """Find invalid values by halving the array: Arrow only says that there is one."""
    waiting = [(0, len(array))]
    while waiting:
        start, size = waiting.pop()
        if _is_sound(array.slice(start, size)):
            continue
        if size == 1:
            yield start, reason(start)
        else:
            half = size // 2
            waiting += [(start + half, size - half), (start, half)]


def _is_sound(array: pa.Array) -> bool:
    try:
        array.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _far_off(array: pa.Array) -> Iterator[tuple[int, str]]:
    kind = array.type
    if pa.types.is_date32(kind):
        counts, unit, per_day = array.cast(pa.int32()), "days", 1
    else:
        unit = "ms" if pa.types.is_date64(kind) else kind.unit
        counts, per_day, unit = array.cast(pa.int64()), _PER_DAY[unit], _UNITS[unit]
    span = pc.min_max(counts)
    low, high = _FIRST_DAY * per_day, (_LAST_DAY + 1) * per_day
    least, most = span["min"].as_py(), span["max"].as_py()
    if least is None or low <= least <= most < high:
        return
    numbers = counts.fill_null(0).to_numpy().astype(np.int64)
    limits = (np.int64(max(low, -(2**63))), np.int64(min(high, 2**63 - 1)))
    for row in np.flatnonzero((numbers < limits[0]) | (numbers >= limits[1])):
        yield int(row), _counted(array, f"{unit} from 1970, which is {_FAR_OFF}", int(row))


def _counted(array: pa.Array, told: str, row: int) -> str:
    return f"is {_count(array[row]):,} {told}"


def _count(value: pa.Scalar) -> int:
    count: int = value.cast(pa.int32() if value.type.bit_width == 32 else pa.int64()).as_py()
    return count


def _shown(value: pa.Scalar) -> Any:
    kind = value.type
    if not value.is_valid:
        return None
    if pa.types.is_string(kind):
        return value.as_buffer().to_pybytes().decode("utf-8", "backslashreplace")
    try:
        return value.as_py()
    except (ValueError, OverflowError):
        return _count(value) if kind.bit_width else str(value)
