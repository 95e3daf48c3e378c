"""What is going on, for whoever waits: lines on standard error, with the seconds so far."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

_ONE_LINE = 400


class Progress:
    """Never on standard output, which belongs to the result."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def say(self, text: str) -> None:
        short = text if len(text) <= _ONE_LINE else f"{text[:_ONE_LINE]} …"
        elapsed = time.monotonic() - self._start
        print(f"[{elapsed:6.1f} s] {short}", file=sys.stderr, flush=True)

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Say that it begins, and, if it took a while, that it is done."""
        self.say(what)
        start = time.monotonic()
        yield
        took = time.monotonic() - start
        if took > 2:
            self.say(f"{what}: done in {took:.1f} s")
