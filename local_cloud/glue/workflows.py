"""moto's workflows and their runs, with states that come from the jobs and crawlers in them."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from moto.core.utils import utcnow
from moto.glue.exceptions import InvalidInputException
from moto.glue.models import FakeWorkflow, FakeWorkflowRun

from local_cloud.glue.flow import Flow
from local_cloud.glue.triggers import LocalTrigger
from local_cloud.inventory import inventory


class WorkflowStatus(StrEnum):
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    """Everything that was to run has ended, successfully or not."""
    STOPPING = "STOPPING"
    STOPPED = "STOPPED"
    ERROR = "ERROR"
    """It could not be started."""

    @property
    def is_final(self) -> bool:
        return self not in (self.RUNNING, self.STOPPING)


_COUNTED = {
    "TimeoutActions": {"TIMEOUT"},
    "FailedActions": {"FAILED"},
    "StoppedActions": {"STOPPED", "CANCELLED"},
    "SucceededActions": {"SUCCEEDED"},
    "RunningActions": {"STARTING", "RUNNING", "STOPPING", "CANCELLING"},
    "ErroredActions": {"ERROR"},
    "WaitingActions": {"WAITING"},
}


class LocalWorkflowRun(FakeWorkflowRun):
    """A run of a workflow. Only the orchestrator changes its status."""

    def __init__(self, *, triggers: Sequence[LocalTrigger], **described: Any) -> None:
        super().__init__(**described)
        self.flow = Flow(triggers)
        self.error = ""
        self.ended = threading.Event()

    @property
    def state(self) -> WorkflowStatus:
        return WorkflowStatus(self.status)

    def move(self, state: WorkflowStatus, error: str = "") -> None:
        self.status, self.error = state.value, error
        if state.is_final:
            self.completed_on = utcnow()
            self.ended.set()

    @property
    def activity(self) -> str:
        """Name and status, for people who wait for it."""
        return f"workflow {self.workflow_name} {self.status}"

    @property
    def seconds(self) -> float:
        return ((self.completed_on or utcnow()) - self.started_on).total_seconds()

    @property
    def job_arguments(self) -> dict[str, str]:
        """Arguments that each job of the run gets, so that it can ask for the run's properties.

        https://docs.aws.amazon.com/glue/latest/dg/workflow-run-properties-code.html
        """
        return {"--WORKFLOW_NAME": self.workflow_name, "--WORKFLOW_RUN_ID": self.run_id}

    @property
    def statistics(self) -> dict[str, int]:
        """Counts of actions by state; the total includes those of triggers that did not fire."""
        states = [execution.running.state.value for execution in self.flow.executions]
        counted = {
            name: sum(state in those for state in states) for name, those in _COUNTED.items()
        }
        total = sum(len(trigger.actions) for trigger in self.flow.triggers)
        return {"TotalActions": total, **counted}

    def as_dict(self) -> dict[str, Any]:
        described = {**super().as_dict(), "Statistics": self.statistics}
        if self.error:
            described["ErrorMessage"] = self.error
        return described


class LocalWorkflow(FakeWorkflow):
    """A workflow whose runs start its jobs and crawlers."""

    def start_run(self, properties: dict[str, str] | None) -> str:
        return inventory().flows.start(self, properties or {})

    def stop_run(self, run_id: str) -> None:
        inventory().flows.stop(self.get_run(run_id))

    @property
    def running(self) -> list[LocalWorkflowRun]:
        runs = [run for run in self.runs.values() if isinstance(run, LocalWorkflowRun)]
        return [run for run in runs if not run.state.is_final]

    @property
    def is_full(self) -> bool:
        return bool(self.max_concurrent_runs) and len(self.running) >= int(
            self.max_concurrent_runs or 0
        )

    def new_run(
        self, triggers: Sequence[LocalTrigger], properties: Mapping[str, str]
    ) -> LocalWorkflowRun:
        run = LocalWorkflowRun(
            workflow_name=self.name,
            previous_run_id=next(reversed(self.runs), None),
            properties={**(self.default_run_properties or {}), **properties},
            triggers=triggers,
        )
        self.runs[run.run_id] = run
        return run


def start_trigger_of(workflow: LocalWorkflow, triggers: Sequence[LocalTrigger]) -> LocalTrigger:
    """Return the start trigger. Raises InvalidInputException if the workflow cannot be started."""
    for trigger in triggers:
        if trigger.is_start:
            return trigger
    raise InvalidInputException(
        "StartWorkflowRun",
        f"workflow {workflow.name} has no start trigger: expected one of type ON_DEMAND or "
        "SCHEDULED with this WorkflowName",
    )
