"""Splits staged rows: those that break rules are quarantined, the others are published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as f

from curation.days import Place, write_days
from curation.quarantine import QuarantinePlace, quarantine_rows, shown
from curation.refresh import Counts, Refresh, StagedFile, day_writes
from curation.tables import MadeTables
from lake.errors import AccountingError
from quality.evaluation import Evaluation
from wires.contracts import CuratedTable
from wires.job_arguments import JobDefaults
from wires.layout import BY_DAY

_BROKEN = "#broken_rules"


@dataclass(frozen=True, kw_only=True)
class FailingRows:
    """Splits the rows of one table's refresh, for one run."""

    settings: JobDefaults
    tables: MadeTables
    table: CuratedTable
    refresh: Refresh
    run: str
    at: str
    """ISO 8601, UTC."""

    def split_off(self, evaluation: Evaluation) -> Refresh:
        """Return the refresh without the rows that break a failed rule.

        Days that are published already stay as they are. Raises AccountingError unless every staged
        row is in the new files or quarantined.
        """
        good = self._staged(evaluation.passing_rows(tolerated=False))
        bad = self._staged(evaluation.failing_rows(column=_BROKEN, tolerated=False))
        place = Place(
            bucket=self.settings.curated_bucket,
            table=self.table.table,
            run=f"{self.refresh.refresh_id}-{self.run}",
            region=self.settings.region,
        )
        ids = self.tables.field_ids(
            self.table.table, self.refresh.columns, by_day=self.refresh.by_day
        )
        files = write_days(good, self.table.day, place, ids)
        aside = self._quarantine(bad)
        passed = sum(file.rows for own in files.values() for file in own)
        if passed + aside != self.refresh.rows:
            raise AccountingError(
                f"{self.refresh.rows} rows of {self.table.table} were staged; "
                f"{passed} pass and {aside} were put aside"
            )
        return self._without(
            files, Counts(rows_in=self.refresh.rows, current=passed, quarantined=aside)
        )

    def _without(
        self, files: Mapping[date | None, Sequence[StagedFile]], counts: Counts
    ) -> Refresh:
        days = [date.fromisoformat(day.day) for day in self.refresh.days if day.day]
        return replace(
            self.refresh,
            days=day_writes(files, days),
            counts=counts,
            quarantine=self._aside.values,
            quarantine_prefix=self._aside.prefix,
        )

    def _staged(self, rows: DataFrame) -> DataFrame:
        if not self.table.day or self.refresh.whole:
            return rows
        staged = [date.fromisoformat(day.day) for day in self.refresh.days]
        return rows.where(f.col(self.table.day).isin(staged))

    def _quarantine(self, bad: DataFrame) -> int:
        names = [name for name in bad.columns if name != _BROKEN]
        told = bad.select(
            f.lit(f"{self.settings.curated_database}.{self.table.table}").alias("source_file"),
            f.lit("").alias("version_id"),
            f.lit(self.refresh.refresh_id).alias("load_id"),
            shown(names).alias("raw"),
            f.col(_BROKEN).alias("broken"),
        )
        return quarantine_rows(told, self._aside, because="breaks ")

    @property
    def _aside(self) -> QuarantinePlace:
        return QuarantinePlace(
            bucket=self.settings.quality_bucket,
            dataset=self.table.table,
            day=BY_DAY.values(date.fromisoformat(self.refresh.made_at[:10])),
            load=self.refresh.refresh_id,
            run=self.run,
            at=self.at,
            region=self.settings.region,
        )
