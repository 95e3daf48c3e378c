"""The whole job on a Spark cluster whose processes share nothing but the store."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyspark
import pytest
import requests

from delivery.bundles import library_bundle, stage
from tests.aws import JOB, SmallAws
from tests.lakes import Lake
from tests.sessions import ROOT, aws_environment
from wires.job_arguments import LoadRun, to_arguments

SPARK_CLASS = Path(pyspark.__file__).parent / "bin" / "spark-class"
SPARK_SUBMIT = SPARK_CLASS.with_name("spark-submit")


@contextmanager
def process(log: Path, *command: str, env: dict[str, str]) -> Iterator[Callable[[], str]]:
    """A process in a folder of its own; yields what it has said so far."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as output:
        started = subprocess.Popen(
            command,
            cwd=log.parent,
            env=env,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield log.read_text
    finally:
        os.killpg(started.pid, signal.SIGTERM)
        started.wait(30)


def wait_for(said: Callable[[], str], text: str, times: int = 1) -> str:
    deadline = time.monotonic() + 90
    while said().count(text) < times:
        assert time.monotonic() < deadline, f"no {text!r} in: {said()}"
        time.sleep(0.2)
    return next(line for line in said().splitlines() if text in line)


@contextmanager
def cluster(folder: Path, env: dict[str, str]) -> Iterator[str]:
    """A master and two workers of one core each on loopback; yields the master's address."""
    spark = "org.apache.spark.deploy"
    master = [str(SPARK_CLASS), f"{spark}.master.Master", "--host", "127.0.0.1", "--port", "0"]
    with process(folder / "master" / "log", *master, "--webui-port", "0", env=env) as said:
        address = wait_for(said, "Starting Spark master at ").rsplit(" ", 1)[1]
        worker = [str(SPARK_CLASS), f"{spark}.worker.Worker", "--host", "127.0.0.1"]
        options = ["--cores", "1", "--memory", "1g", "--webui-port", "0"]
        command = [*worker, *options, address]
        with (
            process(folder / "one" / "log", *command, env=env),
            process(folder / "two" / "log", *command, env=env),
        ):
            wait_for(said, "Registering worker", times=2)
            yield address


def zipped(folder: Path, target: Path) -> Path:
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder))
    return target


@pytest.mark.slow
def test_the_job_runs_on_workers_that_have_only_what_spark_submit_ships(
    aws: SmallAws, endpoint: str, tmp_path: Path
) -> None:
    lake = Lake(aws, spark=None)  # type: ignore[arg-type]
    big = b"id,name\n" + b"".join(b'%d,"a name\nof %d"\n' % (i, i) for i in range(700_000))
    versions = [
        lake.upload("orders/big.csv", big),
        *(lake.upload(f"small/{i}.csv", f"id,zip\n{i},007\n") for i in range(20)),
        lake.upload("small/ragged.csv", "id,zip\n1\n2,008\n"),
    ]
    load_id = lake.load(*versions)
    library = zipped(stage("library", library_bundle([])), tmp_path / "library.zip")
    script = tmp_path / "script" / "file_processor.py"
    script.parent.mkdir()
    script.write_bytes((ROOT / "glue_scripts" / "file_processor.py").read_bytes())
    arguments = {
        **to_arguments(lake.settings),
        **to_arguments(LoadRun(load_id=load_id, attempt=1, last_attempt=False)),
        "--target_file_bytes": str(8 * 1024 * 1024),
        "--JOB_NAME": JOB,
        "--JOB_RUN_ID": "jr_1",
    }
    env = {
        **{k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "SPARK_HOME")},
        **aws_environment(endpoint),
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_WORKER_DIR": str(tmp_path / "work"),
    }
    with cluster(tmp_path, env) as master:
        done = subprocess.run(
            [
                str(SPARK_SUBMIT),
                *("--master", master, "--py-files", str(library)),
                *("--conf", "spark.ui.enabled=false", "--conf", "spark.executor.memory=800m"),
                *("--conf", "spark.driver.host=127.0.0.1"),
                str(script),
                *(word for pair in arguments.items() for word in pair),
            ],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        workers = list((tmp_path / "work").glob("app-*/*"))
    assert done.returncode == 0, done.stderr
    assert len(workers) == 2
    assert lake.outcome(versions[0]) == ("published", 700_000, 700_000, 0)
    assert len(lake.rows("small", "id", "zip")) == 21
    assert [row["line"] for row in lake.quarantined()] == [2]
    assert requests.get(endpoint, timeout=10).ok
