"""Runs of the workflow that are not for a load: by the clock, and after one that failed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger

from wires.workflow_ledger import WorkflowLedger

from .errors import GlueFull
from .settings import TriggerSettings
from .starting import WORKFLOW_ENDED, WorkflowStarter, failures_of, succeeded_in

logger = Logger(service="trigger", child=True)


@dataclass(frozen=True, kw_only=True)
class Workflow:
    """The workflow as the dispatcher keeps it going."""

    settings: TriggerSettings
    ledger: WorkflowLedger
    starter: WorkflowStarter
    sns: Any

    def check_room(self) -> None:
        """Raises GlueFull while a run is under way, which is all that the workflow takes."""
        state = self.ledger.get()
        if state.run_id:
            raise GlueFull(f"workflow run {state.run_id} is at work")

    def settle(self) -> None:
        """Take note of a run that has ended. What it left undone is wanted again, for a while.

        A run whose first job failed is no reason: its load has attempts of its own.
        """
        state = self.ledger.get()
        if not state.run_id:
            return
        run = self.starter.run(state.run_id)
        if run is None:
            self.ledger.want(f"Glue knows no run {state.run_id}, which may not have ended")
            self.ledger.ended(failures=state.failures)
            return
        if run["Status"] not in WORKFLOW_ENDED:
            return
        failed = failures_of(run)
        if run.get("WorkflowRunProperties", {}).get("load_id"):
            failed = [(j, e) for j, e in failed if j != self.settings.data_ingestion_job]
        failures = state.failures + 1 if failed else 0
        if failed and failures < self.settings.attempts_per_load:
            self.ledger.want(f"{failed[0][0]} failed: {failed[0][1]}"[:500])
        elif failed:
            self._give_up(failures, *failed[0])
            failures = 0
        elif state.doing and not self._has_judged(run):
            self.ledger.want(state.doing)
        self.ledger.ended(failures=failures)

    def _has_judged(self, run: Mapping[str, Any]) -> bool:
        """The last job has succeeded: nothing of what was wanted is left."""
        return self.settings.data_quality_job in succeeded_in(run)

    def start_if_wanted(self) -> None:
        """Raises GlueFull if the workflow is at work."""
        state = self.ledger.get()
        if state.wanted and not state.run_id:
            logger.info("starting the workflow", extra={"why": state.wanted})
            self.ledger.started(self.starter.start_with({}))

    def _give_up(self, failures: int, job: str, reason: str) -> None:
        self.sns.publish(
            TopicArn=self.settings.alerts_topic_arn,
            Subject="Workflow failed",
            Message=(
                f"{failures} runs of workflow {self.settings.workflow} in a row failed, the last "
                f"in {job}: {reason}\nTables that it names are as they were, the others are up to "
                "date. The next upload or the schedule starts it again; so does aws glue "
                "start-workflow-run."
            ),
        )
