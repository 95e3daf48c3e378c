"""Moments and days as other systems store them: past what 64 bits of nanoseconds hold, and in
the calendar that was left in 1582."""

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
"""Over ten thousand years: farther than any moment that is taken."""
_SWITCH = -141_427
"""1582-10-15, the first day of the Gregorian calendar, from 1970."""
_JULIAN_EPOCH = 719_470
"""Days from 0000-03-01 of the Julian calendar to 1970-01-01 of the Gregorian."""
_MOST_SECONDS = 9_000_000_000_000
"""Of which microseconds can be counted in 64 bits."""
MICROS, NANOS = "micros", "nanos"
_LOST = np.iinfo(np.int64).max
"""Stands for a moment that there is not: it has no year that is taken."""


def may_be_misread(seconds: pa.Array, nanos: pa.Array) -> bool:
    """Whether some moments are what a library makes of nanoseconds below zero, which it takes for
    as many more than 584 years, or of no day at all, of which it makes 1970."""
    about = seconds.cast(pa.int64()).drop_null().to_numpy()
    late = (about > _LATEST_NANO_SECONDS) & (about < _LATEST_NANO_SECONDS + _TURN_SECONDS)
    empty = nanos.cast(pa.int64()).drop_null().to_numpy() == 0
    return bool(late.any() or empty.any() or (np.abs(about) > _FARTHEST_SECONDS).any())


def unwrapped(seconds: pa.Array, nanos: pa.Array, zone: str | None) -> pa.Array:
    """Moments of which `nanos` counts nanoseconds from 1970, without what 64 bits do not hold, and
    `seconds` is right within a century or so.

    As microseconds; where some need nanoseconds, as structs that have 0 to 999 of those beside.
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
    """Days or moments of the hybrid calendar, in which 1582-10-04 is the day before 1582-10-15,
    as they are called there: `1582-10-04` stays that, in the calendar without a gap.

    A day that this one lacks (1500-02-29) is out of reach.
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
    """Days with the same year, month and day; and which of them have none."""
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
