"""Whether a value is one that its own history would have led to expect.

The middle of the history is its median and its spread the median distance from there, so that
a past anomaly shifts neither. Where the same weekday has been measured often enough, the middle is
that weekday's, and distances are those of all values from the middles of theirs. Weekdays are
read from dates, so days without a run do no harm.

A value is an anomaly where its distance is more than 3.5 times the spread, put on the scale of
standard deviations (Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from math import inf, isclose, isfinite
from statistics import fmean, median

from quality.history import Point

NEEDED = 7
NEEDED_OF_WEEKDAY = 3
NEWEST = 56
"""Eight weeks of days: what is older says little about today."""
_LIMIT = 3.5
_MEDIAN_DISTANCES = 1 / 0.6745
_MEAN_DISTANCES = 1.253314
"""How many median, or mean, distances are a standard deviation where values are normal."""


class Usual(StrEnum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    """There is not enough history yet."""


@dataclass(frozen=True, kw_only=True)
class Anomaly:
    """A watched value. Only one that is not usual is an anomaly indeed."""

    metric: str
    value: float
    usual: Usual
    reason: str
    """How it was judged, or why not."""
    low: float | None = None
    high: float | None = None
    """The range that would have been usual; None while there is not enough history."""
    earlier: tuple[Point, ...] = ()
    """Oldest first."""
    rule: str | None = None
    """The text of the rule that watches it, if one does: that rule failed then."""

    def __post_init__(self) -> None:
        for number in (self.value, self.low, self.high):
            if number is not None and not isfinite(number):
                raise ValueError(f"{self.metric}: expected finite numbers, got {number}")


def judge_value(metric: str, value: float, history: Sequence[Point], *, at: datetime) -> Anomaly:
    """Whether a value is usual after that history, which is in order of time."""
    judged = partial(Anomaly, metric=metric, value=value, earlier=tuple(history))
    if len(history) < NEEDED:
        count = f"{len(history)} {'value' if len(history) == 1 else 'values'}"
        reason = f"history too short: {count}, needs {NEEDED}"
        return judged(usual=Usual.UNKNOWN, reason=reason)
    recent = history[-NEWEST:]
    middle, deviation, season = _expectation(recent, at)
    low, high = middle - _LIMIT * deviation, middle + _LIMIT * deviation
    judged = partial(judged, low=low, high=high)
    distance = abs(value - middle)
    seen = f"{len(recent)} earlier values{season}"
    if isclose(value, middle, rel_tol=1e-9, abs_tol=1e-12):
        return judged(usual=Usual.YES, reason=f"{value:.6g} is the median of {seen}")
    times = distance / deviation if deviation else inf
    if times > _LIMIT:
        reason = f"{value:.6g} is unusual, expected {low:.6g} to {high:.6g} after {seen}"
        return judged(usual=Usual.NO, reason=reason)
    reason = f"{value:.6g} is {times:.1f} deviations from {middle:.6g}, the median of {seen}"
    return judged(usual=Usual.YES, reason=reason)


def _expectation(points: Sequence[Point], at: datetime) -> tuple[float, float, str]:
    """Middle, standard deviation, and a remark on what they are of."""
    by_weekday: dict[int, list[float]] = defaultdict(list)
    for point in points:
        by_weekday[point.at.weekday()].append(point.value)
    often = {day: values for day, values in by_weekday.items() if len(values) >= NEEDED_OF_WEEKDAY}
    if at.weekday() not in often:
        values = [point.value for point in points]
        middle = median(values)
        return middle, _deviation([abs(value - middle) for value in values]), ""
    middle = median(often[at.weekday()])
    return middle, _deviation(_distances(often)), f" with those of a {at:%A} apart"


def _distances(often: Mapping[int, Sequence[float]]) -> list[float]:
    """Distances from the middles of weekdays. The nearest value of each weekday is left out: the
    median sits on it or close by, so its distance says nothing about the spread."""
    distances: list[float] = []
    for values in often.values():
        middle = median(values)
        distances += sorted(abs(value - middle) for value in values)[1:]
    return distances


def _deviation(distances: Sequence[float]) -> float:
    """Where more than half of the values are equal, the median distance is 0 though others do
    vary; the mean distance sees them."""
    typical = median(distances)
    if typical:
        return typical * _MEDIAN_DISTANCES
    return fmean(distances) * _MEAN_DISTANCES
