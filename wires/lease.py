"""Leases: short, exclusive locks, kept as items of the state table.

A holder that dies blocks others until its lease runs out, no longer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from wires.errors import LeaseError
from wires.layout import lease

_AT_ONCE = 100
"""Items that one transaction can change."""
_KEPT_UNASKED = 0.1
"""Share of a lease during which its holder does not check that it still has it."""


class Leases:
    """Takes and returns leases through a DynamoDB `Table` resource."""

    def __init__(self, table: Any, *, now: Callable[[], float] = time.time) -> None:
        self._table = table
        self._now = now
        self._taken_at: dict[tuple[str, str], float] = {}
        self._conflict = table.meta.client.exceptions.ConditionalCheckFailedException

    def take(self, name: str, *, owner: str, seconds: int) -> bool:
        """Take or extend a lease; True if `owner` has it now."""
        now = self._now()
        try:
            self._table.put_item(**self._put(name, owner, now=int(now), seconds=seconds))
        except self._conflict:
            self._taken_at.pop((name, owner), None)
            return False
        self._taken_at[name, owner] = now
        return True

    def keep(self, name: str, *, owner: str, seconds: int) -> bool:
        """Take a lease that may be held already; checks nothing in its first part."""
        taken_at = self._taken_at.get((name, owner))
        if taken_at is not None and self._now() < taken_at + seconds * _KEPT_UNASKED:
            return True
        return self.take(name, owner=owner, seconds=seconds)

    def give_back(self, name: str, *, owner: str) -> None:
        """End a lease early. One that now belongs to somebody else is left alone."""
        self._taken_at.pop((name, owner), None)
        try:
            self._table.delete_item(**self._delete(name, owner))
        except self._conflict:
            return

    @contextmanager
    def held_all(
        self, names: Iterable[str], *, owner: str, seconds: int, wait: float
    ) -> Iterator[None]:
        """Hold many leases, as `held` does; free ones are taken a hundred at a time.

        Leases are taken in the same order everywhere, so that no deadlock can form.
        """
        ordered = sorted(set(names))
        with ExitStack() as stack:
            for start in range(0, len(ordered), _AT_ONCE):
                together = ordered[start : start + _AT_ONCE]
                if self._taken(together, owner=owner, seconds=seconds):
                    stack.callback(self._give_back, together, owner=owner)
                    continue
                for name in together:
                    turn = self.held(name, owner=owner, seconds=seconds, wait=wait)
                    stack.enter_context(turn)
            yield

    def _taken(self, names: list[str], *, owner: str, seconds: int) -> bool:
        """Take all of them or none. Errors show when each is taken by itself afterwards."""
        now = self._now()
        puts = [self._put(name, owner, now=int(now), seconds=seconds) for name in names]
        taken = len(names) > 1 and self._transacted("Put", puts)
        if taken:
            self._taken_at |= dict.fromkeys([(name, owner) for name in names], now)
        return taken

    def _give_back(self, names: list[str], *, owner: str) -> None:
        for name in names:
            self._taken_at.pop((name, owner), None)
        deletes = [self._delete(name, owner) for name in names]
        if not self._transacted("Delete", deletes):
            for name in names:
                self.give_back(name, owner=owner)

    def _transacted(self, kind: str, requests: list[dict[str, Any]]) -> bool:
        client = self._table.meta.client
        named = [{kind: {"TableName": self._table.name, **request}} for request in requests]
        try:
            client.transact_write_items(TransactItems=named)
        except client.exceptions.ClientError:
            return False
        return True

    def _put(self, name: str, owner: str, *, now: int, seconds: int) -> dict[str, Any]:
        return {
            "Item": {**lease(name), "owner": owner, "until": now + seconds},
            "ConditionExpression": "attribute_not_exists(pk) OR #until < :now OR #owner = :me",
            "ExpressionAttributeNames": {"#until": "until", "#owner": "owner"},
            "ExpressionAttributeValues": {":now": now, ":me": owner},
        }

    def _delete(self, name: str, owner: str) -> dict[str, Any]:
        return {
            "Key": dict(lease(name)),
            "ConditionExpression": "#owner = :me",
            "ExpressionAttributeNames": {"#owner": "owner"},
            "ExpressionAttributeValues": {":me": owner},
        }

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
