"""What people and schedules do: repairs, maintenance, and readers who take their time."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import redirect_stderr
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from config.jobs import TABLE_MAINTENANCE
from operations.errors import OperationError
from operations.progress import Progress
from operations.reconciling.reconcile import Limits, reconcile
from operations.recovery.entries import Selection
from operations.recovery.estate import Estate
from operations.recovery.redrive import Choice, Redrive
from operations.recovery.release import Release
from simulation.clients import Session
from simulation.cloud import Cloud
from simulation.functions import Functions
from simulation.jobs import Jobs
from simulation.judge import LONGEST_READ_SECONDS, Judge
from simulation.scenario import Act, PlannedAct
from simulation.scheduler import Actor
from wires.object_ledger import ObjectStatus

_ENDED_BADLY = (ObjectStatus.FAILED, ObjectStatus.REJECTED)
_DAY_SECONDS = 86_400.0
_SUPERSEDED_SECONDS = 3 * _DAY_SECONDS


@dataclass
class People:
    """Commands, each in an actor of its own."""

    cloud: Cloud
    judge: Judge
    jobs: Jobs
    functions: Functions
    done: list[str] = field(default_factory=list)

    def do(self, planned: PlannedAct) -> None:
        name = f"{planned.act.name.lower()}-{planned.number}"
        match planned.act:
            case Act.READER:
                self._read(name)
            case Act.MAINTENANCE:
                self._maintain()
            case Act.REDRIVE:
                self._command(name, self.redrive)
            case Act.RECONCILE:
                self._command(name, lambda: self.reconcile(hours=1))
            case Act.RELEASE:
                self._command(name, self.release)

    def repair(self) -> None:
        """Do once, in fair weather, what people do about what is left."""
        self._command("last-reconcile", lambda: self.reconcile(hours=0))
        self._run()
        self._command("last-redrive", self.redrive)
        self._run()

    def redrive(self) -> None:
        entries = Choice(objects=Selection(statuses=frozenset(_ENDED_BADLY)), letters=True)
        Redrive(estate=self._estate, progress=_quiet()).run(entries)

    def reconcile(self, *, hours: float) -> None:
        limits = Limits(older_than=timedelta(hours=hours), stuck_after=timedelta(hours=6))
        environment = self.cloud.environment
        reconcile(environment, Session(), repair=True, limits=limits, progress=_quiet())

    def release(self) -> None:
        """Free each load that is open, and the dispatcher's lease."""
        release = Release(estate=self._estate, say=lambda _: None)
        loads = self.cloud.dynamodb.tables[self.cloud.names.loads_table].items
        open_loads = [key[0] for key, item in loads.items() if "open_in" in item]
        for what in (*open_loads, "dispatcher"):
            try:
                release.free(what)
            except OperationError as refused:
                self.done.append(str(refused))

    @property
    def _estate(self) -> Estate:
        return Estate(self.cloud.environment, Session())

    def _command(self, name: str, work: Callable[[], object]) -> None:
        is_fair = self.cloud.faults.is_calm

        def ended(actor: Actor) -> None:
            now = self.cloud.scheduler.now
            self.cloud.trace.note(now, name, f"ends: {actor.error or 'done'}")
            if actor.error is not None and is_fair:
                self.judge.fail(f"{name} failed in fair weather: {actor.error!r}")

        self.cloud.scheduler.start(Actor(name, lambda: _silently(work), ended))

    def _run(self) -> None:
        scheduler = self.cloud.scheduler
        scheduler.run(scheduler.now + 600)

    def _maintain(self) -> None:
        glue, job = self.cloud.glue, self.cloud.names.job(TABLE_MAINTENANCE)
        if glue.at_work(job) == 0:
            self.jobs.started(glue.run_of(job, {}))

    def clean_up(self) -> None:
        """Do what the buckets' lifecycle does at midnight with files that were given up."""
        names, now = self.cloud.names, self.cloud.scheduler.now
        for bucket in (names.processed_bucket, names.curated_bucket, names.quality_bucket):
            self.judge.checks["files removed"] += self.cloud.s3.expire(
                bucket, tag=("lake-state", "superseded"), older_than=now - _SUPERSEDED_SECONDS
            )
        self.cloud.scheduler.at(now + _DAY_SECONDS, self.clean_up)

    def _read(self, name: str) -> None:
        """Take a table's snapshot now, and read its files much later."""
        database = self.cloud.names.processed_database
        for table in self.judge.reader.names(database):
            location = self.judge.reader.metadata_location(database, table)
            files = self.judge.reader.files(location)
            wanted = {one: self.judge.reader.body(one) for part in files for one in part}
            later = LONGEST_READ_SECONDS * self.cloud.faults.unit(name, table)
            scheduler = self.cloud.scheduler
            scheduler.at(scheduler.now + later, partial(self._finish, table, wanted))

    def _finish(self, table: str, wanted: dict[str, bytes]) -> None:
        self.judge.checks["readers"] += 1
        for location, body in wanted.items():
            try:
                found = self.judge.reader.body(location)
            except KeyError:
                self.judge.fail(f"a reader of table {table} misses {location}")
            if found != body:
                self.judge.fail(f"a reader of table {table} finds {location} changed")


def _silently(work: Callable[[], object]) -> None:
    with redirect_stderr(io.StringIO()):
        work()


def _quiet() -> Any:
    return Progress()
