"""Runs whose scripts are run in plain Python."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from config.jobs import WAITS_TAG
from local_cloud.cloud import LocalCloud
from local_cloud.glue import runner
from local_cloud.glue.jobs import LocalJobRun, RunState
from tests.local_cloud import tiny
from tests.local_cloud.conftest import Deploy

SCRIPT = """
import boto3, json, os, sys, time
options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
print(json.dumps(sys.argv[1:]))
mode = options.get("--mode", "")
if mode == "fail":
    import tiny_library
    tiny_library.fail()
if mode == "exit":
    sys.exit("no luck today")
if mode == "sleep":
    with open(options["--pid_file"], "w") as file:
        file.write(str(os.getpid()))
    time.sleep(60)
if mode == "put":
    boto3.client("s3").put_object(Bucket=options["--bucket"], Key="from/job", Body=b"1")
"""
LIBRARY = {
    "tiny_library.py": """
class Broken(Exception):
    pass

def fail():
    raise Broken("it is: broken")
"""
}


@pytest.fixture
def up(deploy: Deploy, plain_python: None) -> Deploy:  # noqa: ARG001 - for what it does
    def with_script(job: tiny.Resources, **others: Any) -> LocalCloud:
        return deploy({"Job": job, **others}, script=SCRIPT, library=LIBRARY)

    return with_script


def start(cloud: LocalCloud, **arguments: str) -> str:
    spelled = {f"--{name}": value for name, value in arguments.items()}
    run = cloud.client("glue").start_job_run(JobName=tiny.JOB, Arguments=spelled)
    return str(run["JobRunId"])


def described(cloud: LocalCloud, run_id: str) -> dict[str, Any]:
    run: dict[str, Any] = cloud.client("glue").get_job_run(JobName=tiny.JOB, RunId=run_id)["JobRun"]
    return run


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.02)


def printed(cloud: LocalCloud, run_id: str) -> str:
    return cloud.log_of_run(run_id).read_text()


def test_the_script_gets_the_arguments_of_template_and_run(up: Deploy) -> None:
    job = tiny.job(arguments={"--a": "template", "--b": "template", "--enable-metrics": "true"})
    job["Properties"]["NonOverridableArguments"] = {"--c": "fixed"}
    cloud = up(job)
    run_id = start(cloud, b="run", c="run", d="with spaces, 'quotes' and ü", e="")
    cloud.settle()
    argv = json.loads(printed(cloud, run_id))
    given = dict(zip(argv[::2], argv[1::2], strict=True))
    assert given == {
        "--a": "template",
        "--b": "run",
        "--c": "fixed",
        "--d": "with spaces, 'quotes' and ü",
        "--e": "",
        "--JOB_NAME": tiny.JOB,
        "--JOB_ID": tiny.JOB,
        "--JOB_RUN_ID": run_id,
    }


def test_a_run_that_succeeds_says_so_and_when(up: Deploy) -> None:
    cloud = up(tiny.job())
    run_id = start(cloud)
    cloud.settle()
    run = described(cloud, run_id)
    assert run["JobRunState"] == "SUCCEEDED"
    assert run["StartedOn"] <= run["CompletedOn"]
    assert "DPUSeconds" not in run
    assert (run["GlueVersion"], run["Timeout"]) == ("6.0", 5)
    assert "ErrorMessage" not in run


def test_glue_measures_the_dpu_seconds_of_runs_that_scale_and_of_no_others(up: Deploy) -> None:
    cloud = up(tiny.job(arguments={"--enable-auto-scaling": "true"}))
    run_id = start(cloud)
    cloud.settle()
    run = described(cloud, run_id)
    assert run["DPUSeconds"] == 2 * run["ExecutionTime"]
    assert run["ExecutionClass"] == "STANDARD"


def test_a_run_has_the_execution_class_of_its_job_unless_its_start_says_otherwise(
    up: Deploy,
) -> None:
    job = tiny.job()
    job["Properties"]["ExecutionClass"] = "FLEX"
    cloud = up(job)
    kinds = {}
    for given in ({}, {"ExecutionClass": "STANDARD"}):
        run_id = cloud.client("glue").start_job_run(JobName=tiny.JOB, **given)["JobRunId"]
        cloud.settle()
        run = described(cloud, run_id)
        kinds[run["ExecutionClass"]] = "DPUSeconds" in run
    assert kinds == {"FLEX": True, "STANDARD": False}


def test_a_run_that_waits_for_workers_may_expire_and_one_that_works_may_not(
    up: Deploy, tmp_path: Path
) -> None:
    cloud = up(tiny.job())
    with cloud.jobs_wait():
        run_id = start(cloud)
        cloud.expire(cloud.active_runs[0])
        assert described(cloud, run_id)["JobRunState"] == "EXPIRED"
    cloud.settle()
    assert not cloud.log_of_run(run_id).exists()
    pid_file = tmp_path / "pid"
    start(cloud, mode="sleep", pid_file=str(pid_file))
    until(pid_file.exists)
    with pytest.raises(ValueError, match="expected a run that waits"):
        cloud.expire(cloud.active_runs[0])


def test_a_run_that_waits_for_others_takes_no_room_from_them(up: Deploy) -> None:
    waiting = tiny.job("waits")
    waiting["Properties"]["Tags"] = {WAITS_TAG: "true"}
    cloud = up(tiny.job(), Waits=waiting)
    with cloud.jobs_wait():
        busy = start(cloud)
        told = cloud.client("glue").start_job_run(JobName="waits")
        ended = cloud.client("glue").get_job_run
        until(
            lambda: (
                ended(JobName="waits", RunId=told["JobRunId"])["JobRun"]["JobRunState"]
                == "SUCCEEDED"
            )
        )
        assert described(cloud, busy)["JobRunState"] == "STARTING"
    cloud.settle()
    assert described(cloud, busy)["JobRunState"] == "SUCCEEDED"


def test_asking_for_a_run_does_not_end_it(up: Deploy, tmp_path: Path) -> None:
    cloud = up(tiny.job())
    pid_file = tmp_path / "pid"
    run_id = start(cloud, mode="sleep", pid_file=str(pid_file))
    assert described(cloud, run_id)["JobRunState"] in {"STARTING", "RUNNING"}
    until(pid_file.exists)
    for _ in range(5):
        run = described(cloud, run_id)
        assert run["JobRunState"] == "RUNNING"
        assert "CompletedOn" not in run


@pytest.mark.parametrize(
    ("mode", "message"),
    [("fail", "tiny_library.Broken: it is: broken"), ("exit", "no luck today")],
)
def test_a_run_that_fails_tells_why(up: Deploy, mode: str, message: str) -> None:
    library = f"s3://{tiny.assets_bucket()}/library.zip"
    cloud = up(tiny.job(arguments={"--extra-py-files": library}))
    run_id = start(cloud, mode=mode)
    cloud.settle()
    run = described(cloud, run_id)
    assert (run["JobRunState"], run["ErrorMessage"]) == ("FAILED", message)


def test_a_script_that_is_not_there_fails_its_run(up: Deploy) -> None:
    job = tiny.job()
    job["Properties"]["Command"]["ScriptLocation"] = f"s3://{tiny.assets_bucket()}/nowhere.py"
    cloud = up(job)
    run_id = start(cloud)
    cloud.settle()
    assert described(cloud, run_id)["JobRunState"] == "FAILED"
    assert "NoSuchKey" in described(cloud, run_id)["ErrorMessage"]


def test_an_argument_that_only_aws_can_honour_fails_the_run(up: Deploy) -> None:
    cloud = up(tiny.job(arguments={"--additional-python-modules": "x"}))
    run_id = start(cloud)
    cloud.settle()
    assert "--additional-python-modules" in described(cloud, run_id)["ErrorMessage"]


def test_no_more_runs_are_accepted_than_the_template_allows(up: Deploy, tmp_path: Path) -> None:
    cloud = up(tiny.job(at_once=2))
    runs = [start(cloud, mode="sleep", pid_file=str(tmp_path / str(n))) for n in range(2)]
    glue = cloud.client("glue")
    with pytest.raises(glue.exceptions.ConcurrentRunsExceededException):
        start(cloud)
    glue.batch_stop_job_run(JobName=tiny.JOB, JobRunIds=runs)
    cloud.settle()
    start(cloud)


def test_a_stopped_run_is_stopped_with_all_that_it_started(up: Deploy, tmp_path: Path) -> None:
    cloud = up(tiny.job())
    pid_file = tmp_path / "pid"
    run_id = start(cloud, mode="sleep", pid_file=str(pid_file))
    until(lambda: pid_file.exists() and pid_file.read_text() != "")
    answer = cloud.client("glue").batch_stop_job_run(
        JobName=tiny.JOB, JobRunIds=[run_id, "jr_unknown"]
    )
    assert [item["JobRunId"] for item in answer["SuccessfulSubmissions"]] == [run_id]
    assert [item["JobRunId"] for item in answer["Errors"]] == ["jr_unknown"]
    cloud.settle()
    assert described(cloud, run_id)["JobRunState"] == "STOPPED"
    assert not is_alive(int(pid_file.read_text()))


def test_a_run_that_takes_too_long_times_out(
    up: Deploy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "MINUTE", 0.3)
    cloud = up(tiny.job())
    run_id = start(cloud, mode="sleep", pid_file=str(tmp_path / "pid"))
    cloud.settle()
    run = described(cloud, run_id)
    assert run["JobRunState"] == "TIMEOUT"
    assert "5 minutes" in run["ErrorMessage"]


def test_a_run_that_has_ended_stays_as_it_ended() -> None:
    run = LocalJobRun(glue_version="6.0", job_name=tiny.JOB)
    run.move(RunState.SUCCEEDED)
    run.move(RunState.STOPPING)
    assert run.state is RunState.SUCCEEDED


def test_nothing_outlives_the_cloud(up: Deploy, tmp_path: Path) -> None:
    cloud = up(tiny.job())
    pid_file = tmp_path / "pid"
    start(cloud, mode="sleep", pid_file=str(pid_file))
    until(lambda: pid_file.exists() and pid_file.read_text() != "")
    cloud.__exit__()
    assert not is_alive(int(pid_file.read_text()))


def test_a_run_reaches_the_cloud_that_it_is_in(up: Deploy) -> None:
    cloud = up(tiny.job(), **tiny.bucket_only())
    start(cloud, mode="put", bucket=tiny.BUCKET)
    cloud.settle()
    assert cloud.client("s3").get_object(Bucket=tiny.BUCKET, Key="from/job")["Body"].read() == b"1"


@pytest.mark.parametrize(
    ("mode", "state", "severity"), [("", "SUCCEEDED", "INFO"), ("fail", "FAILED", "ERROR")]
)
def test_the_end_of_a_run_is_an_event_that_rules_can_match(
    up: Deploy, mode: str, state: str, severity: str
) -> None:
    resources = tiny.queue_and_function()
    resources["Uploads"] = tiny.rule(
        {
            "source": ["aws.glue"],
            "detail-type": ["Glue Job State Change"],
            "detail": {"jobName": [tiny.JOB], "state": [state]},
        }
    )
    cloud = up(tiny.job(), **resources)
    run_id = start(cloud, mode=mode)
    cloud.settle()
    (item,) = cloud.table(tiny.TABLE).scan()["Items"]
    event = json.loads(json.loads(item["record"])["body"])
    assert event["detail"].pop("message")
    assert event["detail"] == {
        "jobName": tiny.JOB,
        "severity": severity,
        "state": state,
        "jobRunId": run_id,
    }


def is_alive(process: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIG_DFL)
        return True
    return False
