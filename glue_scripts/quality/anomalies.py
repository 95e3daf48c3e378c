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
from enum import Enum, auto
from math import inf, isclose
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


class Usual(Enum):
    YES = auto()
    NO = auto()
    UNKNOWN = auto()


@dataclass(frozen=True)
class Judgement:
    usual: Usual
    reason: str
    low: float | None = None
    high: float | None = None
    """What would have been usual; None while there is not enough history."""


def judge_value(value: float, history: Sequence[Point], *, at: datetime) -> Judgement:
    """Whether a value is usual after that history, which is in order of time."""
    if len(history) < NEEDED:
        count = f"{len(history)} {'value' if len(history) == 1 else 'values'}"
        return Judgement(Usual.UNKNOWN, f"history too short: {count}, needs {NEEDED}")
    recent = history[-NEWEST:]
    middle, deviation, season = _expectation(recent, at)
    low, high = middle - _LIMIT * deviation, middle + _LIMIT * deviation
    distance = abs(value - middle)
    seen = f"{len(recent)} earlier values{season}"
    if isclose(value, middle, rel_tol=1e-9, abs_tol=1e-12):
        return Judgement(Usual.YES, f"{value:.6g} is the median of {seen}", low, high)
    times = distance / deviation if deviation else inf
    if times > _LIMIT:
        reason = f"{value:.6g} is unusual, expected {low:.6g} to {high:.6g} after {seen}"
        return Judgement(Usual.NO, reason, low, high)
    reason = f"{value:.6g} is {times:.1f} deviations from {middle:.6g}, the median of {seen}"
    return Judgement(Usual.YES, reason, low, high)


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
