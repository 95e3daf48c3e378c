"""What became of the rows of new loads: each is current, superseded or put aside."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark import TaskContext
from pyspark.sql import DataFrame
from pyspark.sql import functions as f

from curation.building import Stamp
from curation.current import BROKEN, RANK, Current
from curation.refresh import Counts, Refresh, Seen, digest_of, refresh_id_of
from curation.zone import VERSION, ProcessedDataset, part
from lake.errors import AccountingError
from lake.store import line_count, put_file, use_region
from wires.contracts import DatasetContract
from wires.quarantine import PREFIX, QuarantinedRow
from wires.refresh_ledger import dataset_unit

_WRITTEN = "key string, rows bigint"


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
        counts, prefix = self._account(new) if new else (Counts(), "")
        quarantine = (
            (self.contract.name, *last_day_of(new), self.refresh_id) if counts.quarantined else None
        )
        return Refresh(
            unit=self.unit,
            refresh_id=self.refresh_id,
            definition=self.definition,
            seen=self.seen,
            code_version=self.stamp.code_version,
            made_at=self.stamp.made_at,
            counts=counts,
            quarantine=quarantine,
            quarantine_prefix=prefix if quarantine else "",
        )

    def _account(self, new: set[str]) -> tuple[Counts, str]:
        current = Current(self.dataset, self.contract)
        arrived = current.judged(self.dataset.rows_of(new))
        good = f.size(BROKEN) == 0
        counted = self._ranked(current, arrived.where(good), new).agg(
            f.count_if(f.col(RANK) == 1).alias("current"),
            f.count_if(f.col(RANK) > 1).alias("superseded"),
        )
        prefix = self._prefix(new)
        aside = 0
        if current.can_break:
            aside = self._put_aside(current.with_origins(arrived.where(~good)), prefix)
        return self._counted(new, counted.collect()[0].asDict(), aside), prefix

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

    def _prefix(self, new: set[str]) -> str:
        year, month, day = last_day_of(new)
        folder = f"dataset={self.contract.name}/year={year}/month={month}/day={day}"
        return f"{PREFIX}rows/{folder}/load={self.refresh_id}/{self.stamp.run}/"

    def _put_aside(self, rows: DataFrame, prefix: str) -> int:
        told = rows.select(
            "source_file",
            VERSION,
            f.array_join(BROKEN, "; ").alias("broken"),
            f.to_json(f.struct(*self.dataset.columns), {"ignoreNullFields": "false"}).alias("raw"),
            "load_id",
        )
        write = partial(
            write_rows_aside,
            bucket=self.quality_bucket,
            prefix=prefix,
            because="breaks the rule ",
            at=self.stamp.made_at,
            region=self.stamp.region,
        )
        written = told.mapInArrow(write, _WRITTEN).collect()
        for item in written:
            lines = line_count(self.quality_bucket, item["key"])
            if lines != item["rows"]:
                raise AccountingError(
                    f"{item['key']} holds {lines} rows, its task put {item['rows']} aside"
                )
        return sum(item["rows"] for item in written)


def last_day_of(parts: Iterable[str]) -> tuple[str, str, str]:
    """Year, month and day of the latest upload among partitions."""
    year, month, day, _ = max(parts).split("/")
    return year, month, day


def write_rows_aside(
    batches: Iterator[pa.RecordBatch],
    *,
    bucket: str,
    prefix: str,
    because: str,
    at: str,
    region: str,
) -> Iterator[pa.RecordBatch]:
    """Rows as JSON Lines, one file for each task that has any; `because` begins each reason."""
    use_region(region)
    context = TaskContext.get()
    key = f"{prefix}part-{context.partitionId() if context else 0:05d}.jsonl"
    rows = 0
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch, "rows")
        with path.open("w", encoding="utf-8", newline="") as file:
            for row in (row for batch in batches for row in batch.to_pylist()):
                file.write(_line(row, because, at))
                rows += 1
        if rows:
            put_file(path, bucket, key)
            yield pa.RecordBatch.from_pydict({"key": [key], "rows": [rows]})


def _line(row: dict[str, Any], because: str, at: str) -> str:
    aside = QuarantinedRow(
        source_file=row["source_file"],
        version_id=row[VERSION] or "",
        line=None,
        reason=f"{because}{row['broken']}",
        raw=row["raw"],
        load_id=row["load_id"],
        quarantined_at=at,
    )
    return f"{aside.to_json()}\n"
