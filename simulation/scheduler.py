"""One thread at a time: actors that hand over at each call to AWS, and events at their time."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count


class Killed(BaseException):
    """An actor ends here, as if its machine had been switched off."""


class Violation(BaseException):
    """Something is not as it must be. Nothing of the product may recover from it."""


class StoodStill(Exception):
    """An actor does not hand over: the simulation itself cannot go on."""


_LONGEST_STEP_SECONDS = 120.0
"""Of real time, between two calls of an actor."""


@dataclass(eq=False)
class Actor:
    """Something that runs by itself: an invocation, a run of a job, a command of a person."""

    name: str
    work: Callable[[], None]
    ended: Callable[[Actor], None]
    skew: float = 0.0
    """Seconds by which its clock is ahead."""
    deadline: float = float("inf")
    calls: int = 0
    is_doomed: bool = False
    """It makes no call any more."""
    error: Exception | None = None
    was_killed: bool = False
    baton: threading.Lock = field(default_factory=threading.Lock)
    thread: threading.Thread | None = None


class Scheduler:
    """Decides whose step is next: that of whom whose time has come first."""

    def __init__(self, start: float) -> None:
        self.now = start
        self.current: Actor | None = None
        self.broken: BaseException | None = None
        self.actors: list[Actor] = []
        self._heap: list[tuple[float, int, Actor | Callable[[], None]]] = []
        self._numbers = count()
        self._baton = threading.Lock()
        self._baton.acquire()
        self._until = start

    def time(self) -> float:
        """Tell the time to whoever is at work."""
        return self.now + (self.current.skew if self.current else 0.0)

    def sleep(self, seconds: float) -> None:
        self.pause(max(0.0, seconds))

    def at(self, when: float, event: Callable[[], None]) -> None:
        heapq.heappush(self._heap, (when, next(self._numbers), event))

    def start(self, actor: Actor, *, delay: float = 0.0) -> None:
        actor.baton.acquire()
        self.actors.append(actor)
        heapq.heappush(self._heap, (self.now + delay, next(self._numbers), actor))

    def run(self, until: float) -> None:
        """Let everything happen up to a time. Raises what an actor could not recover from."""
        self._until = until
        while self._heap and self.broken is None:
            at, number, what = heapq.heappop(self._heap)
            if at > until:
                heapq.heappush(self._heap, (at, number, what))
                break
            self.now = max(self.now, at)
            if isinstance(what, Actor):
                self._resume(what)
            else:
                what()
        if self.broken is not None:
            raise self.broken
        self.now = max(self.now, until)

    def pause(self, seconds: float) -> None:
        """Let others go on; called by an actor. Raises Killed if it is not to go on itself."""
        actor = self.current
        if actor is None:
            self.now += seconds
            return
        if actor.is_doomed:
            raise Killed
        wake = self.now + seconds
        if self.broken is None and wake <= self._until and self._is_first(wake):
            self.now = wake
            return
        heapq.heappush(self._heap, (wake, next(self._numbers), actor))
        self._baton.release()
        actor.baton.acquire()
        if actor.is_doomed:
            raise Killed

    def kill_all(self) -> None:
        """End all actors; the simulation is over."""
        for actor in list(self.actors):
            actor.is_doomed = True
            while actor in self.actors:
                self._resume(actor)
        self._heap.clear()

    def _is_first(self, wake: float) -> bool:
        return not self._heap or self._heap[0][0] > wake

    def _resume(self, actor: Actor) -> None:
        if actor not in self.actors:
            return
        self.current = actor
        if actor.thread is None:
            actor.thread = threading.Thread(target=self._work, args=(actor,), daemon=True)
            actor.thread.start()
        actor.baton.release()
        if not self._baton.acquire(timeout=_LONGEST_STEP_SECONDS):
            # Nobody of them can be ended any more: they go with the process.
            self.actors.clear()
            self._heap.clear()
            raise StoodStill(
                f"{actor.name} has not come to its next call within {_LONGEST_STEP_SECONDS:g} s of "
                "real time: it waits for what another actor holds, or its work has no end"
            )
        self.current = None
        if actor not in self.actors and actor.thread is not None:
            actor.thread.join()
            if self.broken is None:
                actor.ended(actor)

    def _work(self, actor: Actor) -> None:
        actor.baton.acquire()
        try:
            if not actor.is_doomed:
                actor.work()
        except Killed:
            actor.was_killed = True
        except Exception as error:  # noqa: BLE001 - an actor ends with an error, as a process does
            actor.error = error
        except BaseException as error:  # noqa: BLE001 - the simulation itself ends
            self.broken = self.broken or error
        finally:
            actor.was_killed |= actor.is_doomed
            if actor in self.actors:  # nobody waits for it after StoodStill
                self.actors.remove(actor)
                self._baton.release()
