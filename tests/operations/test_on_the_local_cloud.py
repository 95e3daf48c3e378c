"""The checks after a deployment, run as the pipelines run them, against the local cloud."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.delivery import App
from config.environments import load_environments
from config.jobs import FILE_PROCESSOR
from config.prices import prices_of
from local_cloud.platform import Platform, deployed
from local_cloud.settling import Work
from operations.progress import Progress
from wires.routes import CHECKS_PREFIX

ROOT = Path(__file__).resolve().parents[2]
ADMINISTRATOR = ""


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    with deployed("dev", progress=Progress()) as platform:
        yield platform


def checks_step() -> str:
    """The role in which the infrastructure's pipeline runs its checks, in an account of its own."""
    delivery = load_environments().all[0].delivery
    account = delivery.account
    name = delivery.checks_role(App.INFRASTRUCTURE)
    return f"arn:{account.partition}:iam::{account.aws_account_id}:role/{name}"


def run(platform: Platform, *arguments: str, role: str | None = None) -> tuple[int, str]:
    """Exit code and output of the command, run by the pipeline's step, by a role, or, with "", by
    an administrator; the cloud works on while it runs."""
    caller = checks_step() if role is None else role
    process = subprocess.Popen(
        [sys.executable, "-m", "operations", *arguments],
        cwd=ROOT,
        env=platform.cloud.child_environment(role=caller),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    while process.poll() is None:
        if platform.cloud.work_once() is not Work.DONE:
            time.sleep(0.05)
    output, _ = process.communicate()
    platform.cloud.settle()
    return process.returncode, output


def left_of(platform: Platform, dataset: str) -> list[str]:
    """Whatever still has a check's name in it."""
    names, s3 = platform.names, platform.cloud.client("s3")
    uploads = s3.list_object_versions(Bucket=names.raw_bucket).get("Versions", [])
    files = s3.list_objects_v2(Bucket=names.processed_bucket).get("Contents", [])
    tables = platform.cloud.client("glue").get_tables(DatabaseName=names.processed_database)
    found = [item["Key"] for item in [*uploads, *files]]
    found += [table["Name"] for table in tables["TableList"]]
    found += [entry["key"] for entry in platform.cloud.table(names.objects_table).scan()["Items"]]
    found += [item["pk"] for item in platform.cloud.table(names.state_table).scan()["Items"]]
    return [name for name in found if dataset in name]


@pytest.mark.slow
def test_the_check_passes_and_leaves_nothing_but_the_history_of_its_run(
    platform: Platform,
) -> None:
    code, said = run(platform, "check-environment", "--environment", "dev", "--timeout", "900")
    assert code == 0, said
    for route in ("files", "layered"):
        assert re.search(rf"^{route}: healthy after \d+ s, table .* is as it", said, re.MULTILINE)
    datasets = set(re.findall(rf"{CHECKS_PREFIX}\w+", said))
    assert len(datasets) == 2
    assert [left_of(platform, dataset) for dataset in datasets] == [[], []]
    assert "SUCCEEDED" in [run["state"] for run in platform.runs.all_runs()]


@pytest.mark.slow
def test_every_run_was_started_with_the_policy_of_its_load(
    platform: Platform, tmp_path: Path
) -> None:
    table = tmp_path / "a.csv"
    table.write_bytes(b"a\n1\n")
    platform.upload("policies/a.csv", table)
    platform.settle()
    glue = platform.cloud.client("glue")
    runs = glue.get_job_runs(JobName=platform.names.job(FILE_PROCESSOR))["JobRuns"]
    assert runs
    for one in runs:
        policy = json.loads(one["ExecutionRoleSessionPolicy"])
        (files,) = (s for s in policy["Statement"] if s["Sid"] == "WritesItsOwnFiles")
        assets = f"arn:aws:s3:::{platform.names.assets_bucket}/loads/"
        (own,) = (place for place in files["NotResource"] if place.startswith(assets))
        load_id = own.removeprefix(assets).removesuffix("/*")
        assert platform.objects_of_load(load_id) >= 1


@pytest.mark.slow
def test_a_check_that_finds_no_table_in_time_says_where_to_look(platform: Platform) -> None:
    code, said = run(platform, "check-environment", "--environment", "dev", "--timeout", "0.01")
    assert code == 1
    (error,) = re.findall(r"error: dev is not healthy\. (.*)", said)
    assert re.search(
        r"files: platform_check_\S+ still is .* Look at .*layered: data/incoming/", error
    )
    assert error.count(" still is ") == error.count(" Look at ") == 2
    assert "Traceback" not in said


def test_all_exports_of_a_deployed_infrastructure_are_found(platform: Platform) -> None:
    code, said = run(platform, "check-exports", "--environment", "dev")
    assert (code, said.strip()) == (0, "dev has all exports that the application imports")


def test_an_environment_without_infrastructure_lacks_every_export(platform: Platform) -> None:
    code, said = run(platform, "check-exports", "--environment", "prod", role=ADMINISTRATOR)
    assert code == 1
    assert "glue-etl-pipeline-prod-DataKeyArn" in said
    assert "make deploy ENV=prod" in said


@pytest.mark.slow
def test_an_environment_without_an_application_is_not_checked_where_that_is_allowed(
    platform: Platform,
) -> None:
    asked = ("check-environment", "--if-complete", "--environment", "prod")
    code, said = run(platform, *asked, role=ADMINISTRATOR)
    assert code == 0
    assert "not deployed to prod yet" in said


def test_an_environment_that_config_does_not_have_is_wrong_use(platform: Platform) -> None:
    code, said = run(platform, "check-exports", "--environment", "test")
    assert code == 2
    assert "it has dev, prod" in said


def test_only_the_pipelines_take_on_the_checks_role(platform: Platform) -> None:
    stranger = checks_step().replace("-checks-", "-strangers-")
    code, said = run(platform, "check-exports", "--environment", "dev", role=stranger)
    assert code == 1
    assert "cannot be taken (AccessDenied)" in said


@pytest.mark.slow
def test_a_rejected_upload_is_shown_and_decided_again(platform: Platform, tmp_path: Path) -> None:
    there = ("--env", "dev", "--local", platform.cloud.endpoint)
    program = tmp_path / "program.csv"
    program.write_bytes(b"\x7fELF\x02\x01\x01")
    platform.upload("recovery/program.csv", program)
    platform.cloud.settle()
    chosen = ("--key", "recovery/*")
    code, said = run(platform, "objects", *chosen, *there)
    assert code == 0, said
    assert "1 rejected" in said
    code, said = run(platform, "redrive", *chosen, *there)
    assert code == 0, said
    assert "1 is decided again" in said
    (upload,) = (u for u in platform.uploads() if u.key == "recovery/program.csv")
    assert upload.entry["status"] == "rejected"
    assert "decide_again" not in upload.entry
    code, said = run(platform, "reconcile", "--older-than", "0m", *there)
    assert code == 0, said
    assert "uploads, ledgers, tables and files agree" in said


@pytest.mark.slow
def test_what_a_run_took_is_in_its_history_and_advice_waits_for_more_runs(
    platform: Platform, tmp_path: Path
) -> None:
    there = ("--env", "dev", "--local", platform.cloud.endpoint)
    orders = tmp_path / "orders.csv"
    orders.write_text("id,price\n" + "".join(f"{i},{i}.5\n" for i in range(1000)))
    platform.upload("sized/orders.csv", orders)
    platform.cloud.settle()
    job = platform.names.job(FILE_PROCESSOR)
    last = max(
        (r for r in platform.runs.all_runs() if r["job"] == job), key=lambda r: r["started_at"]
    )
    assert last["state"] == "SUCCEEDED"
    assert last["bytes_in"] == orders.stat().st_size
    assert (last["worker_type"], last["workers"], last["execution_class"]) == (
        "G.1X",
        2,
        "STANDARD",
    )
    # Of two workers, for a minute at least.
    seconds = max(60, int(last["seconds"]))
    assert float(last["usd"]) == pytest.approx(
        2 * seconds / 3600 * prices_of("eu-central-1").glue.dpu_hour, abs=1e-5
    )
    # Java and Python are in memory, and not all of the machine is.
    assert 100 * 2**20 < last["peak_memory_bytes"] < 16 * 2**30
    assert "worker_peak_memory_bytes" not in last
    code, said = run(
        platform, "advise", "--job", "file_processor", "--json", *there, role=ADMINISTRATOR
    )
    assert code == 0, said
    (told,) = json.loads(said[said.index("{") :])["jobs"]
    assert told["rows_per_dpu_second"] > 0
    assert told["bytes_per_dpu_second"] > 0
    assert 0 < told["memory_share"] < 1
