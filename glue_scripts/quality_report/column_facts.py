"""Figures of a column, as its card has them."""

from __future__ import annotations

from collections.abc import Iterator

from quality_report.figures import ColumnProfile, Kind, as_number
from quality_report.wording import figure

_MEDIAN = 0.5


def facts(column: ColumnProfile) -> Iterator[tuple[str, str]]:
    """Names and values."""
    if column.distinct:
        about = "" if column.distinct.exact else "about "
        every = ", none twice" if column.unique and column.distinct.count > 1 else ""
        yield "Distinct", f"{about}{column.distinct.count:,}{every}"
    counts = (("NaN", column.nan), ("Infinite", column.infinite), ("Blank", column.blank))
    yield from ((name, f"{count:,}") for name, count in counts if count)
    yield from _ends(column)
    medians = [one.value for one in column.quantiles if one.share == _MEDIAN]
    yield from (("Median", value(column, one)) for one in medians)
    if column.mean is not None:
        spread = f" ± {figure(column.deviation)}" if column.deviation is not None else ""
        yield "Mean", f"{figure(column.mean)}{spread}"
    if column.lengths:
        shortest, longest = column.lengths.shortest, column.lengths.longest
        span = f"{shortest:,}" if shortest == longest else f"{shortest:,} to {longest:,}"
        yield "Length", f"{span}, mean {figure(round(column.lengths.mean, 1))}"


def _ends(column: ColumnProfile) -> Iterator[tuple[str, str]]:
    if column.minimum is None or column.maximum is None:
        return
    low, high = value(column, column.minimum), value(column, column.maximum)
    if column.kind.is_number:
        yield ("Always", low) if low == high else ("Range", f"{low} to {high}")
    elif column.kind.is_temporal:
        yield "First", low
        yield "Last", high


def value(column: ColumnProfile, text: str) -> str:
    """A value of the column, as short as it may be read at a glance."""
    number = as_number(text) if column.kind.is_number else None
    if number is not None:
        return figure(number)
    return text.partition(".")[0] if column.kind is Kind.TIMESTAMP else text
