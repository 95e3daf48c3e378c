"""The cases of quality, and the check of their verdicts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from benchmarks.checking import Verdict
from benchmarks.layers.quality import CONTENDERS, FLOOR, LAYER, TABLE
from benchmarks.layers.quality.rules import CASES
from benchmarks.layers.running import Case
from benchmarks.layers.task import Told


def cases(folder: Path, *, rows: int) -> list[Case]:
    """Return one case for each contender."""
    return [
        Case(
            layer=LAYER,
            subject=TABLE,
            contender=name,
            data=folder,
            judge=partial(counted, rows=rows) if name == FLOOR else judged,
        )
        for name in CONTENDERS
    ]


def judged(_: Path, told: Told) -> Verdict:
    """Compare each rule's verdict with what is known of the table."""
    return Verdict(wrong=tuple(_faults(told["verdicts"])))


def _faults(verdicts: Sequence[str]) -> Iterator[str]:
    for case, found in zip(CASES, verdicts, strict=True):
        expected = "passed" if case.passes else "failed"
        if found != expected:
            yield f"{case.dqdl}: {found} instead of {expected}"


def counted(_: Path, told: Told, *, rows: int) -> Verdict:
    found = told["rows"]
    return Verdict(wrong=() if found == rows else (f"{found:,} rows instead of {rows:,}",))
