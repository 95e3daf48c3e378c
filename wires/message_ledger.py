"""The ledger of messages: which landing has each message of a queue.

A queue delivers in no order, and some messages twice. So each message is claimed by the landing
that is to have it, before that landing is sealed; and nobody lands what another has claimed, unless
the other can no longer be sealed. A landing is open, then sealed or abandoned, by one conditional
write: whoever is first decides. A sealed one has landed, or is landed by whoever comes.

Items go by themselves when no queue can have their messages any more (`expires`, DynamoDB's TTL).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from wires.errors import SourceStateError
from wires.layout import message_claim, source_state

EXPIRES = "expires"
"""Attribute of the time, in seconds since 1970, after which DynamoDB may remove an item."""
_DAY = 86_400
KEPT_DAYS = 15
"""A day longer than the longest time that a queue keeps a message."""


class Stage(StrEnum):
    """How far a landing is."""

    OPEN = "open"
    SEALED = "sealed"
    """Its messages land, and in no other landing."""
    LANDED = "landed"
    ABANDONED = "abandoned"
    """It can never be sealed; its messages are anybody's."""


@dataclass(frozen=True, kw_only=True)
class MessageLanding:
    """One landing of messages."""

    id: str
    stage: Stage
    begun: int
    """Seconds since 1970."""
    file: Mapping[str, Any]
    """What is staged, and where it lands; empty before it is sealed, and if nothing lands."""


class MessageLedger:
    """Reads and writes landings and claims of one source through a DynamoDB `Table` resource."""

    def __init__(self, table: Any, source: str) -> None:
        self._table = table
        self._source = source
        self._client = table.meta.client
        self._conflict = self._client.exceptions.ConditionalCheckFailedException

    def begin(self, landing: str, *, at: int) -> None:
        """Open a landing, so that messages can be claimed for it."""
        self._table.put_item(
            Item={
                **self._key(landing),
                "stage": Stage.OPEN.value,
                "begun": at,
                "file": {},
                # Its claims never outlive it.
                EXPIRES: at + (KEPT_DAYS + 1) * _DAY,
            }
        )

    def landing(self, id: str) -> MessageLanding:
        """Return a landing, read consistently. Raises SourceStateError if there is none."""
        found = self._table.get_item(Key=self._key(id), ConsistentRead=True).get("Item")
        if found is None:
            raise SourceStateError(
                f"{self._source}: expected the landing {id} in the state table, because a message "
                "is claimed for it, and it is not there: items were removed by hand. Whether the "
                "message has landed is not known; look for the landing's file, then remove the "
                "message's claim if there is none"
            )
        return MessageLanding(
            id=id, stage=Stage(found["stage"]), begun=int(found["begun"]), file=found["file"]
        )

    def claim(self, message: str, landing: str, *, at: int, instead_of: str = "") -> str:
        """Claim a message; returns the landing that has it now.

        It is taken from `instead_of`, which must be abandoned. May be called by several threads.
        """
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        if instead_of:
            condition = {
                "ConditionExpression": "#landing = :before",
                "ExpressionAttributeNames": {"#landing": "landing"},
                "ExpressionAttributeValues": {":before": instead_of},
            }
        item = {**self._claim(message), "landing": landing, EXPIRES: at + KEPT_DAYS * _DAY}
        try:
            self._client.put_item(TableName=self._table.name, Item=item, **condition)
        except self._conflict:
            return self._owner(message)
        return landing

    def seal(self, landing: str, file: Mapping[str, Any]) -> bool:
        """Say what lands; False if it has been abandoned."""
        return self._moved(landing, Stage.OPEN, Stage.SEALED, file=file)

    def abandon(self, landing: str) -> bool:
        """Keep a landing from being sealed; False if it is no longer open."""
        return self._moved(landing, Stage.OPEN, Stage.ABANDONED)

    def close(self, landing: str) -> None:
        """Say that a sealed landing has landed; saying it again changes nothing."""
        self._moved(landing, Stage.SEALED, Stage.LANDED)

    def _moved(
        self, landing: str, before: Stage, after: Stage, *, file: Mapping[str, Any] | None = None
    ) -> bool:
        values: dict[str, Any] = {":before": before.value, ":after": after.value}
        update, names = "SET #stage = :after", {"#stage": "stage"}
        if file is not None:
            update, names["#file"], values[":file"] = f"{update}, #file = :file", "file", dict(file)
        try:
            self._table.update_item(
                Key=self._key(landing),
                UpdateExpression=update,
                ConditionExpression="#stage = :before",
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=values,
            )
        except self._conflict:
            return False
        return True

    def _owner(self, message: str) -> str:
        found = self._client.get_item(
            TableName=self._table.name, Key=self._claim(message), ConsistentRead=True
        )
        return str(found["Item"]["landing"])

    def _key(self, landing: str) -> dict[str, str]:
        return dict(source_state(self._source, f"landing {landing}"))

    def _claim(self, message: str) -> dict[str, str]:
        return dict(message_claim(self._source, message))
