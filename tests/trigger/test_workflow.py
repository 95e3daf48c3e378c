"""The layered route: which uploads and which failures start the workflow, and what people hear."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local_cloud.cloud import LocalCloud
from local_cloud.glue import runner
from tests.aws import STATE, SmallAws, make_small_aws
from tests.local_cloud import tiny, tiny_flows
from tests.local_cloud.conftest import SPARK_SUBMIT
from tests.trigger.platforms import TICK, Platform, failing
from wires.load_ledger import LoadState
from wires.workflow_ledger import WorkflowLedger

INGESTION, PROCESSING, QUALITY = "data-ingestion", "data-processing", "data-quality"
JOBS = (INGESTION, PROCESSING, QUALITY)
FOLDER = "data/incoming/2026/01/15/orders/"
DUE = {"detail-type": "Workflow Due"}


class Route:
    """A workflow of three jobs that do as they are told, and the trigger in front of it."""

    def __init__(self, cloud: LocalCloud, aws: SmallAws) -> None:
        self.cloud = cloud
        self.glue = cloud.client("glue")
        self.platform = Platform(
            aws,
            workflow=tiny_flows.WORKFLOW,
            file_processor_job="file-processor",
            makes_job=False,
        )
        self.aws = aws
        self.ledger = WorkflowLedger(aws.tables.Table(STATE), workflow=tiny_flows.WORKFLOW)

    def upload(self, name: str, body: bytes = b"a,b\n1,2\n") -> dict[str, Any]:
        return self.platform.upload(f"{FOLDER}{name}", body)

    def receive(self, *events: object) -> None:
        assert self.platform.receive(*events) == []

    def settle(self) -> None:
        """Let what runs come to its end."""
        self.cloud.settle()

    def runs(self) -> list[dict[str, str]]:
        """Properties of each run of the workflow, in time."""
        runs = self.glue.get_workflow_runs(Name=tiny_flows.WORKFLOW)["Runs"]
        return [run.get("WorkflowRunProperties", {}) for run in runs]

    def ended(self, job: str) -> dict[str, Any]:
        """The event of the last end of a job's run."""
        runs = self.glue.get_job_runs(JobName=job)["JobRuns"]
        run = max(runs, key=lambda run: run["StartedOn"])
        detail = {"jobName": job, "jobRunId": run["Id"], "state": run["JobRunState"]}
        return {"detail-type": "Glue Job State Change", "detail": detail}

    def publish(self, load_id: str) -> None:
        """As the ingestion job does with a load."""
        run = self.glue.get_job_runs(JobName=INGESTION)["JobRuns"][0]["Id"]
        loads = self.platform.loads
        assert loads.claim(load_id, attempt=1, run_id=run)
        assert loads.commit(load_id, run_id=run, commit="commit.json")
        assert loads.finish(load_id)

    def told(self) -> list[str]:
        return [message["Subject"] for message in self.aws.announcements()]


@pytest.fixture
def plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for spark-submit that runs the script in plain Python."""
    submit = tmp_path / "spark" / "bin" / "spark-submit"
    submit.parent.mkdir(parents=True)
    submit.write_text(SPARK_SUBMIT)
    submit.chmod(0o755)
    monkeypatch.setattr(runner, "spark_home", lambda: tmp_path / "spark")


@pytest.fixture
def route(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    gate: Path,
    plain: None,  # noqa: ARG001 - for what it does
) -> Iterator[Route]:
    """With jobs as the test's parameter tells them: name and what to do."""
    told: dict[str, str] = getattr(request, "param", {})
    orders = {job: {"--do": what, "--gate": str(gate)} for job, what in told.items()}
    resources = {
        "Workflow": tiny_flows.workflow(MaxConcurrentRuns=1),
        "Start": tiny_flows.on_demand(INGESTION),
        "Second": tiny_flows.after((INGESTION, "SUCCEEDED"), start=[PROCESSING]),
        "Third": tiny_flows.after((PROCESSING, "SUCCEEDED"), start=[QUALITY]),
        **{
            f"Job{i}": tiny.job(name, arguments=orders.get(name, {}))
            for i, name in enumerate((*JOBS, "file-processor"))
        },
    }
    stacks = tiny.stacks(tmp_path / "assembly", resources, script=tiny_flows.SCRIPT)
    with LocalCloud.for_stacks(stacks, work=tmp_path / "work") as cloud:
        cloud.deploy(stacks)
        for name, value in cloud.child_environment().items():
            if name.startswith("AWS_"):
                monkeypatch.setenv(name, value)
        yield Route(cloud, make_small_aws(endpoint_url=cloud.endpoint))


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    pipe = tmp_path / "gate"
    os.mkfifo(pipe)
    return pipe


def test_a_batch_of_uploads_is_one_run_that_is_told_its_load(route: Route) -> None:
    route.receive(route.upload("a.csv"), route.upload("b.json", b'{"a": 1}\n'))
    [properties] = route.runs()
    assert properties["attempt"] == "1"
    assert properties["last_attempt"] == "false"
    load = route.platform.loads.get(properties["load_id"])
    assert (load.job, load.state) == (INGESTION, LoadState.RUNNING)
    assert set(route.platform.statuses().values()) == {"running"}


@pytest.mark.parametrize("route", [{PROCESSING: "wait"}], indirect=True)
def test_while_the_workflow_is_at_work_uploads_wait_and_then_go_together(
    route: Route, gate: Path
) -> None:
    route.receive(route.upload("a.csv"))
    route.cloud.active_runs[0].ended.wait(30)
    gate_of_processing = gate.open("w")
    route.publish(route.runs()[0]["load_id"])
    route.receive(route.upload("b.csv"), route.upload("c.csv"))
    assert len(route.runs()) == 1
    assert sorted(route.platform.statuses().values()) == ["pending", "pending", "running"]
    gate_of_processing.close()
    route.settle()
    route.receive(TICK)
    assert len(route.runs()) == 2
    assert sorted(route.platform.statuses().values()) == ["running", "running", "running"]
    gate.write_text("")


@pytest.mark.parametrize("route", [{INGESTION: "wait"}], indirect=True)
def test_a_run_that_somebody_has_started_is_waited_for(route: Route, gate: Path) -> None:
    route.glue.start_workflow_run(Name=tiny_flows.WORKFLOW)
    held = gate.open("w")
    route.receive(route.upload("a.csv"))
    assert set(route.platform.statuses().values()) == {"pending"}
    held.close()
    route.settle()
    route.receive(TICK)
    assert [bool(run) for run in route.runs()] == [False, True]
    gate.write_text("")


def test_csv_elsewhere_does_not_wait_for_the_workflow(route: Route) -> None:
    route.receive(route.upload("a.csv"), route.platform.upload("other/b.csv"))
    assert set(route.platform.statuses().values()) == {"running"}
    assert len(route.glue.get_job_runs(JobName="file-processor")["JobRuns"]) == 1


def test_two_versions_of_a_key_go_one_after_the_other(route: Route) -> None:
    route.receive(route.upload("a.csv"), route.upload("a.csv", b"a,b\n3,4\n"))
    statuses = sorted(item["status"] for item in route.platform.objects.all_objects())
    assert statuses == ["pending", "running"]


@pytest.mark.parametrize("route", [{INGESTION: "fail"}], indirect=True)
def test_a_load_whose_job_fails_has_its_attempts_and_then_people_hear_of_it(route: Route) -> None:
    route.receive(route.upload("a.csv"))
    route.settle()
    route.receive(TICK)
    assert [run["attempt"] for run in route.runs()] == ["1", "2"]
    assert route.runs()[1]["last_attempt"] == "true"
    route.settle()
    route.receive(TICK)
    assert set(route.platform.statuses().values()) == {"failed"}
    assert route.told() == ["Load failed"]
    [item] = route.platform.objects.all_objects()
    assert "no luck today" in item["reason"]
    assert len(route.runs()) == 2


@pytest.mark.parametrize("route", [{PROCESSING: "fail"}], indirect=True)
def test_a_run_that_fails_after_the_load_is_tried_again_without_one_and_then_given_up(
    route: Route,
) -> None:
    route.receive(route.upload("a.csv"))
    route.settle()
    route.publish(route.runs()[0]["load_id"])
    route.receive(route.ended(PROCESSING))
    assert route.told() == ["Job failed"]
    assert [bool(run) for run in route.runs()] == [True, False]
    route.settle()
    route.receive(route.ended(PROCESSING))
    assert route.told() == ["Job failed", "Workflow failed"]
    route.receive(TICK)
    assert len(route.runs()) == 2
    assert route.ledger.get().failures == 0


def test_people_hear_once_that_a_workflow_works_again_of_whose_failure_they_know(
    route: Route,
) -> None:
    route.ledger.ended(failures=0, told=True)
    for told in (["Workflow works: tiny-workflow"], []):
        route.receive(DUE)
        route.settle()
        route.receive(TICK)
        assert route.told() == told
    assert not route.ledger.get().told


@pytest.mark.parametrize("route", [{QUALITY: "fail"}], indirect=True)
def test_a_failure_whose_event_comes_twice_is_told_once(route: Route) -> None:
    route.receive(DUE)
    route.settle()
    route.receive(route.ended(QUALITY), route.ended(QUALITY))
    assert route.told() == ["Job failed"]


def test_the_schedule_starts_a_run_that_is_for_no_load(route: Route) -> None:
    route.receive(DUE)
    assert route.runs() == [{}]
    route.receive(DUE)
    assert route.runs() == [{}]
    route.settle()
    route.receive(TICK)
    assert route.runs() == [{}, {}]


def test_uploads_and_the_schedule_at_once_are_one_run(route: Route) -> None:
    route.receive(route.upload("a.csv"), DUE)
    route.settle()
    route.publish(route.runs()[0]["load_id"])
    route.receive(TICK)
    assert len(route.runs()) == 1


@pytest.mark.parametrize("route", [{INGESTION: "wait"}], indirect=True)
def test_a_dispatcher_that_is_cut_off_after_the_start_starts_no_second_run_beside_it(
    route: Route, gate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> str:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(route.platform.trigger.dispatcher.turns.objects, "mark_running", dies)
        with pytest.raises(KeyboardInterrupt):
            route.platform.receive(route.upload("a.csv"))
    for _ in range(3):
        route.receive(TICK)
    assert len(route.runs()) == 1
    gate.write_text("")
    route.settle()
    # The run has come to nothing here, without claiming the load: it is tried again.
    route.receive(TICK)
    assert len(route.runs()) == 2
    assert len({run["load_id"] for run in route.runs()}) == 1
    assert set(route.platform.statuses().values()) == {"running"}
    gate.write_text("")


def test_a_run_that_glue_does_not_know_any_more_is_made_up_for(route: Route) -> None:
    """A workflow that a deployment has replaced takes the record of its runs with it."""
    route.ledger.started("wr_gone")
    route.receive(TICK)
    assert len(route.runs()) == 1
    assert route.ledger.get().run_id != "wr_gone"


def told_of_starts(route: Route) -> list[str]:
    """Without what people hear of runs, which publish nothing here."""
    return [subject for subject in route.told() if " on: " in subject]


def glue_of(route: Route) -> Any:
    """The client with which the trigger asks Glue."""
    return route.platform.trigger.workflow.glue


def test_a_workflow_that_cannot_be_started_keeps_no_other_route_back(route: Route) -> None:
    with failing(glue_of(route), "StartWorkflowRun", "EntityNotFoundException") as calls:
        for minute in (0, 1, 6, 11):
            route.platform.minutes = minute
            key = f"other/{minute}.csv"
            route.receive(route.upload(f"{minute}.csv"), DUE, route.platform.upload(key))
            # Two runs at once are allowed: on a slow machine the fourth would wait for the first.
            route.settle()
    assert 2 <= len(calls) <= 4
    assert len(route.glue.get_job_runs(JobName="file-processor")["JobRuns"]) >= 4
    assert told_of_starts(route) == [f"Cannot go on: {INGESTION}"]
    assert route.ledger.get().wanted
    route.platform.minutes = 20
    route.receive(TICK)
    assert [run["attempt"] for run in route.runs()] == ["1"]
    assert told_of_starts(route) == [f"Goes on: {INGESTION}"]


def test_a_run_that_is_wanted_without_a_load_is_tried_again(route: Route) -> None:
    with failing(
        glue_of(route), "StartWorkflowRun", "InternalServiceException", status=500
    ) as calls:
        route.receive(DUE)
        for _ in range(5):
            route.receive(TICK)
        assert len(calls) == 1
        route.platform.minutes = 12
        route.receive(TICK)
    assert len(calls) == 2
    assert told_of_starts(route) == [f"Cannot go on: {INGESTION}"]
    route.platform.minutes = 20
    route.receive(TICK)
    assert route.runs() == [{}]
    assert told_of_starts(route) == [f"Goes on: {INGESTION}"]


def test_a_job_that_cannot_be_started_does_not_keep_the_workflow_back(route: Route) -> None:
    with failing(glue_of(route), "StartJobRun", "AccessDeniedException"):
        route.receive(route.platform.upload("other/b.csv"), route.upload("a.csv"))
    assert len(route.runs()) == 1


def test_a_workflow_whose_run_cannot_be_looked_at_keeps_no_other_route_back(route: Route) -> None:
    route.ledger.started("wr_1")
    with failing(glue_of(route), "GetWorkflowRun", "AccessDeniedException"):
        route.receive(route.platform.upload("other/b.csv"))
        route.platform.minutes = 11
        route.receive(TICK)
    assert route.platform.statuses() == {"other/b.csv": "running"}
    assert told_of_starts(route) == [f"Cannot go on: {INGESTION}"]
