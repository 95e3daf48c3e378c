"""The dispatcher's state of the workflow: an item of the state table.

Each run of the workflow brings at most one load. Some runs bring none: those that the clock or a
failure asks for. Work that a run has not finished is done by the next one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from wires.layout import workflow_state


@dataclass(frozen=True, kw_only=True)
class WorkflowState:
    """The content of the item."""

    wanted: str = ""
    """Why a run is wanted even if nothing has arrived; empty if none is."""
    doing: str = ""
    """Why the current run was wanted; wanted again unless it succeeds."""
    run_id: str = ""
    """The current run, if the dispatcher started it."""
    failures: int = 0
    """Consecutive failed runs up to now."""
    told: bool = False
    """Whether people know that it fails, and are to be told when it works again."""


class WorkflowLedger:
    """Reads and writes the item through a DynamoDB `Table` resource; one dispatcher at a time."""

    def __init__(self, table: Any, *, workflow: str) -> None:
        self._table = table
        self._key = dict(workflow_state(workflow))

    def get(self) -> WorkflowState:
        item = self._table.get_item(Key=self._key, ConsistentRead=True).get("Item", {})
        return WorkflowState(
            wanted=item.get("wanted", ""),
            doing=item.get("doing", ""),
            run_id=item.get("run_id", ""),
            failures=int(item.get("failures", 0)),
            told=bool(item.get("told", False)),
        )

    def want(self, why: str) -> None:
        self._set("SET wanted = :why", {":why": why})

    def started(self, run_id: str) -> None:
        """Record a run; if it succeeds, everything that was wanted is done."""
        doing = self.get().wanted
        self._set(
            "SET run_id = :run, doing = :doing REMOVE wanted", {":run": run_id, ":doing": doing}
        )

    def ended(self, *, failures: int, told: bool) -> None:
        self._set(
            "SET failures = :failures, told = :told REMOVE run_id, doing",
            {":failures": failures, ":told": told},
        )

    def _set(self, update: str, values: dict[str, Any]) -> None:
        self._table.update_item(
            Key=self._key, UpdateExpression=update, ExpressionAttributeValues=values
        )
