"""Tells progress to whoever waits: lines on standard error, with the seconds so far."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_ONE_LINE = 400
_OFTEN_ENOUGH = 2.0
"""Seconds between two lines about one thing."""


class Progress:
    """Tells progress on standard error: standard output belongs to the result."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def say(self, text: str) -> None:
        short = text if len(text) <= _ONE_LINE else f"{text[:_ONE_LINE]} …"
        elapsed = time.monotonic() - self._start
        print(f"[{elapsed:6.1f} s] {short}", file=sys.stderr, flush=True)

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Say that a step begins, and that it is done if it took a while."""
        self.say(what)
        start = time.monotonic()
        yield
        took = time.monotonic() - start
        if took > 2:
            self.say(f"{what}: done in {took:.1f} s")

    def counter(self, what: str, *, of: int | None = None) -> Counter:
        """Return a counter that tells every two seconds how many there are so far."""
        return Counter(self.say, what, of)


class Counter:
    """Tells how many are done, at most every two seconds and only if they are more than before."""

    def __init__(self, say: Callable[[str], None], what: str, of: int | None = None) -> None:
        self._say = say
        self._what = what
        self._of = f" of {of:,}" if of is not None else ""
        self.count = self._told = 0
        self._said = time.monotonic()

    def add(self, number: int) -> None:
        self.count += number
        now = time.monotonic()
        if self.count != self._told and now - self._said >= _OFTEN_ENOUGH:
            self._said, self._told = now, self.count
            self._say(f"{self.count:,}{self._of} {self._what}")
