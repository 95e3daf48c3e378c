"""Where the bars of a histogram begin and end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import ceil
from typing import Literal

import numpy as np
from pyspark.sql import Column
from pyspark.sql import functions as sf

from quality_report.figures import ColumnProfile, Kind

BARS = 20


class Scale:
    """Bars of equal width."""

    @property
    def edges(self) -> Iterator[tuple[object, object]]:
        """Both ends of each bar, as Spark has values."""
        raise NotImplementedError

    def place(self, value: Column) -> Column:
        """The number of the bar that a value is in, from 0."""
        raise NotImplementedError


@dataclass(frozen=True)
class WholeScale(Scale):
    """Bars of whole numbers, days or microseconds: they begin and end at whole ones."""

    low: int
    high: int

    @property
    def width(self) -> int:
        return ceil(Fraction(self.high - self.low + 1, BARS))

    @property
    def edges(self) -> Iterator[tuple[int, int]]:
        for low in range(self.low, self.high + 1, self.width):
            yield low, min(low + self.width - 1, self.high)

    def place(self, value: Column) -> Column:
        """In decimals: the distance of two whole numbers can be beyond them."""
        distance = value.cast("decimal(20,0)") - sf.lit(Decimal(self.low))
        return sf.call_function("div", distance, sf.lit(Decimal(self.width))).cast("int")


@dataclass(frozen=True)
class DoubleScale(Scale):
    """In doubles. Halves, because the distance of two doubles can be beyond all of them."""

    low: float
    high: float

    @property
    def span(self) -> float:
        return self.high / 2 - self.low / 2

    @property
    def edges(self) -> Iterator[tuple[float, float]]:
        parts = [number / BARS for number in range(1, BARS)]
        inner = [self.low * (1 - part) + self.high * part for part in parts]
        ends = [self.low, *inner, self.high]
        return pairwise(ends)

    def place(self, value: Column) -> Column:
        half = value.cast("double") / 2 - sf.lit(self.low / 2)
        place = sf.floor(half / sf.lit(self.span) * BARS)
        return sf.greatest(sf.least(place, sf.lit(BARS - 1)), sf.lit(0)).cast("int")


def scale_of(profile: ColumnProfile) -> Scale | None:
    """None where values are all equal, or no amounts."""
    low, high = profile.minimum, profile.maximum
    if low is None or high is None or low == high:
        return None
    match profile.kind:
        case Kind.INTEGER:
            return WholeScale(int(low), int(high))
        case Kind.DATE:
            return WholeScale(_units(low, "D"), _units(high, "D"))
        case Kind.TIMESTAMP:
            return WholeScale(_units(low, "us"), _units(high, "us"))
        case Kind.DECIMAL | Kind.DOUBLE:
            scale = DoubleScale(float(low), float(high))
            return scale if scale.span > 0 else None
    return None


def _units(text: str, unit: Literal["D", "us"]) -> int:
    return int(np.datetime64(text.replace(" ", "T"), unit).astype(np.int64))
