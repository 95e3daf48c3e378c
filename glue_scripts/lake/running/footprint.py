"""The memory that a run has taken at most, told with the run: worker sizes are chosen by it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from pyspark.sql import SparkSession

from wires.job_arguments import GlueRun, JobDefaults
from wires.run_ledger import DRIVER_PEAK, WORKER_PEAK, RunLedger

logger = logging.getLogger(__name__)

_PROCESSES = Path("/proc")
_TREE = ("ProcessTreeJVMRSSMemory", "ProcessTreePythonRSSMemory", "ProcessTreeOtherRSSMemory")
_HEAP = ("JVMHeapMemory", "JVMOffHeapMemory")
_DRIVER = "driver"


@contextmanager
def footprint_recorded(settings: JobDefaults, glue_run: GlueRun) -> Iterator[None]:
    """Record the peaks of memory when the block ends, however it does.

    What cannot be measured is not told: it keeps no run from its end.
    """
    try:
        yield
    finally:
        try:
            _record(settings, glue_run)
        except Exception:
            logger.exception("the memory of this run is not recorded")


def _record(settings: JobDefaults, glue_run: GlueRun) -> None:
    spark = SparkSession.getActiveSession()
    if spark is None:
        return
    peaks = peaks_of(spark)
    if peaks:
        tables: Any = boto3.resource("dynamodb")
        runs = RunLedger(tables.Table(settings.runs_table))
        runs.record(glue_run.JOB_NAME, glue_run.JOB_RUN_ID, peaks)


def peaks_of(spark: SparkSession) -> dict[str, int]:
    """Return the most bytes that the driver, and any one worker, have taken so far.

    A laptop has no workers. The driver's are those of the operating system, and where it has none
    (not Linux), it is not in the answer.
    """
    jvm: Any = spark.sparkContext._jvm  # noqa: SLF001 - Spark's own way to what is not in Python
    machine = jvm.java.lang.management.ManagementFactory.getRuntimeMXBean()
    processes = [resident_peak(str(machine.getPid())), resident_peak("self")]
    of_executors = dict(_executors(spark))
    found = {}
    if all(processes):
        found[DRIVER_PEAK] = max(sum(processes), of_executors.pop(_DRIVER, 0))
    of_workers = [peak for executor, peak in of_executors.items() if executor != _DRIVER]
    if any(of_workers):
        found[WORKER_PEAK] = max(of_workers)
    return found


def resident_peak(process: str) -> int:
    """Return the most bytes that a process has had in memory, or 0 where nobody knows."""
    status = _PROCESSES / process / "status"
    if not status.is_file():
        return 0
    for line in status.read_text().splitlines():
        name, _, value = line.partition(":")
        if name == "VmHWM":
            return int(value.split()[0]) * 1024
    return 0


def _executors(spark: SparkSession) -> Iterator[tuple[str, int]]:
    """Yield each executor of the run, also those that are gone, with the most that it has taken.

    Of its whole tree of processes where Spark knows it, else of Java alone.
    """
    context: Any = spark.sparkContext._jsc  # noqa: SLF001 - as above
    executors = context.sc().statusStore().executorList(False)
    for place in range(executors.length()):
        executor = executors.apply(place)
        peaks = executor.peakMemoryMetrics()
        if not peaks.isDefined():
            continue
        metrics = peaks.get()
        tree, heap = (
            sum(int(metrics.getMetricValue(name)) for name in names) for names in (_TREE, _HEAP)
        )
        yield str(executor.id()), max(tree, heap)
