"""Workflows of jobs whose scripts are run in plain Python."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local_cloud.cloud import LocalCloud
from local_cloud.errors import DeploymentError, UnsupportedResourceError
from tests.local_cloud import tiny, tiny_flows
from tests.local_cloud.conftest import Deploy
from tests.local_cloud.tiny_flows import WORKFLOW, after, jobs, on_demand, scheduled, workflow

CHAIN = {
    "Start": on_demand("ingestion"),
    "Second": after(("ingestion", "SUCCEEDED"), start=["processing"]),
    "Third": after(("processing", "SUCCEEDED"), start=["quality"]),
}
STEPS = ("ingestion", "processing", "quality")


@pytest.fixture
def up(deploy: Deploy, plain_python: None) -> Deploy:  # noqa: ARG001 - for what it does
    def with_workflow(resources: tiny.Resources, **properties: Any) -> LocalCloud:
        everything = {"Workflow": workflow(**properties), **resources}
        return deploy(everything, script=tiny_flows.SCRIPT)

    return with_workflow


@pytest.fixture
def gate(tmp_path: Path) -> str:
    pipe = tmp_path / "gate"
    os.mkfifo(pipe)
    return str(pipe)


def open_gate(gate: str) -> None:
    """Returns when a job has come to the gate; it goes on then."""
    Path(gate).write_text("")


def start(cloud: LocalCloud, **properties: str) -> str:
    run = cloud.client("glue").start_workflow_run(Name=WORKFLOW, RunProperties=properties)
    return str(run["RunId"])


def described(cloud: LocalCloud, run_id: str, *, graph: bool = False) -> dict[str, Any]:
    answer = cloud.client("glue").get_workflow_run(Name=WORKFLOW, RunId=run_id, IncludeGraph=graph)
    run: dict[str, Any] = answer["Run"]
    return run


def runs_of(cloud: LocalCloud, job: str) -> list[dict[str, Any]]:
    runs: list[dict[str, Any]] = cloud.client("glue").get_job_runs(JobName=job)["JobRuns"]
    return runs


def ran(cloud: LocalCloud, *names: str) -> list[str]:
    """Those of the jobs that have run."""
    return [name for name in names if runs_of(cloud, name)]


def finished(cloud: LocalCloud) -> dict[str, Any]:
    """A run from its start to its end."""
    run_id = start(cloud)
    cloud.settle()
    return described(cloud, run_id)


def test_jobs_run_one_after_the_other(up: Deploy) -> None:
    cloud = up({**jobs(*STEPS), **CHAIN})
    run = finished(cloud)
    first, second, third = (runs_of(cloud, name)[0] for name in STEPS)
    assert first["CompletedOn"] <= second["StartedOn"]
    assert second["CompletedOn"] <= third["StartedOn"]
    assert (run["Status"], run["Statistics"]["SucceededActions"]) == ("COMPLETED", 3)
    assert run["StartedOn"] <= first["StartedOn"]
    assert third["CompletedOn"] <= run["CompletedOn"]


def test_a_job_knows_its_trigger_its_workflow_and_what_came_before_it(up: Deploy) -> None:
    cloud = up({**jobs(*STEPS), **CHAIN})
    run_id = start(cloud)
    cloud.settle()
    first, second = (runs_of(cloud, name)[0] for name in STEPS[:2])
    assert (first["TriggerName"], second["TriggerName"]) == ("start", "then-processing")
    assert second["PredecessorRuns"] == [{"JobName": "ingestion", "RunId": first["Id"]}]
    given = json.loads(cloud.log_of_run(second["Id"]).read_text())
    assert given["--WORKFLOW_NAME"] == WORKFLOW
    assert given["--WORKFLOW_RUN_ID"] == run_id


def test_a_triggers_arguments_are_over_the_jobs_and_under_those_that_are_fixed(up: Deploy) -> None:
    job = tiny.job("one", arguments={"--a": "job", "--b": "job"})
    job["Properties"]["NonOverridableArguments"] = {"--c": "fixed"}
    trigger = on_demand()
    arguments = {"--b": "trigger", "--c": "trigger", "--d": "trigger"}
    trigger["Properties"]["Actions"] = [{"JobName": "one", "Arguments": arguments, "Timeout": 3}]
    cloud = up({"Job": job, "Start": trigger})
    finished(cloud)
    (run,) = runs_of(cloud, "one")
    values = {run["Arguments"][name] for name in ("--a", "--b", "--c", "--d")}
    assert (values, run["Timeout"]) == ({"job", "trigger", "fixed"}, 3)
    assert run["Arguments"]["--c"] == "fixed"


@pytest.mark.parametrize(("logical", "follows"), [("AND", []), ("ANY", ["last"])])
def test_and_waits_for_all_of_its_conditions_any_for_one(
    up: Deploy, logical: str, follows: list[str]
) -> None:
    both = after(("good", "SUCCEEDED"), ("bad", "SUCCEEDED"), start=["last"], logical=logical)
    resources = jobs("good", "bad", "last", bad={"--do": "fail"})
    cloud = up({**resources, "Start": on_demand("good", "bad"), "Both": both})
    finished(cloud)
    assert ran(cloud, "last") == follows


def test_a_trigger_that_waits_for_any_fires_once(up: Deploy) -> None:
    either = after(("one", "SUCCEEDED"), ("two", "SUCCEEDED"), start=["last"], logical="ANY")
    cloud = up({**jobs("one", "two", "last"), "Start": on_demand("one", "two"), "Either": either})
    run = finished(cloud)
    assert len(runs_of(cloud, "last")) == 1
    assert run["Statistics"]["SucceededActions"] == 3


@pytest.mark.parametrize("how", ["fail", "die"])
def test_a_job_that_fails_or_is_killed_leads_to_what_waits_for_failure(
    up: Deploy, how: str
) -> None:
    resources = jobs("first", "onwards", "cleanup", first={"--do": how})
    resources["Start"] = on_demand("first")
    resources["Good"] = after(("first", "SUCCEEDED"), start=["onwards"])
    resources["Bad"] = after(("first", "FAILED"), start=["cleanup"])
    cloud = up(resources)
    run = finished(cloud)
    assert ran(cloud, "onwards", "cleanup") == ["cleanup"]
    assert run["Status"] == "COMPLETED"
    assert run["Statistics"] == {
        "TotalActions": 3,
        "SucceededActions": 1,
        "FailedActions": 1,
        "TimeoutActions": 0,
        "StoppedActions": 0,
        "RunningActions": 0,
        "ErroredActions": 0,
        "WaitingActions": 0,
    }


def test_a_trigger_that_nobody_has_activated_does_not_fire(up: Deploy) -> None:
    asleep = after(("one", "SUCCEEDED"), start=["two"], StartOnCreation=False)
    cloud = up({**jobs("one", "two"), "Start": on_demand("one"), "Asleep": asleep})
    finished(cloud)
    assert ran(cloud, "two") == []
    cloud.client("glue").start_trigger(Name="then-two")
    finished(cloud)
    assert ran(cloud, "two") == ["two"]


def test_a_job_that_was_started_by_hand_makes_nothing_fire(up: Deploy) -> None:
    cloud = up({**jobs(*STEPS), **CHAIN})
    cloud.client("glue").start_job_run(JobName="ingestion")
    cloud.settle()
    assert ran(cloud, *STEPS) == ["ingestion"]


def test_run_properties_reach_the_jobs_which_change_them_for_the_next_ones(up: Deploy) -> None:
    noting = {name: {"--do": "note"} for name in STEPS}
    cloud = up({**jobs(*STEPS, **noting), **CHAIN}, DefaultRunProperties={"a": "1", "b": "1"})
    run_id = start(cloud, b="2")
    cloud.settle()
    glue = cloud.client("glue")
    answer = glue.get_workflow_run_properties(Name=WORKFLOW, RunId=run_id)
    trace = {"trace": "ingestion processing quality "}
    assert answer["RunProperties"] == {"a": "1", "b": "2", **trace}
    last = cloud.log_of_run(runs_of(cloud, "quality")[0]["Id"]).read_text().splitlines()[-1]
    assert json.loads(last) == {"a": "1", "b": "2", "trace": "ingestion processing "}
    defaults = glue.get_workflow(Name=WORKFLOW)["Workflow"]["DefaultRunProperties"]
    assert defaults == {"a": "1", "b": "1"}


def test_no_more_workflow_runs_are_accepted_than_the_template_allows(up: Deploy, gate: str) -> None:
    resources = jobs("one", one={"--do": "wait", "--gate": gate})
    cloud = up({**resources, "Start": on_demand("one")}, MaxConcurrentRuns=1)
    first = start(cloud)
    with pytest.raises(cloud.client("glue").exceptions.ConcurrentRunsExceededException):
        start(cloud)
    open_gate(gate)
    cloud.settle()
    assert described(cloud, first)["Status"] == "COMPLETED"
    second = start(cloud)
    assert described(cloud, second)["PreviousRunId"] == first
    open_gate(gate)
    cloud.settle()


def test_two_runs_of_a_workflow_do_not_mix(up: Deploy) -> None:
    resources = {"One": tiny.job("one", at_once=2), "Two": tiny.job("two", at_once=2)}
    then = after(("one", "SUCCEEDED"), start=["two"])
    cloud = up({**resources, "Start": on_demand("one"), "Then": then})
    both = {start(cloud), start(cloud)}
    cloud.settle()
    assert {run["Arguments"]["--WORKFLOW_RUN_ID"] for run in runs_of(cloud, "two")} == both


def test_an_unknown_workflow_or_run_is_not_found(up: Deploy) -> None:
    glue = up({**jobs("one"), "Start": on_demand("one")}).client("glue")
    missing = glue.exceptions.EntityNotFoundException
    with pytest.raises(missing):
        glue.start_workflow_run(Name="nobody")
    with pytest.raises(missing):
        glue.get_workflow_run(Name=WORKFLOW, RunId="wr_nobody")
    with pytest.raises(missing):
        glue.get_workflow_run_properties(Name="nobody", RunId="wr_nobody")


def test_a_workflow_run_that_is_stopped_stops_its_jobs_and_fires_no_more(
    up: Deploy, gate: str
) -> None:
    resources = jobs("one", "two", one={"--do": "wait", "--gate": gate})
    resources["Start"] = on_demand("one")
    resources["Then"] = after(("one", "STOPPED"), start=["two"])
    cloud = up(resources)
    glue = cloud.client("glue")
    run_id = start(cloud)
    glue.stop_workflow_run(Name=WORKFLOW, RunId=run_id)
    cloud.settle()
    run = described(cloud, run_id)
    assert (run["Status"], run["Statistics"]["StoppedActions"]) == ("STOPPED", 1)
    assert ran(cloud, "two") == []
    with pytest.raises(glue.exceptions.IllegalWorkflowStateException):
        glue.stop_workflow_run(Name=WORKFLOW, RunId=run_id)


def test_a_job_that_has_all_its_runs_fails_in_the_workflow(up: Deploy, gate: str) -> None:
    resources = jobs("busy", "cleanup", busy={"--do": "wait", "--gate": gate})
    resources["Start"] = on_demand("busy")
    resources["Then"] = after(("busy", "FAILED"), start=["cleanup"])
    cloud = up(resources)
    cloud.client("glue").start_job_run(JobName="busy")
    run_id = start(cloud)
    open_gate(gate)
    cloud.settle()
    refused = [run for run in runs_of(cloud, "busy") if run["JobRunState"] == "FAILED"]
    assert [run["ErrorMessage"].startswith("Concurrent runs") for run in refused] == [True]
    assert described(cloud, run_id)["Statistics"]["FailedActions"] == 1
    assert ran(cloud, "cleanup") == ["cleanup"]


def test_a_job_that_is_no_longer_there_is_an_error_of_the_run(up: Deploy) -> None:
    cloud = up({**jobs("one"), "Start": on_demand("one")})
    cloud.client("glue").delete_job(JobName="one")
    run = finished(cloud)
    assert (run["Status"], run["Statistics"]["ErroredActions"]) == ("COMPLETED", 1)


def test_the_graph_has_triggers_and_jobs_and_what_came_of_them(up: Deploy) -> None:
    resources = jobs(*STEPS, ingestion={"--do": "fail"})
    cloud = up({**resources, **CHAIN})
    run_id = start(cloud)
    cloud.settle()
    graph = described(cloud, run_id, graph=True)["Graph"]
    nodes = {node["Name"]: node for node in graph["Nodes"]}
    names = {node["UniqueId"]: node["Name"] for node in graph["Nodes"]}
    edges = {(names[edge["SourceId"]], names[edge["DestinationId"]]) for edge in graph["Edges"]}
    assert edges == {
        ("start", "ingestion"),
        ("ingestion", "then-processing"),
        ("then-processing", "processing"),
        ("processing", "then-quality"),
        ("then-quality", "quality"),
    }
    (run,) = nodes["ingestion"]["JobDetails"]["JobRuns"]
    assert (run["JobRunState"], run["ErrorMessage"]) == ("FAILED", "no luck today")
    assert "JobDetails" not in nodes["processing"]
    assert nodes["start"]["TriggerDetails"]["Trigger"]["Type"] == "ON_DEMAND"


def test_the_graph_of_a_workflow_is_its_design(up: Deploy) -> None:
    cloud = up({**jobs(*STEPS), **CHAIN}, Description="three steps")
    finished(cloud)
    glue = cloud.client("glue")
    answer = glue.get_workflow(Name=WORKFLOW, IncludeGraph=True)["Workflow"]
    assert [len(answer["Graph"][part]) for part in ("Nodes", "Edges")] == [6, 5]
    assert not any("JobDetails" in node for node in answer["Graph"]["Nodes"])
    assert (answer["Description"], answer["LastRun"]["Status"]) == ("three steps", "COMPLETED")
    (run,) = glue.get_workflow_runs(Name=WORKFLOW, IncludeGraph=True)["Runs"]
    assert len(run["Graph"]["Nodes"]) == 6
    assert "Graph" not in glue.get_workflow_runs(Name=WORKFLOW)["Runs"][0]


def test_runs_come_in_pages(up: Deploy) -> None:
    glue = up({**jobs("one"), "Start": on_demand("one")}).client("glue")
    glue.delete_job(JobName="one")
    started = [glue.start_workflow_run(Name=WORKFLOW)["RunId"] for _ in range(5)]
    listed: list[str] = []
    token: dict[str, str] = {}
    while len(listed) < 5:
        page = glue.get_workflow_runs(Name=WORKFLOW, MaxResults=2, **token)
        listed += [run["WorkflowRunId"] for run in page["Runs"]]
        token = {"NextToken": page["NextToken"]} if "NextToken" in page else {}
    assert (listed, token) == (started, {})


def test_a_scheduled_workflow_runs_when_its_time_comes(up: Deploy) -> None:
    cloud = up({**jobs("one"), "Start": scheduled("one")})
    (schedule,) = cloud.schedules
    assert (schedule.name, schedule.expression) == ("trigger start", "cron(0 3 * * ? *)")
    cloud.come_round(schedule)
    cloud.settle()
    assert ran(cloud, "one") == ["one"]


def test_a_scheduled_workflow_that_is_full_leaves_an_error(up: Deploy, gate: str) -> None:
    resources = jobs("one", one={"--do": "wait", "--gate": gate})
    cloud = up({**resources, "Start": scheduled("one")}, MaxConcurrentRuns=1)
    (schedule,) = cloud.schedules
    cloud.come_round(schedule)
    cloud.come_round(schedule)
    open_gate(gate)
    cloud.settle()
    runs = cloud.client("glue").get_workflow_runs(Name=WORKFLOW)["Runs"]
    assert sorted(run["Status"] for run in runs) == ["COMPLETED", "ERROR"]
    (error,) = (run["ErrorMessage"] for run in runs if run["Status"] == "ERROR")
    assert error.startswith(f"Concurrent runs exceeded for workflow: {WORKFLOW}")


def test_a_nightly_workflow_does_not_run_at_each_tick(up: Deploy) -> None:
    resources = {**jobs("one"), "Start": scheduled("one"), **tiny.queue_and_function()}
    cloud = up({**resources, "Tick": tiny.rule(schedule="rate(1 minute)")})
    left = iter([2, 1])
    cloud.settle(lambda: next(left, 0))
    assert len(cloud.table(tiny.TABLE).scan()["Items"]) == 2
    assert ran(cloud, "one") == []


def test_the_only_schedule_there_is_comes_round_for_whoever_waits(up: Deploy) -> None:
    cloud = up({**jobs("one"), "Start": scheduled("one")})
    cloud.settle(lambda: 0 if ran(cloud, "one") else 1)
    assert ran(cloud, "one") == ["one"]


def test_triggers_work_outside_of_workflows_too(up: Deploy) -> None:
    first, then = on_demand("one"), after(("one", "SUCCEEDED"), start=["two"])
    for trigger in (first, then):
        del trigger["Properties"]["WorkflowName"]
    cloud = up({**jobs("one", "two"), "Start": first, "Then": then})
    glue = cloud.client("glue")
    glue.start_trigger(Name="start")
    cloud.settle()
    assert ran(cloud, "one", "two") == ["one", "two"]
    assert glue.get_trigger(Name="start")["Trigger"]["State"] == "CREATED"
    assert "Arguments" not in runs_of(cloud, "two")[0]


def test_a_trigger_made_through_the_api_fires_as_one_of_a_template(up: Deploy) -> None:
    cloud = up({**jobs("one", "two"), "Start": on_demand("one")})
    condition = {"LogicalOperator": "EQUALS", "JobName": "one", "State": "SUCCEEDED"}
    cloud.client("glue").create_trigger(
        Name="then",
        Type="CONDITIONAL",
        WorkflowName=WORKFLOW,
        StartOnCreation=True,
        Predicate={"Conditions": [condition]},
        Actions=[{"JobName": "two"}],
    )
    finished(cloud)
    assert ran(cloud, "two") == ["two"]


def test_an_on_demand_trigger_starts_its_workflow(up: Deploy) -> None:
    cloud = up({**jobs("one"), "Start": on_demand("one")})
    cloud.client("glue").start_trigger(Name="start")
    cloud.settle()
    (run,) = cloud.client("glue").get_workflow_runs(Name=WORKFLOW)["Runs"]
    assert run["Status"] == "COMPLETED"


def test_a_workflow_without_a_start_trigger_cannot_be_started(up: Deploy) -> None:
    cloud = up({**jobs("one", "two"), "Then": after(("one", "SUCCEEDED"), start=["two"])})
    with pytest.raises(cloud.client("glue").exceptions.InvalidInputException, match="ON_DEMAND"):
        start(cloud)


@pytest.mark.usefixtures("plain_python")
def test_the_start_and_the_end_of_a_workflow_run_are_announced(tmp_path: Path) -> None:
    resources = {"Workflow": workflow(), **jobs("one"), "Start": on_demand("one")}
    stacks = tiny.stacks(tmp_path / "assembly", resources, script=tiny_flows.SCRIPT)
    said: list[str] = []
    with LocalCloud.for_stacks(stacks, work=tmp_path / "work", say=said.append) as cloud:
        cloud.deploy(stacks)
        run_id = start(cloud)
        cloud.settle()
    named = f"workflow run {run_id[:11]} of {WORKFLOW}"
    assert said[0] == f"{named}: RUNNING"
    assert re.fullmatch(rf"{named}: COMPLETED in .+ s, 1 of 1 actions succeeded", said[-1])


ONE_TWICE = (("one", "FAILED"), ("one", "TIMEOUT"))
Change = Callable[[tiny.Resources], object]


@pytest.mark.parametrize(
    ("change", "error", "complaint"),
    [
        (
            lambda all_: all_["Start"]["Properties"].update(Type="EVENT"),
            UnsupportedResourceError,
            "got EVENT",
        ),
        (
            lambda all_: all_["Start"]["Properties"].update(EventBatchingCondition={}),
            UnsupportedResourceError,
            "EventBatchingCondition",
        ),
        (
            lambda all_: all_["Workflow"]["Properties"].update(Blueprint="x"),
            UnsupportedResourceError,
            "Blueprint",
        ),
        (
            lambda all_: all_.update(Again=on_demand("one", Name="again")),
            DeploymentError,
            "has a start trigger already",
        ),
        (
            lambda all_: all_["Start"]["Properties"].update(StartOnCreation=True),
            DeploymentError,
            "StartOnCreation is not supported",
        ),
        (
            lambda all_: all_.update(Then=after(("one", "RUNNING"), start=["one"])),
            DeploymentError,
            "waits for RUNNING",
        ),
        (
            lambda all_: all_.update(Then=after(start=["one"])),
            DeploymentError,
            "wait for nothing",
        ),
        (
            lambda all_: all_.update(Then=after(*ONE_TWICE, start=["one"], logical="")),
            DeploymentError,
            "expected Logical AND or ANY",
        ),
        (
            lambda all_: all_.update(Then=after(("nobody", "FAILED"), start=["one"])),
            DeploymentError,
            "then-one names job nobody",
        ),
        (
            lambda all_: all_.update(Start=scheduled("one", Schedule="rate(1 day)")),
            DeploymentError,
            "got 'rate",
        ),
        (
            lambda all_: all_["Start"]["Properties"].update(WorkflowName="nobody"),
            DeploymentError,
            "no workflow nobody",
        ),
    ],
)
def test_a_workflow_that_would_run_otherwise_on_aws_is_refused(
    deploy: Deploy, change: Change, error: type[Exception], complaint: str
) -> None:
    resources = {"Workflow": workflow(), "Start": on_demand("one"), **jobs("one")}
    change(resources)
    with pytest.raises(error, match=complaint):
        deploy(resources)
