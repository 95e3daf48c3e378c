"""The latest row of each key as a table: new loads are merged into the files that hold their keys.

Files are sorted by key within the day of upload of their rows, and tell least and greatest key, so
that few of them are looked into. Those that hold a key of the new rows are written again; all
others stay as they are.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, cast

from pyiceberg.conversions import from_bytes
from pyiceberg.manifest import DataFile
from pyiceberg.types import NestedField
from pyspark.sql import DataFrame, Row, SparkSession, Window
from pyspark.sql import functions as f
from pyspark.sql import types as t

from curation.column_names import with_spellings
from curation.current import DELETED, RANK, Current
from curation.days import DAY, Place, write_days
from curation.refresh import Counts, DayWrite, Refresh, day_writes
from curation.tables import MadeTables
from curation.zone import PART, POSITION, ProcessedDataset
from iceberg.manifests import live_files
from iceberg.storage import place_of
from lake.errors import AccountingError
from lake.schema import METADATA_TYPES
from wires.column_names import METADATA_COLUMNS
from wires.contracts import DatasetContract
from wires.layout import BY_DAY

_NEW = "#new"
_FILE = "#file"
_OUTCOME = "#outcome"
_MOST_KEYS = 1_000_000
"""Above, every file is looked into: that many keys are nearly everywhere."""
_OUTCOMES = ("inserted", "updated", "unchanged", "superseded", "deleted")
_BEHIND_ALL = "\U0010ffff"
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, kw_only=True)
class Merged:
    """Files that are written and not visible yet, and what became of the rows of new loads."""

    days: tuple[DayWrite, ...]
    gone: tuple[str, ...]
    """Locations of the files that these take the place of."""
    counts: Counts


def latest_columns(dataset: ProcessedDataset) -> tuple[tuple[str, str], ...]:
    """Name and type of each, without the day."""
    data = [(column.name, column.type.glue) for column in dataset.schema.columns]
    return (*data, *((name, METADATA_TYPES[name][1]) for name in METADATA_COLUMNS))


def read_latest(
    spark: SparkSession, dataset: ProcessedDataset, locations: Sequence[str]
) -> DataFrame:
    """Rows of some files of a dataset's table, with the day and the file of each."""
    columns = [*latest_columns(dataset), *((name, "string") for name in BY_DAY.columns)]
    spelled = ", ".join(f"`{name}` {kind}" for name, kind in columns)
    schema = with_spellings(cast("t.StructType", t.StructType.fromDDL(spelled)), dataset.schema)
    if not locations:
        return spark.createDataFrame(
            [], t.StructType([*schema, t.StructField(_FILE, t.StringType())])
        )
    read = spark.read.schema(schema).parquet(*locations)
    return read.select("*", f.col("_metadata.file_path").alias(_FILE))


@dataclass(frozen=True)
class LatestRows:
    """Reads tables of latest rows, as they are or as they are going to be."""

    spark: SparkSession
    tables: MadeTables

    def rows(self, dataset: ProcessedDataset, refresh: Refresh) -> DataFrame | None:
        """The dataset's columns once the refresh is published; None if the table has gone on, or
        is gone."""
        locations = self.tables.locations_after(refresh)
        if locations is None:
            return None
        return read_latest(self.spark, dataset, locations).select(*dataset.columns)


@dataclass(frozen=True, kw_only=True)
class LatestMerge:
    """Merges new loads of a dataset into the table of its latest rows."""

    dataset: ProcessedDataset
    contract: DatasetContract
    tables: MadeTables
    run: str
    """Names the folders of this run."""
    region: str

    def make(self, new: Collection[str], *, whole: bool) -> Merged:
        """Take in the rows of some loads; `whole`: make the table of all rows, and count what
        becomes of the new ones. Raises AccountingError unless each row is accounted for."""
        arrived = self._current.good(self.dataset.rows_of(new))
        earlier = self.dataset.parts.difference(new)
        if whole:
            others = self._current.good(self.dataset.rows_of(earlier))
            return self._merged(arrived, [self._shaped(others, new=False)], ())
        keys = arrived.select(*self._key).distinct()
        standing = self._read(self._candidates(keys))
        rivals = standing.join(keys, self._key, "left_semi")
        old = [self._shaped(rivals.withColumn(DELETED, f.lit(False)), new=False)]
        if self.contract.deleted_when:
            # A row that was deleted is in the table no more, and may be later than one that comes.
            deleted = self._current.good(self.dataset.rows_of(earlier)).where(f.col(DELETED))
            deleted = deleted.join(keys, self._key, "left_semi")
            old.append(self._shaped(deleted, new=False))
        return self._merged(arrived, old, self._holding(rivals))

    def _merged(
        self, arrived: DataFrame, old: Sequence[DataFrame], touched: Sequence[DataFile]
    ) -> Merged:
        pool = self._shaped(arrived, new=True)
        for rows in old:
            pool = pool.unionByName(rows)
        ranked = self._classified(self._current.ranked(pool)).persist()
        try:
            latest = (f.col(RANK) == 1) & ~f.col(DELETED)
            found = ranked.agg(
                *(f.count_if(f.col(_OUTCOME) == name).alias(name) for name in _OUTCOMES),
                f.count_if(_NEW).alias("new"),
                f.count_if(latest).alias("latest"),
                f.count_if(f.col(_FILE) != "").alias("rivals"),
            ).collect()[0]
            rows = ranked.where(latest).select(*self._names, DAY)
            if touched:
                keys = arrived.select(*self._key).distinct()
                kept = self._read(touched).join(keys, self._key, "left_anti")
                rows = rows.unionByName(kept.select(*self._names, _day()))
            days = self._written(rows)
        finally:
            ranked.unpersist()
        self._check(found, sum(day.rows for day in days), touched)
        counts = {name: found[name] for name in _OUTCOMES}
        return Merged(
            days=days,
            gone=tuple(file.file_path for file in touched),
            counts=Counts(
                rows_in=found["new"],
                current=counts["inserted"] + counts["updated"] + counts["unchanged"],
                **counts,
            ),
        )

    def _written(self, rows: DataFrame) -> tuple[DayWrite, ...]:
        name, columns = self.contract.latest, latest_columns(self.dataset)
        place = Place(bucket=self.tables.bucket, table=name, run=self.run, region=self.region)
        ids = self.tables.field_ids(name, columns, by_day=True)
        # By ranges, so that each file holds keys that lie together.
        spread = rows.repartitionByRange(DAY, *self._key).sortWithinPartitions(DAY, *self._key)
        return day_writes(write_days(spread, DAY, place, ids), ())

    def _check(self, found: Row, written: int, touched: Sequence[DataFile]) -> None:
        table = self.contract.latest
        if found["new"] != sum(found[name] for name in _OUTCOMES):
            raise AccountingError(f"table {table}: what became of new rows is not clear: {found}")
        kept = sum(file.record_count for file in touched) - found["rivals"]
        if written != found["latest"] + kept:
            raise AccountingError(
                f"table {table}: {found['latest']} rows are the latest of their keys, {kept} stay "
                f"of the files that are written again; the new files hold {written}"
            )

    def _classified(self, ranked: DataFrame) -> DataFrame:
        """With what became of each new row, by the latest of the rows of its key before it."""
        data = f.struct(*self.dataset.columns)
        facts = f.struct(
            f.col(RANK).alias("rank"), f.col(DELETED).alias("deleted"), data.alias("data")
        )
        before = f.min(f.when(~f.col(_NEW), facts)).over(Window.partitionBy(*self._key))
        stood = before.isNotNull() & ~before["deleted"]
        outcome = (
            f.when(f.col(RANK) > 1, "superseded")
            .when(f.col(DELETED), "deleted")
            .when(~stood, "inserted")
            .when(before["data"].eqNullSafe(data), "unchanged")
            .otherwise("updated")
        )
        return ranked.withColumn(_OUTCOME, f.when(f.col(_NEW), outcome))

    def _candidates(self, keys: DataFrame) -> list[DataFile]:
        """Files that may hold one of the keys, by what they tell of the first column of these."""
        table = self.tables.database.table(self.contract.latest)
        files = live_files(table) if table else []
        if table is None or not files:
            return []
        first = self._key[0]
        found = keys.select(first).distinct().limit(_MOST_KEYS + 1).collect()
        values = sorted({_comparable(row[0]) for row in found})
        if len(found) > _MOST_KEYS or None in values:
            return files
        field = table.schema().find_field(first)
        return [file for file in files if _may_hold(file, field, values)]

    def _holding(self, rivals: DataFrame) -> list[DataFile]:
        """The files that hold some of these rows."""
        found = {_key_of(row[0]) for row in rivals.select(_FILE).distinct().collect()}
        table = self.tables.database.table(self.contract.latest)
        files = live_files(table) if table and found else []
        holding = [file for file in files if _key_of(file.file_path) in found]
        if len(holding) != len(found):
            raise AccountingError(
                f"table {self.contract.latest} has no more the files {sorted(found)}, which were "
                "read a moment ago: the next run looks anew"
            )
        return holding

    def _read(self, files: Sequence[DataFile]) -> DataFrame:
        return read_latest(self.dataset.spark, self.dataset, [file.file_path for file in files])

    def _shaped(self, rows: DataFrame, *, new: bool) -> DataFrame:
        """All in one shape. Rows of one object come all at once, so that places in files never
        decide between a new row and one that stands; and one that stands has come after all others
        of its object."""
        placed = {PART, POSITION} <= set(rows.columns)
        return rows.select(
            *self._names,
            _day(),
            f.col(PART) if placed else f.lit(_BEHIND_ALL).alias(PART),
            f.col(POSITION) if placed else f.lit(-1).cast("bigint").alias(POSITION),
            DELETED,
            f.lit(new).alias(_NEW),
            f.col(_FILE) if _FILE in rows.columns else f.lit("").alias(_FILE),
        )

    @property
    def _names(self) -> list[str]:
        return [name for name, _ in latest_columns(self.dataset)]

    @property
    def _key(self) -> list[str]:
        return list(self.contract.primary_key)

    @cached_property
    def _current(self) -> Current:
        return Current(self.dataset, self.contract)


def _day() -> Any:
    """The day of upload, by which the table is partitioned."""
    return f.make_date(*(f.col(name).cast("int") for name in BY_DAY.columns)).alias(DAY)


def _key_of(location: str) -> str:
    return place_of(f"s3://{location.partition('://')[2]}")["Key"]


def _comparable(value: object) -> Any:
    """As Iceberg keeps bounds; None for what files are not told apart by."""
    if isinstance(value, date) and type(value) is date:
        return (value - _EPOCH).days
    known = isinstance(value, (int, str, Decimal)) and not isinstance(value, bool)
    return value if known else None


def _may_hold(file: DataFile, field: NestedField, keys: Sequence[Any]) -> bool:
    """Whether a key lies between the file's least and greatest. `keys` are in order."""
    low = (file.lower_bounds or {}).get(field.field_id)
    high = (file.upper_bounds or {}).get(field.field_id)
    if low is None or high is None:
        return True
    kind = cast("Any", field.field_type)
    place = bisect_left(keys, from_bytes(kind, low))
    return place < len(keys) and keys[place] <= from_bytes(kind, high)
