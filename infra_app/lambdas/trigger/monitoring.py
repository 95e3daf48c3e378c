"""Watches runs beside the events that tell of them: what is slow, stuck, unknown, or ended unseen.

Events of Glue come at least once, mostly. A run whose end nobody was told of is taken down here,
by what Glue says about it; its load is released by the dispatcher, which asks Glue itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools import Logger

from wires.load_ledger import LoadLedger
from wires.metrics import Dimension, Metric
from wires.object_ledger import ObjectLedger
from wires.refresh_ledger import NO_SCORE, RefreshLedger
from wires.routes import QUEUED_ROUTES
from wires.run_ledger import CLOSED, ENDED

from .alerts import Alerts
from .metrics import Measured, Metrics, usual_seconds
from .runs import HISTORY, Runs

UNSEEN_AFTER = timedelta(minutes=5)
"""After so long the event of an end, and the word of a start, are not expected any more."""
LOOK_BACK = timedelta(days=14)
"""Runs that started before and have ended are left alone, unless the ledger has them unsettled.

As long as CloudWatch takes metrics of what has been: whoever mends this function after a week
still learns of the runs that ended meanwhile.
"""
OVERDUE = timedelta(minutes=15)
"""By which Glue may be late in ending a run whose time is up."""
_MOST_RUNS = 200
_IN_BETWEEN = frozenset({"STARTING", "WAITING", "STOPPING"})
"""States that a run passes through."""
logger = Logger(service="monitor")


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What is the matter with a run."""

    job: str
    run_id: str
    what: str


@dataclass(frozen=True, kw_only=True)
class Report:
    """How the runs of all jobs are."""

    states: Mapping[str, Mapping[str, int]]
    """Number of runs by job and state, of those that were looked at."""
    slow: Sequence[Finding] = ()
    """Runs that take many times what is usual, while they run."""
    stuck: Sequence[Finding] = ()
    """Runs that wait, stop, or are over their time for too long."""
    unknown: Sequence[Finding] = ()
    """Runs of loads' jobs that the platform has not started."""
    closed: Sequence[Finding] = ()
    """Runs that ended unseen, and were taken down by this look."""
    failed: Sequence[str] = ()
    """Jobs that could not be looked at, with the reason."""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(kw_only=True)
class _Found:
    """Findings while a look is under way."""

    states: dict[str, Counter[str]] = field(default_factory=dict)
    slow: list[Finding] = field(default_factory=list)
    stuck: list[Finding] = field(default_factory=list)
    unknown: list[Finding] = field(default_factory=list)
    closed: list[Finding] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    measured: list[Measured] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Monitor:
    """Looks at the runs of all jobs."""

    glue: Any
    runs: Runs
    loads: LoadLedger
    objects: ObjectLedger
    refreshes: RefreshLedger
    alerts: Alerts
    metrics: Metrics
    jobs: Sequence[str]
    bucket: str
    """Bucket of the uploads that may wait."""
    waiting: timedelta
    """Time after which a run that has not begun, or not stopped, is stuck."""
    slow_factor: float
    """Times the median of its job's runs at which a run is slow."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def look(self) -> Report:
        """Look at all jobs; one that cannot be looked at does not hide the others."""
        found = _Found()
        for job in self.jobs:
            found.states[job] = Counter()
            try:
                self._look_at(job, found)
            except Exception as error:
                logger.exception("a job cannot be looked at", extra={"job": job})
                found.failed.append(f"{job}: {error!r}")
        self._measure(found)
        return Report(
            states={job: dict(states) for job, states in found.states.items()},
            slow=found.slow,
            stuck=found.stuck,
            unknown=found.unknown,
            closed=found.closed,
            failed=found.failed,
        )

    def _measure(self, found: _Found) -> None:
        """Write the metrics. Stuck runs are left unsaid if a job could not be looked at: what is
        missing sets the alarm off, and 0 would be untrue."""
        waiting = [
            Measured(
                name=Metric.PENDING_OBJECTS,
                values=[self.objects.count_pending(self.bucket, route)],
                of={Dimension.ROUTE: route.value},
            )
            for route in QUEUED_ROUTES
        ]
        stuck = [Measured(name=Metric.STUCK_RUNS, values=[len(found.stuck)])]
        self.metrics.write(
            [*found.measured, *waiting, *self._scores(), *([] if found.failed else stuck)]
        )

    def _scores(self) -> Iterator[Measured]:
        """Yield the score of each table as it is now, and the worst of all."""
        scores = {
            state.model: float(state.score)
            for state in self.refreshes.all_states()
            if state.score not in ("", NO_SCORE)
        }
        for model, score in scores.items():
            yield Measured(name=Metric.QUALITY_SCORE, values=[score], of={Dimension.TABLE: model})
        if scores:
            yield Measured(name=Metric.QUALITY_SCORE, values=[min(scores.values())])

    def _look_at(self, job: str, found: _Found) -> None:
        known = {str(item["run_id"]): item for item in self.runs.ledger.last(job, most=_MOST_RUNS)}
        seen = set()
        for run in self._runs_of(job):
            seen.add(run["Id"])
            found.states[job][run["JobRunState"]] += 1
            item = known.get(run["Id"]) or self.runs.ledger.get(job, run["Id"])
            if run["JobRunState"] in ENDED:
                self._ended(job, run, item, found)
            else:
                self._open(job, run, item, found)
        for run_id, item in known.items():
            if run_id not in seen and not _is_settled(item):
                self._close(job, run_id, found)

    def _runs_of(self, job: str) -> Iterator[Mapping[str, Any]]:
        """Yield a job's runs, the latest first; none before the job is deployed."""
        pages = self.glue.get_paginator("get_job_runs").paginate(
            JobName=job, PaginationConfig={"MaxItems": _MOST_RUNS}
        )
        oldest = self.now() - LOOK_BACK
        try:
            for run in (run for page in pages for run in page["JobRuns"]):
                if run["StartedOn"] >= oldest or run["JobRunState"] not in ENDED:
                    yield run
        except self.glue.exceptions.EntityNotFoundException:
            logger.info("a job is not deployed", extra={"job": job})

    def _ended(
        self, job: str, run: Mapping[str, Any], item: Mapping[str, Any], found: _Found
    ) -> None:
        ended = run.get("CompletedOn", run["StartedOn"])
        if not _is_settled(item) and self.now() - ended >= UNSEEN_AFTER:
            self._close(job, run["Id"], found)

    def _close(self, job: str, run_id: str, found: _Found) -> None:
        """Take down how a run has ended, unless it turns out to be at work."""
        self.runs.record_end(job, run_id)
        state = str(self.runs.ledger.get(job, run_id).get("state"))
        if state in CLOSED:
            what = f"ended as {state}, and nobody was told"
            found.closed.append(Finding(job=job, run_id=run_id, what=what))

    def _open(
        self, job: str, run: Mapping[str, Any], item: Mapping[str, Any], found: _Found
    ) -> None:
        if item.get("state") != run["JobRunState"]:
            self.runs.record(job, run["Id"])
        if reason := self._stuck(run):
            found.stuck.append(Finding(job=job, run_id=run["Id"], what=reason))
        if run["JobRunState"] == "RUNNING":
            self._time(job, run, found)
        if self._is_unknown(job, run, item):
            what = f"started at {run['StartedOn'].isoformat()}, not by the platform"
            found.unknown.append(Finding(job=job, run_id=run["Id"], what=what))
            self._tell_of_unknown(job, run, item)

    def _stuck(self, run: Mapping[str, Any]) -> str:
        """Return why a run is stuck; "" if it is not."""
        state, age = run["JobRunState"], self.now() - run["StartedOn"]
        since = self.now() - run.get("LastModifiedOn", run["StartedOn"])
        if state in _IN_BETWEEN and since >= self.waiting:
            return f"{state} for {_minutes(since)} minutes"
        limit = timedelta(minutes=int(run.get("Timeout") or 0))
        if limit and state == "RUNNING" and age >= limit + self.waiting + OVERDUE:
            return f"RUNNING for {_minutes(age)} minutes, with a timeout of {_minutes(limit)}"
        return ""

    def _time(self, job: str, run: Mapping[str, Any], found: _Found) -> None:
        """Measure how slow a run is while it runs: an alarm after its end would be late."""
        usual = self._usual(job, run)
        if not usual:
            return
        seconds = int(run.get("ExecutionTime") or 0)
        times = seconds / usual
        found.measured.append(
            Measured(name=Metric.RUN_SLOWNESS, values=[times], of={Dimension.JOB: job})
        )
        if times > self.slow_factor:
            what = f"has run for {seconds:,} s, {times:.1f} times what is usual ({usual:,.0f} s)"
            found.slow.append(Finding(job=job, run_id=run["Id"], what=what))

    def _usual(self, job: str, run: Mapping[str, Any]) -> float:
        """Return the median seconds of a job's runs before; 0 if there are too few."""
        started = run["StartedOn"].isoformat()
        return usual_seconds(self.runs.ledger.seconds_before(job, started, most=HISTORY))

    def _is_unknown(self, job: str, run: Mapping[str, Any], item: Mapping[str, Any]) -> bool:
        """Whether a run of a job that takes loads has none: somebody has started it by hand."""
        if job not in self.runs.routes or self.now() - run["StartedOn"] < UNSEEN_AFTER:
            return False
        arguments = run.get("Arguments", {})
        if "--WORKFLOW_RUN_ID" in arguments or "load_id" in item:
            return False
        load_id = arguments.get("--load_id")
        return not load_id or not self.loads.find(load_id)

    def _tell_of_unknown(self, job: str, run: Mapping[str, Any], item: Mapping[str, Any]) -> None:
        if item.get("told_unknown", False):
            return
        self.alerts.unknown_run(job, run["Id"], run["StartedOn"].isoformat())
        # Afterwards: telling twice is better than not at all.
        self.runs.ledger.record(job, run["Id"], {"told_unknown": True})


def _is_settled(item: Mapping[str, Any]) -> bool:
    """Whether a run's end was taken down and measured: nothing is left to do about it."""
    return item.get("state") in CLOSED and bool(item.get("measured", False))


def _minutes(time: timedelta) -> int:
    return int(time.total_seconds() // 60)
