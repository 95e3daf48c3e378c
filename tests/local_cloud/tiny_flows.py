"""Workflows and triggers for tests, and a script whose jobs do as they are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.local_cloud import tiny

WORKFLOW = "tiny-workflow"

SCRIPT = """
import json, os, signal, sys
options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
print(json.dumps(options))
what = options.get("--do", "")
if what == "fail":
    sys.exit("no luck today")
if what == "die":
    os.kill(os.getpid(), signal.SIGKILL)
if what == "wait":
    with open(options["--gate"]) as gate:
        gate.read()
if what == "note":
    import boto3
    glue = boto3.client("glue")
    run = {"Name": options["--WORKFLOW_NAME"], "RunId": options["--WORKFLOW_RUN_ID"]}
    seen = glue.get_workflow_run_properties(**run)["RunProperties"]
    print(json.dumps(seen))
    trace = seen.get("trace", "") + options["--JOB_NAME"] + " "
    glue.put_workflow_run_properties(**run, RunProperties={"trace": trace})
"""
"""A gate is a named pipe: whoever opens it waits until the other end is opened too."""


def workflow(**properties: Any) -> tiny.Resources:
    return {"Type": "AWS::Glue::Workflow", "Properties": {"Name": WORKFLOW, **properties}}


def on_demand(*jobs: str, **properties: Any) -> tiny.Resources:
    return _trigger("start", "ON_DEMAND", jobs, **properties)


def scheduled(*jobs: str, **properties: Any) -> tiny.Resources:
    given = {"Schedule": "cron(0 3 * * ? *)", "StartOnCreation": True, **properties}
    return _trigger("start", "SCHEDULED", jobs, **given)


def after(
    *conditions: tuple[str, str],
    start: Sequence[str],
    logical: str = "AND",
    name: str = "",
    **properties: Any,
) -> tiny.Resources:
    """A trigger that waits for jobs and their states."""
    watched = [
        {"LogicalOperator": "EQUALS", "JobName": job, "State": state} for job, state in conditions
    ]
    return _trigger(
        name or "-".join(("then", *start)),
        "CONDITIONAL",
        start,
        **{
            "Predicate": {**({"Logical": logical} if logical else {}), "Conditions": watched},
            "StartOnCreation": True,
            **properties,
        },
    )


def jobs(*names: str, **arguments: Mapping[str, str]) -> tiny.Resources:
    """Jobs by name, with default arguments for some of them."""
    return {
        f"Job{name.title()}": tiny.job(name, arguments=arguments.get(name, {})) for name in names
    }


def _trigger(name: str, kind: str, jobs: Sequence[str], **properties: Any) -> tiny.Resources:
    return {
        "Type": "AWS::Glue::Trigger",
        "Properties": {
            "Name": name,
            "Type": kind,
            "WorkflowName": {"Ref": "Workflow"},
            "Actions": [{"JobName": job} for job in jobs],
            **properties,
        },
    }
