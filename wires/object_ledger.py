"""The object ledger: what became of each uploaded object version.

One DynamoDB item per version, partition key `key`, sort key `version_id`. Beside them,
under the same key, an item `content#<digest>` names the version that holds that content,
so that the same bytes uploaded again under the same key are not published twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from boto3.dynamodb.conditions import Attr, Key

from wires.layout import content_claim
from wires.manifest import ObjectVersion
from wires.paging import items_of
from wires.routes import Route, waits_on

PENDING_INDEX = "pending"
"""Sparse index: partition key `pending_in` (bucket and route), sort key `registered_at`."""


_T = TypeVar("_T")
_AT_ONCE = 100
"""Items that one call reads, or changes in one transaction, at the most."""


class ObjectStatus(StrEnum):
    """PENDING → RUNNING → one of the others, which are final."""

    PENDING = "pending"
    RUNNING = "running"
    PUBLISHED = "published"
    EMPTY = "empty"
    IGNORED = "ignored"
    REJECTED = "rejected"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class ObjectOutcome:
    """How one object version ended."""

    key: str
    version_id: str
    status: ObjectStatus
    reason: str = ""
    dataset: str = ""
    rows_in: int = 0
    rows_published: int = 0
    rows_quarantined: int = 0
    details: Mapping[str, Any] | None = None
    """Further facts for people: encoding, delimiter, content digest, where it is kept."""


class ObjectLedger:
    """Reads and writes the ledger through a DynamoDB `Table` resource."""

    def __init__(self, table: Any) -> None:
        self._table = table
        self._conflict = table.meta.client.exceptions.ConditionalCheckFailedException

    def register(
        self,
        bucket: str,
        version: ObjectVersion,
        *,
        registered_at: str,
        status: ObjectStatus = ObjectStatus.PENDING,
        reason: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> bool:
        """Enter a version once. False if it has been entered before, whatever became of it."""
        item: dict[str, Any] = {
            "key": version.key,
            "version_id": version.version_id,
            "bucket": bucket,
            "size": version.size,
            "uploaded_at": version.uploaded_at,
            "sequencer": version.sequencer,
            "registered_at": registered_at,
            "status": status.value,
            "reason": reason,
        }
        if details:
            item["details"] = dict(details)
        if status is ObjectStatus.PENDING:
            item["pending_in"] = pending_in(bucket, version.key)
        try:
            self._table.put_item(Item=item, ConditionExpression=Attr("version_id").not_exists())
        except self._conflict:
            return False
        return True

    def pending(self, bucket: str, route: Route, *, limit: int) -> list[ObjectVersion]:
        """Versions that wait for a run in a route, the longest-waiting first.

        The index lags behind the table: `still_pending` has the last word.
        """
        found = items_of(
            self._table,
            "query",
            IndexName=PENDING_INDEX,
            KeyConditionExpression=Key("pending_in").eq(_place(bucket, route)),
            PaginationConfig={"MaxItems": limit, "PageSize": limit},
        )
        return [_version_of(item) for item in found]

    def count_pending(self, bucket: str, route: Route) -> int:
        """Return how many versions wait for a run in a route."""
        pages = self._table.meta.client.get_paginator("query").paginate(
            TableName=self._table.name,
            IndexName=PENDING_INDEX,
            KeyConditionExpression=Key("pending_in").eq(_place(bucket, route)),
            Select="COUNT",
        )
        return sum(int(page["Count"]) for page in pages)

    def still_pending(self, versions: Iterable[ObjectVersion]) -> list[ObjectVersion]:
        """Those that wait, as the table itself, read consistently, says; in the given order."""
        asked = list(dict.fromkeys(versions))
        waiting = {
            (item["key"], item["version_id"]): _version_of(item)
            for part in _parts(asked)
            for item in self._items(part)
            if item["status"] == ObjectStatus.PENDING
        }
        found = (waiting.get((version.key, version.version_id)) for version in asked)
        return [version for version in found if version]

    def get(self, key: str, version_id: str) -> dict[str, Any]:
        """The item of one version, or {} if there is none."""
        answer = self._table.get_item(
            Key={"key": key, "version_id": version_id}, ConsistentRead=True
        )
        item: dict[str, Any] = answer.get("Item", {})
        return item

    def version(self, key: str, version_id: str) -> ObjectVersion:
        """A registered version as its event described it. Raises KeyError if there is none."""
        return _version_of(self.get(key, version_id))

    def mark_running(self, versions: Iterable[ObjectVersion], load_id: str) -> None:
        """These versions are in a load now, and in no other. Final states are left as they are."""
        self._update(
            {
                "Key": _key(version.key, version.version_id),
                "UpdateExpression": "SET #status = :to, load_id = :load REMOVE pending_in",
                "ConditionExpression": "#status IN (:pending, :to)",
                "ExpressionAttributeNames": {"#status": "status"},
                "ExpressionAttributeValues": {
                    ":pending": ObjectStatus.PENDING.value,
                    ":to": ObjectStatus.RUNNING.value,
                    ":load": load_id,
                },
            }
            for version in versions
        )

    def finish(self, outcome: ObjectOutcome, *, load_id: str, finished_at: str) -> None:
        """Write how a version ended. Saying the same again changes nothing."""
        self.finish_all([outcome], load_id=load_id, finished_at=finished_at)

    def finish_all(
        self, outcomes: Iterable[ObjectOutcome], *, load_id: str, finished_at: str
    ) -> None:
        """Write how versions ended. Saying the same again changes nothing."""
        self._update(_ending(outcome, load_id, finished_at) for outcome in outcomes)

    def claim_content(self, version: ObjectVersion, digest: str) -> str:
        """Make `version` the holder of this content under its key, if nobody is yet.

        Returns the version id of the holder: the given one, or the one that was first.
        """
        name = dict(content_claim(version.key, digest))
        try:
            self._table.put_item(
                Item={**name, "holder": version.version_id},
                ConditionExpression=Attr("version_id").not_exists(),
            )
        except self._conflict:
            answer = self._table.get_item(Key=name, ConsistentRead=True)
            return str(answer["Item"]["holder"])
        return version.version_id

    def take_over_content(self, version: ObjectVersion, digest: str, *, holder: str) -> bool:
        """Pass content on from a holder that failed. False if it has passed to another one."""
        try:
            self._table.put_item(
                Item={**content_claim(version.key, digest), "holder": version.version_id},
                ConditionExpression=Attr("holder").eq(holder),
            )
        except self._conflict:
            # A client that got no answer asks again, and finds what it has done itself.
            return self.claim_content(version, digest) == version.version_id
        return True

    def all_objects(self) -> Iterator[dict[str, Any]]:
        """Every version's item, in no particular order. Reads the whole table."""
        return (i for i in items_of(self._table, "scan", ConsistentRead=True) if "status" in i)

    def _items(self, versions: Sequence[ObjectVersion]) -> Iterator[dict[str, Any]]:
        keys = [_key(version.key, version.version_id) for version in versions]
        asked: Any = {self._table.name: {"Keys": keys, "ConsistentRead": True}}
        while asked:
            answer = self._table.meta.client.batch_get_item(RequestItems=asked)
            yield from answer["Responses"].get(self._table.name, ())
            asked = answer.get("UnprocessedKeys")

    def _update(self, updates: Iterable[Mapping[str, Any]]) -> None:
        """Each for itself; those whose condition does not hold are left undone."""
        for together in _parts(list(updates)):
            if len(together) > 1 and self._updated_at_once(together):
                continue
            for update in together:
                try:
                    self._table.update_item(**update)
                except self._conflict:
                    continue

    def _updated_at_once(self, updates: Sequence[Mapping[str, Any]]) -> bool:
        """False if nothing was done: one condition that does not hold undoes a transaction.

        Whatever else is wrong is told by the updates one by one.
        """
        client = self._table.meta.client
        named = [{"Update": {"TableName": self._table.name, **update}} for update in updates]
        try:
            client.transact_write_items(TransactItems=named)
        except client.exceptions.ClientError:
            return False
        return True


def _parts(items: Sequence[_T]) -> Iterator[Sequence[_T]]:
    return (items[start : start + _AT_ONCE] for start in range(0, len(items), _AT_ONCE))


def pending_in(bucket: str, key: str) -> str:
    """Return the partition of the index in which an object waits."""
    return _place(bucket, waits_on(key))


def _place(bucket: str, route: Route) -> str:
    return f"{bucket}/{route}"


def _key(key: str, version_id: str) -> dict[str, str]:
    return {"key": key, "version_id": version_id}


def _ending(outcome: ObjectOutcome, load_id: str, finished_at: str) -> dict[str, Any]:
    return {
        "Key": _key(outcome.key, outcome.version_id),
        "UpdateExpression": (
            "SET #status = :status, #reason = :reason, dataset = :dataset, load_id = :load, "
            "rows_in = :rows_in, rows_published = :published, "
            "rows_quarantined = :quarantined, details = :details, finished_at = :at "
            "REMOVE pending_in"
        ),
        "ExpressionAttributeNames": {"#status": "status", "#reason": "reason"},
        "ExpressionAttributeValues": {
            ":status": outcome.status.value,
            ":reason": outcome.reason,
            ":dataset": outcome.dataset,
            ":load": load_id,
            ":rows_in": outcome.rows_in,
            ":published": outcome.rows_published,
            ":quarantined": outcome.rows_quarantined,
            ":details": dict(outcome.details or {}),
            ":at": finished_at,
        },
    }


def _version_of(item: Mapping[str, Any]) -> ObjectVersion:
    return ObjectVersion(
        key=item["key"],
        version_id=item["version_id"],
        size=int(item["size"]),
        uploaded_at=item["uploaded_at"],
        sequencer=item.get("sequencer", ""),
        redriven=int(item.get("redriven", 0)),
    )
