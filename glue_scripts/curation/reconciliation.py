"""Accounts for the rows of new loads: each is current, superseded, deleted or quarantined."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace

from pyspark.sql import functions as f

from curation.building import Stamp
from curation.latest_merge import LatestMerge, latest_columns
from curation.latest_rows import BROKEN, LatestRows
from curation.quarantine import QuarantinePlace, quarantine_rows, shown
from curation.refresh import Counts, Refresh, Seen, digest_of, refresh_id_of
from curation.tables import MadeTables
from curation.zone import VERSION, ProcessedDataset
from lake.errors import AccountingError
from wires.contracts import DatasetContract
from wires.layout import dataset_model


@dataclass(frozen=True, kw_only=True)
class DatasetReconciliation:
    """Counts a dataset's new rows, and quarantines those that break a rule.

    If the dataset has a key, the others are merged into the table of latest rows.
    """

    dataset: ProcessedDataset
    contract: DatasetContract
    tables: MadeTables
    """Tables of the curated zone."""
    quality_bucket: str
    stamp: Stamp

    @property
    def model(self) -> str:
        return dataset_model(self.contract.name)

    @property
    def definition(self) -> str:
        """Digest of the contract; a changed rule applies to existing rows as well."""
        contract = self.contract
        return digest_of(
            [
                contract.primary_key,
                contract.latest_by,
                contract.deleted_when,
                contract.latest,
                sorted({table.day for table in contract.curated}),
                [asdict(rule) for rule in contract.rules],
            ]
        )

    @property
    def seen(self) -> Seen:
        return {self.contract.name: tuple(sorted(self.dataset.parts))}

    @property
    def refresh_id(self) -> str:
        return refresh_id_of(self.model, self.definition, self.seen)

    def make(self, before: Refresh | None) -> Refresh:
        """Quarantine, merge and count the new rows, and return the refresh.

        Raises AccountingError unless every row of the new loads is accounted for.
        """
        new = set(self.dataset.parts)
        if before is not None and before.definition == self.definition:
            new -= set(before.seen[self.contract.name])
        aside, quarantined = self._quarantine(new)
        refresh = Refresh(
            model=self.model,
            refresh_id=self.refresh_id,
            definition=self.definition,
            seen=self.seen,
            code_version=self.stamp.code_version,
            made_at=self.stamp.made_at,
            quarantine=aside.values if aside else None,
            quarantine_prefix=aside.prefix if aside else "",
        )
        if self.contract.primary_key:
            refresh = self._merged(refresh, new, before)
        else:
            rows = self._latest_rows.good(self.dataset.rows_of(new)).count()
            refresh = replace(refresh, counts=Counts(rows_in=rows, current=rows))
        return replace(refresh, counts=self._counted(new, refresh.counts, quarantined))

    def is_lost(self, before: Refresh) -> bool:
        """Return whether readers lack what the ledger says: the table was dropped, for example."""
        return bool(before.table) and not self.tables.stands(before)

    def _quarantine(self, new: set[str]) -> tuple[QuarantinePlace | None, int]:
        """Quarantine rows that break a rule; return their place, if there are any, and number."""
        if not (new and self._latest_rows.can_break):
            return None, 0
        place = self._place(new)
        arrived = self._latest_rows.judged(self.dataset.rows_of(new))
        told = self._latest_rows.with_origins(arrived.where(f.size(BROKEN) > 0)).select(
            "source_file",
            f.col(VERSION).alias("version_id"),
            "load_id",
            shown(self.dataset.columns).alias("raw"),
            f.col(BROKEN).alias("broken"),
        )
        count = quarantine_rows(told, place, because="breaks the rule ")
        return (place if count else None), count

    def _merged(self, refresh: Refresh, new: set[str], before: Refresh | None) -> Refresh:
        name, columns = self.contract.latest, latest_columns(self.dataset)
        standing = self.tables.watermark(name)
        meant = tuple((column.name, *column.identity) for column in self.dataset.schema.columns)
        # Old files can be read together with new ones only if columns were added, not changed.
        whole = (
            before is None
            or before.definition != self.definition
            or not self.tables.stands(before)
            or not (set(before.columns) <= set(columns) and set(before.meant) <= set(meant))
            or bool(set(before.seen[self.contract.name]) - self.dataset.parts)
        )
        merge = LatestMerge(
            dataset=self.dataset,
            contract=self.contract,
            tables=self.tables,
            run=f"{self.refresh_id}-{self.stamp.run}",
            region=self.stamp.region,
        )
        merged = merge.make(new, whole=whole)
        return replace(
            refresh,
            table=name,
            columns=columns,
            meant=meant,
            by_day=True,
            after=standing,
            whole=whole,
            days=merged.days,
            gone=merged.gone,
            sorted_by=self.contract.primary_key,
            counts=merged.counts,
        )

    def _counted(self, new: set[str], found: Counts, aside: int) -> Counts:
        counts = replace(found, rows_in=self.dataset.row_count_of(new), quarantined=aside)
        named = counts.current + counts.superseded + counts.deleted + counts.quarantined
        if counts.rows_in != named or found.rows_in + aside != named:
            raise AccountingError(
                f"dataset '{self.contract.name}': {len(new)} new partitions have "
                f"{counts.rows_in} rows, of which {counts.current} are current, "
                f"{counts.superseded} superseded, {counts.deleted} deleted and "
                f"{counts.quarantined} put aside"
            )
        return counts

    @property
    def _latest_rows(self) -> LatestRows:
        return LatestRows(self.dataset, self.contract)

    def _place(self, new: set[str]) -> QuarantinePlace:
        return QuarantinePlace(
            bucket=self.quality_bucket,
            dataset=self.contract.name,
            day=last_day_of(new),
            load=self.refresh_id,
            run=self.stamp.run,
            at=self.stamp.made_at,
            region=self.stamp.region,
        )


def last_day_of(parts: Iterable[str]) -> tuple[str, str, str]:
    """Return year, month and day of the latest upload among partitions."""
    year, month, day, _ = max(parts).split("/")
    return year, month, day
