"""Bounds for values, wider than the values are, and at round figures."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext

from quality_report.figures import ColumnProfile, Kind, as_number

_LARGEST = Decimal(10) ** 17
"""Bounds beyond this are no help, and no type of whole numbers holds them all."""
_SMALLEST = Decimal(10) ** -9
_FEWEST_DAYS = 30


def number_rules(column: ColumnProfile, slack: float) -> Iterator[str]:
    """Conditions on numbers. What is never negative stays so, and whole numbers that
    stand once are names, which go on upwards."""
    low, high = as_number(column.minimum), as_number(column.maximum)
    if low is None or high is None or max(abs(low), abs(high)) > _LARGEST:
        return
    with localcontext() as context:
        context.prec = 80
        margin = max((high - low) * Decimal(str(slack)), abs(high) * Decimal(str(slack)))
        margin = max(margin, _SMALLEST) if high or low else Decimal(1)
        step = _step(margin)
        if low >= 0:
            yield ">= 0"
        else:
            yield f">= {_round(low - margin, step, ROUND_FLOOR)}"
        if not (column.unique and column.kind is Kind.INTEGER):
            yield f"<= {_round(high + margin, step, ROUND_CEILING)}"


def date_rules(column: ColumnProfile, slack: float, at: datetime | None) -> Iterator[str]:
    """Conditions on dates and times: from a month or more before the first, up to tomorrow."""
    try:
        first, last = (
            date.fromisoformat((end or "")[:10]) for end in (column.minimum, column.maximum)
        )
        days = max((last - first).days * slack, _FEWEST_DAYS)
        lowest = first - timedelta(days=days)
    except (ValueError, OverflowError):
        return  # Before the year 1, or after 9999: such a bound is no help.
    yield f'>= "{lowest.isoformat()}"'
    if at is not None and last <= at.astimezone(UTC).date():
        yield "<= (now() + 1 days)"


def _step(margin: Decimal) -> Decimal:
    """The power of ten of the margin's first digit."""
    return Decimal(1).scaleb(margin.adjusted())


def _round(value: Decimal, step: Decimal, rounding: str) -> str:
    rounded = (value / step).to_integral_value(rounding=rounding) * step
    return format(rounded, "f")
