"""A task runs in a process of its own, its phases are measured and its output is judged."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.checking import Verdict
from benchmarks.layers.running import Case, Runner
from benchmarks.layers.task import Told, phase_seconds, read_told

pytestmark = pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity"), reason="holds processes to cores and reads /proc"
)


def any_judge(out: Path, told: Told) -> Verdict:
    raise AssertionError(f"nothing to judge in {out}: {told}")


def test_a_contender_that_fails_is_reported_with_its_error(tmp_path: Path) -> None:
    runner = Runner(work=tmp_path / "work", cores=1, timeout=60)
    case = Case(
        layer="ingestion", subject="any", contender="nobody", data=tmp_path, judge=any_judge
    )
    run = runner.run(case, round_number=0)
    assert run.failure.startswith("ModuleNotFoundError: No module named")
    assert run.verdict.startswith("**failed**: ModuleNotFoundError")
    assert run.seconds == {}


def test_a_phase_counts_from_its_own_begin() -> None:
    marks = {"ready": 1.0, "begin a": 2.0, "end a": 3.5, "begin b": 9.0, "end b": 9.5, "begin c": 9}
    assert phase_seconds(marks) == {"a": 1.5, "b": 0.5}


def test_who_tells_nothing_has_told_nothing(tmp_path: Path) -> None:
    assert read_told(tmp_path / "none") == {}
