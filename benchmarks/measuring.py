"""One measurement: a contender in a process of its own, watched from outside."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.checking import check
from benchmarks.datasets import Dataset
from benchmarks.job import Job, read_marks
from benchmarks.processes import Memory, tree_memory

ROOT = Path(__file__).resolve().parent.parent
_SAMPLING_SECONDS = 0.1
_FAILURE_LETTERS = 300


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """The measurements of one run of one contender."""

    dataset: str
    contender: str
    cores: int
    round: int
    startup_seconds: float = 0
    """Seconds from the start of the process until imports and session are there."""
    seconds: float = 0
    """Seconds from there until the output is written."""
    peak_resident: int = 0
    peak_private: int = 0
    output_bytes: int = 0
    output_files: int = 0
    wrong: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    failure: str = ""
    """The reason why there is no output; "" if there is one."""


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Where and how contenders are run."""

    work: Path
    """A folder that belongs to the benchmark."""
    timeout: float
    """Seconds after which a contender has failed."""

    def measure(
        self, dataset: Dataset, contender: str, *, cores: int, round_number: int
    ) -> Measurement:
        """Run a contender, check its output against the truth, and remove it."""
        out = self.work / "out"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        job = Job(
            folder=str(dataset.folder),
            out=str(out),
            quoted=dataset.recipe.quoted,
            reordered=dataset.recipe.reordered,
            cores=tuple(processors()[:cores]),
            marks=str(self.work / "marks"),
        )
        Path(job.marks).unlink(missing_ok=True)
        # No one should pay for what the one before has left to be written to disk.
        os.sync()
        begun = time.monotonic()
        failure, memory = self._run(job, contender)
        marks = read_marks(Path(job.marks))
        files = list(out.rglob("*.parquet"))
        size = sum(file.stat().st_size for file in files)
        verdict = check(out, dataset.truth, files=len(dataset.files)) if not failure else None
        shutil.rmtree(out)
        return Measurement(
            dataset=dataset.recipe.name,
            contender=contender,
            cores=cores,
            round=round_number,
            startup_seconds=marks.get("ready", begun) - begun,
            seconds=marks.get("done", 0) - marks.get("ready", 0) if not failure else 0,
            peak_resident=memory.resident,
            peak_private=memory.private,
            output_bytes=size,
            output_files=len(files),
            wrong=verdict.wrong if verdict else (),
            remarks=verdict.remarks if verdict else (),
            failure=failure,
        )

    def _run(self, job: Job, contender: str) -> tuple[str, Memory]:
        return watched(
            [sys.executable, "-m", "benchmarks.contenders", contender, job.to_json()],
            cores=len(job.cores),
            log=self.work / "log",
            timeout=self.timeout,
            places={job.folder: "orders", job.out: "out"},
        )


def watched(
    command: Sequence[str], *, cores: int, log: Path, timeout: float, places: Mapping[str, str]
) -> tuple[str, Memory]:
    """Return why the command failed, "" if it did not, and the most memory that was seen.

    `places` are folders, with the names that replace them in its error.
    """
    with log.open("wb") as file:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment_of(cores=cores),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            memory = _watch(process, timeout=timeout)
        except TimeoutError:
            return f"not done after {timeout:.0f} s", Memory()
        finally:
            end(process)
    return "" if process.returncode == 0 else _last_error(log, places), memory


def environment_of(*, cores: int) -> dict[str, str]:
    """Return the variables that a contender's process gets."""
    return {
        **os.environ,
        "PYTHONPATH": f"{ROOT / 'glue_scripts'}{os.pathsep}{ROOT}",
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": "127.0.0.1",
        "POLARS_MAX_THREADS": str(cores),
        "TZ": "UTC",
    }


def processors() -> Sequence[int]:
    """Return the processors that this process may use."""
    return sorted(os.sched_getaffinity(0))


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and all that it has started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def without_paths(text: str, paths: Mapping[str, str]) -> str:
    """Return a text with names in place of this machine's folders."""
    for path, name in paths.items():
        text = text.replace(path, name)
    return text


def _watch(process: subprocess.Popen[bytes], *, timeout: float) -> Memory:
    peak, ends = Memory(), time.monotonic() + timeout
    while process.poll() is None:
        if time.monotonic() > ends:
            raise TimeoutError
        peak = peak.peak_with(tree_memory(process.pid))
        time.sleep(_SAMPLING_SECONDS)
    return peak


def _last_error(log: Path, places: Mapping[str, str]) -> str:
    """Return the exception that ended a process, on one line."""
    lines = log.read_text(errors="replace").splitlines()
    errors = [line for line in lines if re.match(r"[A-Za-z_][\w.]*(Error|Exception)\b", line)]
    last = (errors or [line for line in lines if line.strip()] or ["no word of why"])[-1]
    short = without_paths(last, {**places, str(ROOT): "."})
    return short[:_FAILURE_LETTERS]
