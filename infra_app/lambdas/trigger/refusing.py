"""Keeps what is refused, and tells people of it: once when it lasts, and once when it is over."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from aws_lambda_powertools import Logger

from wires.load_ledger import Load, LoadLedger
from wires.refusals import Refusal, RefusalKind, refused
from wires.start_ledger import StartLedger, StartState

from .alerts import Alerts
from .faults import reason_of, start_kind

PATIENCE = timedelta(minutes=10)
"""People are told of what lasts longer."""
logger = Logger(service="trigger", child=True)


@dataclass(frozen=True, kw_only=True)
class Refusing:
    """Records refusals of loads and of routes."""

    loads: LoadLedger
    starts: StartLedger
    alerts: Alerts
    now: Callable[[], float]

    @property
    def time(self) -> datetime:
        return datetime.fromtimestamp(int(self.now()), UTC)

    def of_load(self, load: Load, error: Exception, kind: RefusalKind) -> Refusal:
        """Record that a load cannot go on now."""
        logger.warning("refused", exc_info=error, extra={"load_id": load.load_id, "kind": kind})
        refusal = refused(load.refusal, kind, reason_of(error), at=self.time)
        self.loads.refuse(load, refusal)
        return refusal

    def of_route(self, job: str, error: Exception) -> None:
        """Record that a route cannot go on now, for a reason that is not about one load."""
        logger.warning("refused", exc_info=error, extra={"job": job})
        state = self.starts.get(job)
        refusal = refused(state.refusal, start_kind(error), reason_of(error), at=self.time)
        self.starts.put(job, replace(state, refusal=refusal))

    def clear_route(self, job: str) -> None:
        """Record that a route has gone through all of its turn."""
        state = self.starts.get(job)
        if state.refusal:
            self.starts.put(job, replace(state, refusal=None))

    def holds(self, job: str, loads: Iterable[Load]) -> bool:
        """Return whether the job is known to refuse, and is not to be asked again yet."""
        refusals = [self.starts.get(job).refusal, *(load.refusal for load in loads)]
        return any(
            refusal and refusal.kind.is_of_the_job and not refusal.is_over(self.time)
            for refusal in refusals
        )

    def announce(self, jobs: Iterable[str], loads: Iterable[Load]) -> None:
        """Tell people of what has lasted, and of what is over; one alert for a job and a kind."""
        by_job: dict[str, list[Refusal]] = defaultdict(list, {job: [] for job in jobs})
        for load in loads:
            if load.refusal:
                by_job[load.job].append(load.refusal)
        for job, refusals in by_job.items():
            try:
                self._announce(job, refusals)
            except Exception:
                logger.exception("people cannot be told of refusals", extra={"job": job})

    def _announce(self, job: str, of_loads: list[Refusal]) -> None:
        state = self.starts.get(job)
        found: dict[str, list[Refusal]] = defaultdict(list)
        for refusal in [*of_loads, *([state.refusal] if state.refusal else [])]:
            found[refusal.kind.value].append(refusal)
        for kind in state.told.keys() - found.keys():
            self.alerts.starts_work(job, state.told[kind])
            state = self._told(job, state, {k: v for k, v in state.told.items() if k != kind})
        for kind in found.keys() - state.told.keys():
            if any(refusal.lasts(self.time) >= PATIENCE for refusal in found[kind]):
                self.alerts.starts_refused(job, found[kind])
                state = self._told(job, state, {**state.told, kind: found[kind][0].reason})

    def _told(self, job: str, state: StartState, told: dict[str, str]) -> StartState:
        # Afterwards: telling twice is better than not at all.
        state = replace(state, told=told)
        self.starts.put(job, state)
        return state
