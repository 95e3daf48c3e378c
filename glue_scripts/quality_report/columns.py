"""Columns of a table as a profile sees them: what is asked of each, and its values as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite

import numpy as np
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf
from pyspark.sql import types as st

from quality_report.figures import Kind

LONGEST = 100
"""Characters of a value that a profile keeps."""
_KINDS: Sequence[tuple[tuple[type[st.DataType], ...], Kind]] = (
    ((st.StringType,), Kind.TEXT),
    ((st.ByteType, st.ShortType, st.IntegerType, st.LongType), Kind.INTEGER),
    ((st.DecimalType,), Kind.DECIMAL),
    ((st.FloatType, st.DoubleType), Kind.DOUBLE),
    ((st.BooleanType,), Kind.BOOLEAN),
    ((st.DateType,), Kind.DATE),
    ((st.TimestampType, st.TimestampNTZType), Kind.TIMESTAMP),
)
_EPOCH = "timestamp_ntz'1970-01-01 00:00:00'"


@dataclass(frozen=True)
class Source:
    """A column by its position: two whose names differ in case alone are not confused."""

    position: int
    name: str
    type: st.DataType

    @property
    def kind(self) -> Kind:
        return next((kind for types, kind in _KINDS if isinstance(self.type, types)), Kind.OTHER)

    @property
    def column(self) -> Column:
        return sf.col(f"c{self.position}")

    @property
    def value(self) -> Column:
        """Null where there is nothing to put in order. Dates are days, and times microseconds
        since 1970, so that no time zone has a say."""
        match self.kind:
            case Kind.DOUBLE:
                number = self.column.cast("double")
                return sf.when(~self.is_nan & ~self.is_infinite, number)
            case Kind.DATE:
                return sf.unix_date(self.column)
            case Kind.TIMESTAMP if isinstance(self.type, st.TimestampNTZType):
                return sf.timestamp_diff("MICROSECOND", sf.expr(_EPOCH), self.column)
            case Kind.TIMESTAMP:
                return sf.unix_micros(self.column)
        return self.column

    @property
    def is_nan(self) -> Column:
        return sf.coalesce(sf.isnan(self.column), sf.lit(False))

    @property
    def is_infinite(self) -> Column:
        return sf.coalesce(sf.abs(self.column) == float("inf"), sf.lit(False))

    @property
    def scale(self) -> int:
        return self.type.scale if isinstance(self.type, st.DecimalType) else 0

    def text(self, value: object) -> str | None:
        """A `value` as Spark has it, in the way that a person would write it."""
        if value is None:
            return None
        match self.kind:
            case Kind.DATE:
                return str(np.datetime64(int(str(value)), "D"))
            case Kind.TIMESTAMP:
                return _moment(int(str(value)))
            case Kind.DECIMAL:
                return format(Decimal(str(value)), "f")
            case Kind.DOUBLE:
                return repr(float(str(value)))
            case Kind.BOOLEAN:
                return str(value).lower()
        return str(value)


def sources_of(table: DataFrame) -> tuple[Source, ...]:
    return tuple(
        Source(position, field.name, field.dataType)
        for position, field in enumerate(table.schema.fields)
    )


def by_position(table: DataFrame) -> DataFrame:
    """The table with names that differ."""
    return table.toDF(*[f"c{position}" for position in range(len(table.columns))])


def finite(value: float | None) -> float | None:
    """A sum of doubles can be beyond all doubles."""
    return value if value is not None and isfinite(value) else None


def _moment(micros: int) -> str:
    """Without the fraction of a second that nothing has."""
    text = str(np.datetime64(micros, "us")).replace("T", " ")
    return text.rstrip("0").rstrip(".") if "." in text else text
