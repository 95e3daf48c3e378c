"""One run of the processing job: turns new loads into staged refreshes, which wait at the gate.

    for each model: carry out what is approved → what is new? → write → count → stage

Readers see no change from this, except from refreshes that an earlier run approved and did not
finish.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from pyspark.sql import DataFrame, SparkSession

from curation.building import Stamp, TableBuild
from curation.errors import ContractRefused
from curation.guarding import Failures
from curation.latest_merge import LatestTables
from curation.lineage import RefreshLineage, staged_files
from curation.models import Models
from curation.reconciliation import DatasetReconciliation
from curation.refresh import Refresh, digest_of, load_refresh
from curation.zone import OpenedZone, ProcessedZone, with_inferred
from lake.errors import LakeError
from lake.publishing.events import lineage_run
from lake.publishing.processed_tables import ProcessedTables
from lake.session import plan_for
from lake.store import client, supersede
from wires.contracts import CuratedTable, DatasetContract
from wires.job_arguments import GlueRun, JobDefaults
from wires.layout import dataset_model, table_model
from wires.lineage import InputTable

logger = logging.getLogger(__name__)
Work = DatasetReconciliation | TableBuild


@dataclass(frozen=True, kw_only=True)
class Processing:
    """Settings and state of one run."""

    settings: JobDefaults
    glue_run: GlueRun
    contracts: Mapping[str, DatasetContract]
    models: Models
    spark: SparkSession

    def process(self) -> list[Refresh]:
        """Stage every model that has new loads, and return the refreshes staged by this run.

        A model that fails does not keep the others back; their errors are raised together at the
        end, so that the run is seen to have failed.
        """
        staged: list[Refresh] = []
        failed = Failures({dataset_model(name): why for name, why in self._zone.failed.items()})
        work = list(self._work(failed))
        for one in work:
            with failed.guard(one.model):
                self._withdraw_if_stale(one)
        for one in work:
            if one.model not in failed:
                with failed.guard(one.model):
                    _check_inputs(one, failed)
                    staged += self._refresh(one)
        self._record(staged)
        failed.tell()
        return staged

    def _withdraw_if_stale(self, work: Work) -> None:
        """Withdraw a refresh that waits at the gate but no longer fits contract and loads.

        It must never pass, even if this run fails before it has made the right one.
        """
        self.models.carry_out(work.model)
        state = self.models.ledger.get(work.model)
        waiting = self._refresh_at(state.staged)
        if waiting is None or (_is_up_to_date(work, waiting) and self._can_pass(waiting)):
            return
        # If it is being published at this moment, readers are about to get its files.
        if self.models.ledger.unstage(work.model, state.staged):
            self._discard(waiting)

    def _can_pass(self, waiting: Refresh) -> bool:
        """Return whether the files that it replaces still exist.

        Maintenance may have merged them meanwhile.
        """
        return waiting.gone is None or self.models.tables.locations_after(waiting) is not None

    def _record(self, staged: Sequence[Refresh]) -> None:
        """Record the outcome for the rows of new loads with the run."""
        self.models.runs.record(
            self.glue_run.JOB_NAME,
            self.glue_run.JOB_RUN_ID,
            {
                "rows_in": sum(refresh.counts.rows_in for refresh in staged),
                "rows_superseded": sum(refresh.counts.superseded for refresh in staged),
                "rows_quarantined": sum(refresh.counts.quarantined for refresh in staged),
                "rows_staged": sum(refresh.rows for refresh in staged),
                "models": [refresh.model for refresh in staged],
            },
        )

    def _refresh(self, work: Work) -> Iterator[Refresh]:
        datasets = self._zone.datasets
        rows = sum(datasets[name].row_count_of(parts) for name, parts in work.seen.items())
        plan_for(self.spark, rows=rows)
        state = self.models.ledger.get(work.model)
        before = self._refresh_at(state.published)
        if state.staged:
            logger.info("%s: staged already", work.model)
        elif not _is_up_to_date(work, before) or _is_lost(work, before):
            logger.info("%s: has new loads", work.model)
            refresh = self._made(work, before)
            self.models.stage(refresh)
            yield refresh

    def _made(self, work: Work, before: Refresh | None) -> Refresh:
        if isinstance(work, DatasetReconciliation) and not work.contract.primary_key:
            return work.make(before)
        lineage = RefreshLineage.of(
            lineage_run(self.settings, self.glue_run),
            assets_bucket=self.settings.assets_bucket,
            model=work.model,
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
        """Mark the files of a withdrawn refresh as superseded: nobody will read them."""
        for file in refresh.files:
            supersede(self.settings.curated_bucket, file.key)

    def _refresh_at(self, key: str) -> Refresh | None:
        return load_refresh(self.settings.assets_bucket, key) if key else None

    def _work(self, failed: Failures) -> Iterator[Work]:
        for name, dataset in self._zone.datasets.items():
            if dataset.parts:
                yield DatasetReconciliation(
                    dataset=dataset,
                    contract=self._zone.contracts[name],
                    tables=self.models.tables,
                    quality_bucket=self.settings.quality_bucket,
                    stamp=self._stamp,
                )
        for contract in self._zone.contracts.values():
            for table in contract.curated:
                with failed.guard(table_model(table.table)):
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
            tables=self.models.tables,
            latest=self._latest,
            stamp=self._stamp,
        )

    def _latest(self, name: str) -> DataFrame:
        """Return the latest rows of a dataset that has a key, with those that wait at the gate."""
        state = self.models.ledger.get(dataset_model(name))
        refresh = self._refresh_at(state.staged or state.published)
        dataset = self._zone.datasets[name]
        rows = None
        if refresh and refresh.seen[name] == tuple(sorted(dataset.parts)):
            rows = LatestTables(self.spark, self.models.tables).rows(dataset, refresh)
        if rows is None:
            raise LakeError(
                f"dataset '{name}': the table of its latest rows is not of the loads that this run "
                "has seen: the next run makes it anew"
            )
        return rows

    @cached_property
    def _zone(self) -> OpenedZone:
        """The datasets, opened once, so that all tables of a run are made of the same loads."""
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
    """Raise ContractRefused for a table whose input rows are not accounted for."""
    broken = [name for name in work.seen if dataset_model(name) in failed]
    if isinstance(work, TableBuild) and broken:
        raise ContractRefused(f"waits for dataset {', '.join(broken)}, which failed")


def _is_lost(work: Work, refresh: Refresh | None) -> bool:
    return isinstance(work, DatasetReconciliation) and refresh is not None and work.is_lost(refresh)


def _is_up_to_date(work: Work, refresh: Refresh | None) -> bool:
    return refresh is not None and refresh.refresh_id == work.refresh_id
