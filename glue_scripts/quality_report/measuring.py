"""The first pass over a table: one aggregation that asks every column everything at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf
from pyspark.sql import types as st

from quality_report.columns import LONGEST, Source, finite
from quality_report.figures import ColumnProfile, Distinct, Kind, Lengths, Quantile

SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)
_LOG_SKETCH = 14
DISTINCT_ERROR = 0.008
"""Relative standard error of a HyperLogLog sketch of 2^14 registers."""
QUANTILE_ACCURACY = 10_000
"""A quantile is at most a ten thousandth of the rows away from its place."""
_WHITE_SPACE = " \t\r\n\f\v\u00a0\u3000"
Found = Mapping[str, Any]


def measured(frame: DataFrame, sources: Sequence[Source]) -> tuple[int, Sequence[ColumnProfile]]:
    """The number of rows, and of each column what one pass can find out."""
    questions = [sf.struct(*_questions(source)).alias(f"c{source.position}") for source in sources]
    (row,) = frame.agg(sf.count(sf.lit(1)).alias("rows"), *questions).collect()
    profiles = [
        _profile(source, row.rows, row[f"c{source.position}"].asDict()) for source in sources
    ]
    return row.rows, profiles


def _questions(source: Source) -> Iterator[Column]:
    yield sf.count(source.column).alias("filled")
    if source.kind is Kind.OTHER:
        return
    value = source.value
    # Spark's approx_count_distinct keeps its registers as columns: 200 of them fill a heap.
    hashed = sf.when(value.isNotNull(), sf.xxhash64(value))
    yield sf.hll_sketch_estimate(sf.hll_sketch_agg(hashed, _LOG_SKETCH)).alias("distinct")
    # The beginning of the smallest text is the smallest beginning.
    bounded = sf.left(value, sf.lit(LONGEST + 1)) if source.kind is Kind.TEXT else value
    yield sf.min(bounded).alias("minimum")
    yield sf.max(bounded).alias("maximum")
    if source.kind is Kind.TEXT:
        yield from _of_texts(value)
    elif source.kind is not Kind.BOOLEAN:
        yield from _of_amounts(source, value)


def _of_texts(value: Column) -> Iterator[Column]:
    length = sf.length(value)
    yield sf.min(length).alias("shortest")
    yield sf.avg(length).alias("length")
    yield sf.max(length).alias("longest")
    yield sf.count_if(sf.btrim(value, sf.lit(_WHITE_SPACE)) == "").alias("blank")


def _of_amounts(source: Source, value: Column) -> Iterator[Column]:
    # Spark's quantiles of decimals go through doubles; what is beyond them must not fail.
    ordered = value.cast("double") if source.kind is Kind.DECIMAL else value
    shares = sf.array(*[sf.lit(share) for share in SHARES])
    yield sf.percentile_approx(ordered, shares, QUANTILE_ACCURACY).alias("quantiles")
    if source.kind is Kind.DOUBLE:
        yield sf.count_if(source.is_nan).alias("nan")
        yield sf.count_if(source.is_infinite).alias("infinite")
    if source.kind.is_number:
        number = value.cast("double")
        yield sf.count(value).alias("numbers")
        yield sf.avg(number).alias("mean")
        yield sf.stddev_pop(number).alias("deviation")
        if source.kind is not Kind.DOUBLE:
            yield sf.try_sum(value.cast(st.DecimalType(38, source.scale))).alias("sum")


def _profile(source: Source, rows: int, found: Found) -> ColumnProfile:
    kind = source.kind
    return ColumnProfile(
        name=source.name,
        type=source.type.simpleString(),
        kind=kind,
        nulls=rows - found["filled"],
        nan=found.get("nan", 0),
        infinite=found.get("infinite", 0),
        blank=found.get("blank", 0),
        distinct=None if kind is Kind.OTHER else Distinct(found["distinct"], exact=False),
        minimum=_bounded(source.text(found.get("minimum"))),
        maximum=_bounded(source.text(found.get("maximum"))),
        mean=_mean(found),
        deviation=finite(found.get("deviation")),
        quantiles=_quantiles(source, found),
        lengths=_lengths(found),
    )


def _bounded(text: str | None) -> str | None:
    return text if text is None or len(text) <= LONGEST else text[:LONGEST] + "…"


def _mean(found: Found) -> float | None:
    """The mean by the exact sum, where 38 digits hold it."""
    if found.get("sum") is None:
        return finite(found.get("mean"))
    return float(Fraction(found["sum"]) / found["numbers"])


def _quantiles(source: Source, found: Found) -> tuple[Quantile, ...]:
    """Within the extremes, although doubles on the way may have rounded them."""
    values = found.get("quantiles")
    if values is None:
        return ()
    low, high = found["minimum"], found["maximum"]
    exact = [_rounded(source, value) for value in values]
    texts = [source.text(min(max(value, low), high)) or "" for value in exact]
    return tuple(Quantile(share, text) for share, text in zip(SHARES, texts, strict=True))


def _rounded(source: Source, value: float) -> Any:
    """A decimal from a double, with no more digits than the column has."""
    if source.kind is not Kind.DECIMAL:
        return value
    return Decimal(format(Decimal(repr(value)), f".{source.scale}f"))


def _lengths(found: Found) -> Lengths | None:
    if found.get("shortest") is None:
        return None
    return Lengths(found["shortest"], found["length"], found["longest"])
