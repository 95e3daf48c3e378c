"""`python -m benchmarks.accounting`: what it costs to account for every value of a file.

One process converts a file of the CSV benchmark as a task of a job does. The clock runs while
values are counted where records are cut, and while they are counted again in what was written; its
share of the whole is what accounting costs. Processor time is measured: a busy machine does not
change it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.contenders.lake_reader import TARGET_FILE_BYTES
from benchmarks.convert_files import convert_files
from benchmarks.datasets import Recipe, prepare
from benchmarks.machine import describe_machine
from benchmarks.measuring import ROOT
from benchmarks.report import table
from fuzz.here import work_here
from lake.writing import partitions as writing
from lake.writing import reconciliation as accounting
from lake.writing.audit import audit
from lake.writing.value_account import ValueAccount

_WORK = ROOT / "build" / "benchmarks"
_COMMITTED = ROOT / "benchmarks" / "accounting.md"
_MOST = 0.03
"""Largest share of a file's time that accounting may cost."""


@dataclass
class Clock:
    """Adds up the processor seconds that are spent in some calls."""

    seconds: float = 0.0

    def timed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            began = time.process_time()
            try:
                return function(*given, **named)
            finally:
                self.seconds += time.process_time() - began

        return call


@dataclass(frozen=True)
class Round:
    """Processor seconds of one round."""

    whole: float
    cutting: float
    """Part for values as they are cut, against what is about to be written."""
    reading_back: float
    """Part for values that were written, against those that were cut."""

    @property
    def share(self) -> float:
        return (self.cutting + self.reading_back) / self.whole


@dataclass(frozen=True)
class Results:
    recipe: Recipe
    rounds: Sequence[Round] = field(default_factory=tuple)

    @property
    def share(self) -> float:
        return median(one.share for one in self.rounds)


def main(arguments: Sequence[str]) -> None:
    given = _parser().parse_args(arguments)
    megabytes = 10.0 if given.quick else given.megabytes
    dataset = prepare(Recipe(megabytes=megabytes), _WORK / "data")
    results = Results(
        dataset.recipe, [_round(dataset.files) for _ in range(1 if given.quick else given.rounds)]
    )
    report = as_markdown(results)
    out = (_WORK / "accounting.md") if given.quick else _COMMITTED
    out.write_text(report, encoding="utf-8")
    print(report)
    print(f"written to {out}", file=sys.stderr)


def as_markdown(results: Results) -> str:
    held = "is" if results.share <= _MOST else "is **not**"
    rows = [
        [
            str(number),
            f"{one.whole:.2f}",
            f"{one.cutting:.3f}",
            f"{one.reading_back:.3f}",
            f"{one.share:.2%}",
        ]
        for number, one in enumerate(results.rounds, 1)
    ]
    head = ["round", "whole file, s", "as they are cut, s", "as they were written, s", "share"]
    return f"""# What accounting for values costs

Written by `make bench` on {datetime.now(UTC).date().isoformat()}. One process converts
{results.recipe.name} of the CSV benchmark; seconds are of its processor.

{table(["machine", ""], describe_machine(), left=2)}

{table(head, rows, left=0)}

The median share is {results.share:.2%}; that {held} within the {_MOST:.0%} that it may cost.
"""


def _round(files: Sequence[Path]) -> Round:
    cutting, reading_back = Clock(), Clock()
    with tempfile.TemporaryDirectory(dir=_WORK) as out, _watched(cutting, reading_back):
        began = time.process_time()
        convert_files(
            work_here(),
            [f"file://{path}" for path in files],
            out=f"file://{out}",
            target_file_bytes=TARGET_FILE_BYTES,
        )
        whole = time.process_time() - began
    return Round(whole, cutting.seconds, reading_back.seconds)


@contextmanager
def _watched(cutting: Clock, reading_back: Clock) -> Iterator[None]:
    add = ValueAccount.add
    ValueAccount.add = cutting.timed(add)  # type: ignore[method-assign]
    for module in (accounting, writing):
        module.audit = reading_back.timed(audit)  # type: ignore[attr-defined]
    try:
        yield
    finally:
        ValueAccount.add = add  # type: ignore[method-assign]
        for module in (accounting, writing):
            module.audit = audit  # type: ignore[attr-defined]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accounting", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small file, one round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--megabytes", type=float, default=1000)
    return parser


if __name__ == "__main__":
    main(sys.argv[1:])
