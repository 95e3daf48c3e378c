"""Spark's standalone cluster on loopback: a master and workers, from the pyspark distribution."""

from __future__ import annotations

import re
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from faults.killing import load_files
from faults.machine import ancestors, caller_at, command_of, descendants, kill_tree
from faults.points import LOAD
from faults.scene import Fault, Scene
from local_cloud.glue.jobs import LocalJobRun
from local_cloud.glue.spark_home import spark_environment, spark_home
from local_cloud.http.watching import WatchedCall
from local_cloud.processes import end_group

_WORKERS = 2
_SECONDS = 60.0
_CLASSES = "org.apache.spark.deploy"
_EXECUTOR = "CoarseGrainedExecutorBackend"


@dataclass
class Cluster:
    """A master with its workers."""

    folder: Path
    environment: Mapping[str, str]
    """Of the workers and so of their executors: whose AWS it is, and as whom they call it."""
    url: str = ""
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @contextmanager
    def up(self) -> Iterator[None]:
        """Have it up for the block. Raises TimeoutError if it does not come up."""
        with ExitStack() as stack:
            port = _free_port()
            self.url = f"spark://127.0.0.1:{port}"
            options = ("--host", "127.0.0.1", "--port", str(port), "--webui-port", "0")
            master = self._start(stack, "master", f"{_CLASSES}.master.Master", *options)
            self._await("master", master, r"I have been elected leader")
            for number in range(_WORKERS):
                name = f"worker-{number}"
                work = ("--work-dir", str(self.folder / name), "--cores", "1", "--memory", "1g")
                where = ("--host", "127.0.0.1", "--webui-port", "0", *work, self.url)
                worker = self._start(stack, name, f"{_CLASSES}.worker.Worker", *where)
                self._await(name, worker, r"Successfully registered with master")
            yield

    def executor_of(self, call: WatchedCall) -> int:
        """Return the process of the executor whose Python worker makes a call; 0 if none does."""
        among = [one for process in self.processes for one in descendants(process.pid)]
        caller = caller_at(call.port, among)
        return next((p for p in ancestors(caller) if _EXECUTOR in command_of(p)), 0)

    def _start(self, stack: ExitStack, name: str, *command: str) -> subprocess.Popen[bytes]:
        log = stack.enter_context((self.folder / f"{name}.log").open("wb"))
        process = subprocess.Popen(
            [spark_home() / "bin" / "spark-class", *command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**self.environment, **spark_environment(), "SPARK_LOCAL_IP": "127.0.0.1"},
            cwd=self.folder,
            start_new_session=True,
        )
        self.processes.append(process)
        stack.callback(self._end, process)
        return process

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        kill_tree(process.pid)
        end_group(process)

    def _await(self, name: str, process: subprocess.Popen[bytes], sign: str) -> None:
        until = time.monotonic() + _SECONDS
        log = self.folder / f"{name}.log"
        while not re.search(sign, log.read_text(errors="replace")):
            if process.poll() is not None or time.monotonic() > until:
                raise TimeoutError(f"expected Spark's {name} to come up, its log is {log}")
            time.sleep(0.1)


@contextmanager
def jobs_on_cluster(scene: Scene, cluster: Cluster) -> Iterator[None]:
    """Have the job's script run on a cluster for the block, with its executors on other JVMs."""
    settings = {
        "spark.master": cluster.url,
        "spark.executor.memory": "512m",
        "spark.executor.cores": "1",
        "spark.executorEnv.TZ": "UTC",
    }
    given = [f"{name}={value}" for name, value in settings.items()]
    with scene.stage.changed_arguments(LOAD, **{"--conf": scene.stage.conf(LOAD, *given)}):
        yield


def executor_lost(scene: Scene) -> None:
    """End an executor with all of its processes while a task of it reads an original."""
    stage = scene.stage
    role = stage.job(LOAD).role
    arn = role if role.startswith("arn:") else f"arn:aws:iam::{stage.cloud.account}:role/{role}"
    environment = {**stage.cloud.child_environment(role=arn), "AWS_SDK_UA_APP_ID": "job"}
    folder = stage.work / f"cluster-{scene.name}"
    folder.mkdir(parents=True, exist_ok=True)
    cluster = Cluster(folder, environment)
    lost: list[int] = []

    def strike(call: WatchedCall) -> None:
        executor = cluster.executor_of(call)
        if executor:
            kill_tree(executor)
            lost.append(executor)

    with cluster.up(), jobs_on_cluster(scene, cluster):
        nth = scene.dice.randint(1, 6)
        with scene.struck_outside(strike, path=stage.platform.names.raw_bucket, nth=nth):
            scene.send(*load_files(scene))
            scene.settle()
    if not lost:
        raise AssertionError("expected a task to read on an executor, none was found")
    runs = _runs(scene)
    scene.notes.append(
        f"read {nth} of an original by an executor; {len(runs)} runs: {', '.join(runs)}"
    )


def _runs(scene: Scene) -> list[str]:
    """Return the states of the load job's runs that had these files."""
    stage = scene.stage
    loads = {entry["load_id"] for entry in stage.entries(scene.sent)}
    runs = [run for run in stage.job(LOAD).job_runs if isinstance(run, LocalJobRun)]
    return [run.state.value for run in runs if (run.arguments or {}).get("--load_id") in loads]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


CLUSTER = (Fault(name="executor/lost", family="executor", play=executor_lost),)
