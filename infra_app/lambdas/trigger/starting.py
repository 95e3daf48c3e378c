"""The two ways in which a load is run: a job of its own, or a run of the workflow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from wires.job_arguments import LoadRun, run_properties, to_arguments
from wires.load_ledger import Load
from wires.manifest import Manifest
from wires.run_ledger import ENDED

from .errors import GlueFull
from .session_policy import session_policy
from .settings import TriggerSettings

_FULL = frozenset(
    {
        "ConcurrentRunsExceededException",
        "ResourceNumberLimitExceededException",
        "ThrottlingException",
        "Throttling",
        "TooManyRequestsException",
    }
)
WORKFLOW_ENDED = frozenset({"COMPLETED", "STOPPED", "ERROR"})
"""https://docs.aws.amazon.com/glue/latest/webapi/API_WorkflowRun.html"""

RecordRun = Callable[[str, str], Mapping[str, Any]]
"""Brings the job-run table up to what Glue says about a job's run, and returns that."""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """The end of the run that had a load."""

    run_id: str
    reason: str
    """Why it did not publish, if it did not."""
    at: str
    """ISO 8601."""


class Starter(Protocol):
    """Starts runs of loads. Raises GlueFull if there is no room now."""

    def start(self, load: Load, manifest: Manifest, run: LoadRun) -> str:
        """Returns the run's id."""

    def end_of(self, load: Load) -> Ended | None:
        """None while the load's run is at work."""


@dataclass(frozen=True, kw_only=True)
class JobStarter:
    """Each load has a run of its job, which may touch what is the load's and nothing else."""

    glue: Any
    settings: TriggerSettings
    record_run: RecordRun

    def start(self, load: Load, manifest: Manifest, run: LoadRun) -> str:
        # A table that a contract gathers from several folders may be widened: what was denied
        # to the attempts before must not keep the last one from it.
        keys = None if run.last_attempt else [v.key for v in manifest.objects]
        answer = started(
            self.glue,
            self.glue.start_job_run,
            JobName=load.job,
            Arguments=to_arguments(run),
            ExecutionRoleSessionPolicy=session_policy(self.settings, load.load_id, keys),
        )
        return str(answer["JobRunId"])

    def end_of(self, load: Load) -> Ended | None:
        return end_of_job_run(self.glue, self.record_run, load)


@dataclass(frozen=True, kw_only=True)
class WorkflowStarter:
    """A load is a property of a workflow run, whose first job claims it."""

    glue: Any
    workflow: str
    record_run: RecordRun

    def start(self, load: Load, manifest: Manifest, run: LoadRun) -> str:  # noqa: ARG002 - as Starter has it
        return self.start_with(run_properties(run))

    def start_with(self, properties: Mapping[str, str]) -> str:
        answer = started(
            self.glue,
            self.glue.start_workflow_run,
            Name=self.workflow,
            RunProperties=dict(properties),
        )
        return str(answer["RunId"])

    def end_of(self, load: Load) -> Ended | None:
        if load.claimed_by:
            return end_of_job_run(self.glue, self.record_run, load)
        run = self.run(load.run_id)
        if run is None:
            reason = f"Glue knows no run {load.run_id} of workflow {self.workflow}"
            return Ended(run_id=load.run_id, reason=reason, at=load.created_at)
        if run["Status"] not in WORKFLOW_ENDED:
            return None
        errors = [error for job, error in failures_of(run) if job == load.job]
        return Ended(
            run_id=load.run_id,
            reason=errors[0]
            if errors
            else f"the workflow run ended as {run['Status']} before {load.job} claimed the load",
            at=_completed(run, load),
        )

    def run(self, run_id: str) -> Mapping[str, Any] | None:
        """With the runs of its jobs. None if it went with a workflow that was replaced."""
        try:
            answer = self.glue.get_workflow_run(Name=self.workflow, RunId=run_id, IncludeGraph=True)
        except self.glue.exceptions.EntityNotFoundException:
            return None
        run: Mapping[str, Any] = answer["Run"]
        return run


def failures_of(run: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Job and reason of each run in a workflow run that has not succeeded."""
    return [
        (job, job_run.get("ErrorMessage") or f"ended as {job_run['JobRunState']}")
        for job, job_run in _job_runs(run)
        if job_run["JobRunState"] in ENDED - {"SUCCEEDED"}
    ]


def succeeded_in(run: Mapping[str, Any]) -> set[str]:
    """Jobs that have succeeded in a workflow run."""
    return {job for job, job_run in _job_runs(run) if job_run["JobRunState"] == "SUCCEEDED"}


def _job_runs(run: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for node in run.get("Graph", {}).get("Nodes", []):
        for job_run in node.get("JobDetails", {}).get("JobRuns", []):
            yield node["Name"], job_run


def end_of_job_run(glue: Any, record_run: RecordRun, load: Load) -> Ended | None:
    """Of the run that works on the load. One that Glue does not know any more has ended."""
    try:
        run = record_run(load.job, load.working_run)
    except glue.exceptions.EntityNotFoundException:
        reason = f"Glue knows no run {load.working_run} of {load.job}"
        return Ended(run_id=load.working_run, reason=reason, at=load.created_at)
    if run["JobRunState"] not in ENDED:
        return None
    return Ended(
        run_id=run["Id"],
        reason=run.get("ErrorMessage") or f"the run ended as {run['JobRunState']}",
        at=_completed(run, load),
    )


def _completed(run: Mapping[str, Any], load: Load) -> str:
    """Glue's answers may lack the time for runs that never began."""
    return run["CompletedOn"].isoformat() if "CompletedOn" in run else load.created_at


def started(glue: Any, start: Callable[..., Any], **request: Any) -> Mapping[str, Any]:
    """The answer of a call that starts a run. Raises GlueFull if there is no room."""
    try:
        answer: Mapping[str, Any] = start(**request)
    except glue.exceptions.ClientError as error:
        code = error.response["Error"]["Code"]
        if code in _FULL:
            raise GlueFull(code) from error
        raise
    return answer
