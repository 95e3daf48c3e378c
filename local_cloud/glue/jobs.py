"""moto's jobs and runs, with states that come from the process that does the work."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import datetime
from enum import StrEnum
from typing import Any

from moto.core.utils import utcnow
from moto.glue.exceptions import ConcurrentRunsExceededException
from moto.glue.models import FakeJob, FakeJobRun

from config.jobs import WAITS_TAG
from local_cloud.inventory import inventory
from wires.dpu import DPU_OF, FLEX


class RunState(StrEnum):
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    STOPPING = "STOPPING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    TIMEOUT = "TIMEOUT"
    STOPPED = "STOPPED"
    EXPIRED = "EXPIRED"
    """It has waited too long for its workers."""
    ERROR = "ERROR"
    """A trigger names a job that is no longer there."""

    @property
    def is_final(self) -> bool:
        return self not in (self.STARTING, self.RUNNING, self.STOPPING)


given_session_policy: ContextVar[str] = ContextVar("given_session_policy", default="")
"""Session policy of the runs that are started now: moto's signatures have no place for it."""
given_execution_class: ContextVar[str] = ContextVar("given_execution_class", default="")
"""Execution class of the runs that are started now, where it is not their job's."""


class LocalJobRun(FakeJobRun):
    """A run of a script. Only the runner changes its state; asking for it does not advance it."""

    def __init__(
        self, *, glue_version: str, execution_class: str = "STANDARD", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self._glue_version = glue_version
        self.execution_class = given_execution_class.get() or execution_class
        self.state = RunState.STARTING
        self.error = ""
        self.session_policy = given_session_policy.get()
        """Policy that takes away from the role's rights."""
        self.trigger_name = ""
        self.workflow_run_id = ""
        """Id of the workflow run that this run is a part of, or empty."""
        self.predecessors: list[dict[str, str]] = []
        """Runs whose ends let the trigger fire, as the API names them."""
        self.process_started: datetime | None = None
        self.process_id = 0
        """Of the process that does the work, once there is one."""
        self.access_key = ""
        """Of the session in which it calls AWS."""
        self.ended = threading.Event()
        self._turn = threading.Lock()

    def advance(self) -> None:
        """Do nothing: moto would let the run succeed after two questions."""

    @property
    def status(self) -> str | None:
        return self.state.value

    @status.setter
    def status(self, value: str) -> None:
        """Ignore the first state that moto sets: it is set already."""

    def move(self, state: RunState, error: str = "") -> None:
        """Set the state, unless the run has ended: it may be stopped a moment later."""
        with self._turn:
            if not self.state.is_final:
                self._move(state, error)

    def _move(self, state: RunState, error: str) -> None:
        if state is RunState.RUNNING:
            self.process_started = utcnow()
        self.modified_on = utcnow()
        if state.is_final:
            self.completed_on = self.modified_on
            self.error = error
        self.state = state

    @property
    def seconds(self) -> float:
        """Seconds since the process was started, until it ended or until now."""
        if self.process_started is None:
            return 0.0
        end = self.completed_on if self.state.is_final else utcnow()
        return (end - self.process_started).total_seconds()

    @property
    def execution_id(self) -> str:
        return str(self.job_run_id)

    def stop(self) -> None:
        """Ask the run to stop, which happens afterwards."""
        inventory().runs.stop(self.job_run_id)

    @property
    def activity(self) -> str:
        """Name and state, for people who wait for it."""
        return f"{self.job_name} {self.state.value}"

    def as_dict(self) -> dict[str, Any]:
        described = super().as_dict()
        seconds = round(self.seconds)
        described.update(
            JobRunState=self.state.value,
            ExecutionTime=seconds,
            GlueVersion=self._glue_version,
            ExecutionClass=self.execution_class,
            LogGroupName="/aws-glue/jobs",
            PredecessorRuns=self.predecessors,
        )
        if self._is_measured:
            # Glue says nothing of it for other runs.
            described["DPUSeconds"] = float(seconds * self._units)
        if not self.state.is_final:
            del described["CompletedOn"]
        if self.error:
            described["ErrorMessage"] = self.error
        if self.session_policy:
            described["ExecutionRoleSessionPolicy"] = self.session_policy
        if self.trigger_name:
            described["TriggerName"] = self.trigger_name
        return described

    def in_graph(self) -> dict[str, Any]:
        """Return the run as the API gives it, which is how a workflow run's graph has it."""
        return self.as_dict()

    @property
    def _is_measured(self) -> bool:
        scales = (self.arguments or {}).get("--enable-auto-scaling") == "true"
        return scales or self.execution_class == FLEX

    @property
    def _units(self) -> float:
        return DPU_OF.get(self.worker_type or "", 1.0) * (self.number_of_workers or 1)


class LocalJob(FakeJob):
    """A job as its template describes it."""

    def __init__(self, *, tags: dict[str, str], **described: Any) -> None:
        super().__init__(tags=tags, **described)
        self.waits_for_runs = WAITS_TAG in tags
        """Whether its runs wait for runs of other jobs, and need no room of their own."""

    def start_job_run(  # noqa: PLR0917 - moto's own signature
        self,
        allocated_capacity: int | None = None,
        max_capacity: float | None = None,
        timeout: int | None = None,
        worker_type: str | None = None,
        security_configuration: str | None = None,
        number_of_workers: int | None = None,
        notification_property: dict[str, int] | None = None,
        previous_run_id: str | None = None,
        arguments: dict[str, str] | None = None,
    ) -> str:
        """Start a run. Raises ConcurrentRunsExceededException when the job's runs are all taken."""
        active = [run for run in self.job_runs if not RunState(run.status or "").is_final]
        limit = int(self.execution_property.get("MaxConcurrentRuns", 1))
        if len(active) >= limit:
            raise ConcurrentRunsExceededException(
                f"Concurrent runs exceeded for {self.name}: {limit} of {limit} are taken"
            )
        run = self._new_run(
            job_run_id=previous_run_id,
            arguments=arguments or {},
            allocated_capacity=allocated_capacity or self.allocated_capacity,
            max_capacity=max_capacity or self.max_capacity,
            timeout=timeout or self.timeout,
            worker_type=worker_type or self.worker_type,
            number_of_workers=number_of_workers or self.number_of_workers,
            notification_property=notification_property or self.notification_property,
            security_configuration=security_configuration or self.security_configuration,
        )
        inventory().runs.start(self, run)
        return run.job_run_id

    def refused_run(self, arguments: Mapping[str, str], why: str) -> LocalJobRun:
        """Return a failed run in place of one that a trigger could not start.

        https://docs.aws.amazon.com/glue/latest/dg/job-run-statuses.html
        """
        run = self._new_run(arguments=arguments, timeout=self.timeout)
        run.move(RunState.FAILED, why)
        run.ended.set()
        return run

    def local_run(self, run_id: str) -> LocalJobRun:
        """Return a run that this job has just started."""
        (run,) = (one for one in self.job_runs if one.job_run_id == run_id)
        if not isinstance(run, LocalJobRun):
            raise TypeError(f"expected a LocalJobRun for {run_id}, moto made a {type(run)}")
        return run

    def _new_run(self, *, arguments: Mapping[str, str], **settings: Any) -> LocalJobRun:
        run = LocalJobRun(
            glue_version=self.glue_version,
            execution_class=self.execution_class,
            job_name=self.name,
            arguments={
                **self.default_arguments,
                **arguments,
                **(self.non_overridable_arguments or {}),
            },
            **settings,
        )
        self.job_runs.append(run)
        return run
