"""Works through the queues, and knows when there is nothing more to wait for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from enum import Enum, auto
from typing import Protocol

from local_cloud.functions.poller import Batch
from local_cloud.functions.registry import FunctionRegistry
from local_cloud.stall_timeout import StallTimeout
from operations.progress import Counter

Say = Callable[[str], None]
Unfinished = Callable[[], int]
"""Returns how many things are not done yet, whatever the caller counts."""
_TRIES = 30
"""Failed batches in a row: more than a queue's attempts before its dead letters."""
_DEAF_TICKS = 3
"""Ticks in a row after which no function has taken anything in."""


class Work(Enum):
    """The result of a look into the queues."""

    NONE = auto()
    DONE = auto()
    FAILED = auto()
    """There were messages, and all of them come again."""


class Moving(Protocol):
    """Something that ends by itself and is worth waiting for, such as a job run or a crawl."""

    @property
    def ended(self) -> threading.Event: ...

    @property
    def activity(self) -> str: ...


class Poller(Protocol):
    """Feeds a function."""

    def poll(self) -> Batch:
        """Hand over what there is, at most a batch of each queue or shard."""


class Settling:
    """Moves messages from queues to functions, and waits for what they start."""

    def __init__(
        self, *, functions: FunctionRegistry, moving: Callable[[], Sequence[Moving]], say: Say
    ) -> None:
        self.pollers: list[Poller] = []
        self._functions = functions
        self._moving = moving
        self._say = say
        self._handed_over = Counter(say, "messages handed over to functions")

    @property
    def handed_over(self) -> int:
        """Messages that functions have taken in so far."""
        return self._handed_over.count

    def work_once(self) -> Work:
        """Hand each queue's next batch to its function."""
        batches = [poller.poll() for poller in self.pollers]
        for batch in batches:
            if batch.problem:
                self._say(batch.problem)
        self._handed_over.add(sum(batch.received - batch.failed for batch in batches))
        if any(batch.received > batch.failed for batch in batches):
            return Work.DONE
        return Work.FAILED if any(batch.received for batch in batches) else Work.NONE

    def settle(
        self, tick: Callable[[], bool], unfinished: Unfinished, stall_timeout: StallTimeout
    ) -> None:
        """Drain, and tick while something is unfinished and may still come to its end."""
        deaf = 0
        self.drain()
        while (left := unfinished()) and deaf < _DEAF_TICKS and stall_timeout.is_left(left):
            if not tick():
                return
            deaf = 0 if self.drain() else deaf + 1

    def drain(self) -> bool:
        """Work until queues are empty, or give only failures, and nothing is moving.

        True if any batch was taken in.
        """
        failures = 0
        is_useful = False
        reminder = _Reminder(self._say)
        while True:
            work = self.work_once()
            is_useful = is_useful or work is Work.DONE
            failures = failures + 1 if work is Work.FAILED else 0
            if work is Work.DONE or 0 < failures < _TRIES:
                continue
            moving = self._moving()
            if not moving and self._functions.is_idle:
                # The event of a run's end is in its queue before the run is no longer active.
                if failures or self.work_once() is Work.NONE:
                    return is_useful
                is_useful = True
                continue
            for one in moving[:1]:
                one.ended.wait(0.05)
            reminder.about(moving)


class _Reminder:
    """Says every ten seconds what is being waited for."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._start = self._said = time.monotonic()

    def about(self, moving: Sequence[Moving]) -> None:
        now = time.monotonic()
        if moving and now - self._said >= 10:
            self._said = now
            states = ", ".join(one.activity for one in moving)
            self._say(f"still at work after {now - self._start:.0f} s: {states}")
