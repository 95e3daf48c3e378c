"""The parts of one run of a load, wired to the places that its settings name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from pyspark.sql import SparkSession

from lake.engine import Engine
from lake.planning.commit import Stamp
from lake.publishing.events import lineage_run
from lake.publishing.lineage import Lineage
from lake.publishing.processed_tables import ProcessedTables
from lake.publishing.publisher import Publisher
from lake.publishing.quarantine_catalog import QuarantineCatalog
from lake.publishing.state import State
from lake.publishing.turns import Turns
from lake.running.isolation import USUAL_BUDGET, Budget
from lake.store import client
from lake.writing.partitions import Places
from wires.contracts import DatasetContract
from wires.job_arguments import GlueRun, LoadDefaults, LoadRun
from wires.layout import QUARANTINED_ROWS
from wires.quarantine import ROWS_TABLE


@dataclass(frozen=True, kw_only=True)
class LoadParts:
    """Makes each part as the run needs it."""

    settings: LoadDefaults
    run: LoadRun
    glue_run: GlueRun
    contracts: Mapping[str, DatasetContract]
    state: State
    spark: SparkSession
    budget: Budget = USUAL_BUDGET

    @property
    def attempt(self) -> str:
        return f"attempt-{self.run.attempt}"

    @cached_property
    def processed(self) -> ProcessedTables:
        return ProcessedTables.of(client("glue"), self.settings.processed_database)

    @cached_property
    def turns(self) -> Turns:
        return Turns(leases=self.state.leases, owner=self.run.load_id)

    @cached_property
    def lineage(self) -> Lineage:
        return Lineage(
            settings=self.settings,
            run=lineage_run(self.settings, self.glue_run),
            load_id=self.run.load_id,
            attempt=self.attempt,
        )

    @cached_property
    def engine(self) -> Engine:
        settings = self.settings
        return Engine(
            spark=self.spark,
            places=Places(
                raw_bucket=settings.raw_bucket,
                processed_bucket=settings.processed_bucket,
                quality_bucket=settings.quality_bucket,
                assets_bucket=settings.assets_bucket,
            ),
            stamp=Stamp(
                load_id=self.run.load_id,
                processing_job=self.glue_run.JOB_NAME,
                processed_at=datetime.now(UTC).isoformat(),
            ),
            attempt=self.attempt,
            target_bytes=settings.target_file_bytes,
            max_ratio=settings.max_expansion_ratio,
            isolate=self.run.last_attempt,
            contracts=self.contracts,
            claim_content=self.state.claim_content,
            budget=self.budget,
        )

    def publisher(self, tables: ProcessedTables, *, attempt: str = "") -> Publisher:
        """Return what publishes to these tables; files that it rewrites go to folders of the
        attempt."""
        return Publisher(
            tables=tables,
            quarantine=QuarantineCatalog(
                client("glue"),
                self.settings.quality_database,
                table=ROWS_TABLE,
                location=f"s3://{self.settings.quality_bucket}/{QUARANTINED_ROWS}",
            ),
            ledger=self.state.objects,
            loads=self.state.loads,
            writer=self.engine.writer(attempt or self.attempt),
            alerts_topic_arn=self.settings.alerts_topic_arn,
            keep_lease=self.turns.keep,
            facts={
                "run-id": self.glue_run.JOB_RUN_ID,
                "code-version": self.settings.code_version,
            },
        )
