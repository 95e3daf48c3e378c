"""Tells when schedules are due while a cloud stays up."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

_SECONDS = {"minute": 60, "hour": 3600, "day": 86400}
_DAY = _SECONDS["day"]


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """A schedule of an EventBridge rule, or of a Glue trigger or crawler."""

    name: str
    expression: str
    come_round: Callable[[], None]
    """Does what is to be done when the schedule is due."""

    @property
    def period(self) -> float:
        """Shortest time between two runs, in seconds."""
        return seconds_between(self.expression) or _seconds_of_cron(self.expression)


class Schedules:
    """Follows `rate(…)` only: a laptop is seldom up when a `cron(…)` is due."""

    def __init__(self, schedules: Iterable[Schedule], *, start: float) -> None:
        self.not_followed: list[str] = []
        self._next: dict[str, float] = {}
        self._every: dict[str, tuple[Schedule, float]] = {}
        for schedule in schedules:
            seconds = seconds_between(schedule.expression)
            if seconds is None:
                self.not_followed.append(f"{schedule.expression} of {schedule.name}")
                continue
            self._every[schedule.name] = (schedule, seconds)
            self._next[schedule.name] = start + seconds

    def due(self, now: float) -> list[Schedule]:
        """Return each schedule that came due since it was last due, once however often it was."""
        due = []
        for name, (schedule, seconds) in self._every.items():
            if now >= self._next[name]:
                self._next[name] = now + seconds
                due.append(schedule)
        return due


def most_frequent(schedules: Iterable[Schedule]) -> list[Schedule]:
    """Return the schedules with the shortest period of all."""
    periods = [(schedule.period, schedule) for schedule in schedules]
    shortest = min((period for period, _ in periods), default=0.0)
    return [schedule for period, schedule in periods if period == shortest]


def seconds_between(expression: str) -> float | None:
    """Return the seconds of an expression such as `rate(5 minutes)`; None if it is not a rate."""
    match = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression.strip())
    return int(match[1]) * _SECONDS[match[2]] if match else None


def _seconds_of_cron(expression: str) -> float:
    """Return the period of the finest field with more than one time; infinite if it is no cron."""
    match = re.fullmatch(r"cron\((.+)\)", expression.strip())
    fields = match[1].split() if match else []
    if len(fields) != 6:
        return math.inf
    minute, hour, day, _, weekday, _ = fields
    is_weekly = day == "?"
    for field, seconds in (
        (minute, _SECONDS["minute"]),
        (hour, _SECONDS["hour"]),
        (weekday if is_weekly else day, _DAY),
    ):
        if every := re.search(r"/(\d+)", field):
            return int(every[1]) * seconds
        if re.search(r"[*,-]", field):
            return seconds
    return 7 * _DAY if is_weekly else 28 * _DAY
