"""Frees a load or a lease whose holder is dead. Nothing is taken from one that is alive."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from operations.errors import CheckFailed, OperationError, WrongUse
from operations.recovery.estate import Estate
from operations.recovery.work import work_of_run, work_on
from wires.errors import LoadStateError
from wires.layout import DISPATCHER, lease, publisher
from wires.load_ledger import LoadState

DISPATCHER_LEASE_SECONDS = 180
DISPATCHER_SECONDS = 120
"""Timeout of the trigger: so long after it took its lease, a holder has ended."""
_PUBLISHER = publisher("")
_STEP_SECONDS = 10


@dataclass(frozen=True, kw_only=True)
class Release:
    """Frees loads and leases of one environment."""

    estate: Estate
    say: Callable[[str], None]
    """Tells progress to whoever waits."""
    pause: Callable[[float], None] = time.sleep

    def free(self, what: str) -> str:
        """Free a load by its id, `dispatcher`, or `publisher#DATASET`; return what was done.

        Raises CheckFailed if its holder is alive, WrongUse if there is nothing of that name.
        """
        if what == DISPATCHER:
            return self._dispatcher()
        if what.startswith(_PUBLISHER):
            return self._publisher(what)
        return self._load(what)

    def _load(self, load_id: str) -> str:
        loads = self.estate.loads
        try:
            load = loads.get(load_id)
        except LoadStateError as error:
            raise WrongUse(
                f"expected the id of a load, {DISPATCHER} or {_PUBLISHER}DATASET, got "
                f"{load_id!r}: `failed` and `reconcile` name loads"
            ) from error
        if load.state is LoadState.PUBLISHED:
            return f"load {load_id} is published: nothing holds it"
        if load.state is LoadState.FAILED:
            return f"load {load_id} was given up: `redrive --load {load_id}` has it tried again"
        work = work_on(self.estate, load)
        if work.is_going_on:
            raise CheckFailed(
                f"load {load_id} is at work: {work.said}. Wait for its end, or stop that run in "
                "Glue first"
            )
        if load.state is LoadState.READY and self._is_seen(load_id):
            return (
                f"load {load_id} waits for attempt {load.attempt}, nothing holds it: the "
                "dispatcher starts it once Glue has room"
            )
        if not loads.release(load, reason=f"released by hand: {work.said}"):
            raise CheckFailed(f"load {load_id} has moved meanwhile: look again")
        return f"load {load_id} is free ({work.said}); attempt {load.attempt + 1} is next"

    def _is_seen(self, load_id: str) -> bool:
        """Whether the dispatcher finds the load."""
        table = self.estate.table(self.estate.names.loads_table)
        item = table.get_item(Key={"load_id": load_id}, ConsistentRead=True).get("Item", {})
        return "open_in" in item

    def _dispatcher(self) -> str:
        item = self._lease(DISPATCHER)
        if not item:
            return "nobody holds the dispatcher's lease"
        for _ in self._until_dead(item):
            if self._lease(DISPATCHER) != item:
                return "the dispatcher's lease has passed on by itself: it is alive"
        return self._delete(DISPATCHER, item, "its function has ended since")

    def _until_dead(self, item: Mapping[str, Any]) -> Iterator[None]:
        """Wait until the function that took the lease must have ended; yield between steps."""
        ends = int(item["until"]) - DISPATCHER_LEASE_SECONDS + DISPATCHER_SECONDS
        # A lease that runs out later than one can was taken by a clock that is wrong.
        left = min(ends - self.estate.now().timestamp(), DISPATCHER_SECONDS)
        while left > 0:
            self.say(f"{item['owner']} may be at work for another {left:.0f} s: waiting")
            self.pause(min(left, _STEP_SECONDS))
            left -= _STEP_SECONDS
            yield

    def _publisher(self, name: str) -> str:
        item = self._lease(name)
        if not item:
            raise WrongUse(f"nobody holds the lease {name}: nothing to free")
        owner = str(item["owner"])
        return self._delete(name, item, self._dead(owner))

    def _dead(self, owner: str) -> str:
        """Return how it is known that an owner is dead: a load, or a run of a job."""
        try:
            load = self.estate.loads.get(owner)
        except LoadStateError:
            works = [work_of_run(self.estate, job, owner) for job in self.estate.names.jobs]
        else:
            works = [work_on(self.estate, load)]
        for work in works:
            if work.is_going_on:
                raise CheckFailed(f"{owner} holds it and is at work: {work.said}. Wait for its end")
        known = [work.said for work in works if "knows no" not in work.said]
        return known[0] if known else f"no run of Glue is {owner}"

    def _lease(self, name: str) -> dict[str, Any]:
        table = self.estate.table(self.estate.names.state_table)
        item: dict[str, Any] = table.get_item(Key=dict(lease(name)), ConsistentRead=True).get(
            "Item", {}
        )
        return item

    def _delete(self, name: str, item: Mapping[str, Any], why: str) -> str:
        """Delete a lease as it was read. Raises OperationError if it has changed."""
        table = self.estate.table(self.estate.names.state_table)
        try:
            table.delete_item(
                Key=dict(lease(name)),
                ConditionExpression="#owner = :owner AND #until = :until",
                ExpressionAttributeNames={"#owner": "owner", "#until": "until"},
                ExpressionAttributeValues={":owner": item["owner"], ":until": item["until"]},
            )
        except table.meta.client.exceptions.ConditionalCheckFailedException as error:
            raise OperationError(f"the lease {name} has passed on meanwhile: look again") from error
        return f"the lease {name} of {item['owner']} is free: {why}"
