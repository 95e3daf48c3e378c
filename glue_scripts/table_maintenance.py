"""Glue job `table-maintenance`: few files, few snapshots, and no unreachable objects."""

from __future__ import annotations

import logging
import sys
from typing import Any

import boto3

from lake.running.footprint import footprint_recorded
from lake.session import log_to_console, plan_for, spark_session
from lake.store import use_region
from maintenance.upkeep import Upkeep
from wires.job_arguments import GlueRun, MaintenanceDefaults, from_argv
from wires.lease import Leases
from wires.refresh_ledger import RefreshLedger
from wires.run_ledger import RunLedger

logger = logging.getLogger("table_maintenance")


def main(argv: list[str]) -> None:
    """Maintain every Iceberg table. Raises LakeError naming those for which it failed."""
    settings = from_argv(MaintenanceDefaults, argv)
    glue_run = from_argv(GlueRun, argv)
    use_region(settings.region)
    with footprint_recorded(settings, glue_run):
        spark = spark_session(glue_run.JOB_NAME)
        plan_for(spark, rows=0)  # its tasks are whole files
        tables: Any = boto3.resource("dynamodb")
        state = tables.Table(settings.state_table)
        upkeep = Upkeep(
            settings=settings,
            glue_run=glue_run,
            spark=spark,
            refreshes=RefreshLedger(state),
            leases=Leases(state),
            runs=RunLedger(tables.Table(settings.runs_table)),
        )
        done = upkeep.keep()
        logger.info("%d tables are in order", len(done))


if __name__ == "__main__":
    log_to_console("table_maintenance")
    main(sys.argv)
