"""When rules with a schedule come round, while a cloud stays up."""

from __future__ import annotations

import re
from collections.abc import Iterable

from local_cloud.events.bus import LocalRule

_SECONDS = {"minute": 60, "hour": 3600, "day": 86400}


class Schedules:
    """Follows `rate(…)`; a laptop is seldom up when a `cron(…)` comes round."""

    def __init__(self, rules: Iterable[LocalRule], *, start: float) -> None:
        self.not_followed: list[str] = []
        self._next: dict[str, float] = {}
        self._every: dict[str, tuple[LocalRule, float]] = {}
        for rule in rules:
            seconds = seconds_between(rule.scheduled_expression or "")
            if seconds is None:
                self.not_followed.append(f"{rule.scheduled_expression} of rule {rule.name}")
                continue
            self._every[rule.name] = (rule, seconds)
            self._next[rule.name] = start + seconds

    def due(self, now: float) -> list[LocalRule]:
        """Each rule whose time has come since it was last due, once however often it came."""
        due = []
        for name, (rule, seconds) in self._every.items():
            if now >= self._next[name]:
                self._next[name] = now + seconds
                due.append(rule)
        return due


def seconds_between(expression: str) -> float | None:
    """Of `rate(5 minutes)`; None for what is not a rate."""
    match = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression.strip())
    return int(match[1]) * _SECONDS[match[2]] if match else None
