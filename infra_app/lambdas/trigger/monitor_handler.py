"""Entry point of the monitoring function: looks at all runs, and returns how they are."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from wires.load_ledger import LoadLedger
from wires.object_ledger import ObjectLedger
from wires.refresh_ledger import RefreshLedger

from .alerts import Alerts
from .errors import LookIncomplete
from .handler import CALLS
from .metrics import Metrics
from .monitoring import Monitor
from .runs import Runs
from .settings import MonitorSettings

logger = Logger(service="monitor")


def monitor_of(
    settings: MonitorSettings, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Monitor:
    """Return the monitor, wired to AWS."""
    tables = boto3.resource("dynamodb", config=CALLS)
    glue, sns = boto3.client("glue", config=CALLS), boto3.client("sns", config=CALLS)
    metrics = Metrics(namespace=settings.metrics_namespace)
    alerts = Alerts.of(settings, sns)
    runs = Runs.of(
        settings,
        glue=glue,
        table=tables.Table(settings.runs_table),
        alerts=alerts,
        metrics=metrics,
    )
    return Monitor(
        glue=glue,
        runs=runs,
        loads=LoadLedger(tables.Table(settings.loads_table)),
        objects=ObjectLedger(tables.Table(settings.objects_table)),
        refreshes=RefreshLedger(tables.Table(settings.state_table)),
        alerts=alerts,
        metrics=metrics,
        jobs=(*runs.routes, *sorted(runs.alerting_jobs)),
        bucket=settings.raw_bucket,
        waiting=timedelta(minutes=settings.waiting_minutes),
        slow_factor=settings.slow_factor,
        now=now,
    )


@cache
def _monitor() -> Monitor:
    return monitor_of(MonitorSettings.from_environ(os.environ))


@logger.inject_lambda_context
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - as Lambda calls it
    """Look once; the template names this function. Raises LookIncomplete after all else."""
    report = _monitor().look()
    logger.info("the runs of all jobs", extra={"report": report.to_dict()})
    if report.failed:
        raise LookIncomplete("; ".join(report.failed))
    return report.to_dict()
