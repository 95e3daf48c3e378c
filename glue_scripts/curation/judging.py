"""One run of the quality job: what is staged passes the gate, or is kept from its readers.

for each unit: measure → report → tell → approve, put rows aside or halt → publish → watermark
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

from pyspark.sql import DataFrame, SparkSession

from curation.announcing import announce
from curation.diverting import Diversion
from curation.guarding import Failures
from curation.lineage import (
    RefreshLineage,
    lineage_run,
    published_table,
    staged_files,
)
from curation.measuring import Finding, measure
from curation.records import QualityRecords
from curation.refresh import Refresh, load_refresh
from curation.staged import StagedUnits
from curation.units import Published, Units
from curation.zone import LoadCountsByDataset, ProcessedZone, with_inferred
from lake.errors import LoadLost
from lake.session import plan_for
from lake.store import client
from lake.tables import ProcessedTables
from quality_report.model import QualityReport, UnitKind, Verdict, make_report
from wires.contracts import CuratedTable, DatasetContract, OnFailure, Quality
from wires.job_arguments import GlueRun, JobDefaults
from wires.refresh_ledger import dataset_unit, table_unit

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class _Unit:
    """What is judged together: a dataset, or a curated table."""

    name: str
    quality: Quality
    kind: UnitKind
    uses: tuple[str, ...]
    """Datasets that it is made of."""
    table: CuratedTable | None = None


@dataclass(frozen=True, kw_only=True)
class Judging:
    """Everything that a run knows."""

    settings: JobDefaults
    glue_run: GlueRun
    contracts: Mapping[str, DatasetContract]
    units: Units
    spark: SparkSession
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def judge(self) -> list[Refresh]:
        """What has been published.

        A unit that cannot be judged does not keep the others back; the errors are raised together
        at the end, so that the run is seen to have failed.
        """
        published: list[Refresh] = []
        halted: dict[str, str] = {}
        failed = Failures()
        for unit in self._units():
            with failed.guard(unit.name):
                published += self._judge(unit, halted)
            if unit.name in failed:
                halted |= dict.fromkeys(_own(unit), "it could not be judged")
        self._record(published)
        failed.tell()
        return published

    def _record(self, published: Sequence[Refresh]) -> None:
        """Which units passed with which score, with the run."""
        states = [self.units.ledger.get(refresh.unit) for refresh in published]
        self.units.runs.record(
            self.glue_run.JOB_NAME,
            self.glue_run.JOB_RUN_ID,
            {
                "rows_published": sum(refresh.rows for refresh in published),
                "rows_quarantined": sum(
                    refresh.counts.quarantined
                    for refresh in published
                    if refresh.unit == table_unit(refresh.table)
                ),
                "verdicts": {state.unit: state.verdict for state in states},
                "scores": {state.unit: state.score for state in states},
            },
        )

    def _judge(self, unit: _Unit, halted: dict[str, str]) -> Iterator[Refresh]:
        state = self.units.ledger.get(unit.name)
        if not state.staged:
            return
        refresh = load_refresh(self.settings.assets_bucket, state.staged)
        if state.approved or self._passes(unit, refresh, state.staged, halted):
            yield from self._published(unit, refresh)

    def _passes(self, unit: _Unit, refresh: Refresh, key: str, halted: dict[str, str]) -> bool:
        stopped = {**self._staged.opened.failed, **halted}
        reasons = [f"{name}: {stopped[name]}" for name in unit.uses if name in stopped]
        if unit.kind is UnitKind.TABLE and reasons:
            why = f"made of datasets that were halted: {'; '.join(reasons)}"
            self.units.ledger.halt(unit.name, key, reason=why)
            logger.warning("%s is kept back: %s", unit.name, why)
            return False
        report = self._decide(unit, refresh, key)
        if report.verdict is Verdict.HALTED:
            halted |= {name: _why(report) for name in _own(unit)}
        return report.verdict is not Verdict.HALTED

    def _published(self, unit: _Unit, staged: Refresh) -> Iterator[Refresh]:
        """Of a table it is told what has passed, which may be less than was staged."""
        if not staged.table:
            yield from (one.refresh for one in _one(self.units.carry_out(unit.name)))
            return
        lineage = RefreshLineage.of(
            lineage_run(self.settings, self.glue_run),
            assets_bucket=self.settings.assets_bucket,
            unit=unit.name,
            refresh_id=staged.refresh_id,
            inputs=[staged_files(staged, self.settings)],
        )
        with lineage.told() as outputs:
            for done in _one(self.units.carry_out(unit.name)):
                outputs.append(published_table(done.refresh, self.settings, snapshot=done.snapshot))
                yield done.refresh

    def _decide(self, unit: _Unit, refresh: Refresh, key: str) -> QualityReport:
        past = self._records.past(unit.name, refresh.refresh_id)
        plan_for(self.spark, rows=self._staged.row_count(refresh))
        rows = self._rows(unit, refresh).persist()
        try:
            finding = measure(
                rows,
                unit.quality,
                references=self._staged.references(but=unit.uses[0]),
                past=past.metrics,
                at=self.at,
            )
            verdict = _verdict(unit.quality, finding)
            report = make_report(
                unit=unit.name,
                kind=unit.kind,
                run_id=self.glue_run.JOB_RUN_ID,
                refresh_id=refresh.refresh_id,
                at=self.at,
                rows=finding.profile.rows,
                verdict=verdict,
                rules=finding.rules,
                anomalies=finding.anomalies,
                metrics=finding.metrics,
                profile=finding.profile,
                trend=past.trend,
                code_version=self.settings.code_version,
            )
            page = self._records.keep(report, self._new_loads(refresh))
            where = f"s3://{self.settings.quality_bucket}/{page}"
            score = "none" if report.score is None else f"{report.score:g}"
            before = self.units.ledger.get(unit.name).halted
            self.units.ledger.judge(unit.name, verdict=verdict.value, score=score, report=where)
            # Before anything passes: a run that dies in between tells twice, not never.
            if not (verdict is Verdict.HALTED and before == _why(report)):
                announce(report, where, topic=self.settings.alerts_topic_arn)
            self._pass(unit, refresh, key, finding, report)
        finally:
            rows.unpersist()
        return report

    def _pass(
        self, unit: _Unit, refresh: Refresh, key: str, finding: Finding, report: QualityReport
    ) -> None:
        logger.info("%s: %s, score %s", unit.name, report.verdict, report.score)
        if report.verdict is Verdict.HALTED:
            self.units.ledger.halt(unit.name, key, reason=_why(report))
        elif report.verdict is Verdict.QUARANTINED and unit.table:
            diversion = Diversion(
                settings=self.settings,
                tables=self.units.tables,
                table=self._by_column(unit.table, unit.uses[0]),
                refresh=refresh,
                run=self.glue_run.JOB_RUN_ID[-12:],
                at=self.at.isoformat(),
            )
            rest = diversion.divide(finding.evaluation)
            self._agreed(
                unit,
                self.units.ledger.exchange(unit.name, key, rest.save(self.settings.assets_bucket)),
            )
        else:
            self._agreed(unit, self.units.ledger.approve(unit.name, key))

    def _agreed(self, unit: _Unit, approved: bool) -> None:
        if not approved:
            raise LoadLost(
                f"{unit.name} was staged anew while it was judged: the next run judges that"
            )

    def _by_column(self, table: CuratedTable, dataset: str) -> CuratedTable:
        made = self._staged.opened.contracts[dataset].curated
        return next(one for one in made if one.table == table.table)

    def _rows(self, unit: _Unit, refresh: Refresh) -> DataFrame:
        if unit.table:
            return self._staged.table(refresh)
        return self._staged.dataset(unit.uses[0], refresh)

    def _new_loads(self, refresh: Refresh) -> LoadCountsByDataset:
        state = self.units.ledger.get(refresh.unit)
        before = {}
        if state.published:
            before = dict(load_refresh(self.settings.assets_bucket, state.published).seen)
        return self._staged.counts_of(
            {name: set(parts) - set(before.get(name, ())) for name, parts in refresh.seen.items()}
        )

    def _units(self) -> Iterator[_Unit]:
        """Datasets first: what is halted there is not passed on."""
        for name, contract in self._contracts.items():
            yield _Unit(
                name=dataset_unit(name),
                quality=contract.quality,
                kind=UnitKind.DATASET,
                uses=(name,),
            )
        for name, contract in self._contracts.items():
            for table in contract.curated:
                yield _Unit(
                    name=table_unit(table.table),
                    quality=table.quality,
                    kind=UnitKind.TABLE,
                    uses=(name, *table.uses),
                    table=table,
                )

    @cached_property
    def _contracts(self) -> Mapping[str, DatasetContract]:
        return with_inferred(self.contracts, self._processed)

    @property
    def _processed(self) -> ProcessedTables:
        return ProcessedTables.of(client("glue"), self.settings.processed_database)

    @cached_property
    def _records(self) -> QualityRecords:
        return QualityRecords(
            bucket=self.settings.quality_bucket, database=self.settings.quality_database
        )

    @cached_property
    def _staged(self) -> StagedUnits:
        return StagedUnits(
            spark=self.spark,
            zone=ProcessedZone(
                spark=self.spark,
                tables=self._processed,
                assets_bucket=self.settings.assets_bucket,
            ),
            tables=self.units.tables,
            contracts=self._contracts,
        )


def _one(published: Published | None) -> Sequence[Published]:
    return () if published is None else (published,)


def _own(unit: _Unit) -> Sequence[str]:
    return unit.uses if unit.kind is UnitKind.DATASET else ()


def _verdict(quality: Quality, finding: Finding) -> Verdict:
    """A rule that could not be judged never counts as passed."""
    if not finding.failed:
        return Verdict.PASSED
    if quality.on_failure is OnFailure.HALT:
        return Verdict.HALTED
    if quality.on_failure is OnFailure.QUARANTINE and finding.fails_by_rows:
        return Verdict.QUARANTINED
    return Verdict.WARNED


def _why(report: QualityReport) -> str:
    bad = [rule for rule in report.rules if rule.verdict.value in ("failed", "error")]
    return f"{bad[0].text}: {bad[0].reason}"[:500]
