"""The layered lane: which uploads and which failures start the workflow, and what people hear."""

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
from tests.trigger.platforms import TICK, Platform
from wires.load_ledger import LoadState
from wires.workflow_ledger import WorkflowLedger

INGESTION, PROCESSING, QUALITY = "data-ingestion", "data-processing", "data-quality"
JOBS = (INGESTION, PROCESSING, QUALITY)
FOLDER = "data/incoming/2026/01/15/orders/"
DUE = {"detail-type": "Workflow Due"}


class Lane:
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
def lane(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    gate: Path,
    plain: None,  # noqa: ARG001 - for what it does
) -> Iterator[Lane]:
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
        yield Lane(cloud, make_small_aws(endpoint_url=cloud.endpoint))


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    pipe = tmp_path / "gate"
    os.mkfifo(pipe)
    return pipe


def test_a_batch_of_uploads_is_one_run_that_is_told_its_load(lane: Lane) -> None:
    lane.receive(lane.upload("a.csv"), lane.upload("b.json", b'{"a": 1}\n'))
    [properties] = lane.runs()
    assert properties["attempt"] == "1"
    assert properties["last_attempt"] == "false"
    load = lane.platform.loads.get(properties["load_id"])
    assert (load.job, load.state) == (INGESTION, LoadState.RUNNING)
    assert set(lane.platform.statuses().values()) == {"running"}


@pytest.mark.parametrize("lane", [{PROCESSING: "wait"}], indirect=True)
def test_while_the_workflow_is_at_work_uploads_wait_and_then_go_together(
    lane: Lane, gate: Path
) -> None:
    lane.receive(lane.upload("a.csv"))
    lane.cloud.active_runs[0].ended.wait(30)
    gate_of_processing = gate.open("w")
    lane.publish(lane.runs()[0]["load_id"])
    lane.receive(lane.upload("b.csv"), lane.upload("c.csv"))
    assert len(lane.runs()) == 1
    assert sorted(lane.platform.statuses().values()) == ["pending", "pending", "running"]
    gate_of_processing.close()
    lane.settle()
    lane.receive(TICK)
    assert len(lane.runs()) == 2
    assert sorted(lane.platform.statuses().values()) == ["running", "running", "running"]
    gate.write_text("")


@pytest.mark.parametrize("lane", [{INGESTION: "wait"}], indirect=True)
def test_a_run_that_somebody_has_started_is_waited_for(lane: Lane, gate: Path) -> None:
    lane.glue.start_workflow_run(Name=tiny_flows.WORKFLOW)
    held = gate.open("w")
    lane.receive(lane.upload("a.csv"))
    assert set(lane.platform.statuses().values()) == {"pending"}
    held.close()
    lane.settle()
    lane.receive(TICK)
    assert [bool(run) for run in lane.runs()] == [False, True]
    gate.write_text("")


def test_csv_elsewhere_does_not_wait_for_the_workflow(lane: Lane) -> None:
    lane.receive(lane.upload("a.csv"), lane.platform.upload("other/b.csv"))
    assert set(lane.platform.statuses().values()) == {"running"}
    assert len(lane.glue.get_job_runs(JobName="file-processor")["JobRuns"]) == 1


def test_two_versions_of_a_key_go_one_after_the_other(lane: Lane) -> None:
    lane.receive(lane.upload("a.csv"), lane.upload("a.csv", b"a,b\n3,4\n"))
    statuses = sorted(item["status"] for item in lane.platform.objects.all_objects())
    assert statuses == ["pending", "running"]


@pytest.mark.parametrize("lane", [{INGESTION: "fail"}], indirect=True)
def test_a_load_whose_job_fails_has_its_attempts_and_then_people_hear_of_it(lane: Lane) -> None:
    lane.receive(lane.upload("a.csv"))
    lane.settle()
    lane.receive(TICK)
    assert [run["attempt"] for run in lane.runs()] == ["1", "2"]
    assert lane.runs()[1]["last_attempt"] == "true"
    lane.settle()
    lane.receive(TICK)
    assert set(lane.platform.statuses().values()) == {"failed"}
    assert lane.told() == ["Load failed"]
    [item] = lane.platform.objects.all_objects()
    assert "no luck today" in item["reason"]
    assert len(lane.runs()) == 2


@pytest.mark.parametrize("lane", [{PROCESSING: "fail"}], indirect=True)
def test_a_run_that_fails_after_the_load_is_tried_again_without_one_and_then_given_up(
    lane: Lane,
) -> None:
    lane.receive(lane.upload("a.csv"))
    lane.settle()
    lane.publish(lane.runs()[0]["load_id"])
    lane.receive(lane.ended(PROCESSING))
    assert lane.told() == ["Job failed"]
    assert [bool(run) for run in lane.runs()] == [True, False]
    lane.settle()
    lane.receive(lane.ended(PROCESSING))
    assert lane.told() == ["Job failed", "Workflow failed"]
    lane.receive(TICK)
    assert len(lane.runs()) == 2
    assert lane.ledger.get().failures == 0


@pytest.mark.parametrize("lane", [{QUALITY: "fail"}], indirect=True)
def test_a_failure_whose_event_comes_twice_is_told_once(lane: Lane) -> None:
    lane.receive(DUE)
    lane.settle()
    lane.receive(lane.ended(QUALITY), lane.ended(QUALITY))
    assert lane.told() == ["Job failed"]


def test_the_schedule_starts_a_run_that_is_for_no_load(lane: Lane) -> None:
    lane.receive(DUE)
    assert lane.runs() == [{}]
    lane.receive(DUE)
    assert lane.runs() == [{}]
    lane.settle()
    lane.receive(TICK)
    assert lane.runs() == [{}, {}]


def test_uploads_and_the_schedule_at_once_are_one_run(lane: Lane) -> None:
    lane.receive(lane.upload("a.csv"), DUE)
    lane.settle()
    lane.publish(lane.runs()[0]["load_id"])
    lane.receive(TICK)
    assert len(lane.runs()) == 1


@pytest.mark.parametrize("lane", [{INGESTION: "wait"}], indirect=True)
def test_a_dispatcher_that_is_cut_off_after_the_start_starts_no_second_run_beside_it(
    lane: Lane, gate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> str:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(lane.platform.trigger.dispatcher._objects, "mark_running", dies)
        with pytest.raises(KeyboardInterrupt):
            lane.platform.receive(lane.upload("a.csv"))
    for _ in range(3):
        lane.receive(TICK)
    assert len(lane.runs()) == 1
    gate.write_text("")
    lane.settle()
    # The run has come to nothing here, without claiming the load: it is tried again.
    lane.receive(TICK)
    assert len(lane.runs()) == 2
    assert len({run["load_id"] for run in lane.runs()}) == 1
    assert set(lane.platform.statuses().values()) == {"running"}
    gate.write_text("")


def test_a_run_that_glue_does_not_know_any_more_is_made_up_for(lane: Lane) -> None:
    """A workflow that a deployment has replaced takes the record of its runs with it."""
    lane.ledger.started("wr_gone")
    lane.receive(TICK)
    assert len(lane.runs()) == 1
    assert lane.ledger.get().run_id != "wr_gone"
