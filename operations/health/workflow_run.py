"""The workflow's run that had a check's load, as Glue describes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from config.jobs import DATA_INGESTION, DATA_PROCESSING, DATA_QUALITY
from operations.recovery.estate import Estate

_ENDED = frozenset({"COMPLETED", "STOPPED", "ERROR"})
"""https://docs.aws.amazon.com/glue/latest/webapi/API_WorkflowRun.html"""
_NEVER = "never started"
_SUCCEEDED = "SUCCEEDED"


@dataclass(frozen=True, kw_only=True)
class WorkflowRun:
    """States of a run and of its jobs."""

    run_id: str
    status: str
    jobs: Mapping[str, str]
    """What became of each job of the workflow, in their order; errors included."""

    @property
    def has_ended(self) -> bool:
        return self.status in _ENDED

    @property
    def is_whole(self) -> bool:
        return all(state == _SUCCEEDED for state in self.jobs.values())

    @property
    def said(self) -> str:
        return f"{self.status}: " + ", ".join(f"{job} {state}" for job, state in self.jobs.items())


def workflow_run(estate: Estate, run_id: str) -> WorkflowRun:
    """Ask Glue for a run with its jobs."""
    try:
        answer = estate.glue.get_workflow_run(
            Name=estate.names.workflow, RunId=run_id, IncludeGraph=True
        )
    except estate.glue.exceptions.EntityNotFoundException:
        return WorkflowRun(run_id=run_id, status="ERROR", jobs={estate.names.workflow: "is gone"})
    run = answer["Run"]
    states = dict(_states(run))
    order = [estate.names.job(spec) for spec in (DATA_INGESTION, DATA_PROCESSING, DATA_QUALITY)]
    return WorkflowRun(
        run_id=run_id,
        status=str(run["Status"]),
        jobs={job: states.get(job, _NEVER) for job in order},
    )


def _states(run: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (node["Name"], _state(job_run))
        for node in run.get("Graph", {}).get("Nodes", ())
        if node["Type"] == "JOB"
        for job_run in node.get("JobDetails", {}).get("JobRuns", ())
    ]


def _state(job_run: Mapping[str, Any]) -> str:
    error = job_run.get("ErrorMessage", "")
    return f"{job_run['JobRunState']} ({error})" if error else str(job_run["JobRunState"])
