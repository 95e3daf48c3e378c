"""One run of the processing job: new loads become staged refreshes, which wait at the gate.

    for each unit: carry out what is approved → what is new? → write → count → stage

Nothing that readers see changes here, but for what an earlier run has approved and not finished.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from pyspark.sql import DataFrame, SparkSession

from curation.accounts import DatasetAccount
from curation.building import Stamp, TableBuild
from curation.errors import ContractRefused
from curation.guarding import Failures
from curation.latest import LatestRows
from curation.lineage import RefreshLineage, lineage_run, staged_files
from curation.refresh import Refresh, digest_of, load_refresh
from curation.units import Units
from curation.zone import OpenedZone, ProcessedZone, with_inferred
from lake.errors import LakeError
from lake.session import plan_for
from lake.store import client, supersede
from lake.tables import ProcessedTables
from wires.contracts import CuratedTable, DatasetContract
from wires.job_arguments import GlueRun, JobDefaults
from wires.lineage import InputTable
from wires.refresh_ledger import dataset_unit, table_unit

logger = logging.getLogger(__name__)
Work = DatasetAccount | TableBuild


@dataclass(frozen=True, kw_only=True)
class Processing:
    """Everything that a run knows."""

    settings: JobDefaults
    glue_run: GlueRun
    contracts: Mapping[str, DatasetContract]
    units: Units
    spark: SparkSession

    def process(self) -> list[Refresh]:
        """What is staged now, and was not before.

        A unit that fails does not keep the others back; their errors are raised together at the
        end, so that the run is seen to have failed.
        """
        staged: list[Refresh] = []
        failed = Failures({dataset_unit(name): why for name, why in self._zone.failed.items()})
        work = list(self._work(failed))
        for one in work:
            with failed.guard(one.unit):
                self._withdraw_if_stale(one)
        for one in work:
            if one.unit not in failed:
                with failed.guard(one.unit):
                    _check_inputs(one, failed)
                    staged += self._refresh(one)
        self._record(staged)
        failed.tell()
        return staged

    def _withdraw_if_stale(self, work: Work) -> None:
        """What waits at the gate, and is not what contract and loads ask for now, never passes:
        also if this run fails before it has made the right thing."""
        self.units.carry_out(work.unit)
        state = self.units.ledger.get(work.unit)
        waiting = self._refresh_at(state.staged)
        if waiting is None or (_is_up_to_date(work, waiting) and self._can_pass(waiting)):
            return
        # If it is being published at this moment, its files are what readers are about to get.
        if self.units.ledger.unstage(work.unit, state.staged):
            self._discard(waiting)

    def _can_pass(self, waiting: Refresh) -> bool:
        """Files that it is to take the place of may have been merged by maintenance meanwhile."""
        return waiting.gone is None or self.units.tables.locations_after(waiting) is not None

    def _record(self, staged: Sequence[Refresh]) -> None:
        """What became of the rows of new loads, with the run."""
        self.units.runs.record(
            self.glue_run.JOB_NAME,
            self.glue_run.JOB_RUN_ID,
            {
                "rows_in": sum(refresh.counts.rows_in for refresh in staged),
                "rows_superseded": sum(refresh.counts.superseded for refresh in staged),
                "rows_quarantined": sum(refresh.counts.quarantined for refresh in staged),
                "rows_staged": sum(refresh.rows for refresh in staged),
                "units": [refresh.unit for refresh in staged],
            },
        )

    def _refresh(self, work: Work) -> Iterator[Refresh]:
        datasets = self._zone.datasets
        rows = sum(datasets[name].row_count_of(parts) for name, parts in work.seen.items())
        plan_for(self.spark, rows=rows)
        state = self.units.ledger.get(work.unit)
        before = self._refresh_at(state.published)
        if state.staged:
            logger.info("%s: staged already", work.unit)
        elif not _is_up_to_date(work, before) or _is_lost(work, before):
            logger.info("%s: has new loads", work.unit)
            refresh = self._made(work, before)
            self.units.stage(refresh)
            yield refresh

    def _made(self, work: Work, before: Refresh | None) -> Refresh:
        if isinstance(work, DatasetAccount) and not work.contract.primary_key:
            return work.make(before)
        lineage = RefreshLineage.of(
            lineage_run(self.settings, self.glue_run),
            assets_bucket=self.settings.assets_bucket,
            unit=work.unit,
            refresh_id=work.refresh_id,
            inputs=[self._input(name, parts) for name, parts in work.seen.items()],
        )
        with lineage.told() as outputs:
            refresh = work.make(before)
            outputs.append(staged_files(refresh, self.settings))
        return refresh

    def _input(self, dataset: str, parts: Sequence[str]) -> InputTable:
        return InputTable(
            region=self.settings.region,
            account=self.settings.account,
            database=self.settings.processed_database,
            table=dataset,
            version=digest_of(parts),
        )

    def _discard(self, refresh: Refresh) -> None:
        """Nobody will ever read what was waiting at the gate."""
        for file in refresh.files:
            supersede(self.settings.curated_bucket, file.key)

    def _refresh_at(self, key: str) -> Refresh | None:
        return load_refresh(self.settings.assets_bucket, key) if key else None

    def _work(self, failed: Failures) -> Iterator[Work]:
        for name, dataset in self._zone.datasets.items():
            if dataset.parts:
                yield DatasetAccount(
                    dataset=dataset,
                    contract=self._zone.contracts[name],
                    tables=self.units.tables,
                    quality_bucket=self.settings.quality_bucket,
                    stamp=self._stamp,
                )
        for contract in self._zone.contracts.values():
            for table in contract.curated:
                with failed.guard(table_unit(table.table)):
                    yield from self._build(contract, table)

    def _build(self, contract: DatasetContract, table: CuratedTable) -> Iterator[TableBuild]:
        missing = [n for n in (contract.name, *table.uses) if n not in self._zone.datasets]
        if any(name in self._zone.failed for name in missing):
            raise ContractRefused(f"waits for dataset {', '.join(missing)}, which failed")
        if missing:
            logger.info("table %s waits for the first file of %s", table.table, ", ".join(missing))
            return
        yield TableBuild(
            spark=self.spark,
            table=table,
            contract=contract,
            contracts=self._zone.contracts,
            datasets=self._zone.datasets,
            tables=self.units.tables,
            latest=self._latest,
            stamp=self._stamp,
        )

    def _latest(self, name: str) -> DataFrame:
        """Latest rows of a dataset that has a key, with what waits at the gate."""
        state = self.units.ledger.get(dataset_unit(name))
        refresh = self._refresh_at(state.staged or state.published)
        dataset = self._zone.datasets[name]
        rows = None
        if refresh and refresh.seen[name] == tuple(sorted(dataset.parts)):
            rows = LatestRows(self.spark, self.units.tables).rows(dataset, refresh)
        if rows is None:
            raise LakeError(
                f"dataset '{name}': the table of its latest rows is not of the loads that this run "
                "has seen: the next run makes it anew"
            )
        return rows

    @cached_property
    def _zone(self) -> OpenedZone:
        """Looked at once: all tables of a run are made of the same loads."""
        zone = ProcessedZone(
            spark=self.spark,
            tables=self._processed,
            assets_bucket=self.settings.assets_bucket,
        )
        return zone.open_all(with_inferred(self.contracts, self._processed))

    @property
    def _processed(self) -> ProcessedTables:
        return ProcessedTables.of(client("glue"), self.settings.processed_database)

    @cached_property
    def _stamp(self) -> Stamp:
        return Stamp(
            run=self.glue_run.JOB_RUN_ID[-12:],
            code_version=self.settings.code_version,
            made_at=datetime.now(UTC).isoformat(),
            region=self.settings.region,
        )


def _check_inputs(work: Work, failed: Failures) -> None:
    """Of rows that are not accounted for, no table is made."""
    broken = [name for name in work.seen if dataset_unit(name) in failed]
    if isinstance(work, TableBuild) and broken:
        raise ContractRefused(f"waits for dataset {', '.join(broken)}, which failed")


def _is_lost(work: Work, refresh: Refresh | None) -> bool:
    return isinstance(work, DatasetAccount) and refresh is not None and work.is_lost(refresh)


def _is_up_to_date(work: Work, refresh: Refresh | None) -> bool:
    return refresh is not None and refresh.refresh_id == work.refresh_id
