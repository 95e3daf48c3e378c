"""Measures one case in a cloud of its own, from upload until everything is written out."""

from __future__ import annotations

import resource
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cloud.plan import Case, Uploads, prepared
from local_cloud.calls import Call
from local_cloud.export import export
from local_cloud.platform import Platform, deployed
from local_cloud.report import Report, report_of
from local_cloud.settling import Work
from operations.progress import Progress


@dataclass(frozen=True, kw_only=True)
class Phase:
    """A part of the whole, and how much slower it becomes."""

    name: str
    seconds: float
    first: float = 0.0
    """Seconds for the first objects, as many as the case's step."""
    last: float = 0.0
    """Seconds for as many last ones."""


@dataclass(frozen=True, kw_only=True)
class CloudRun:
    """The measurements of one case."""

    case: Case
    seconds: float
    """Seconds from the first upload until everything is written and reported."""
    processor_seconds: float
    """Processor seconds of all processes, the deployment included."""
    phases: tuple[Phase, ...]
    job_runs: int
    tables: int
    calls: Mapping[str, Mapping[str, int]]
    """Number of calls, by caller and kind."""
    wrong: tuple[str, ...]
    """Results that are not as they have to be at the end."""


def measure(case: Case, *, work: Path) -> CloudRun:
    """Upload, process, write out and report. The time for the deployment is not counted."""
    shutil.rmtree(work, ignore_errors=True)
    uploads = prepared(case, work / "in")
    progress = Progress()
    before = _processor_seconds()
    with deployed("dev", progress=progress) as platform:
        started = platform.cloud.calls
        follower = _Follower(platform, uploads, case)
        began = time.monotonic()
        follower.upload()
        follower.process()
        follower.write(work / "out", progress)
        report = follower.report()
        seconds = time.monotonic() - began
        calls = platform.cloud.calls - started
    return CloudRun(
        case=case,
        seconds=seconds,
        processor_seconds=_processor_seconds() - before,
        phases=tuple(follower.phases),
        job_runs=len(report["runs"]),
        tables=len(report["tables"]),
        calls=_by_caller(calls),
        wrong=tuple(_wrong(report, case, uploads, work / "out")),
    )


class _Follower:
    """Does and times the phases of a case, one after the other."""

    def __init__(self, platform: Platform, uploads: Uploads, case: Case) -> None:
        self._platform = platform
        self._uploads = uploads
        self._step = case.step
        self._jobs_wait = case.jobs_wait
        self.phases: list[Phase] = []

    def upload(self) -> None:
        with self._timed("upload") as mark:
            for key, path in self._uploads.files:
                self._platform.upload(key, path)
                mark(1)

    def process(self) -> None:
        """Hand over all messages, the last ones beside more running jobs; then await the jobs."""
        cloud = self._platform.cloud
        name = "register" if self._jobs_wait else "register, beside running jobs"
        with cloud.jobs_wait() if self._jobs_wait else nullcontext(), self._timed(name) as mark:
            before = cloud.handed_over
            while cloud.work_once() is not Work.NONE:
                before, last = cloud.handed_over, before
                mark(before - last)
        with self._timed("wait for the jobs"):
            self._platform.settle()

    def write(self, out: Path, progress: Progress) -> None:
        with self._timed("write what a reader sees"):
            export(self._platform, out, progress=progress)

    def report(self) -> Report:
        with self._timed("report"):
            return report_of(self._platform, out=None)

    @contextmanager
    def _timed(self, name: str) -> Iterator[Callable[[int], None]]:
        watch = _Watch(self._step)
        yield watch.mark
        self.phases.append(watch.phase(name))


class _Watch:
    """Times the first and the last `step` things."""

    def __init__(self, step: int) -> None:
        self._step = step
        self._moments = [(0, time.monotonic())]

    def mark(self, number: int) -> None:
        done = self._moments[-1][0] + number
        self._moments.append((done, time.monotonic()))

    def phase(self, name: str) -> Phase:
        begun, ended = self._moments[0][1], time.monotonic()
        total, last = self._moments[-1]
        if total < 2 * self._step:
            return Phase(name=name, seconds=ended - begun)
        first = next(moment for done, moment in self._moments if done >= self._step)
        near = next(moment for done, moment in self._moments if done >= total - self._step)
        return Phase(name=name, seconds=ended - begun, first=first - begun, last=last - near)


def _by_caller(calls: Mapping[Call, int]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for call, count in calls.items():
        kind = f"{call.service} {call.operation}"
        found.setdefault(call.caller or "command", {})[kind] = count
    return found


def _wrong(report: Report, case: Case, uploads: Uploads, out: Path) -> Iterator[str]:
    open_or_bad = sum(item["status"] != "published" for item in report["objects"])
    rows = sum(item["rows_published"] for item in report["objects"])
    if open_or_bad or len(report["objects"]) != case.objects:
        yield f"{open_or_bad} of {len(report['objects'])} objects are not published"
    if rows != uploads.rows:
        yield f"{rows:,} rows instead of {uploads.rows:,}"
    folders = {path.name for path in (out / "processed").iterdir()}
    if len(folders) != case.datasets:
        yield f"{len(folders)} tables were written instead of {case.datasets}"


def _processor_seconds() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used)
