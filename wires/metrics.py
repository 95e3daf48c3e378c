"""Metrics of an environment: names and dimensions, which writers, alarms and widgets share.

They are of the namespace that `config/naming.py` gives the environment. Each combination of a name
and values of its dimensions is billed as a metric of its own, so dimensions have few values.
"""

from __future__ import annotations

from enum import StrEnum


class Dimension(StrEnum):
    """Dimensions; a metric has one of them, or none."""

    JOB = "Job"
    ROUTE = "Route"
    ENDING = "Ending"
    CLASS = "Class"


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
    DPU_SECONDS = "DpuSeconds"
    """By job: as Glue bills, or computed from workers and seconds."""
    ROWS_IN = "RowsIn"
    """Count, by job, as are the next two."""
    ROWS_PUBLISHED = "RowsPublished"
    ROWS_QUARANTINED = "RowsQuarantined"
    OBJECTS = "Objects"
    """Count of object versions that have ended, by ending."""
    BYTES_IN = "BytesIn"
    """Bytes of object versions that were accepted."""
    SECONDS_TO_PUBLISH = "SecondsToPublish"
    """From an upload until its load was seen to be published, by route."""
    OLDEST_PENDING_SECONDS = "OldestPendingSeconds"
    """Age of the object that has waited longest, by route; 0 if none waits."""
    HEALTH_CHECK_FAILED = "HealthCheckFailed"
    """0 or 1, by route: whether the last health check found it as it should be."""
    HEALTH_CHECK_SECONDS = "HealthCheckSeconds"
    """From the upload of a check until its table was compared, by route."""
    RECONCILE_FINDINGS = "ReconcileFindings"
    """Count, by class, and without a dimension of all."""
