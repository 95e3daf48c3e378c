"""All rules in one evaluation, as the quality job calls it."""

from __future__ import annotations

from benchmarks.layers.quality import PHASE, REFERENCE, TABLE
from benchmarks.layers.quality.rules import AT, as_dqdl
from benchmarks.layers.quality.scans import scans
from benchmarks.layers.quality.session import opened
from benchmarks.layers.task import Phases, Task, Told
from dqdl import parse
from quality.evaluation import evaluate
from quality.history import PastMetrics


def run(task: Task, phases: Phases) -> Told:
    spark, table, customers = opened(task)
    phases.ready()
    with phases.measured(PHASE):
        evaluation = evaluate(
            parse(as_dqdl()),
            table,
            references={REFERENCE: customers},
            history=PastMetrics({}),
            at=AT,
        )
    return {
        "verdicts": [outcome.verdict.value for outcome in evaluation.outcomes],
        "reasons": [outcome.reason for outcome in evaluation.outcomes],
        "passes": evaluation.passes,
        "scans": scans(spark, TABLE),
    }
