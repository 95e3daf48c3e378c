"""Column types as observed, and how two of them join. Pure.

A type records what was seen (the digits before and after the point), not how it is stored, so that
joining is commutative and associative: a table's types do not depend on the order or the batches in
which its files arrived.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import reduce

import pyarrow as pa

from iceberg.field_ids import WALL_CLOCK

MAX_DECIMAL_DIGITS = 38
_EXACT_DOUBLE_DIGITS = 15
_SHORT_DECIMAL_DIGITS = 18
"""Decimals up to here are stored as 64-bit integers: half the size, and faster everywhere."""


class Kind(StrEnum):
    """The kind that all values of a column have."""

    NOTHING = "nothing"
    """No value at all yet."""
    BOOLEAN = "boolean"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DOUBLE = "double"
    """Binary floating point, from formats that have it; no text is read as one."""
    DATE = "date"
    TIMESTAMP = "timestamp"
    """Date and time of day without an offset."""
    INSTANT = "instant"
    """Date and time of day with an offset; kept in UTC."""
    JSON = "json"
    """Objects and lists as JSON text."""
    TEXT = "text"


@dataclass(frozen=True)
class ColumnType:
    """A kind, and for numbers the digits that were seen before and after the point."""

    kind: Kind
    digits: int = 0
    scale: int = 0

    def join(self, other: ColumnType) -> ColumnType:
        """Return the narrowest type that holds the values of both without changing any."""
        if self == other or other.kind is Kind.NOTHING:
            return self
        if self.kind is Kind.NOTHING:
            return other
        kinds = {self.kind, other.kind}
        digits = max(self.digits, other.digits)
        if kinds == {Kind.INTEGER}:
            return ColumnType(Kind.INTEGER, digits)
        scale = max(self.scale, other.scale)
        if kinds <= {Kind.INTEGER, Kind.DECIMAL}:
            return decimal_type(digits, scale)
        if kinds <= {Kind.INTEGER, Kind.DECIMAL, Kind.DOUBLE}:
            return double_type(digits, scale)
        return self if len(kinds) == 1 else TEXT

    @property
    def arrow(self) -> pa.DataType:
        """The type in Arrow, and so in Parquet."""
        match self.kind:
            case Kind.BOOLEAN:
                return pa.bool_()
            case Kind.INTEGER:
                return pa.int64()
            case Kind.DECIMAL:
                return pa.decimal128(self._precision, self.scale)
            case Kind.DOUBLE:
                return pa.float64()
            case Kind.DATE:
                return pa.date32()
            case Kind.TIMESTAMP:
                return pa.timestamp("us")
            case Kind.INSTANT:
                return pa.timestamp("us", tz="UTC")
            case _:
                return pa.string()

    @property
    def shown(self) -> str:
        """The type in words for people: with the digits that were seen, not those that fit."""
        if self.kind is Kind.DECIMAL:
            return f"decimal({self.digits + self.scale},{self.scale})"
        return self.glue

    @property
    def glue(self) -> str:
        """The type in the Glue catalog."""
        match self.kind:
            case Kind.BOOLEAN | Kind.DATE | Kind.DOUBLE:
                return self.kind.value
            case Kind.INTEGER:
                return "bigint"
            case Kind.DECIMAL:
                return f"decimal({self._precision},{self.scale})"
            case Kind.TIMESTAMP | Kind.INSTANT:
                return "timestamp"
            case _:
                return "string"

    @property
    def iceberg(self) -> str:
        """The type in Iceberg: Glue's, except that wall-clock times have a name of their own."""
        return WALL_CLOCK if self.kind is Kind.TIMESTAMP else self.glue

    def holds(self, other: ColumnType) -> bool:
        """Whether files of this type can store every value of the other.

        A type in which nothing has been seen yet holds only nulls.
        """
        if self.kind is Kind.NOTHING:
            return other.kind is Kind.NOTHING
        return self.join(other).stored_as(self)

    def admits(self, other: ColumnType) -> bool:
        """Whether every value of the other fits this type as it was declared.

        The declared digits are the limit, even if there is room for more.
        """
        joined = self.join(other)
        return joined.kind is self.kind if self.kind is Kind.DOUBLE else joined == self

    def stored_as(self, other: ColumnType) -> bool:
        """Whether both are stored alike, so that one table can have files with either."""
        return bool(self.arrow == other.arrow)

    def spell(self) -> str:
        """Return the type as text for the catalog: `decimal:5:2`."""
        return f"{self.kind.value}:{self.digits}:{self.scale}"

    @classmethod
    def read(cls, spelled: str) -> ColumnType:
        """Undo `spell`."""
        kind, digits, scale = spelled.split(":")
        return cls(Kind(kind), int(digits), int(scale))

    @property
    def _precision(self) -> int:
        short = self.digits + self.scale <= _SHORT_DECIMAL_DIGITS
        return _SHORT_DECIMAL_DIGITS if short else MAX_DECIMAL_DIGITS


NOTHING = ColumnType(Kind.NOTHING)
TEXT = ColumnType(Kind.TEXT)


def decimal_type(digits: int, scale: int) -> ColumnType:
    """Return a decimal with room for both, or text if 38 digits are too few."""
    if digits + scale > MAX_DECIMAL_DIGITS:
        return TEXT
    return ColumnType(Kind.DECIMAL, digits, scale)


def double_type(digits: int, scale: int) -> ColumnType:
    """Return a double, or text if decimals of that many digits would not come back unchanged."""
    if digits + scale > _EXACT_DOUBLE_DIGITS:
        return TEXT
    return ColumnType(Kind.DOUBLE, digits, scale)


def join_all(types: list[ColumnType]) -> ColumnType:
    return reduce(ColumnType.join, types, NOTHING)
