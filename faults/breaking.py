"""Watchers of the cloud's endpoint that strike at a call, or count what a whole run does."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from faults.points import KINDS, Point
from local_cloud.glue.jobs import LocalJobRun
from local_cloud.http.watching import Answer, WatchedCall
from local_cloud.platform import Platform

GONE = Answer("503 Service Unavailable", "text/plain", b"the caller has been ended")
Strike = Callable[[LocalJobRun, WatchedCall], None]


@dataclass
class Recorder:
    """Counts the calls of runs by kind, keeps the subjects of alerts, and lets others strike."""

    platform: Platform
    strikers: list[Striker] = field(default_factory=list)
    seen: dict[str, Counter[str]] = field(default_factory=dict)
    """Calls by kind, of each run by its id."""
    subjects: list[str] = field(default_factory=list)
    """Subjects of all alerts so far."""
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def before(self, call: WatchedCall) -> Answer | None:
        self._note_alert(call)
        run = self.run_of(call)
        for striker in list(self.strikers):
            answer = striker.before(run, call)
            if answer is not None:
                return answer
        if run is not None:
            self._count(run, call)
        return None

    def after(self, call: WatchedCall) -> None:
        run = self.run_of(call)
        for striker in list(self.strikers):
            striker.after(run, call)

    def run_of(self, call: WatchedCall) -> LocalJobRun | None:
        """Return the run at work that makes a call; None if it is of no run."""
        runs = self.platform.cloud.active_runs
        return next((run for run in runs if run.access_key == call.access_key), None)

    def _count(self, run: LocalJobRun, call: WatchedCall) -> None:
        names = self.platform.names
        kinds = [kind.name for kind in KINDS if kind.has(run.job_name, call, names)]
        with self._turn:
            self.seen.setdefault(run.job_run_id, Counter()).update(kinds)

    def _note_alert(self, call: WatchedCall) -> None:
        if call.service != "sns" or call.operation != "Publish":
            return
        form = parse_qs(call.body.decode())
        with self._turn:
            self.subjects.append(form["Subject"][0])


class Striker:
    """Does something to a run or to a call, when it sees what it waits for."""

    def before(self, run: LocalJobRun | None, call: WatchedCall) -> Answer | None:
        """Return an answer if the service must not see the call."""
        raise NotImplementedError

    def after(self, run: LocalJobRun | None, call: WatchedCall) -> None:
        """Called when the call has been served."""


@dataclass
class AtPoint(Striker):
    """Strikes once, at a point of the first run that comes to it."""

    platform: Platform
    point: Point
    strike: Strike
    ends_caller: bool = True
    """Whether nobody is left to hear an answer."""
    times: int = 1
    """How many runs are struck, each at its own point."""
    struck: list[float] = field(default_factory=list)
    """When it struck, on the monotonic clock."""
    _counts: Counter[str] = field(default_factory=Counter)
    _done: set[str] = field(default_factory=set)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def before(self, run: LocalJobRun | None, call: WatchedCall) -> Answer | None:
        if run is None or not self._is_here(run, call) or self.point.when == "after":
            return None
        self._strike(run, call)
        return GONE if self.ends_caller and run.job_run_id in self._done else None

    def after(self, run: LocalJobRun | None, call: WatchedCall) -> None:
        if run is None or self.point.when == "before":
            return
        with self._turn:
            is_here = self._counts[run.job_run_id] >= self.point.nth
        if is_here and self.point.kind.has(run.job_name, call, self.platform.names):
            self._strike(run, call)

    def _is_here(self, run: LocalJobRun, call: WatchedCall) -> bool:
        if not self.point.kind.has(run.job_name, call, self.platform.names):
            return False
        with self._turn:
            self._counts[run.job_run_id] += 1
            return self._counts[run.job_run_id] >= self.point.nth

    def _strike(self, run: LocalJobRun, call: WatchedCall) -> None:
        with self._turn:
            if run.job_run_id in self._done or len(self.struck) >= self.times:
                return
            self._done.add(run.job_run_id)
            self.struck.append(time.monotonic())
        self.strike(run, call)


@dataclass
class OfExecutors(Striker):
    """Strikes once, at a read by a job's process that is not in the session of a run at work.

    Executors of a cluster are started by its workers, which have a session of their own.
    """

    path: str
    nth: int
    strike: Callable[[WatchedCall], None]
    count: int = 0
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def before(self, run: LocalJobRun | None, call: WatchedCall) -> Answer | None:
        is_read = call.operation == "GetObject" and call.path.startswith(f"{self.path}/")
        if run is not None or call.caller != "job" or not is_read:
            return None
        with self._turn:
            self.count += 1
            is_here = self.count == self.nth
        if not is_here:
            return None
        self.strike(call)
        return GONE

    def after(self, run: LocalJobRun | None, call: WatchedCall) -> None:
        """Nothing: it strikes before."""


@dataclass
class Refusing(Striker):
    """Refuses a service's operation with an error, some times."""

    operations: Iterable[str]
    error: str
    times: int
    refused: int = 0
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def before(self, run: LocalJobRun | None, call: WatchedCall) -> Answer | None:  # noqa: ARG002 - of any caller
        if call.operation not in self.operations:
            return None
        with self._turn:
            if self.refused >= self.times:
                return None
            self.refused += 1
        body = f'{{"__type": "{self.error}", "message": "not now, says the fault suite"}}'
        return Answer("400 Bad Request", "application/x-amz-json-1.1", body.encode())

    def after(self, run: LocalJobRun | None, call: WatchedCall) -> None:
        """Nothing: what is refused is not served."""
