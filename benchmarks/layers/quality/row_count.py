"""The minimum: Spark starts a job and opens every file, but reads no column for its answer."""

from __future__ import annotations

from benchmarks.layers.quality import PHASE, TABLE
from benchmarks.layers.quality.scans import scans
from benchmarks.layers.quality.session import opened
from benchmarks.layers.task import Phases, Task, Told


def run(task: Task, phases: Phases) -> Told:
    spark, table, _ = opened(task)
    phases.ready()
    with phases.measured(PHASE):
        rows = table.count()
    return {"rows": rows, "scans": scans(spark, TABLE)}
