"""The route of the layered workflow: its runs bring a load each, or none.

Runs without a load are wanted by the clock, and after one that failed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger

from wires.job_arguments import LoadRun, run_properties
from wires.load_ledger import Load
from wires.manifest import Manifest
from wires.routes import Route
from wires.workflow_ledger import WorkflowLedger, WorkflowState

from .alerts import Alerts
from .errors import GlueFull
from .runs import Runs
from .settings import TriggerSettings
from .starting import Ended, completed, end_of_job_run, failures_of, started, succeeded_in

WORKFLOW_ENDED = frozenset({"COMPLETED", "STOPPED", "ERROR"})
"""https://docs.aws.amazon.com/glue/latest/webapi/API_WorkflowRun.html"""
logger = Logger(service="trigger", child=True)


@dataclass(frozen=True, kw_only=True)
class Workflow:
    """Starts runs of the workflow, one at a time. A load is a property of a run, whose first job
    claims it."""

    glue: Any
    settings: TriggerSettings
    ledger: WorkflowLedger
    runs: Runs
    alerts: Alerts
    route = Route.LAYERED

    @property
    def job(self) -> str:
        return self.settings.data_ingestion_job

    def check_room(self) -> None:
        state = self.ledger.get()
        if state.run_id:
            raise GlueFull(f"workflow run {state.run_id} is at work")

    def room(self, running: int) -> int:
        if running >= self.settings.runs_at_once:
            raise GlueFull(f"{running} runs are under way, the limit in config")
        return 1

    def start(self, load: Load, manifest: Manifest, run: LoadRun) -> str:  # noqa: ARG002 - as Starter has it
        return self._start(run_properties(run))

    def note_start(self, load: Load, run_id: str, *, objects: int) -> None:  # noqa: ARG002 - as Starter has it
        self.ledger.started(run_id)

    def start_wanted(self) -> None:
        """Raises GlueFull if the workflow is at work."""
        state = self.ledger.get()
        if state.wanted and not state.run_id:
            logger.info("starting the workflow", extra={"why": state.wanted})
            self.ledger.started(self._start({}))

    def end_of(self, load: Load) -> Ended | None:
        if load.claimed_by:
            return end_of_job_run(self.runs, load)
        run = self._run(load.run_id)
        if run is None:
            reason = f"Glue knows no run {load.run_id} of workflow {self.settings.workflow}"
            return Ended(run_id=load.run_id, reason=reason, at=load.created_at)
        if run["Status"] not in WORKFLOW_ENDED:
            return None
        errors = [error for job, error in failures_of(run) if job == load.job]
        return Ended(
            run_id=load.run_id,
            reason=errors[0]
            if errors
            else f"the workflow run ended as {run['Status']} before {load.job} claimed the load",
            at=completed(run, load),
        )

    def want(self, why: str) -> None:
        """Have the workflow run, whatever has arrived."""
        self.ledger.want(why)

    def settle(self) -> None:
        """Take note of a run that has ended. What it left undone is wanted again, for a while.

        A run whose first job failed is no reason: its load has attempts of its own.
        """
        state = self.ledger.get()
        if not state.run_id:
            return
        run = self._run(state.run_id)
        if run is None:
            self.ledger.want(f"Glue knows no run {state.run_id}, which may not have ended")
            self.ledger.ended(failures=state.failures, told=state.told)
            return
        if run["Status"] not in WORKFLOW_ENDED:
            return
        if failed := self._failures_of(run):
            failures, told = self._has_failed(state, failed)
        else:
            failures, told = 0, self._is_told_after(state, run)
        self.ledger.ended(failures=failures, told=told)

    def _failures_of(self, run: Mapping[str, Any]) -> list[tuple[str, str]]:
        failed = failures_of(run)
        if run.get("WorkflowRunProperties", {}).get("load_id"):
            failed = [(job, error) for job, error in failed if job != self.job]
        return failed

    def _has_failed(
        self, state: WorkflowState, failed: Sequence[tuple[str, str]]
    ) -> tuple[int, bool]:
        """Want another run, or give up; returns the failures in a row, and whether people know."""
        job, reason = failed[0]
        failures = state.failures + 1
        if failures < self.settings.attempts_per_load:
            self.ledger.want(f"{job} failed: {reason}"[:500])
            return failures, state.told
        self.alerts.workflow_failed(
            self.settings.workflow, failures=failures, job=job, reason=reason
        )
        return 0, True

    def _is_told_after(self, state: WorkflowState, run: Mapping[str, Any]) -> bool:
        """Tell that the workflow works again, if it does; returns whether people are still to be
        told."""
        if self.settings.data_quality_job not in succeeded_in(run):
            # The last job has not come to its turn: something of what was wanted is left.
            if state.doing:
                self.ledger.want(state.doing)
            return state.told
        if state.told:
            self.alerts.workflow_works(self.settings.workflow)
        return False

    def _start(self, properties: Mapping[str, str]) -> str:
        answer = started(
            self.glue,
            self.glue.start_workflow_run,
            Name=self.settings.workflow,
            RunProperties=dict(properties),
        )
        return str(answer["RunId"])

    def _run(self, run_id: str) -> Mapping[str, Any] | None:
        """Return a run with those of its jobs; None if it went with a workflow that was
        replaced."""
        try:
            answer = self.glue.get_workflow_run(
                Name=self.settings.workflow, RunId=run_id, IncludeGraph=True
            )
        except self.glue.exceptions.EntityNotFoundException:
            return None
        run: Mapping[str, Any] = answer["Run"]
        return run
