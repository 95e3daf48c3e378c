"""Second tries of objects that have ended badly, or were left behind: one conditional step each.

`failed`, its load over      → pending, in another load than before
`rejected`, or never decided → marked; the event that follows has the trigger decide anew
load given up after its commit → reopened as it is: some of it may be published already

Steps that come twice, or beside a dispatcher, change nothing the second time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from wires.load_ledger import LoadState
from wires.manifest import ObjectVersion
from wires.object_ledger import ObjectStatus, pending_in

MARK = "decide_again"
"""Attribute of a ledger entry about which the trigger is to decide anew."""
REASON = "Redrive"
"""`detail.reason` of an event that S3 has not sent."""
_AT_ONCE = 99
"""Objects of a transaction, which has 100 items at the most; one is their load."""
_LOAD_IS_OVER = (
    "attribute_not_exists(load_id) OR #state = :published "
    "OR (#state = :given_up AND attribute_not_exists(commit_key))"
)
"""Condition: no attempt of the load will publish anything any more."""
_PUT_BACK = (
    "SET #status = :pending, pending_in = :place, put_back_at = :now, last_reason = #reason, "
    "#reason = :none, redriven = if_not_exists(redriven, :zero) + :one "
    f"REMOVE load_id, finished_at, {MARK}"
)


class Redrives:
    """Moves entries of the object ledger through DynamoDB `Table` resources."""

    def __init__(self, *, objects: Any, loads: Any) -> None:
        self._objects = objects
        self._loads = loads
        self._client = objects.meta.client
        self._conflict = self._client.exceptions.ConditionalCheckFailedException

    def put_back(self, entries: Sequence[Mapping[str, Any]], *, now: str) -> int:
        """Let entries of one load, all in one state, wait again; return how many do so now.

        Those that have changed since they were read are left alone, and all of them if their load
        is still at work.
        """
        return sum(self._put_back(part, now) for part in _parts(entries))

    def mark(self, entry: Mapping[str, Any], *, now: str) -> bool:
        """Have the trigger decide anew about an entry once an event of it comes."""
        update = self._update_of(entry, f"SET {MARK} = :now", {":now": now}, {})
        return self._transacted([*self._load_is_over(entry), update])

    def decide(
        self, version: ObjectVersion, bucket: str, status: ObjectStatus, reason: str, *, now: str
    ) -> bool:
        """Enter the new decision about a marked version. False if somebody was faster."""
        names = {"#status": "status", "#reason": "reason"}
        update = f"SET #status = :to, #reason = :reason REMOVE {MARK}"
        values: dict[str, Any] = {":to": status.value, ":reason": reason}
        if status is ObjectStatus.PENDING:
            update, values = _PUT_BACK, _put_back_values(version.key, bucket, now)
        try:
            self._objects.update_item(
                Key={"key": version.key, "version_id": version.version_id},
                UpdateExpression=update,
                ConditionExpression=f"attribute_exists({MARK})",
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=values,
            )
        except self._conflict:
            return False
        return True

    def _put_back(self, entries: Sequence[Mapping[str, Any]], now: str) -> int:
        updates = [
            self._update_of(
                entry,
                _PUT_BACK,
                _put_back_values(entry["key"], entry["bucket"], now),
                {"#reason": "reason"},
            )
            for entry in entries
        ]
        check = self._load_is_over(entries[0])
        if self._transacted([*check, *updates]):
            return len(updates)
        if len(updates) == 1:
            return 0
        # One condition that does not hold undoes a transaction.
        return sum(self._transacted([*check, update]) for update in updates)

    def _update_of(
        self,
        entry: Mapping[str, Any],
        update: str,
        values: Mapping[str, Any],
        names: Mapping[str, str],
    ) -> dict[str, Any]:
        """Return an update of an entry on condition that it is as it was read."""
        load = entry.get("load_id", "")
        same_load = "load_id = :load" if load else "attribute_not_exists(load_id)"
        return {
            "Update": {
                "TableName": self._objects.name,
                "Key": {"key": entry["key"], "version_id": entry["version_id"]},
                "UpdateExpression": update,
                "ConditionExpression": f"#status = :was AND {same_load}",
                "ExpressionAttributeNames": {"#status": "status", **names},
                "ExpressionAttributeValues": {
                    ":was": str(entry["status"]),
                    **({":load": load} if load else {}),
                    **values,
                },
            }
        }

    def _load_is_over(self, entry: Mapping[str, Any]) -> list[dict[str, Any]]:
        if not entry.get("load_id"):
            return []
        check = {
            "TableName": self._loads.name,
            "Key": {"load_id": entry["load_id"]},
            "ConditionExpression": _LOAD_IS_OVER,
            "ExpressionAttributeNames": {"#state": "state"},
            "ExpressionAttributeValues": {
                ":published": LoadState.PUBLISHED.value,
                ":given_up": LoadState.FAILED.value,
            },
        }
        return [{"ConditionCheck": check}]

    def _transacted(self, items: Sequence[Mapping[str, Any]]) -> bool:
        """False if a condition does not hold, or somebody is at the same items just now."""
        try:
            self._client.transact_write_items(TransactItems=list(items))
        except self._client.exceptions.TransactionCanceledException as error:
            codes = {one.get("Code") for one in error.response.get("CancellationReasons", ())}
            if codes - {None, "None", "ConditionalCheckFailed", "TransactionConflict"}:
                raise
            return False
        return True


def event_of(entry: Mapping[str, Any], *, bucket: str) -> str:
    """Return the event of an upload, in the shape that EventBridge gives it.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
    """
    told = {
        "key": entry["key"],
        "size": int(entry["size"]),
        "version-id": entry["version_id"],
        **({"sequencer": entry["sequencer"]} if entry.get("sequencer") else {}),
    }
    return json.dumps(
        {
            "version": "0",
            "detail-type": "Object Created",
            "source": "operations",
            "time": entry["uploaded_at"],
            "detail": {"bucket": {"name": bucket}, "object": told, "reason": REASON},
        }
    )


def _put_back_values(key: str, bucket: str, now: str) -> dict[str, Any]:
    return {
        ":pending": ObjectStatus.PENDING.value,
        ":place": pending_in(bucket, key),
        ":now": now,
        ":none": "",
        ":zero": 0,
        ":one": 1,
    }


def _parts(entries: Sequence[Mapping[str, Any]]) -> Iterator[Sequence[Mapping[str, Any]]]:
    return (entries[start : start + _AT_ONCE] for start in range(0, len(entries), _AT_ONCE))
