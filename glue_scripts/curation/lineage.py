"""The lineage of refreshes: events beside each, when a run starts, completes or fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from curation.refresh import Refresh
from lake.store import client
from wires.job_arguments import GlueRun, JobDefaults
from wires.layout import refresh_lineage_key, refresh_records, staged_name
from wires.lineage import (
    InputObject,
    InputTable,
    LineageRun,
    OutputTable,
    RunEventType,
    StagedFiles,
    run_event,
)

Inputs = Sequence[InputObject | InputTable | StagedFiles]
Outputs = list[OutputTable | StagedFiles]


@dataclass(frozen=True, kw_only=True)
class RefreshLineage:
    """Tells what one run does for one unit."""

    run: LineageRun
    assets_bucket: str
    folder: str
    """Of the refresh, in the assets bucket."""
    inputs: Inputs

    @classmethod
    def of(
        cls, run: LineageRun, *, assets_bucket: str, unit: str, refresh_id: str, inputs: Inputs
    ) -> RefreshLineage:
        folder = refresh_records(unit, refresh_id)
        return cls(run=run, assets_bucket=assets_bucket, folder=folder, inputs=inputs)

    @contextmanager
    def told(self) -> Iterator[Outputs]:
        """START, then COMPLETE with the tables that the block has put into the list, or FAIL."""
        outputs: Outputs = []
        self._tell(RunEventType.START)
        try:
            yield outputs
        except Exception as error:
            self._tell(RunEventType.FAIL, error=f"{type(error).__name__}: {error}")
            raise
        self._tell(RunEventType.COMPLETE, outputs)

    def _tell(
        self,
        kind: RunEventType,
        outputs: Sequence[OutputTable | StagedFiles] = (),
        *,
        error: str = "",
    ) -> None:
        now = datetime.now(UTC).isoformat()
        event = run_event(kind, self.run, at=now, inputs=self.inputs, outputs=outputs, error=error)
        client("s3").put_object(
            Bucket=self.assets_bucket,
            Key=refresh_lineage_key(self.folder, self.run.job, kind),
            Body=event.encode(),
            ContentType="application/json",
        )


def lineage_run(settings: JobDefaults, glue_run: GlueRun) -> LineageRun:
    return LineageRun(
        job=glue_run.JOB_NAME,
        run_id=glue_run.JOB_RUN_ID,
        environment=settings.environment,
        code_version=settings.code_version,
    )


def staged_files(refresh: Refresh, settings: JobDefaults) -> StagedFiles:
    """What processing hands to the gate."""
    return StagedFiles(
        bucket=settings.curated_bucket,
        name=staged_name(refresh.table, refresh.refresh_id),
        columns=refresh.columns,
        rows=refresh.rows,
    )


def published_table(refresh: Refresh, settings: JobDefaults, *, snapshot: str) -> OutputTable:
    """What of it has passed the gate, and readers get."""
    return OutputTable(
        region=settings.region,
        account=settings.account,
        database=settings.curated_database,
        table=refresh.table,
        columns=refresh.columns,
        rows=refresh.rows,
        version=snapshot,
    )
