"""The commands as people start and end them, with the templates of both apps."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import boto3
import pytest

ROOT = Path(__file__).parents[2]


class Command:
    """`python -m local_cloud …`, listened to while it runs."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "local_cloud", *arguments],
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()

    def _listen(self) -> None:
        for line in self.process.stdout or ():
            self.lines.append(line.rstrip())

    def until(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 90
        while not condition():
            assert self.process.poll() is None, "\n".join(self.lines)
            assert time.monotonic() < deadline, "\n".join(self.lines)
            time.sleep(0.05)

    def says(self, text: str) -> str:
        """The first line that has this in it, once there is one."""
        self.until(lambda: any(text in line for line in self.lines))
        return next(line for line in self.lines if text in line)

    def children(self) -> set[int]:
        """All that it has started, and what that has started."""
        table = subprocess.run(
            ["ps", "-axo", "pid=,ppid="], capture_output=True, text=True, check=True
        ).stdout
        parents = {int(pid): int(parent) for pid, parent in map(str.split, table.splitlines())}
        found = {self.process.pid}
        while more := {pid for pid, parent in parents.items() if parent in found} - found:
            found |= more
        return found - {self.process.pid}

    def interrupted(self) -> int:
        """Exit code after Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(timeout=30)
        self._listener.join()
        return code

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._listener.join()
        if self.process.stdout:
            self.process.stdout.close()


@pytest.fixture
def command() -> Iterator[Callable[..., Command]]:
    with ExitStack() as stack:

        def start(*arguments: str) -> Command:
            started = Command(*arguments)
            stack.callback(started.close)
            return started

        yield start


def any_alive(processes: set[int]) -> bool:
    """Whether one does more than wait for whoever inherited it to take note of its end."""
    table = subprocess.run(
        ["ps", "-axo", "pid=,stat="], capture_output=True, text=True, check=True
    ).stdout
    states = dict(map(str.split, table.splitlines()))
    return any(states.get(str(process), "Z")[0] != "Z" for process in processes)


@pytest.mark.slow
def test_an_interrupted_run_takes_its_children_with_it(
    command: Callable[..., Command], tmp_path: Path
) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    run = command("run", str(tmp_path))
    run.says("processing")
    run.until(lambda: len(run.children()) >= 3)  # the trigger, spark-submit, its Python
    children = run.children()
    assert run.interrupted() == 130
    assert "interrupted" in run.lines[-1]
    assert not any("Traceback" in line for line in run.lines)
    assert not any_alive(children)


@pytest.mark.slow
def test_up_processes_what_anybody_uploads_until_it_is_interrupted(
    command: Callable[..., Command],
) -> None:
    up = command("up")
    endpoint = up.says("S3 endpoint").split()[2]
    bucket = up.says("bucket ").split()[1]
    assert f"s3://{bucket}/ --endpoint-url {endpoint}" in up.says("aws s3 cp")
    s3 = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="eu-central-1",
        aws_access_key_id="any",
        aws_secret_access_key="any",  # noqa: S106 - any will do
    )
    s3.put_object(Bucket=bucket, Key="in/nothing.csv", Body=b"")
    s3.close()
    assert "empty" in up.says("in/nothing.csv: ")
    children = up.children()
    assert up.interrupted() == 0
    assert not any_alive(children)
