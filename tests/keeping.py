"""The maintenance job for tests, as often as they like and at any time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pyspark.sql import SparkSession

from maintenance.upkeep import Kept, Upkeep
from tests.aws import RUNS, STATE, SmallAws
from wires.job_arguments import GlueRun, MaintenanceDefaults
from wires.lease import Leases
from wires.refresh_ledger import RefreshLedger
from wires.run_ledger import RunLedger

SMALL = 1 << 20
"""Each file of these tests is far below that."""


class Keeper:
    """Runs the job."""

    def __init__(self, aws: SmallAws, spark: SparkSession) -> None:
        self._aws = aws
        self._spark = spark
        self._runs = 0

    def __call__(
        self, *, after: timedelta = timedelta(), target_bytes: int = SMALL, by_glue: str = "-"
    ) -> list[Kept]:
        """Some time after now."""
        self._runs += 1
        tables = self._aws.tables
        upkeep = Upkeep(
            settings=self._aws.defaults(
                MaintenanceDefaults,
                target_file_bytes=target_bytes,
                grace_hours=24,
                tables_kept_by_glue=by_glue,
            ),
            glue_run=GlueRun(JOB_NAME="table-maintenance", JOB_RUN_ID=f"jr_{self._runs:012d}"),
            spark=self._spark,
            refreshes=RefreshLedger(tables.Table(STATE)),
            leases=Leases(tables.Table(STATE)),
            runs=RunLedger(tables.Table(RUNS)),
            now=datetime.now(UTC) + after,
        )
        return upkeep.keep()
