"""What became of the rows of new loads: each is current, superseded or put aside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace

from pyspark.sql import functions as f

from curation.aside import AsidePlace, put_rows_aside, shown
from curation.building import Stamp
from curation.current import BROKEN, Current
from curation.latest import LatestMerge, latest_columns
from curation.refresh import Counts, Refresh, Seen, digest_of, refresh_id_of
from curation.tables import MadeTables
from curation.zone import VERSION, ProcessedDataset
from lake.errors import AccountingError
from wires.contracts import DatasetContract
from wires.refresh_ledger import dataset_unit


@dataclass(frozen=True, kw_only=True)
class DatasetAccount:
    """Counts a dataset's new rows, puts those aside that break a rule, and, where the dataset has a
    key, merges the others into the table of latest rows."""

    dataset: ProcessedDataset
    contract: DatasetContract
    tables: MadeTables
    """Of the curated zone."""
    quality_bucket: str
    stamp: Stamp

    @property
    def unit(self) -> str:
        return dataset_unit(self.contract.name)

    @property
    def definition(self) -> str:
        """A rule that changes tells about the rows that are there already as well."""
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
        return refresh_id_of(self.unit, self.definition, self.seen)

    def make(self, before: Refresh | None) -> Refresh:
        """Raises AccountingError unless every row of the new loads is accounted for."""
        new = set(self.dataset.parts)
        if before is not None and before.definition == self.definition:
            new -= set(before.seen[self.contract.name])
        aside, quarantined = self._put_aside(new)
        refresh = Refresh(
            unit=self.unit,
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
            rows = self._current.good(self.dataset.rows_of(new)).count()
            refresh = replace(refresh, counts=Counts(rows_in=rows, current=rows))
        return replace(refresh, counts=self._counted(new, refresh.counts, quarantined))

    def is_lost(self, before: Refresh) -> bool:
        """Whether readers have not what the ledger says: somebody has taken the table away, say."""
        return bool(before.table) and not self.tables.stands(before)

    def _put_aside(self, new: set[str]) -> tuple[AsidePlace | None, int]:
        """Rows that break a rule: where they are, if there are any, and how many."""
        if not (new and self._current.can_break):
            return None, 0
        place = self._place(new)
        arrived = self._current.judged(self.dataset.rows_of(new))
        told = self._current.with_origins(arrived.where(f.size(BROKEN) > 0)).select(
            "source_file",
            f.col(VERSION).alias("version_id"),
            "load_id",
            shown(self.dataset.columns).alias("raw"),
            f.col(BROKEN).alias("broken"),
        )
        count = put_rows_aside(told, place, because="breaks the rule ")
        return (place if count else None), count

    def _merged(self, refresh: Refresh, new: set[str], before: Refresh | None) -> Refresh:
        name, columns = self.contract.latest, latest_columns(self.dataset)
        standing = self.tables.watermark(name)
        meant = tuple((column.name, *column.identity) for column in self.dataset.schema.columns)
        # Files of before are read right beside new ones where columns have only come.
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
    def _current(self) -> Current:
        return Current(self.dataset, self.contract)

    def _place(self, new: set[str]) -> AsidePlace:
        return AsidePlace(
            bucket=self.quality_bucket,
            dataset=self.contract.name,
            day=last_day_of(new),
            load=self.refresh_id,
            run=self.stamp.run,
            at=self.stamp.made_at,
            region=self.stamp.region,
        )


def last_day_of(parts: Iterable[str]) -> tuple[str, str, str]:
    """Year, month and day of the latest upload among partitions."""
    year, month, day, _ = max(parts).split("/")
    return year, month, day
