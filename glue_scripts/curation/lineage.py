"""The lineage of refreshes: events beside each, when a run starts, completes or fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from curation.refresh import Refresh, refresh_folder
from lake.store import client
from wires.lineage import (
    InputObject,
    InputTable,
    LineageRun,
    OutputTable,
    RunEventType,
    refresh_lineage_key,
    run_event,
)

Inputs = Sequence[InputObject | InputTable]


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
        folder = refresh_folder(unit, refresh_id)
        return cls(run=run, assets_bucket=assets_bucket, folder=folder, inputs=inputs)

    @contextmanager
    def told(self) -> Iterator[list[OutputTable]]:
        """START, then COMPLETE with the tables that the block has put into the list, or FAIL."""
        outputs: list[OutputTable] = []
        self._tell(RunEventType.START)
        try:
            yield outputs
        except Exception as error:
            self._tell(RunEventType.FAIL, error=f"{type(error).__name__}: {error}")
            raise
        self._tell(RunEventType.COMPLETE, outputs)

    def _tell(
        self, kind: RunEventType, outputs: Sequence[OutputTable] = (), *, error: str = ""
    ) -> None:
        now = datetime.now(UTC).isoformat()
        event = run_event(kind, self.run, at=now, inputs=self.inputs, outputs=outputs, error=error)
        client("s3").put_object(
            Bucket=self.assets_bucket,
            Key=refresh_lineage_key(self.folder, kind),
            Body=event.encode(),
            ContentType="application/json",
        )


def output_of(refresh: Refresh, *, region: str, account: str, database: str) -> OutputTable:
    """The days that a refresh makes."""
    return OutputTable(
        region=region,
        account=account,
        database=database,
        table=refresh.table,
        columns=refresh.columns,
        rows=refresh.rows,
    )
