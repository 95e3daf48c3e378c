"""Start runs for what waits, and settle what became of the runs before.

Every occasion does the same: settle loads whose run has ended, start loads that are ready,
batch pending objects into new loads. Only one dispatcher is at work at a time; each step
can be cut off after any call and is taken up again at the next occasion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from aws_lambda_powertools import Logger

from wires.job_arguments import LoadRun
from wires.layout import DISPATCHER
from wires.lease import Leases
from wires.load_ledger import Load, LoadLedger, LoadState
from wires.manifest import Manifest, ObjectVersion
from wires.object_ledger import ObjectLedger
from wires.routes import Route, waits_on

from .batching import batches
from .errors import GlueFull
from .manifests import Manifests
from .settings import TriggerSettings
from .settling import Settling
from .starting import Starter
from .workflow import Workflow

LEASE_SECONDS = 180
"""Longer than the function's timeout, so a holder that is cut off has ended by then."""
logger = Logger(service="trigger", child=True)


@dataclass(kw_only=True)
class Dispatcher:
    """Moves loads from ready to running to closed."""

    settings: TriggerSettings
    objects: ObjectLedger
    loads: LoadLedger
    leases: Leases
    manifests: Manifests
    settling: Settling
    workflow: Workflow
    starters: Sequence[Starter]
    """One for each route, in the order of their turns."""

    def dispatch(self, arrived: Sequence[ObjectVersion], *, owner: str) -> None:
        """Do all that can be done now. If another dispatcher is at work, leave it to that one."""
        if not self.leases.take(DISPATCHER, owner=owner, seconds=LEASE_SECONDS):
            logger.info("another dispatcher is at work")
            return
        try:
            self.settling.settle()
            self.workflow.settle()
            for starter in self.starters:
                self._start(starter, arrived)
        finally:
            self.leases.give_back(DISPATCHER, owner=owner)

    def _start(self, starter: Starter, arrived: Sequence[ObjectVersion]) -> None:
        """Start all that there is room for; a route that is full does not keep others back."""
        try:
            starter.check_room()
            running = self._start_ready(starter)
            # Only now: objects of loads that were ready are no longer waiting.
            starter.check_room()
            self._start_new(starter, arrived, room=starter.room(running))
            starter.start_wanted()
        except GlueFull as full:
            logger.info("Glue is full", extra={"job": starter.job, "reason": str(full)})

    def _start_ready(self, starter: Starter) -> int:
        """Return how many runs of the route's job are under way then."""
        running = 0
        for load in self.loads.open_loads(self.settings.raw_bucket):
            if load.job != starter.job:
                continue
            if load.state is LoadState.READY:
                self._start_load(starter, load, self.manifests.read(load.load_id))
            running += load.state in (LoadState.READY, LoadState.RUNNING)
        return running

    def _start_new(self, starter: Starter, arrived: Sequence[ObjectVersion], *, room: int) -> None:
        limits = self.settings
        waiting = self._waiting(starter.route, arrived, most=limits.objects_per_run * room)
        found = batches(waiting, max_objects=limits.objects_per_run, max_bytes=limits.bytes_per_run)
        for batch in islice(found, room):
            self._start_batch(starter, batch)

    def _waiting(
        self, route: Route, arrived: Sequence[ObjectVersion], *, most: int
    ) -> list[ObjectVersion]:
        """Return objects that wait on a route; however many wait on another one, they hide none
        of these."""
        # The index lags: it may still miss what has just been registered.
        indexed = self.objects.pending(self.settings.raw_bucket, route, limit=most)
        mine = (version for version in arrived if waits_on(version.key) is route)
        candidates = sorted({*indexed, *mine}, key=lambda version: version.upload_order)
        return self.objects.still_pending(candidates)

    def _start_batch(self, starter: Starter, batch: list[ObjectVersion]) -> None:
        manifest = Manifest.of(self.settings.raw_bucket, batch)
        self.manifests.write(manifest)
        load = Load(
            load_id=manifest.load_id,
            bucket=manifest.bucket,
            job=starter.job,
            created_at=max(version.uploaded_at for version in batch),
        )
        if not self.loads.create(load):
            self.loads.reopen(self.loads.get(load.load_id))
            load = self.loads.get(load.load_id)
        self._start_load(starter, load, manifest)

    def _start_load(self, starter: Starter, load: Load, manifest: Manifest) -> None:
        last_attempt = load.attempt >= self.settings.attempts_per_load
        run = LoadRun(load_id=load.load_id, attempt=load.attempt, last_attempt=last_attempt)
        try:
            run_id = starter.start(load, manifest, run)
        except GlueFull:
            # A load that never ran makes way, so that its objects can join a larger batch.
            if self.loads.withdraw(load):
                self.objects.mark_pending(load.bucket, manifest.objects)
            raise
        # Objects first: cut off in between, the load is still ready and is taken up as it is,
        # where pending objects would be batched into another load and be published twice.
        self.objects.mark_running(manifest.objects, load.load_id)
        self.loads.mark_running(load, run_id=run_id)
        starter.note_start(load, run_id, objects=len(manifest.objects))
        logger.info("started", extra={"load_id": load.load_id, "run_id": run_id})
