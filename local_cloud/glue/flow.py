"""The runs that follow from one start trigger, and the triggers that may fire next."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from local_cloud.glue.triggers import LocalTrigger, Node, NodeKind, Outcome


class State(Protocol):
    """The state of a job run or a crawl."""

    @property
    def value(self) -> str: ...

    @property
    def is_final(self) -> bool: ...


class Running(Protocol):
    """A job run or a crawl."""

    @property
    def state(self) -> State: ...

    @property
    def ended(self) -> threading.Event:
        """Set when all who want to know have been told of its end."""

    @property
    def execution_id(self) -> str: ...

    def stop(self) -> None: ...

    def in_graph(self) -> dict[str, Any]:
        """Return it as the graph of a workflow run has it."""


@dataclass(frozen=True, kw_only=True)
class Execution:
    """The job run or crawl that came of one action of a trigger that fired."""

    node: Node
    running: Running


class Flow:
    """One start trigger that fired, and all that follows from it.

    A conditional trigger looks only at the runs of its own flow, and fires once in it. So two runs
    of a workflow do not mix, and a run that somebody started by hand fires no trigger:
    https://docs.aws.amazon.com/glue/latest/dg/about-triggers.html
    """

    def __init__(self, triggers: Sequence[LocalTrigger]) -> None:
        self.triggers = list(triggers)
        """Triggers as they were at the start: later changes are for later runs."""
        self.executions: list[Execution] = []
        self._fired: set[str] = set()
        self._open: set[str] = set()
        """Ids of runs that have not ended, or whose end the flow has not been told yet."""

    def mark_fired(self, trigger: LocalTrigger) -> None:
        self._fired.add(trigger.name)

    def add(self, node: Node, running: Running) -> None:
        self.executions.append(Execution(node=node, running=running))
        if not running.ended.is_set():
            self._open.add(running.execution_id)

    def note_end(self, execution_id: str) -> None:
        self._open.discard(execution_id)

    def due(self) -> list[LocalTrigger]:
        """Return the conditional triggers that fire now."""
        outcomes = self._outcomes()
        return [
            trigger
            for trigger in self.triggers
            if trigger.is_active and trigger.name not in self._fired and trigger.is_met(outcomes)
        ]

    @property
    def is_idle(self) -> bool:
        return not self._open

    def predecessors(self, trigger: LocalTrigger) -> list[dict[str, str]]:
        """Return the job runs whose ends a trigger looks at, as the API names them."""
        watched = {outcome.node for outcome in trigger.waits_for}
        return [
            {"JobName": execution.node.name, "RunId": execution.running.execution_id}
            for execution in self.executions
            if execution.node in watched and execution.node.kind is NodeKind.JOB
        ]

    def _outcomes(self) -> set[Outcome]:
        return {
            Outcome(execution.node, execution.running.state.value)
            for execution in self.executions
            if execution.running.execution_id not in self._open
        }
