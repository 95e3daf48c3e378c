"""When the next request may be sent."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_MINUTE = 60.0
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0


class Clock:
    """Time as it passes; tests have one that does not wait."""

    def monotonic(self) -> float:
        return time.monotonic()

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class Budget:
    """Requests of the last minute, of which there are never more than so many."""

    def __init__(self, requests_per_minute: int, clock: Clock) -> None:
        self._most = requests_per_minute
        self._clock = clock
        self._sent: deque[float] = deque()

    def spend(self) -> None:
        """Wait until one more request fits, and count it."""
        now = self._clock.monotonic()
        while self._sent and self._sent[0] <= now - _MINUTE:
            self._sent.popleft()
        if len(self._sent) >= self._most:
            self._clock.sleep(self._sent[0] + _MINUTE - now)
            now = self._clock.monotonic()
            self._sent.popleft()
        self._sent.append(now)


def pause_before(
    attempt: int, *, chance: Callable[[float, float], float] = random.uniform
) -> float:
    """Return seconds before an attempt, from the second on.

    At random up to twice as many each time, so that many clients do not come back at once.
    """
    longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (attempt - 2))
    return chance(longest / 2, longest)


def demanded_pause(headers: Mapping[str, str], now: datetime) -> float:
    """Return the seconds that a server asks to be left alone for; 0 if it does not say.

    https://www.rfc-editor.org/rfc/rfc9110#name-retry-after
    """
    text = headers.get("retry-after", "").strip()
    if text.isdigit():
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    return max(0.0, ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds())
