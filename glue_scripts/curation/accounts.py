"""What became of the rows of new loads: each is current, superseded or put aside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as f

from curation.aside import AsidePlace, put_rows_aside, shown
from curation.building import Stamp
from curation.current import BROKEN, RANK, Current
from curation.refresh import Counts, Refresh, Seen, digest_of, refresh_id_of
from curation.zone import VERSION, ProcessedDataset, part
from lake.errors import AccountingError
from wires.contracts import DatasetContract
from wires.refresh_ledger import dataset_unit


@dataclass(frozen=True, kw_only=True)
class DatasetAccount:
    """Counts a dataset's new rows, and puts those aside that break a rule."""

    dataset: ProcessedDataset
    contract: DatasetContract
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
        place = self._place(new) if new else None
        counts = self._account(new, place) if place else Counts()
        aside = place if counts.quarantined else None
        return Refresh(
            unit=self.unit,
            refresh_id=self.refresh_id,
            definition=self.definition,
            seen=self.seen,
            code_version=self.stamp.code_version,
            made_at=self.stamp.made_at,
            counts=counts,
            quarantine=aside.values if aside else None,
            quarantine_prefix=aside.prefix if aside else "",
        )

    def _account(self, new: set[str], place: AsidePlace) -> Counts:
        current = Current(self.dataset, self.contract)
        arrived = current.judged(self.dataset.rows_of(new))
        good = f.size(BROKEN) == 0
        counted = self._ranked(current, arrived.where(good), new).agg(
            f.count_if(f.col(RANK) == 1).alias("current"),
            f.count_if(f.col(RANK) > 1).alias("superseded"),
        )
        aside = 0
        if current.can_break:
            told = current.with_origins(arrived.where(~good)).select(
                "source_file",
                f.col(VERSION).alias("version_id"),
                "load_id",
                shown(self.dataset.columns).alias("raw"),
                f.col(BROKEN).alias("broken"),
            )
            aside = put_rows_aside(told, place, because="breaks the rule ")
        return self._counted(new, counted.collect()[0].asDict(), aside)

    def _ranked(self, current: Current, arrived: DataFrame, new: set[str]) -> DataFrame:
        """The rows that arrived, each with its place among all good rows of its key."""
        key = list(self.contract.primary_key)
        if not key:
            return arrived.withColumn(RANK, f.lit(1))
        if new == self.dataset.parts:  # all rows are among those that arrived
            return current.ranked(arrived)
        rivals = current.judged(self.dataset.rows).where(f.size(BROKEN) == 0)
        ranked = current.ranked(rivals.join(arrived.select(*key).distinct(), key, "left_semi"))
        return ranked.where(part().isin(sorted(new)))

    def _counted(self, new: set[str], found: dict[str, int], aside: int) -> Counts:
        counts = Counts(rows_in=self.dataset.row_count_of(new), quarantined=aside, **found)
        if counts.rows_in != counts.current + counts.superseded + counts.quarantined:
            raise AccountingError(
                f"dataset '{self.contract.name}': {len(new)} new partitions have "
                f"{counts.rows_in} rows, of which {counts.current} are current, "
                f"{counts.superseded} superseded and {counts.quarantined} put aside"
            )
        return counts

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
