"""BatchStopJobRun, which moto's Glue does not have."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.glue.exceptions import JobNotFoundException, JobRunNotFoundException
from moto.glue.responses import GlueResponse

from local_cloud.inventory import inventory


def batch_stop_job_run(response: GlueResponse) -> ActionResult:
    """Accept the stop of every run that exists; runs stop afterwards, as on AWS."""
    parameter = response._get_param  # noqa: SLF001 - how moto's own actions read theirs
    job_name = parameter("JobName")
    accepted: list[dict[str, str]] = []
    errors: list[dict[str, Any]] = []
    for run_id in parameter("JobRunIds"):
        name = {"JobName": job_name, "JobRunId": run_id}
        try:
            response.glue_backend.get_job_run(job_name, run_id)
        except (JobNotFoundException, JobRunNotFoundException) as error:
            detail = {"ErrorCode": "EntityNotFoundException", "ErrorMessage": str(error)}
            errors.append({**name, "ErrorDetail": detail})
            continue
        inventory().runs.stop(run_id)
        accepted.append(name)
    return ActionResult({"SuccessfulSubmissions": accepted, "Errors": errors})
