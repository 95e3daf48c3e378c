"""Loads: one published batch each, from manifest to catalog.

READY      the dispatcher means to start a run for it
RUNNING    StartJobRun was accepted for attempt n
PUBLISHED  catalog and object ledger contain the load's rows and outcomes
FAILED     given up after the last attempt

A run that dies is followed by an attempt with the next number. Only the attempt that the item names
can claim the load, and only the run that claimed it can commit. `commit` is written once: from then
on the content to publish is fixed, and later attempts only finish publishing it.

A load that cannot be started or brought to its end keeps its state, with the refusal beside it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from boto3.dynamodb.conditions import Attr, ConditionBase, Key

from wires.errors import LoadStateError
from wires.paging import items_of
from wires.refusals import Refusal

OPEN_INDEX = "open"
"""Sparse index: partition key `open_in` (the bucket), sort key `created_at`."""
logger = logging.getLogger(__name__)


class LoadState(StrEnum):
    READY = "ready"
    RUNNING = "running"
    PUBLISHED = "published"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Load:
    """One load as stored in the ledger."""

    load_id: str
    bucket: str
    job: str
    created_at: str
    state: LoadState = LoadState.READY
    attempt: int = 1
    run_id: str = ""
    """The run that was started last."""
    claimed_by: str = ""
    """The run that works on the attempt; a second run of the same attempt exits."""
    commit: str = ""
    """Key in the assets bucket of the content to publish, once that is fixed."""
    reason: str = ""
    refusal: Refusal | None = None
    """What is in the way of the next step, if anything is."""

    @property
    def working_run(self) -> str:
        """The run whose end decides about this attempt."""
        return self.claimed_by or self.run_id


class LoadLedger:
    """Reads and writes loads through a DynamoDB `Table` resource."""

    def __init__(self, table: Any) -> None:
        self._table = table
        self._conflict = table.meta.client.exceptions.ConditionalCheckFailedException

    def create(self, load: Load) -> bool:
        """Enter a load once. False if it exists already."""
        item: dict[str, Any] = {
            "load_id": load.load_id,
            "bucket": load.bucket,
            "job": load.job,
            "created_at": load.created_at,
            "state": load.state.value,
            "attempt": load.attempt,
            "open_in": load.bucket,
        }
        try:
            self._table.put_item(Item=item, ConditionExpression=Attr("load_id").not_exists())
        except self._conflict:
            return False
        return True

    def get(self, load_id: str) -> Load:
        """Return a load. Raises LoadStateError if there is no such load."""
        item = self._table.get_item(Key={"load_id": load_id}, ConsistentRead=True).get("Item")
        if item is None:
            raise LoadStateError(
                f"no load {load_id} in table {self._table.name}: it was withdrawn, or the run "
                "was started by hand; start runs by uploading objects"
            )
        return _load_of(item)

    def find(self, load_id: str) -> Load | None:
        """Return a load; None if there is no such load."""
        try:
            return self.get(load_id)
        except LoadStateError:
            return None

    def open_loads(self, bucket: str) -> Iterator[Load]:
        """Yield loads with something left to do, oldest first, read consistently.

        One that cannot be understood, such as one of another release, is left alone.
        """
        there = Key("open_in").eq(bucket)
        indexed = items_of(self._table, "query", IndexName=OPEN_INDEX, KeyConditionExpression=there)
        for item in indexed:
            answer = self._table.get_item(Key={"load_id": item["load_id"]}, ConsistentRead=True)
            if "open_in" in answer.get("Item", {}):
                try:
                    load = _load_of(answer["Item"])
                except (KeyError, TypeError, ValueError):
                    logger.exception("load %s cannot be understood", item["load_id"])
                else:
                    yield load

    def all_loads(self) -> Iterator[dict[str, Any]]:
        """Yield every load's item, in no particular order. Reads the whole table."""
        return items_of(self._table, "scan", ConsistentRead=True)

    def withdraw(self, load: Load) -> bool:
        """Delete a load for which no run was ever started; its objects may join another.

        False if it stands, because a run has had it.
        """
        try:
            self._table.delete_item(
                Key={"load_id": load.load_id},
                ConditionExpression=(
                    _in(LoadState.READY) & Attr("attempt").eq(1) & Attr("claimed_by").not_exists()
                ),
            )
        except self._conflict:
            # A client that got no answer asks again, and does not find what it has deleted itself.
            return self.find(load.load_id) is None
        return True

    def mark_running(self, load: Load, *, run_id: str) -> bool:
        """Record that StartJobRun was accepted for this attempt."""
        return self._update(
            load.load_id,
            "SET #state = :running, run_id = :run REMOVE refusal",
            Attr("attempt").eq(load.attempt) & _in(LoadState.READY),
            {":running": LoadState.RUNNING.value, ":run": run_id},
        )

    def refuse(self, load: Load, refusal: Refusal) -> bool:
        """Record what is in the way. State and attempt stay as they are."""
        return self._update(
            load.load_id,
            "SET refusal = :refusal, #reason = :reason",
            Attr("attempt").eq(load.attempt) & Attr("open_in").exists(),
            {":refusal": refusal.to_item(), ":reason": refusal.reason},
        )

    def clear(self, load: Load) -> bool:
        """Record that nothing is in the way any more."""
        return self._update(load.load_id, "REMOVE refusal", Attr("load_id").exists())

    def claim(self, load_id: str, *, attempt: int, run_id: str) -> bool:
        """Claim the load, as the job's first step.

        False if another run has this attempt, or it is out of date.
        """
        return self._update(
            load_id,
            "SET claimed_by = :run",
            _under_way(attempt) & (Attr("claimed_by").not_exists() | Attr("claimed_by").eq(run_id)),
            {":run": run_id},
        )

    def commit(self, load_id: str, *, run_id: str, commit: str) -> bool:
        """Fix the content that the load publishes. False if this run has lost the load.

        Saying the same again is no loss: a client that got no answer asks a second time.
        """
        return self._update(
            load_id,
            "SET commit_key = :commit",
            Attr("claimed_by").eq(run_id)
            & (Attr("commit_key").not_exists() | Attr("commit_key").eq(commit)),
            {":commit": commit},
        )

    def finish(self, load_id: str) -> bool:
        """Mark the load as published, once all of it can be read.

        It stays open until its run has ended.
        """
        return self._update(
            load_id,
            "SET #state = :published",
            Attr("commit_key").exists(),
            {":published": LoadState.PUBLISHED.value},
        )

    def close(self, load: Load) -> bool:
        """Close a published load, after its run has ended and is recorded."""
        return self._update(
            load.load_id,
            "REMOVE open_in, refusal",
            _in(LoadState.PUBLISHED),
        )

    def reopen(self, load: Load) -> bool:
        """Try a failed load again, with the same objects."""
        return self._update(
            load.load_id,
            "SET #state = :ready, attempt = :next, open_in = #bucket "
            "REMOVE claimed_by, run_id, refusal",
            _in(LoadState.FAILED) & Attr("attempt").eq(load.attempt),
            {":ready": LoadState.READY.value, ":next": load.attempt + 1},
        )

    def retry(self, load: Load, *, reason: str) -> bool:
        """Let the next attempt start, after this attempt's run ended without publishing."""
        return self._update(
            load.load_id,
            "SET #state = :ready, attempt = :next, #reason = :reason "
            "REMOVE claimed_by, run_id, refusal",
            _under_way(load.attempt),
            {":ready": LoadState.READY.value, ":next": load.attempt + 1, ":reason": reason},
        )

    def release(self, load: Load, *, reason: str) -> bool:
        """Free a load whose run is dead, for the next attempt. False if it has moved meanwhile."""
        holder = Attr("run_id").eq(load.run_id) if load.run_id else Attr("run_id").not_exists()
        claim = (
            Attr("claimed_by").eq(load.claimed_by)
            if load.claimed_by
            else Attr("claimed_by").not_exists()
        )
        return self._update(
            load.load_id,
            "SET #state = :ready, attempt = :next, #reason = :reason, open_in = #bucket "
            "REMOVE claimed_by, run_id, refusal",
            _under_way(load.attempt) & holder & claim,
            {":ready": LoadState.READY.value, ":next": load.attempt + 1, ":reason": reason},
        )

    def fail(self, load: Load, *, reason: str) -> bool:
        """Give up on the load."""
        return self._update(
            load.load_id,
            "SET #state = :failed, #reason = :reason REMOVE open_in, refusal",
            _under_way(load.attempt),
            {":failed": LoadState.FAILED.value, ":reason": reason},
        )

    def _update(
        self,
        load_id: str,
        update: str,
        condition: ConditionBase,
        values: Mapping[str, Any] | None = None,
    ) -> bool:
        names = {"#state": "state", "#reason": "reason", "#bucket": "bucket"}
        used = {name: real for name, real in names.items() if name in update}
        request: dict[str, Any] = {
            "Key": {"load_id": load_id},
            "UpdateExpression": update,
            "ConditionExpression": condition,
        }
        if values:
            request["ExpressionAttributeValues"] = dict(values)
        if used:
            request["ExpressionAttributeNames"] = used
        try:
            self._table.update_item(**request)
        except self._conflict:
            return False
        return True


def _in(*states: LoadState) -> ConditionBase:
    return Attr("state").is_in([state.value for state in states])


def _under_way(attempt: int) -> ConditionBase:
    return Attr("attempt").eq(attempt) & _in(LoadState.READY, LoadState.RUNNING)


def _load_of(item: Mapping[str, Any]) -> Load:
    known = {field.name for field in fields(Load)}
    values = {name: value for name, value in item.items() if name in known}
    values["state"] = LoadState(values["state"])
    values["attempt"] = int(values["attempt"])
    values["refusal"] = Refusal.from_item(values.get("refusal"))
    return Load(**values, commit=item.get("commit_key", ""))
