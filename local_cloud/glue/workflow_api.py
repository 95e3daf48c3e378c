"""Calls about workflows that moto's Glue answers without a graph, or not in pages."""

from __future__ import annotations

from typing import Any, cast

from moto.core.responses import ActionResult
from moto.glue.exceptions import EntityNotFoundException
from moto.glue.responses import GlueResponse

from local_cloud.glue.triggers import LocalTrigger
from local_cloud.glue.workflow_graph import graph_of
from local_cloud.glue.workflows import LocalWorkflowRun

_get_workflow = GlueResponse.get_workflow
_get_workflow_run = GlueResponse.get_workflow_run
_PAGE = 1000


def get_workflow(response: GlueResponse) -> ActionResult:
    """Answer GetWorkflow, with the graph of the triggers as they are now."""
    answer = _get_workflow(response)
    if _wants_graph(response):
        name = _parameter(response, "Name")
        triggers = [
            trigger
            for trigger in response.glue_backend.triggers.values()
            if isinstance(trigger, LocalTrigger) and trigger.workflow_name == name
        ]
        _result(answer)["Workflow"]["Graph"] = graph_of(triggers)
    return answer


def get_workflow_run(response: GlueResponse) -> ActionResult:
    answer = _get_workflow_run(response)
    _add_graph(response, _result(answer)["Run"])
    return answer


def get_workflow_runs(response: GlueResponse) -> ActionResult:
    """Answer GetWorkflowRuns in pages, which moto cannot; the token is the next position."""
    name = _parameter(response, "Name")
    workflow = response.glue_backend.workflows.get(name)
    if workflow is None:
        raise EntityNotFoundException(f"there is no workflow {name}")
    start = int(_parameter(response, "NextToken") or 0)
    end = start + int(_parameter(response, "MaxResults") or _PAGE)
    described = [run.as_dict() for run in list(workflow.runs.values())[start:end]]
    for one in described:
        _add_graph(response, one)
    more = {"NextToken": str(end)} if end < len(workflow.runs) else {}
    return ActionResult({"Runs": described, **more})


def _add_graph(response: GlueResponse, described: dict[str, Any]) -> None:
    """Add the graph as it was at the start of the run, with what came of each node."""
    if not _wants_graph(response):
        return
    workflow = response.glue_backend.workflows[described["Name"]]
    run = workflow.get_run(described["WorkflowRunId"])
    if isinstance(run, LocalWorkflowRun):
        described["Graph"] = graph_of(run.flow.triggers, run.flow.executions)


def _wants_graph(response: GlueResponse) -> bool:
    return bool(_parameter(response, "IncludeGraph"))


def _parameter(response: GlueResponse, name: str) -> Any:
    return response._get_param(name)  # noqa: SLF001 - how moto's own actions read theirs


def _result(answer: ActionResult) -> dict[str, Any]:
    return cast("dict[str, Any]", answer.result)
