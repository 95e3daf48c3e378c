"""StartJobRun, of which moto's Glue drops the session policy."""

from __future__ import annotations

from typing import cast

from moto.core.responses import ActionResult
from moto.glue.responses import GlueResponse

from local_cloud.glue.jobs import LocalJobRun

_start_as_moto_does = GlueResponse.start_job_run


def start_job_run(response: GlueResponse) -> ActionResult:
    """Start a run that keeps its session policy, for whoever asks about it."""
    started = _start_as_moto_does(response)
    parameter = response._get_param  # noqa: SLF001 - how moto's own actions read theirs
    run_id = cast("dict[str, str]", started.result)["JobRunId"]
    run = response.glue_backend.get_job_run(parameter("JobName"), run_id)
    if isinstance(run, LocalJobRun):
        run.session_policy = parameter("ExecutionRoleSessionPolicy") or ""
    return started
