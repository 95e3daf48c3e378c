"""Fires triggers, and those that follow from their runs, until no more can fire."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from moto.core.exceptions import JsonRESTError
from moto.glue.exceptions import ConcurrentRunsExceededException
from moto.glue.models import GlueBackend
from moto.glue.utils import Action

from local_cloud.events.schedules import Schedule
from local_cloud.glue.actions import Origin, started
from local_cloud.glue.flow import Flow, Running
from local_cloud.glue.jobs import LocalJobRun
from local_cloud.glue.triggers import LocalTrigger, TriggerType, node_of
from local_cloud.glue.workflows import (
    LocalWorkflow,
    LocalWorkflowRun,
    WorkflowStatus,
    start_trigger_of,
)
from local_cloud.moto_lock import moto_lock


class Orchestrator:
    """Starts what triggers name, and checks their conditions whenever a run has ended.

    All of it holds moto's lock: two runs that end at the same moment must not both think that the
    other one is still at work, and a trigger that waits for both must not fire twice.
    """

    def __init__(
        self,
        *,
        backend: Callable[[], GlueBackend],
        announce: Callable[[LocalJobRun], None],
        say: Callable[[str], None],
    ) -> None:
        self._backend = backend
        self._announce = announce
        self._say = say
        self._flows: dict[str, tuple[Flow, LocalWorkflowRun | None]] = {}
        """Flow and workflow run of each run or crawl at work, by its id."""

    @property
    def running(self) -> list[LocalWorkflowRun]:
        with moto_lock:
            workflows = list(self._backend().workflows.values())
            return [
                run
                for workflow in workflows
                if isinstance(workflow, LocalWorkflow)
                for run in workflow.running
            ]

    def schedules(self) -> list[Schedule]:
        """Return the schedules of the activated scheduled triggers."""
        with moto_lock:
            return [
                Schedule(
                    name=f"trigger {trigger.name}",
                    expression=trigger.schedule,
                    come_round=partial(self.fire, trigger),
                )
                for trigger in self._triggers()
                if trigger.trigger_type == TriggerType.SCHEDULED and trigger.is_active
            ]

    def start(self, workflow: LocalWorkflow, properties: Mapping[str, str]) -> str:
        """Start a run and return its id. Raises what StartWorkflowRun answers if it cannot."""
        with moto_lock:
            triggers = self._triggers(workflow.name)
            first = start_trigger_of(workflow, triggers)
            if workflow.is_full:
                raise ConcurrentRunsExceededException(_exceeded(workflow))
            run = workflow.new_run(triggers, properties)
            self._say(f"{_named(run)}: {run.state}")
            self._advance(run.flow, run, [first])
            return run.run_id

    def fire(self, trigger: LocalTrigger) -> None:
        """Fire a start trigger, on demand or because its schedule is due."""
        with moto_lock:
            if not trigger.workflow_name:
                flow = Flow(self._triggers(""))
                self._advance(flow, None, [trigger])
                return
            workflow = self._backend().workflows[trigger.workflow_name]
            if not isinstance(workflow, LocalWorkflow):
                raise TypeError(f"expected a LocalWorkflow, moto made a {type(workflow)}")
            if workflow.is_full and trigger.trigger_type == TriggerType.SCHEDULED:
                self._note_refused(workflow)
            else:
                self.start(workflow, {})

    def stop(self, run: LocalWorkflowRun) -> None:
        """Let no trigger of the run fire any more, and stop what it has running."""
        with moto_lock:
            if run.state is not WorkflowStatus.RUNNING:
                raise JsonRESTError(
                    "IllegalWorkflowStateException",
                    f"workflow run {run.run_id} is {run.state}: only one that is RUNNING can be "
                    "stopped",
                )
            run.move(WorkflowStatus.STOPPING)
            for execution in run.flow.executions:
                if not execution.running.ended.is_set():
                    execution.running.stop()

    def ended(self, execution_id: str) -> None:
        """Continue the flow of a run or crawl that has ended, with its final state set."""
        with moto_lock:
            flow, run = self._flows.pop(execution_id, (None, None))
            if flow is not None:
                flow.note_end(execution_id)
                is_stopping = run is not None and run.state is WorkflowStatus.STOPPING
                self._advance(flow, run, [] if is_stopping else flow.due())

    def _advance(
        self, flow: Flow, run: LocalWorkflowRun | None, due: Sequence[LocalTrigger]
    ) -> None:
        """Fire triggers, and those that become due by it: a refused run has ended at once."""
        while due:
            for trigger in due:
                flow.mark_fired(trigger)
                for action in trigger.actions:
                    flow.add(node_of(action), self._act(flow, run, trigger, action))
            due = flow.due()
        if run is not None and flow.is_idle:
            is_stopped = run.state is WorkflowStatus.STOPPING
            run.move(WorkflowStatus.STOPPED if is_stopped else WorkflowStatus.COMPLETED)
            self._say(_ended(run))

    def _act(
        self, flow: Flow, run: LocalWorkflowRun | None, trigger: LocalTrigger, action: Action
    ) -> Running:
        running = started(
            action,
            backend=self._backend(),
            origin=Origin(
                trigger=trigger.name,
                workflow_run_id=run.run_id if run else "",
                arguments=run.job_arguments if run else {},
                predecessors=flow.predecessors(trigger),
            ),
        )
        if not running.ended.is_set():
            self._flows[running.execution_id] = (flow, run)
        elif isinstance(running, LocalJobRun):
            self._announce(running)
        return running

    def _note_refused(self, workflow: LocalWorkflow) -> None:
        """Keep the error as a run, because a schedule has no caller who could be told.

        https://docs.aws.amazon.com/glue/latest/webapi/API_WorkflowRun.html
        """
        run = workflow.new_run(self._triggers(workflow.name), {})
        run.move(WorkflowStatus.ERROR, _exceeded(workflow))
        self._say(f"{_named(run)}: {run.state}, {run.error}")

    def _triggers(self, workflow: str | None = None) -> list[LocalTrigger]:
        """Return all triggers, or those of one workflow; `""` means those outside of workflows."""
        triggers = self._backend().triggers.values()
        return [
            trigger
            for trigger in triggers
            if isinstance(trigger, LocalTrigger) and workflow in (None, trigger.workflow_name or "")
        ]


def _exceeded(workflow: LocalWorkflow) -> str:
    return (
        f"Concurrent runs exceeded for workflow: {workflow.name}; "
        f"{workflow.max_concurrent_runs} of {workflow.max_concurrent_runs} are taken"
    )


def _named(run: LocalWorkflowRun) -> str:
    return f"workflow run {run.run_id[:11]} of {run.workflow_name}"


def _ended(run: LocalWorkflowRun) -> str:
    done, ran = run.statistics["SucceededActions"], len(run.flow.executions)
    return f"{_named(run)}: {run.state} in {run.seconds:.1f} s, {done} of {ran} actions succeeded"
