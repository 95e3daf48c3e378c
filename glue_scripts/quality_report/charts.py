"""Shapes of charts. `templates/charts.html.j2` draws them, in SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from quality.anomalies import Anomaly
from quality.history import Point
from quality_report.report import QualityReport, TrendPoint

_SHOWN = 60
"""Runs in a chart."""
_WIDTH = 100
_HEIGHT = 40
_MARGIN = 5


def bars(heights: Sequence[int]) -> str:
    """The path of a histogram. A bar that is not empty is never invisible."""
    most = max(heights, default=0) or 1
    return "".join(
        f"M{place + 0.06:g} 100V{100 - max(97 * rows / most, 2):.0f}h.88V100z"
        for place, rows in enumerate(heights)
        if rows
    )


@dataclass(frozen=True)
class Line:
    """Values over time, in a band of those that are usual: time to the right and values upwards,
    within margins."""

    points: Sequence[Point]
    usual: tuple[float, float] | None = None
    limits: tuple[float, float] | None = None

    @property
    def places(self) -> Sequence[tuple[float, float]]:
        return [(self._x(point.at), self._y(point.value)) for point in self.points]

    @property
    def band(self) -> tuple[float, float] | None:
        """Its upper edge, and its height."""
        if self.usual is None:
            return None
        low, high = map(self._y, self.usual)
        return high, max(round(low - high, 1), 1)

    @cached_property
    def _times(self) -> tuple[datetime, datetime]:
        times = [point.at for point in self.points]
        return min(times), max(times)

    @cached_property
    def _range(self) -> tuple[float, float]:
        values = [point.value for point in self.points] + list(self.usual or ())
        return self.limits or (min(values), max(values))

    def _x(self, at: datetime) -> float:
        first, last = self._times
        part = (at - first) / (last - first) if last > first else 0.5
        return round(2 + part * (_WIDTH - 4), 1)

    def _y(self, value: float) -> float:
        """Halves, because the distance of two doubles can be beyond all of them."""
        low, high = self._range
        whole = high / 2 - low / 2
        part = (value / 2 - low / 2) / whole if whole else 0.5
        return round(_HEIGHT - _MARGIN - part * (_HEIGHT - 2 * _MARGIN), 1)


def watched_line(one: Anomaly, at: datetime) -> Line:
    """A watched value after its earlier ones."""
    usual = (one.low, one.high) if one.low is not None and one.high is not None else None
    return Line([*one.earlier, Point(at, one.value)][-_SHOWN:], usual=usual)


def trend_lines(report: QualityReport) -> Mapping[str, Line]:
    """Scores and rows up to this run, by what they are called."""
    runs = [*report.trend, TrendPoint(report.at, report.rows, report.score)]
    scores = [Point(run.at, run.score) for run in runs if run.score is not None]
    rows = [Point(run.at, float(run.rows)) for run in runs]
    lines = {"Score": Line(scores[-_SHOWN:], limits=(0.0, 100.0)), "Rows": Line(rows[-_SHOWN:])}
    return {title: line for title, line in lines.items() if line.points}
