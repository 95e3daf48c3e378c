"""The lineage of a load: events written beside it when a run starts, completes or fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lake.columns.schema import METADATA_TYPES, Schema
from lake.planning.commit import Commit
from lake.publishing.events import write_event
from lake.publishing.quarantine_catalog import quarantine_columns
from wires.column_names import METADATA_COLUMNS
from wires.job_arguments import LoadDefaults
from wires.layout import load_lineage_key
from wires.lineage import InputObject, LineageRun, OutputTable, RunEventType
from wires.manifest import ObjectVersion
from wires.quarantine import ROWS_TABLE


@dataclass(frozen=True, kw_only=True)
class Lineage:
    """Records what one run does with one load."""

    settings: LoadDefaults
    run: LineageRun
    load_id: str
    attempt: str

    def started(self, objects: Sequence[ObjectVersion]) -> None:
        inputs = [InputObject(bucket=self.settings.raw_bucket, version=item) for item in objects]
        self._tell(RunEventType.START, inputs)

    def completed(
        self, commit: Commit, objects: Sequence[ObjectVersion], snapshots: Mapping[str, str]
    ) -> None:
        """Record a completed run; `snapshots` has the ids of the snapshots it made, by dataset."""
        inputs = self._counted(commit, objects)
        self._tell(RunEventType.COMPLETE, inputs, self._tables(commit, snapshots))

    def failed(self, error: Exception, objects: Sequence[ObjectVersion]) -> None:
        inputs = [InputObject(bucket=self.settings.raw_bucket, version=item) for item in objects]
        self._tell(RunEventType.FAIL, inputs, error=error)

    def _tell(
        self,
        kind: RunEventType,
        inputs: Sequence[InputObject],
        outputs: Sequence[OutputTable] = (),
        *,
        error: Exception | None = None,
    ) -> None:
        write_event(
            kind,
            self.run,
            bucket=self.settings.assets_bucket,
            key=load_lineage_key(self.load_id, self.attempt, kind),
            inputs=inputs,
            outputs=outputs,
            error=error,
        )

    def _counted(self, commit: Commit, objects: Sequence[ObjectVersion]) -> list[InputObject]:
        rows = {(outcome.key, outcome.version_id): outcome.rows_in for outcome in commit.outcomes}
        values = {
            source.version: filled
            for write in commit.partitions
            for source, filled in zip(write.sources, write.filled, strict=True)
        }
        return [
            InputObject(
                bucket=self.settings.raw_bucket,
                version=item,
                rows=rows.get((item.key, item.version_id)),
                values=values.get(item),
            )
            for item in objects
        ]

    def _tables(self, commit: Commit, snapshots: Mapping[str, str]) -> list[OutputTable]:
        tables = []
        for dataset in commit.datasets:
            writes = commit.writes[dataset]
            schema = Schema()
            for write in writes:
                schema = schema.merge(write.schema)
            rows = sum(write.rows for write in writes)
            tables.append(self._table(dataset, schema, rows, snapshots.get(dataset, "")))
        aside = sum(write.rows_quarantined for write in commit.partitions)
        return [*tables, *([self._quarantine(aside)] if aside else [])]

    def _table(self, table: str, schema: Schema, rows: int, snapshot: str) -> OutputTable:
        metadata = [(name, METADATA_TYPES[name][1]) for name in METADATA_COLUMNS]
        return OutputTable(
            region=self.settings.region,
            account=self.settings.account,
            database=self.settings.processed_database,
            table=table,
            columns=[*((c.name, c.type.glue) for c in schema.columns), *metadata],
            rows=rows,
            version=snapshot,
        )

    def _quarantine(self, rows: int) -> OutputTable:
        return OutputTable(
            region=self.settings.region,
            account=self.settings.account,
            database=self.settings.quality_database,
            table=ROWS_TABLE,
            columns=quarantine_columns(),
            rows=rows,
        )
