"""Timestamps and days as other systems store them.

They may lie beyond what 64 bits of nanoseconds hold, or in the calendar that was used until 1582.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Counts = npt.NDArray[np.int64]
_MICROS = 1_000_000
_DAY_MICROS = 86_400 * _MICROS
_TURN = 2.0**64
_TURN_MICROS, _TURN_NANOS = divmod(2**64, 1000)
_TURN_SECONDS = 2**64 // 10**9
_LATEST_NANO_SECONDS = 2**63 // 10**9
_FARTHEST_SECONDS = 400_000_000_000
"""Over ten thousand years: farther than any timestamp that is accepted."""
_SWITCH = -141_427
"""1582-10-15, the first day of the Gregorian calendar, in days from 1970."""
_JULIAN_EPOCH = 719_470
"""Days from 0000-03-01 of the Julian calendar to 1970-01-01 of the Gregorian."""
_MOST_SECONDS = 9_000_000_000_000
"""Most seconds whose microseconds fit into 64 bits."""
MICROS, NANOS = "micros", "nanos"
_LOST = np.iinfo(np.int64).max
"""Stands for a moment that does not exist: its year is outside of the accepted range."""


def may_be_misread(seconds: pa.Array, nanos: pa.Array) -> bool:
    """Whether some moments may come from values that the library misreads.

    It reads nanoseconds below zero as moments 584 years later, and values without a day as 1970.
    """
    about = seconds.cast(pa.int64()).drop_null().to_numpy()
    late = (about > _LATEST_NANO_SECONDS) & (about < _LATEST_NANO_SECONDS + _TURN_SECONDS)
    empty = nanos.cast(pa.int64()).drop_null().to_numpy() == 0
    return bool(late.any() or empty.any() or (np.abs(about) > _FARTHEST_SECONDS).any())


def unwrapped(seconds: pa.Array, nanos: pa.Array, zone: str | None) -> pa.Array:
    """Return exact moments from nanoseconds that have overflowed 64 bits.

    `nanos` counts nanoseconds from 1970 modulo 2 to the 64th; `seconds` is right within a century
    or so. The result is in microseconds or, if some moments need nanoseconds, in structs that have
    0 to 999 of those in addition.
    """
    about = seconds.cast(pa.int64()).fill_null(0).to_numpy()
    wrapped = nanos.cast(pa.int64()).fill_null(0).to_numpy()
    turns = np.rint((about.astype(np.float64) * 1e9 - wrapped) / _TURN)
    far = np.abs(about) > _FARTHEST_SECONDS
    turns = np.where(far, 0, turns).astype(np.int64)
    micros, rest = np.divmod(wrapped, 1000)
    rest = rest + turns * _TURN_NANOS
    counted = np.clip(about, -_MOST_SECONDS, _MOST_SECONDS) * _MICROS
    micros = np.where(far, counted, micros + turns * _TURN_MICROS + rest // 1000)
    return _moments(micros, np.where(far, 0, rest % 1000), nanos, zone)


def _moments(micros: Counts, rest: Counts, like: pa.Array, zone: str | None) -> pa.Array:
    empty = _mask(like)
    whole = pa.array(micros, mask=empty).cast(pa.timestamp("us", zone))
    if not rest[~empty].any():
        return whole
    parts = [whole, pa.array(rest)]
    return pa.StructArray.from_arrays(parts, names=[MICROS, NANOS], mask=pa.array(empty))


def rebased(column: pa.Array) -> pa.Array:
    """Convert days or moments of the hybrid calendar to the Gregorian one, keeping their names.

    In the hybrid calendar 1582-10-04 is the day before 1582-10-15; `1582-10-04` stays `1582-10-04`.
    A day that the Gregorian calendar lacks (1500-02-29) becomes one out of range.
    """
    if pa.types.is_struct(column.type):
        parts = [rebased(pc.struct_field(column, MICROS)), pc.struct_field(column, NANOS)]
        mask = pa.array(_mask(column))
        return pa.StructArray.from_arrays(parts, names=[MICROS, NANOS], mask=mask)
    if pa.types.is_date32(column.type):
        days = column.cast(pa.int32()).fill_null(0).to_numpy().astype(np.int64)
        shifted, lost = _renamed(days)
        counts = np.where(lost, np.iinfo(np.int32).max, shifted).astype(np.int32)
        return pa.array(counts, mask=_mask(column)).cast(column.type)
    per_day = {"s": 86_400, "ms": 86_400_000, "us": _DAY_MICROS, "ns": 1000 * _DAY_MICROS}
    unit = per_day[column.type.unit]
    counts = column.cast(pa.int64()).fill_null(0).to_numpy()
    days, rest = np.divmod(counts, unit)
    shifted, lost = _renamed(days)
    moved = np.where(days < _SWITCH, shifted * unit + rest, counts)
    return pa.array(np.where(lost, _LOST, moved), mask=_mask(column)).cast(column.type)


def _mask(column: pa.Array) -> npt.NDArray[np.bool_]:
    mask: npt.NDArray[np.bool_] = pc.is_null(column).to_numpy(zero_copy_only=False)
    return mask


def _renamed(days: Counts) -> tuple[Counts, npt.NDArray[np.bool_]]:
    """Return the days with the same year, month and day, and which of them do not exist."""
    old = days < _SWITCH
    # Years begin in March here, so that leap days come last in them.
    cycle, rest = np.divmod(days + _JULIAN_EPOCH, 1461)
    year = np.minimum(rest // 365, 3)
    in_year = rest - 365 * year
    year += 4 * cycle
    new = 365 * year + year // 4 - year // 100 + year // 400 + in_year - 719_468
    leap_day = in_year == 365
    common = ((year + 1) % 100 == 0) & ((year + 1) % 400 != 0)
    return np.where(old, new, days), old & leap_day & common
