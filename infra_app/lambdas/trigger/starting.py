"""Starting runs of loads: what every route has to do, and the route of a job of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from wires.job_arguments import LoadRun, to_arguments
from wires.load_ledger import Load
from wires.manifest import Manifest
from wires.routes import Route
from wires.run_ledger import ENDED

from .errors import GlueFull
from .runs import Runs
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


@dataclass(frozen=True, kw_only=True)
class Ended:
    """The end of the run that had a load."""

    run_id: str
    reason: str
    """Why it did not publish, if it did not."""
    at: str
    """ISO 8601."""


class Starter(Protocol):
    """Starts runs of loads of one route."""

    @property
    def route(self) -> Route: ...

    @property
    def job(self) -> str:
        """The job that claims the loads."""

    def settle(self) -> None:
        """Take note of what runs have come to, as far as that is no matter of a load."""

    def check_room(self) -> None:
        """Raises GlueFull while no run can be started."""

    def room(self, running: int) -> int:
        """Return how many runs can be started beside those that are under way. Raises GlueFull
        if there is no room."""

    def start(self, load: Load, manifest: Manifest, run: LoadRun) -> str:
        """Return the run's id. Raises GlueFull if Glue takes no run."""

    def note_start(self, load: Load, run_id: str, *, objects: int) -> None:
        """Take down that a run of this load was accepted."""

    def start_wanted(self) -> None:
        """Start a run that is wanted although nothing has arrived."""

    def end_of(self, load: Load) -> Ended | None:
        """Return how the load's run has ended; None while it is at work."""


@dataclass(frozen=True, kw_only=True)
class JobStarter:
    """Gives each load a run of its job, which may touch what is the load's and nothing else."""

    glue: Any
    settings: TriggerSettings
    runs: Runs
    route = Route.FILES

    @property
    def job(self) -> str:
        return self.settings.file_processor_job

    def settle(self) -> None:
        """All runs are about loads."""

    def check_room(self) -> None:
        """Glue itself says when it is full."""

    def room(self, running: int) -> int:
        left = self.settings.runs_at_once - running
        if left < 1:
            # Before anything is read of what waits, which may be much.
            raise GlueFull(f"{running} runs are under way, the limit in config")
        return left

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

    def note_start(self, load: Load, run_id: str, *, objects: int) -> None:
        facts = {"load_id": load.load_id, "attempt": load.attempt, "objects": objects}
        self.runs.ledger.record(load.job, run_id, facts)
        self.runs.record(load.job, run_id)

    def start_wanted(self) -> None:
        """Nothing is wanted of a job that has no load."""

    def end_of(self, load: Load) -> Ended | None:
        return end_of_job_run(self.runs, load)


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


def end_of_job_run(runs: Runs, load: Load) -> Ended | None:
    """Return the end of the run that works on the load. One that Glue does not know any more has
    ended."""
    try:
        run = runs.record(load.job, load.working_run)
    except runs.glue.exceptions.EntityNotFoundException:
        reason = f"Glue knows no run {load.working_run} of {load.job}"
        return Ended(run_id=load.working_run, reason=reason, at=load.created_at)
    if run["JobRunState"] not in ENDED:
        return None
    return Ended(
        run_id=run["Id"],
        reason=run.get("ErrorMessage") or f"the run ended as {run['JobRunState']}",
        at=completed(run, load),
    )


def completed(run: Mapping[str, Any], load: Load) -> str:
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
