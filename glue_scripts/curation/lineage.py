"""Writes lineage events beside each refresh, when a run starts, completes or fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from curation.refresh import Refresh
from lake.publishing.events import Inputs, Outputs, write_event
from wires.job_arguments import JobDefaults
from wires.layout import refresh_lineage_key, refresh_records, staged_name
from wires.lineage import LineageRun, OutputTable, RunEventType, StagedFiles


@dataclass(frozen=True, kw_only=True)
class RefreshLineage:
    """Writes the lineage events of one run for one model."""

    run: LineageRun
    assets_bucket: str
    folder: str
    """The refresh's folder in the assets bucket."""
    inputs: Inputs

    @classmethod
    def of(
        cls, run: LineageRun, *, assets_bucket: str, model: str, refresh_id: str, inputs: Inputs
    ) -> RefreshLineage:
        folder = refresh_records(model, refresh_id)
        return cls(run=run, assets_bucket=assets_bucket, folder=folder, inputs=inputs)

    @contextmanager
    def told(self) -> Iterator[list[OutputTable | StagedFiles]]:
        """Write START, then COMPLETE with the tables that the block put into the list, or FAIL."""
        outputs: list[OutputTable | StagedFiles] = []
        self._tell(RunEventType.START)
        try:
            yield outputs
        except Exception as error:
            self._tell(RunEventType.FAIL, error=error)
            raise
        self._tell(RunEventType.COMPLETE, outputs)

    def _tell(
        self,
        kind: RunEventType,
        outputs: Outputs = (),
        *,
        error: Exception | None = None,
    ) -> None:
        write_event(
            kind,
            self.run,
            bucket=self.assets_bucket,
            key=refresh_lineage_key(self.folder, self.run.job, kind),
            inputs=self.inputs,
            outputs=outputs,
            error=error,
        )


def staged_files(refresh: Refresh, settings: JobDefaults) -> StagedFiles:
    """Return the staged files of a refresh: output of processing, input of the gate."""
    return StagedFiles(
        bucket=settings.curated_bucket,
        name=staged_name(refresh.table, refresh.refresh_id),
        columns=refresh.columns,
        rows=refresh.rows,
    )


def published_table(refresh: Refresh, settings: JobDefaults, *, snapshot: str) -> OutputTable:
    """Return the table that readers get: the part of a refresh that has passed the gate."""
    return OutputTable(
        region=settings.region,
        account=settings.account,
        database=settings.curated_database,
        table=refresh.table,
        columns=refresh.columns,
        rows=refresh.rows,
        version=snapshot,
    )
