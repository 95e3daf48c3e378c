"""One turn of a route: starts all of its runs that there is room for.

What is refused about one load costs that load a pause. What is refused about the job ends the turn:
one load is kept to try again, and the others wait together, so that they become few runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice

from aws_lambda_powertools import Logger

from wires.job_arguments import LoadRun
from wires.load_ledger import Load, LoadLedger, LoadState
from wires.manifest import Manifest, ObjectVersion
from wires.object_ledger import ObjectLedger
from wires.refusals import Refusal, RefusalKind
from wires.routes import waits_on

from .batching import batches
from .errors import GlueFull, RouteLeft
from .faults import start_kind
from .manifests import Manifests
from .refusing import Refusing
from .settings import TriggerSettings
from .starting import Starter

_MOST_REFUSALS = 3
"""Loads that may be refused in one turn: then it is hardly for them."""
_UNMARKED = frozenset({RefusalKind.MANIFEST, RefusalKind.SETTLING})
"""Refusals of loads whose objects may be pending still."""
logger = Logger(service="trigger", child=True)


@dataclass(frozen=True, kw_only=True)
class Turns:
    """What every turn of every route needs."""

    settings: TriggerSettings
    objects: ObjectLedger
    loads: LoadLedger
    manifests: Manifests
    refusing: Refusing

    def take(
        self, starter: Starter, open_loads: Iterable[Load], arrived: Sequence[ObjectVersion]
    ) -> None:
        """Take a turn. A route that is full or in trouble does not keep others back."""
        loads = [load for load in open_loads if load.job == starter.job]
        try:
            Turn(parts=self, starter=starter, loads=loads).take(arrived)
            self.refusing.clear_route(starter.job)
        except GlueFull as full:
            logger.info("Glue is full", extra={"job": starter.job, "reason": str(full)})
        except RouteLeft as left:
            logger.info("the route is left", extra={"job": starter.job, "reason": str(left)})
        except Exception as error:  # noqa: BLE001 - the other route goes on
            self.refusing.of_route(starter.job, error)


@dataclass(kw_only=True)
class Turn:
    """One turn of one route."""

    parts: Turns
    starter: Starter
    loads: Sequence[Load]
    _refused: dict[str, Refusal] = field(default_factory=dict)
    """In this turn, by load."""

    def take(self, arrived: Sequence[ObjectVersion]) -> None:
        """Raises GlueFull or RouteLeft where the turn ends early."""
        starter = self.starter
        starter.settle()
        if self.parts.refusing.holds(starter.job, self.loads):
            raise RouteLeft("the job refused a moment ago")
        starter.check_room()
        running = self._start_ready()
        # Only now: objects of loads that were ready are no longer waiting.
        starter.check_room()
        self._start_new(arrived, room=starter.room(running))
        starter.start_wanted()

    def _start_ready(self) -> int:
        """Start loads that are ready and may be tried; return how many runs are under way then."""
        running = sum(load.state is LoadState.RUNNING for load in self.loads)
        ready = [load for load in self.loads if load.state is LoadState.READY]
        # The one that tries for its route comes first.
        for load in sorted(ready, key=lambda load: not _tries_for_all(load)):
            if load.refusal is None or _tries_for_all(load):
                running += self._start_read(load)
        for load in sorted(ready, key=_due):
            if load.refusal and not _tries_for_all(load) and self._is_due(load.refusal):
                self.starter.check_room()
                self.starter.room(running)
                if not self._start_read(load):
                    # New loads come before many that are refused again and again.
                    break
                running += 1
        return running

    def _is_due(self, refusal: Refusal) -> bool:
        return refusal.is_over(self.parts.refusing.time)

    def _start_new(self, arrived: Sequence[ObjectVersion], *, room: int) -> None:
        limits = self.parts.settings
        waiting = self._waiting(arrived, most=limits.objects_per_run * room)
        found = batches(waiting, max_objects=limits.objects_per_run, max_bytes=limits.bytes_per_run)
        for batch in islice(found, room):
            self._start_batch(batch)

    def _waiting(self, arrived: Sequence[ObjectVersion], *, most: int) -> list[ObjectVersion]:
        """Return objects that wait on the route; however many wait on another one, they hide none
        of these."""
        objects, route = self.parts.objects, self.starter.route
        # The index lags: it may still miss what has just been registered.
        indexed = objects.pending(self.parts.settings.raw_bucket, route, limit=most)
        mine = (version for version in arrived if waits_on(version.key) is route)
        candidates = sorted({*indexed, *mine}, key=lambda version: version.upload_order)
        unread = self._unread_until()
        return [v for v in objects.still_pending(candidates) if v.uploaded_at > unread]

    def _unread_until(self) -> str:
        """Return the last upload that may be in a load whose manifest was not read in this turn.

        Who was cut off before its objects were marked has left them pending, and they must not
        come into a second load.
        """
        return max(
            (
                load.created_at
                for load in self.loads
                if load.state is LoadState.READY and self._is_unread(load)
            ),
            default="",
        )

    def _is_unread(self, load: Load) -> bool:
        """Whether a load that is ready is kept from its start, and its objects were not marked.

        Other refusals mark them before they are recorded.
        """
        refusal = self._refused.get(load.load_id, load.refusal)
        return refusal is not None and refusal.kind in _UNMARKED

    def _start_batch(self, batch: list[ObjectVersion]) -> None:
        loads, manifests = self.parts.loads, self.parts.manifests
        manifest = Manifest.of(self.parts.settings.raw_bucket, batch)
        manifests.write(manifest)
        load = Load(
            load_id=manifest.load_id,
            bucket=manifest.bucket,
            job=self.starter.job,
            created_at=max(version.uploaded_at for version in batch),
        )
        if not loads.create(load):
            loads.reopen(loads.get(load.load_id))
            load = loads.get(load.load_id)
        self._start(load, manifest)

    def _start_read(self, load: Load) -> bool:
        """Start a load that was made before; False if it is refused."""
        try:
            manifest = self.parts.manifests.read(load.load_id)
        except Exception as error:  # noqa: BLE001 - whatever it is, other loads go on
            self._refuse(load, error, RefusalKind.MANIFEST)
            return False
        return self._start(load, manifest)

    def _start(self, load: Load, manifest: Manifest) -> bool:
        """Start a run for a load; False if it is refused. Raises GlueFull if there is no room."""
        objects, loads = self.parts.objects, self.parts.loads
        try:
            run_id = self._run_of(load, manifest)
        except GlueFull:
            if load.refusal:
                loads.clear(load)
            if not self._makes_way(load, manifest):
                # It keeps its objects: no other load may take them.
                objects.mark_running(manifest.objects, load.load_id)
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, other loads go on
            # They wait with their load from now on, and others pass them.
            objects.mark_running(manifest.objects, load.load_id)
            self._refuse(load, error, start_kind(error))
            return False
        # Objects first: cut off in between, the load is still ready and is taken up as it is,
        # where pending objects would be batched into another load and be published twice.
        objects.mark_running(manifest.objects, load.load_id)
        loads.mark_running(load, run_id=run_id)
        if not load.claimed_by:
            self.starter.note_start(load, run_id, objects=len(manifest.objects))
        logger.info("started", extra={"load_id": load.load_id, "run_id": run_id})
        return True

    def _makes_way(self, load: Load, manifest: Manifest) -> bool:
        """Withdraw a load that never ran, so that its objects can join a larger batch.

        One that has marked any stays: nobody could be cut off between two steps back.
        """
        waiting = self.parts.objects.still_pending(manifest.objects)
        return len(waiting) == len(manifest.objects) and self.parts.loads.withdraw(load)

    def _run_of(self, load: Load, manifest: Manifest) -> str:
        if load.claimed_by:
            # It was started, though no answer came, or was not taken down.
            return load.claimed_by
        last_attempt = load.attempt >= self.parts.settings.attempts_per_load
        run = LoadRun(load_id=load.load_id, attempt=load.attempt, last_attempt=last_attempt)
        return self.starter.start(load, manifest, run)

    def _refuse(self, load: Load, error: Exception, kind: RefusalKind) -> None:
        """Record a refusal. Raises RouteLeft if the turn ends with it."""
        refusal = self.parts.refusing.of_load(load, error, kind)
        self._refused[load.load_id] = refusal
        if kind.is_of_the_job or len(self._refused) == _MOST_REFUSALS:
            raise RouteLeft(refusal.reason)


def _tries_for_all(load: Load) -> bool:
    return load.refusal is not None and load.refusal.kind.is_of_the_job


def _due(load: Load) -> str:
    return load.refusal.until if load.refusal else ""
