"""One run of the quality job: staged refreshes pass the gate, or are kept from readers.

for each model: measure → report → alert → approve, quarantine rows or halt → publish → watermark
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

from pyspark.sql import DataFrame, SparkSession

from curation.announcing import announce, announce_recovery
from curation.failing_rows import FailingRows
from curation.gated_models import GatedModel, gated_models
from curation.guarding import Failures
from curation.lineage import RefreshLineage, published_table, staged_files
from curation.measuring import Finding, measure
from curation.models import Models, Published
from curation.records import QualityRecords
from curation.refresh import Refresh, load_refresh
from curation.staged_models import StagedModels
from curation.zone import LoadCountsByDataset, ProcessedZone, with_inferred
from lake.errors import LoadLost
from lake.publishing.events import lineage_run
from lake.publishing.processed_tables import ProcessedTables
from lake.session import plan_for
from lake.store import client
from quality.verdicts import Verdict
from quality_report.report import GateVerdict, ModelKind, QualityReport, make_report
from wires.contracts import CuratedTable, DatasetContract, OnFailure, Quality
from wires.job_arguments import GlueRun, JobDefaults
from wires.layout import table_model
from wires.refresh_ledger import NO_SCORE

logger = logging.getLogger(__name__)


_TOLD = frozenset(verdict.value for verdict in GateVerdict if verdict is not GateVerdict.PASSED)
"""Verdicts of which people have been told."""


@dataclass(frozen=True, kw_only=True)
class QualityGate:
    """Settings and state of one run."""

    settings: JobDefaults
    glue_run: GlueRun
    contracts: Mapping[str, DatasetContract]
    models: Models
    spark: SparkSession
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def judge(self) -> list[Refresh]:
        """Check all staged models, and return the refreshes that were published.

        A model that cannot be checked does not keep the others back; the errors are raised together
        at the end, so that the run is seen to have failed.
        """
        published: list[Refresh] = []
        halted: dict[str, str] = {}
        failed = Failures()
        for model in gated_models(self._contracts):
            with failed.guard(model.name):
                published += self._judge(model, halted)
            if model.name in failed:
                halted |= dict.fromkeys(model.decides_for, "it could not be judged")
        self._record(published)
        failed.tell()
        return published

    def _record(self, published: Sequence[Refresh]) -> None:
        """Record with the run which models passed, with which score."""
        states = [self.models.ledger.get(refresh.model) for refresh in published]
        self.models.runs.record(
            self.glue_run.JOB_NAME,
            self.glue_run.JOB_RUN_ID,
            {
                "rows_published": sum(refresh.rows for refresh in published),
                "rows_quarantined": sum(
                    refresh.counts.quarantined
                    for refresh in published
                    if refresh.model == table_model(refresh.table)
                ),
                "verdicts": {state.model: state.verdict for state in states},
                "scores": {state.model: state.score for state in states},
            },
        )

    def _judge(self, model: GatedModel, halted: dict[str, str]) -> Iterator[Refresh]:
        state = self.models.ledger.get(model.name)
        if not state.staged:
            return
        refresh = load_refresh(self.settings.assets_bucket, state.staged)
        if state.approved or self._passes(model, refresh, state.staged, halted):
            yield from self._published(model, refresh)

    def _passes(
        self, model: GatedModel, refresh: Refresh, key: str, halted: dict[str, str]
    ) -> bool:
        stopped = {**self._staged.opened.failed, **halted}
        reasons = [f"{name}: {stopped[name]}" for name in model.uses if name in stopped]
        if model.kind is ModelKind.TABLE and reasons:
            why = f"made of datasets that were halted: {'; '.join(reasons)}"
            self.models.ledger.halt(model.name, key, reason=why)
            logger.warning("%s is kept back: %s", model.name, why)
            return False
        report = self._decide(model, refresh, key)
        if report.verdict is GateVerdict.HALTED:
            halted |= {name: _why(report) for name in model.decides_for}
        return report.verdict is not GateVerdict.HALTED

    def _published(self, model: GatedModel, staged: Refresh) -> Iterator[Refresh]:
        """Publish, and yield the published refresh; for a table with lineage events.

        Lineage names what has passed, which may be less than was staged.
        """
        if not staged.table:
            yield from (one.refresh for one in _one(self.models.carry_out(model.name)))
            return
        lineage = RefreshLineage.of(
            lineage_run(self.settings, self.glue_run),
            assets_bucket=self.settings.assets_bucket,
            model=model.name,
            refresh_id=staged.refresh_id,
            inputs=[staged_files(staged, self.settings)],
        )
        with lineage.told() as outputs:
            for done in _one(self.models.carry_out(model.name)):
                outputs.append(published_table(done.refresh, self.settings, snapshot=done.snapshot))
                yield done.refresh

    def _decide(self, model: GatedModel, refresh: Refresh, key: str) -> QualityReport:
        past = self._records.past(model.name, refresh.refresh_id)
        plan_for(self.spark, rows=self._staged.row_count(refresh))
        rows = self._rows(model, refresh).persist()
        try:
            finding = measure(
                rows,
                model.quality,
                references=self._staged.references(but=model.uses[0]),
                past=past.metrics,
                at=self.at,
            )
            verdict = _verdict(model.quality, finding)
            report = make_report(
                model=model.name,
                kind=model.kind,
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
            score = NO_SCORE if report.score is None else f"{report.score:g}"
            before = self.models.ledger.get(model.name)
            # Before anything is noted: a run that dies in between tells twice, not never.
            if not (verdict is GateVerdict.HALTED and before.halted == _why(report)):
                announce(report, where, topic=self.settings.quality_topic_arn)
            if before.verdict in _TOLD:
                announce_recovery(report, where, topic=self.settings.recoveries_topic_arn)
            self.models.ledger.judge(model.name, verdict=verdict.value, score=score, report=where)
            self._pass(model, refresh, key, finding, report)
        finally:
            rows.unpersist()
        return report

    def _pass(
        self, model: GatedModel, refresh: Refresh, key: str, finding: Finding, report: QualityReport
    ) -> None:
        logger.info("%s: %s, score %s", model.name, report.verdict, report.score)
        if report.verdict is GateVerdict.HALTED:
            self.models.ledger.halt(model.name, key, reason=_why(report))
        elif report.verdict is GateVerdict.QUARANTINED and model.table:
            failing = FailingRows(
                settings=self.settings,
                tables=self.models.tables,
                table=self._by_column(model.table, model.uses[0]),
                refresh=refresh,
                run=self.glue_run.JOB_RUN_ID[-12:],
                at=self.at.isoformat(),
            )
            rest = failing.split_off(finding.evaluation)
            self._agreed(
                model,
                self.models.ledger.exchange(
                    model.name, key, rest.save(self.settings.assets_bucket)
                ),
            )
        else:
            self._agreed(model, self.models.ledger.approve(model.name, key))

    def _agreed(self, model: GatedModel, approved: bool) -> None:
        if not approved:
            raise LoadLost(
                f"{model.name} was staged anew while it was judged: the next run judges that"
            )

    def _by_column(self, table: CuratedTable, dataset: str) -> CuratedTable:
        made = self._staged.opened.contracts[dataset].curated
        return next(one for one in made if one.table == table.table)

    def _rows(self, model: GatedModel, refresh: Refresh) -> DataFrame:
        if model.table:
            return self._staged.table(refresh)
        return self._staged.dataset(model.uses[0], refresh)

    def _new_loads(self, refresh: Refresh) -> LoadCountsByDataset:
        state = self.models.ledger.get(refresh.model)
        before = {}
        if state.published:
            before = dict(load_refresh(self.settings.assets_bucket, state.published).seen)
        return self._staged.counts_of(
            {name: set(parts) - set(before.get(name, ())) for name, parts in refresh.seen.items()}
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
    def _staged(self) -> StagedModels:
        return StagedModels(
            spark=self.spark,
            zone=ProcessedZone(
                spark=self.spark,
                tables=self._processed,
                assets_bucket=self.settings.assets_bucket,
            ),
            tables=self.models.tables,
            contracts=self._contracts,
        )


def _one(published: Published | None) -> Sequence[Published]:
    return () if published is None else (published,)


def _verdict(quality: Quality, finding: Finding) -> GateVerdict:
    """A rule that could not be judged never counts as passed."""
    if not finding.failed:
        return GateVerdict.PASSED
    if quality.on_failure is OnFailure.HALT:
        return GateVerdict.HALTED
    if quality.on_failure is OnFailure.QUARANTINE and finding.fails_by_rows:
        return GateVerdict.QUARANTINED
    return GateVerdict.WARNED


def _why(report: QualityReport) -> str:
    bad = report.rules_that(Verdict.FAILED, Verdict.ERROR)
    return f"{bad[0].text}: {bad[0].reason}"[:500]
