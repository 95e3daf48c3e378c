"""Measures `python -m local_cloud run FILE --json` as its user waits for it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measuring import ROOT, end, without_paths

_PHASES = {
    "synthesizing": "synthesize the templates, if changed",
    "deploying": "deploy them",
    "uploading": "upload",
    "processing": "queue, trigger, Spark job, catalog",
}
"""Beginnings of the progress lines that start each phase."""
_FAILURE_LETTERS = 200
_JOB_DONE = re.compile(r"SUCCEEDED in ([\d.]+) s")


@dataclass(frozen=True, kw_only=True)
class WholeRun:
    """One run of the command."""

    megabytes: float
    rows: int = 0
    seconds: float = 0
    """Seconds from the start of the command until it has ended."""
    phases: tuple[tuple[str, float], ...] = ()
    """Seconds of each phase, in order; they add up to the whole."""
    job_seconds: float = 0
    """Seconds of the Spark job alone, which is a part of the last phase."""
    failure: str = ""


def measure_whole_run(file: Path, *, megabytes: float, timeout: float) -> WholeRun:
    """Run the command once and read its progress lines as they come."""
    begun = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "local_cloud", "run", str(file), "--json"],
        cwd=ROOT,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{_path()}"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        lines = _lines_with_times(process)
        answer, _ = process.communicate(timeout=timeout)
    finally:
        end(process)
    seconds = time.monotonic() - begun
    if process.returncode:
        failure = f"exit code {process.returncode}: {_first_error(lines)}"
        return WholeRun(megabytes=megabytes, failure=failure)
    return WholeRun(
        megabytes=megabytes,
        rows=sum(item["rows_published"] for item in json.loads(answer)["objects"]),
        seconds=seconds,
        phases=tuple(phases(lines, begun=begun, ended=begun + seconds)),
        job_seconds=_job_seconds(lines),
    )


def _path() -> str:
    return os.environ.get("PATH", os.defpath)


def _lines_with_times(process: subprocess.Popen[bytes]) -> list[tuple[float, str]]:
    assert process.stderr is not None  # noqa: S101  it is a pipe
    return [(time.monotonic(), line.decode(errors="replace")) for line in process.stderr]


def phases(
    lines: Sequence[tuple[float, str]], *, begun: float, ended: float
) -> list[tuple[str, float]]:
    """Return the seconds of each phase, from lines with the moments at which they came."""
    starts = [("start Python, import", begun)]
    for moment, line in lines:
        text = line.partition("] ")[2]
        name = _PHASES.get(text.partition(" ")[0].rstrip(":"))
        if name and ": done in" not in text:
            starts.append((name, moment))
    ends = [moment for _, moment in starts[1:]] + [ended]
    return [(name, until - since) for (name, since), until in zip(starts, ends, strict=True)]


def _job_seconds(lines: Sequence[tuple[float, str]]) -> float:
    return sum(float(found[1]) for _, line in lines if (found := _JOB_DONE.search(line)))


def _first_error(lines: Sequence[tuple[float, str]]) -> str:
    errors = [line.strip() for _, line in lines if "error" in line.lower()]
    return without_paths((errors or ["no word of why"])[0], {str(ROOT): "."})[:_FAILURE_LETTERS]
