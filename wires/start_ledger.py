"""The dispatcher's state of a job's starts: an item of the state table.

What hinders one load is kept with the load. Here is what hinders a route as a whole, and what
people have been told, so that they hear of a trouble once, and once that it is over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wires.layout import start_state
from wires.refusals import Refusal


@dataclass(frozen=True, kw_only=True)
class StartState:
    """The content of the item."""

    refusal: Refusal | None = None
    """What the last turn of the route ended with, if no load was concerned."""
    told: Mapping[str, str] = field(default_factory=dict)
    """Reasons that people have been told of, by kind."""


class StartLedger:
    """Reads and writes the items through a DynamoDB `Table` resource; one dispatcher at a time."""

    def __init__(self, table: Any) -> None:
        self._table = table

    def get(self, job: str) -> StartState:
        key = dict(start_state(job))
        item = self._table.get_item(Key=key, ConsistentRead=True).get("Item", {})
        return StartState(
            refusal=Refusal.from_item(item.get("refusal")), told=dict(item.get("told", {}))
        )

    def put(self, job: str, state: StartState) -> None:
        item: dict[str, Any] = {**start_state(job), "told": dict(state.told)}
        if state.refusal:
            item["refusal"] = state.refusal.to_item()
        self._table.put_item(Item=item)
