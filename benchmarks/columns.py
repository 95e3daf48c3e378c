"""The columns of the generated data, and how their values are added up. Pure.

Truth and output go through the same sums, each from its own Arrow arrays: the truth from
what the generator drew, the output from the Parquet files that a contender wrote.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc


class Kind(StrEnum):
    """The kind of a column's values."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DATE = "date"
    TIMESTAMP = "timestamp"
    BOOLEAN = "boolean"


@dataclass(frozen=True)
class Column:
    """A kind, and for decimals the digits after the point."""

    kind: Kind
    scale: int = 0


COLUMNS: dict[str, Column] = {
    "order_id": Column(Kind.INTEGER),
    "customer_code": Column(Kind.TEXT),
    "country": Column(Kind.TEXT),
    "city": Column(Kind.TEXT),
    "postal_code": Column(Kind.TEXT),
    "phone": Column(Kind.TEXT),
    "channel": Column(Kind.TEXT),
    "sku": Column(Kind.TEXT),
    "title": Column(Kind.TEXT),
    "quantity": Column(Kind.INTEGER),
    "rating": Column(Kind.INTEGER),
    "unit_price": Column(Kind.DECIMAL, 2),
    "discount": Column(Kind.DECIMAL, 4),
    "amount": Column(Kind.DECIMAL, 2),
    "weight_kg": Column(Kind.DECIMAL, 3),
    "ordered_on": Column(Kind.DATE),
    "delivered_on": Column(Kind.DATE),
    "created_at": Column(Kind.TIMESTAMP),
    "updated_at": Column(Kind.TIMESTAMP),
    "is_gift": Column(Kind.BOOLEAN),
    "is_paid": Column(Kind.BOOLEAN),
    "note": Column(Kind.TEXT),
}
"""Columns in the order of the file."""


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Sums over a column that change with any lost, added or changed value."""

    rows: int = 0
    nulls: int = 0
    total: int = 0
    """Text: characters. Others: the exact sum of the values in their smallest unit
    (hundredths, days, microseconds, trues)."""
    fingerprint: int = 0
    """Text: each byte times its place in the value, added up, modulo 2**64."""
    low: int | None = None
    high: int | None = None

    def __add__(self, other: Tally) -> Tally:
        lows = [low for low in (self.low, other.low) if low is not None]
        highs = [high for high in (self.high, other.high) if high is not None]
        return Tally(
            rows=self.rows + other.rows,
            nulls=self.nulls + other.nulls,
            total=self.total + other.total,
            fingerprint=(self.fingerprint + other.fingerprint) % 2**64,
            low=min(lows, default=None),
            high=max(highs, default=None),
        )


def tally(values: pa.Array, column: Column) -> Tally:
    """Return the sums of an array of any type that can stand for the column's kind.

    Raises pa.ArrowInvalid or pa.ArrowNotImplementedError if one of its values cannot.
    """
    plain = _plain(values, column)
    present = plain.drop_null()
    if column.kind is Kind.TEXT:
        return Tally(
            rows=len(plain),
            nulls=plain.null_count,
            total=pc.sum(pc.utf8_length(present)).as_py() or 0,
            fingerprint=_fingerprint(present),
        )
    numbers = present.to_numpy()
    return Tally(
        rows=len(plain),
        nulls=plain.null_count,
        total=_exact_sum(numbers),
        low=int(numbers.min()) if len(numbers) else None,
        high=int(numbers.max()) if len(numbers) else None,
    )


def _plain(values: pa.Array, column: Column) -> pa.Array:
    """Return texts as they are, and all else as whole numbers of the smallest unit."""
    match column.kind:
        case Kind.TEXT:
            return values.cast(pa.large_string())
        case Kind.INTEGER:
            return values.cast(pa.int64())
        case Kind.DECIMAL:
            return _unscaled(values, column.scale)
        case Kind.DATE:
            return values.cast(pa.date32()).cast(pa.int32()).cast(pa.int64())
        case Kind.TIMESTAMP:
            return _microseconds(values)
        case Kind.BOOLEAN:
            return values.cast(pa.bool_()).cast(pa.int64())


def _unscaled(values: pa.Array, scale: int) -> pa.Array:
    if pa.types.is_floating(values.type):
        return pc.round(pc.multiply(values, 10.0**scale)).cast(pa.int64())
    exact = values.cast(pa.decimal128(18, scale))
    return pc.multiply(exact, pa.scalar(10**scale, pa.decimal128(9, 0))).cast(pa.int64())


def _microseconds(values: pa.Array) -> pa.Array:
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        values = pc.utf8_rtrim(values, characters="Z").cast(pa.timestamp("us"))
    zone = getattr(values.type, "tz", None)
    return values.cast(pa.timestamp("us", tz=zone)).cast(pa.int64())


def _exact_sum(numbers: npt.NDArray[np.int64]) -> int:
    """Add up high and low bits apart: the sum of a batch of microseconds does not fit 64 bits."""
    high, low = numbers >> 24, numbers & 0xFFFFFF
    return (int(high.sum()) << 24) + int(low.sum())


def _fingerprint(values: pa.Array) -> int:
    if not len(values):
        return 0
    _, offsets_buffer, data = values.buffers()
    first, last = values.offset, values.offset + len(values)
    offsets = np.frombuffer(offsets_buffer, np.int64)[first : last + 1]
    if offsets[0] == offsets[-1]:
        return 0
    letters = np.frombuffer(data, np.uint8)[offsets[0] : offsets[-1]]
    starts = np.repeat(offsets[:-1] - offsets[0] - 1, np.diff(offsets))
    places = np.arange(len(letters), dtype=np.int64) - starts
    return int((places * letters).sum()) % 2**64
