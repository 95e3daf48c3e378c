"""Metrics of an environment: names and dimensions, which writers, alarms and widgets share.

They are of the namespace that `config/naming.py` gives the environment. Each combination of a name
and values of its dimensions is billed as a metric of its own, so dimensions have few values.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Dimension(StrEnum):
    """Dimensions; a metric has one of them, or none."""

    JOB = "Job"
    ROUTE = "Route"
    ENDING = "Ending"
    DATASET = "Dataset"
    TABLE = "Table"
    """A dataset or curated table that has quality rules."""
    CLASS = "Class"
    SOURCE = "Source"
    """A source that is a stream."""


class Metric(StrEnum):
    """Names of metrics, each with its unit and dimension."""

    RUNS_SUCCEEDED = "RunsSucceeded"
    """Count, by job."""
    RUNS_FAILED = "RunsFailed"
    """Count, by job: in any other final state."""
    RUN_SECONDS = "RunSeconds"
    """Seconds of execution, by job."""
    RUN_SLOWNESS = "RunSlowness"
    """Times the median of the job's runs before, by job; none until there are enough of them."""
    RUN_MEMORY = "RunMemory"
    """Per cent of a worker's memory that a run took at most, by job, and without a dimension of
    all."""
    DPU_SECONDS = "DpuSeconds"
    """By job: as Glue bills, or computed from workers and seconds."""
    USD = "Usd"
    """Dollars of a run at list price, by job."""
    ROWS_IN = "RowsIn"
    """Count, by job, as are the next two."""
    ROWS_PUBLISHED = "RowsPublished"
    ROWS_QUARANTINED = "RowsQuarantined"
    ROWS_SUPERSEDED = "RowsSuperseded"
    """Count, by job: older states of a key that came with newer ones."""
    NULL_VALUES = "NullValues"
    """Count of values that are null in published rows, by dataset."""
    QUALITY_SCORE = "QualityScore"
    """From 0 to 100, by table, and without a dimension for the worst of all."""
    OBJECTS = "Objects"
    """Count of object versions that have ended, by ending."""
    BYTES_IN = "BytesIn"
    """Bytes of object versions that were accepted."""
    SECONDS_TO_PUBLISH = "SecondsToPublish"
    """From an upload until its load was seen to be published, by route."""
    OLDEST_PENDING_SECONDS = "OldestPendingSeconds"
    """Age of the object that has waited longest, by route; 0 if none waits."""
    PENDING_OBJECTS = "PendingObjects"
    """Count of objects that wait for a run, by route."""
    STUCK_RUNS = "StuckRuns"
    """Count of runs that wait or stop for too long, or are over their time."""
    HEALTH_CHECK_FAILED = "HealthCheckFailed"
    """0 or 1, by route: whether the last health check found it as it should be."""
    HEALTH_CHECK_SECONDS = "HealthCheckSeconds"
    """From the upload of a check until its table was compared, by route."""
    RECONCILE_FINDINGS = "ReconcileFindings"
    """Count, by class, and without a dimension of all."""


DIMENSION_OF: Mapping[Metric, Dimension | None] = MappingProxyType(
    {
        **dict.fromkeys(Metric, Dimension.JOB),
        Metric.OBJECTS: Dimension.ENDING,
        Metric.BYTES_IN: None,
        Metric.SECONDS_TO_PUBLISH: Dimension.ROUTE,
        Metric.OLDEST_PENDING_SECONDS: Dimension.ROUTE,
        Metric.PENDING_OBJECTS: Dimension.ROUTE,
        Metric.NULL_VALUES: Dimension.DATASET,
        Metric.QUALITY_SCORE: Dimension.TABLE,
        Metric.STUCK_RUNS: None,
        Metric.HEALTH_CHECK_FAILED: Dimension.ROUTE,
        Metric.HEALTH_CHECK_SECONDS: Dimension.ROUTE,
        Metric.RECONCILE_FINDINGS: Dimension.CLASS,
    }
)
"""What each metric is told by."""


class StreamMetric(StrEnum):
    """Metrics that functions of streams write, all of them by source."""

    RECORDS_LANDED = "RecordsLanded"
    """Count of records that have landed; counted again, rarely, where a function was cut off."""
    RECORDS_QUARANTINED = "RecordsQuarantined"
    """Count of records that are no rows."""
    RECORDS_REPEATED = "RecordsRepeated"
    """Count of records that came again and were passed over."""
