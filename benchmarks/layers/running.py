"""Runs contenders in processes of their own and judges what they leave behind."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.checking import Verdict
from benchmarks.job import read_marks
from benchmarks.layers.task import READY, Task, Told, phase_seconds, read_told
from benchmarks.measuring import processors, watched

Judge = Callable[[Path, Told], Verdict]
"""Takes the output folder and what the contender told; returns whether it is right."""
_BLOCK = 8 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Case:
    """One contender on one set of data."""

    layer: str
    subject: str
    """The subject within the layer: what it works on."""
    contender: str
    data: Path
    judge: Judge


@dataclass(frozen=True, kw_only=True)
class Run:
    """The measurements of one run of one contender."""

    layer: str
    subject: str
    contender: str
    round: int
    startup_seconds: float = 0
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Seconds of each phase."""
    peak_resident: int = 0
    peak_private: int = 0
    told: Told = field(default_factory=dict)
    wrong: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    failure: str = ""
    """The reason why there is no output; "" if there is one."""

    @property
    def verdict(self) -> str:
        """The verdict on the output, for people."""
        if self.failure:
            return f"**failed**: {self.failure}"
        if self.wrong:
            return f"**wrong**: {'; '.join((*self.wrong, *self.remarks))}"
        return "; ".join(("right", *self.remarks))


@dataclass(frozen=True, kw_only=True)
class Runner:
    """Where and how contenders are run."""

    work: Path
    """A folder that belongs to the benchmark."""
    cores: int
    timeout: float
    """Seconds after which a contender has failed."""

    def run(self, case: Case, *, round_number: int) -> Run:
        """Run a case, judge its output and remove it."""
        task = self._task(case)
        _read_through(case.data)
        # No one should pay for what the one before has left to be written to disk.
        os.sync()
        begun = time.monotonic()
        failure, memory = watched(
            [sys.executable, "-m", "benchmarks.layers.worker", task.to_json()],
            cores=self.cores,
            log=self.work / "log",
            timeout=self.timeout,
            places={task.data: "data", task.out: "out"},
        )
        marks, told = read_marks(Path(task.marks)), read_told(Path(task.told))
        verdict = Verdict() if failure else case.judge(Path(task.out), told)
        shutil.rmtree(task.out)
        return Run(
            layer=case.layer,
            subject=case.subject,
            contender=case.contender,
            round=round_number,
            startup_seconds=marks.get(READY, begun) - begun,
            seconds=phase_seconds(marks),
            peak_resident=memory.resident,
            peak_private=memory.private,
            told=told,
            wrong=verdict.wrong,
            remarks=verdict.remarks,
            failure=failure,
        )

    def _task(self, case: Case) -> Task:
        out, marks, told = (self.work / name for name in ("out", "marks", "told"))
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        for path in (marks, told):
            path.unlink(missing_ok=True)
        return Task(
            contender=f"{case.layer}.{case.contender}",
            data=str(case.data),
            out=str(out),
            cores=tuple(processors()[: self.cores]),
            marks=str(marks),
            told=str(told),
        )


def _read_through(data: Path) -> None:
    """Read all data once, so that the first contender does not pay for the disk."""
    for path in [data] if data.is_file() else sorted(data.rglob("*")):
        if path.is_file():
            with path.open("rb", buffering=0) as file:
                while file.read(_BLOCK):
                    pass
