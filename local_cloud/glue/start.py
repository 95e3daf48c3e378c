"""StartJobRun, of which moto's Glue drops the session policy and the execution class."""

from __future__ import annotations

from moto.core.responses import ActionResult
from moto.glue.responses import GlueResponse

from local_cloud.glue.jobs import given_execution_class, given_session_policy

_start_as_moto_does = GlueResponse.start_job_run


def start_job_run(response: GlueResponse) -> ActionResult:
    """Start a run that has its session policy and execution class from its first moment."""
    parameter = response._get_param  # noqa: SLF001 - how moto's own actions read theirs
    token = given_session_policy.set(parameter("ExecutionRoleSessionPolicy") or "")
    kind = given_execution_class.set(parameter("ExecutionClass") or "")
    try:
        return _start_as_moto_does(response)
    finally:
        given_execution_class.reset(kind)
        given_session_policy.reset(token)
