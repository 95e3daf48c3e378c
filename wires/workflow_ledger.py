"""What the dispatcher knows of the workflow: an item of the state table.

The workflow's runs bring no more loads than one each, and some bring none: those that the clock or
a failure asks for. Whatever a run has not got to is done by the next one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from wires.layout import workflow_state


@dataclass(frozen=True, kw_only=True)
class WorkflowState:
    """As the item has it."""

    wanted: str = ""
    """Why a run is wanted even if nothing has arrived; empty if none is."""
    doing: str = ""
    """Why the run that is under way was wanted: wanted again, unless it succeeds."""
    run_id: str = ""
    """The run that is under way, of those that the dispatcher has started."""
    failures: int = 0
    """Runs that have failed since the last one that did not."""


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
        )

    def want(self, why: str) -> None:
        self._set("SET wanted = :why", {":why": why})

    def started(self, run_id: str) -> None:
        """A run that starts now does everything that was wanted, if it succeeds."""
        doing = self.get().wanted
        self._set(
            "SET run_id = :run, doing = :doing REMOVE wanted", {":run": run_id, ":doing": doing}
        )

    def ended(self, *, failures: int) -> None:
        self._set("SET failures = :failures REMOVE run_id, doing", {":failures": failures})

    def _set(self, update: str, values: dict[str, Any]) -> None:
        self._table.update_item(
            Key=self._key, UpdateExpression=update, ExpressionAttributeValues=values
        )
