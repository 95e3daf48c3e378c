"""Metrics of earlier runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class Point:
    """The value of a metric at a time."""

    at: datetime
    value: float


class History(Protocol):
    """Asked only for metrics that a rule needs, so that it may look them up one by one."""

    def points(self, metric: str) -> Sequence[Point]:
        """Oldest first; none where the metric has never been measured."""

    def values(self, metric: str) -> Sequence[float]:
        """The same without the times."""


@dataclass(frozen=True)
class PastMetrics:
    """A history that is all in memory."""

    by_metric: Mapping[str, Sequence[Point]] = field(default_factory=dict)

    def points(self, metric: str) -> Sequence[Point]:
        return sorted(self.by_metric.get(metric, ()), key=lambda point: point.at)

    def values(self, metric: str) -> Sequence[float]:
        return [point.value for point in self.points(metric)]
