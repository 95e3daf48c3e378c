"""Rules as people write them by hand: one action for each."""

from __future__ import annotations

from benchmarks.layers.quality import PHASE, TABLE
from benchmarks.layers.quality.rules import CASES
from benchmarks.layers.quality.scans import scans
from benchmarks.layers.quality.session import opened
from benchmarks.layers.task import Phases, Task, Told


def run(task: Task, phases: Phases) -> Told:
    spark, table, customers = opened(task)
    phases.ready()
    with phases.measured(PHASE):
        passed = [case.by_hand(table, customers) for case in CASES]
    verdicts = ["passed" if one else "failed" for one in passed]
    return {"verdicts": verdicts, "scans": scans(spark, TABLE)}
