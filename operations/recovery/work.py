"""Whether a run works on a load: what Glue says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from config.jobs import DATA_INGESTION
from operations.recovery.estate import Estate
from wires.load_ledger import Load
from wires.run_ledger import ENDED

_FLOW_ENDED = frozenset({"COMPLETED", "STOPPED", "ERROR"})
"""https://docs.aws.amazon.com/glue/latest/webapi/API_WorkflowRun.html"""


@dataclass(frozen=True, kw_only=True)
class Work:
    """The run that has a load."""

    is_going_on: bool
    said: str
    """What Glue says of it, for people."""
    ended_at: datetime | None = None
    """When it ended, if Glue knows."""


def work_on(estate: Estate, load: Load) -> Work:
    """Ask Glue for the run whose end decides about the load's attempt."""
    run = load.working_run
    if not run:
        return Work(is_going_on=False, said="no run was started for it")
    if load.job == estate.names.job(DATA_INGESTION) and not load.claimed_by:
        return _of_workflow(estate, run)
    return work_of_run(estate, load.job, run)


def work_of_run(estate: Estate, job: str, run_id: str) -> Work:
    try:
        run = estate.glue.get_job_run(JobName=job, RunId=run_id)["JobRun"]
    except estate.glue.exceptions.EntityNotFoundException:
        return Work(is_going_on=False, said=f"Glue knows no run {run_id} of {job}")
    return _work(run, f"run {run_id} of {job}", run["JobRunState"], run["JobRunState"] in ENDED)


def _of_workflow(estate: Estate, run_id: str) -> Work:
    name = estate.names.workflow
    try:
        run = estate.glue.get_workflow_run(Name=name, RunId=run_id)["Run"]
    except estate.glue.exceptions.EntityNotFoundException:
        return Work(is_going_on=False, said=f"Glue knows no run {run_id} of workflow {name}")
    what = f"run {run_id} of workflow {name}"
    return _work(run, what, run["Status"], run["Status"] in _FLOW_ENDED)


def _work(run: dict[str, Any], what: str, state: str, has_ended: bool) -> Work:
    if not has_ended:
        return Work(is_going_on=True, said=f"{what} is {state}")
    ended_at = run.get("CompletedOn")
    return Work(is_going_on=False, said=f"{what} has ended as {state}", ended_at=ended_at)
