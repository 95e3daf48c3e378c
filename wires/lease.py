"""Leases: short, exclusive turns, kept as items of the loads table.

A holder that dies blocks others until its lease runs out, no longer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from wires.errors import LeaseError

DISPATCHER = "lease#dispatcher"


def publisher(dataset: str) -> str:
    """The lease under which the tables of `dataset` are changed."""
    return f"lease#publisher#{dataset}"


class Leases:
    """Takes and returns leases through a DynamoDB `Table` resource."""

    def __init__(self, table: Any, *, now: Callable[[], float] = time.time) -> None:
        self._table = table
        self._now = now
        self._conflict = table.meta.client.exceptions.ConditionalCheckFailedException

    def take(self, name: str, *, owner: str, seconds: int) -> bool:
        """True if `owner` has the lease now; also extends a lease that it has."""
        now = int(self._now())
        try:
            self._table.put_item(
                Item={"load_id": name, "owner": owner, "until": now + seconds},
                ConditionExpression=(
                    "attribute_not_exists(load_id) OR #until < :now OR #owner = :me"
                ),
                ExpressionAttributeNames={"#until": "until", "#owner": "owner"},
                ExpressionAttributeValues={":now": now, ":me": owner},
            )
        except self._conflict:
            return False
        return True

    def give_back(self, name: str, *, owner: str) -> None:
        """End a lease early. One that has passed to somebody else is left alone."""
        try:
            self._table.delete_item(
                Key={"load_id": name},
                ConditionExpression="#owner = :me",
                ExpressionAttributeNames={"#owner": "owner"},
                ExpressionAttributeValues={":me": owner},
            )
        except self._conflict:
            return

    @contextmanager
    def held(
        self, name: str, *, owner: str, seconds: int, wait: float, pause: float = 1.0
    ) -> Iterator[None]:
        """Wait for the lease, hold it for the block. Raises LeaseError after `wait` seconds."""
        deadline = self._now() + wait
        while not self.take(name, owner=owner, seconds=seconds):
            if self._now() >= deadline:
                raise LeaseError(
                    f"{name} was not free within {wait:.0f} s; its holder is alive or "
                    "its lease has not run out. The next attempt tries again."
                )
            time.sleep(pause)
        try:
            yield
        finally:
            self.give_back(name, owner=owner)
