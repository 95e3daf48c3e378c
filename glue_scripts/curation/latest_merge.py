"""Keeps the latest row of each key as a table: merges new loads into the files with their keys.

Files are sorted by key within the upload day of their rows, and record the least and greatest key,
so that only few files have to be read. A new row that is the latest of its key goes to a new file;
the file with the row that it replaces is rewritten without that. All others stay as they are.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
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
from pyspark.sql.pandas.types import to_arrow_schema

from curation.column_names import with_spellings
from curation.days import DAY, Place, write_days
from curation.latest_rows import DELETED, RANK, LatestRows
from curation.refresh import Counts, DayWrite, Refresh, StagedFile, day_writes
from curation.rewriting import FILE, ROW, Rewritten, key_of, rewritten
from curation.tables import MadeTables
from curation.zone import PART, POSITION, ProcessedDataset
from iceberg.field_ids import FieldIds, with_field_ids
from iceberg.manifests import live_files, partition_of
from iceberg.storage import place_of
from lake.columns.schema import METADATA_TYPES
from lake.errors import AccountingError
from wires.column_names import METADATA_COLUMNS
from wires.contracts import DatasetContract
from wires.layout import BY_DAY

_NEW = "#new"
_OUTCOME = "#outcome"
_MOST_KEYS = 1_000_000
"""With more keys than this every file is read: so many keys are in nearly all of them."""
_OUTCOMES = ("inserted", "updated", "unchanged", "superseded", "deleted")
_BEHIND_ALL = "\U0010ffff"
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, kw_only=True)
class Merged:
    """Files that are written but not visible yet, and the outcome for the rows of new loads."""

    days: tuple[DayWrite, ...]
    gone: tuple[str, ...]
    """Locations of the files that these replace."""
    counts: Counts


def latest_columns(dataset: ProcessedDataset) -> tuple[tuple[str, str], ...]:
    """Return name and type of each column, without the day."""
    data = [(column.name, column.type.glue) for column in dataset.schema.columns]
    return (*data, *((name, METADATA_TYPES[name][1]) for name in METADATA_COLUMNS))


def latest_schema(dataset: ProcessedDataset) -> t.StructType:
    """Return the columns of a dataset's table with the day, as Spark has them."""
    columns = [*latest_columns(dataset), *((name, "string") for name in BY_DAY.columns)]
    spelled = ", ".join(f"`{name}` {kind}" for name, kind in columns)
    return with_spellings(cast("t.StructType", t.StructType.fromDDL(spelled)), dataset.schema)


def read_latest(
    spark: SparkSession, dataset: ProcessedDataset, locations: Sequence[str]
) -> DataFrame:
    """Return the rows of some files of a dataset's table, with the day, the file and the place in
    it of each."""
    schema = latest_schema(dataset)
    if not locations:
        placed = [t.StructField(FILE, t.StringType()), t.StructField(ROW, t.LongType())]
        return spark.createDataFrame([], t.StructType([*schema, *placed]))
    read = spark.read.schema(schema).parquet(*locations)
    return read.select(
        "*",
        f.col("_metadata.file_path").alias(FILE),
        f.col("_metadata.row_index").alias(ROW),
    )


@dataclass(frozen=True)
class LatestTables:
    """Reads tables of latest rows, as they are now or as they are after a refresh."""

    spark: SparkSession
    tables: MadeTables

    def rows(self, dataset: ProcessedDataset, refresh: Refresh) -> DataFrame | None:
        """Return the dataset's columns as they are once the refresh is published.

        Returns None if the table has changed since, or is gone.
        """
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
    """Part of the names of this run's folders."""
    region: str

    def make(self, new: Collection[str], *, whole: bool) -> Merged:
        """Merge the rows of some loads into the table.

        With `whole`, build the table from all rows, and count only the outcomes of the new ones.
        Raises AccountingError unless each row is accounted for.
        """
        arrived = self._latest_rows.good(self.dataset.rows_of(new))
        earlier = self.dataset.parts.difference(new)
        if whole:
            others = self._latest_rows.good(self.dataset.rows_of(earlier))
            return self._merged(arrived, [self._shaped(others, new=False)], [])
        keys = arrived.select(*self._key).distinct()
        candidates = self._candidates(keys)
        rivals = self._read(candidates).join(keys, self._key, "left_semi")
        old = [self._shaped(rivals.withColumn(DELETED, f.lit(False)), new=False)]
        if self.contract.deleted_when:
            # A deleted row is not in the table any more, but may be later than a new row.
            deleted = self._latest_rows.good(self.dataset.rows_of(earlier)).where(f.col(DELETED))
            deleted = deleted.join(keys, self._key, "left_semi")
            old.append(self._shaped(deleted, new=False))
        return self._merged(arrived, old, candidates)

    def _merged(
        self, arrived: DataFrame, old: Sequence[DataFrame], candidates: Sequence[DataFile]
    ) -> Merged:
        pool = self._shaped(arrived, new=True)
        for rows in old:
            pool = pool.unionByName(rows)
        ranked = self._classified(self._latest_rows.ranked(pool)).persist()
        stands = f.col(FILE) != ""
        latest = (f.col(RANK) == 1) & ~f.col(DELETED)
        try:
            found = ranked.agg(
                *(f.count_if(f.col(_OUTCOME) == name).alias(name) for name in _OUTCOMES),
                f.count_if(_NEW).alias("new"),
                f.count_if(latest & ~stands).alias("written"),
                f.count_if(stands & (f.col(RANK) > 1)).alias("gone"),
            ).collect()[0]
            # A standing row that is still the latest stays where it is.
            written = self._written(ranked.where(latest & ~stands).select(*self._names, DAY))
            removed = ranked.where(stands & (f.col(RANK) > 1))
            again = self._rewritten(removed, candidates) if found["gone"] else []
        finally:
            ranked.unpersist()
        replaced = self._replaced(again, candidates)
        self._check(found, written, again, replaced)
        counts = {name: found[name] for name in _OUTCOMES}
        return Merged(
            days=self._days(written, again),
            gone=tuple(file.file_path for file in replaced),
            counts=Counts(
                rows_in=found["new"],
                current=counts["inserted"] + counts["updated"] + counts["unchanged"],
                **counts,
            ),
        )

    def _written(self, rows: DataFrame) -> Mapping[date | None, Sequence[StagedFile]]:
        # By ranges, so that each file holds neighbouring keys.
        spread = rows.repartitionByRange(DAY, *self._key).sortWithinPartitions(DAY, *self._key)
        return write_days(spread, DAY, self._place, self._field_ids)

    def _rewritten(self, removed: DataFrame, candidates: Sequence[DataFile]) -> Sequence[Rewritten]:
        """Write the files again that keep some of their rows; those that keep none are gone."""
        counted = removed.groupBy(FILE).count().collect()
        gone = {key_of(location): (location, count) for location, count in counted}
        files = [file for file in candidates if _key_of(file.file_path) in gone]
        empty = [f for f in files if gone[_key_of(f.file_path)][1] == f.record_count]
        done = [Rewritten(_key_of(file.file_path), partition_of(file), None) for file in empty]
        rest = gone.keys() - {one.file for one in done}
        if not rest:
            return done
        schema = to_arrow_schema(latest_schema(self.dataset), timestamp_utc=True)
        target = with_field_ids(schema, self._field_ids)
        kept = removed.where(f.col(FILE).isin([gone[key][0] for key in rest])) if done else removed
        tasks = min(2 * len(rest), 8 * self.dataset.spark.sparkContext.defaultParallelism)
        return [*done, *rewritten(kept, self._place, target, tasks=tasks)]

    def _replaced(
        self, again: Sequence[Rewritten], candidates: Sequence[DataFile]
    ) -> Sequence[DataFile]:
        """Return the files of the table whose rows are in other files now."""
        keys = {one.file for one in again}
        return [file for file in candidates if _key_of(file.file_path) in keys]

    def _days(
        self,
        written: Mapping[date | None, Sequence[StagedFile]],
        again: Sequence[Rewritten],
    ) -> tuple[DayWrite, ...]:
        files = {day: list(own) for day, own in written.items()}
        for one in again:
            if one.staged:
                files.setdefault(date(*map(int, one.partition)), []).append(one.staged)
        return day_writes(files, ())

    def _check(
        self,
        found: Row,
        written: Mapping[date | None, Sequence[StagedFile]],
        again: Sequence[Rewritten],
        replaced: Sequence[DataFile],
    ) -> None:
        table = self.contract.latest
        if found["new"] != sum(found[name] for name in _OUTCOMES):
            raise AccountingError(f"table {table}: what became of new rows is not clear: {found}")
        new = sum(file.rows for own in written.values() for file in own)
        stay = sum(file.record_count for file in replaced) - found["gone"]
        kept = sum(one.staged.rows for one in again if one.staged)
        if (new, kept, len(replaced)) != (found["written"], stay, len(again)):
            raise AccountingError(
                f"table {table}: {found['written']} new rows are the latest of their keys, and "
                f"{stay} stay of {len(again)} files that are written again; the new files hold "
                f"{new}, and {kept} of {len(replaced)} files"
            )

    def _classified(self, ranked: DataFrame) -> DataFrame:
        """Add each new row's outcome, compared with the latest earlier row of its key."""
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
        """Return the files that may hold one of the keys, by the bounds of the first key column."""
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

    def _read(self, files: Sequence[DataFile]) -> DataFrame:
        return read_latest(self.dataset.spark, self.dataset, [file.file_path for file in files])

    def _shaped(self, rows: DataFrame, *, new: bool) -> DataFrame:
        """Return the rows with the columns that all inputs of the merge have.

        All rows of one object arrive together, so positions in files never decide between a new row
        and one in the table; a row in the table was the last of its object.
        """
        placed = {PART, POSITION} <= set(rows.columns)
        stands = FILE in rows.columns
        return rows.select(
            *self._names,
            _day(),
            f.col(PART) if placed else f.lit(_BEHIND_ALL).alias(PART),
            f.col(POSITION) if placed else f.lit(-1).cast("bigint").alias(POSITION),
            DELETED,
            f.lit(new).alias(_NEW),
            f.col(FILE) if stands else f.lit("").alias(FILE),
            f.col(ROW) if stands else f.lit(-1).cast("bigint").alias(ROW),
        )

    @property
    def _place(self) -> Place:
        table = self.contract.latest
        return Place(bucket=self.tables.bucket, table=table, run=self.run, region=self.region)

    @cached_property
    def _field_ids(self) -> FieldIds:
        columns = latest_columns(self.dataset)
        return self.tables.field_ids(self.contract.latest, columns, by_day=True)

    @property
    def _names(self) -> list[str]:
        return [name for name, _ in latest_columns(self.dataset)]

    @property
    def _key(self) -> list[str]:
        return list(self.contract.primary_key)

    @cached_property
    def _latest_rows(self) -> LatestRows:
        return LatestRows(self.dataset, self.contract)


def _day() -> Any:
    """Return the column of the upload day, by which the table is partitioned."""
    return f.make_date(*(f.col(name).cast("int") for name in BY_DAY.columns)).alias(DAY)


def _key_of(location: str) -> str:
    return place_of(location)["Key"]


def _comparable(value: object) -> Any:
    """Return a value as Iceberg keeps bounds; None for types whose bounds are not compared."""
    if isinstance(value, date) and type(value) is date:
        return (value - _EPOCH).days
    known = isinstance(value, (int, str, Decimal)) and not isinstance(value, bool)
    return value if known else None


def _may_hold(file: DataFile, field: NestedField, keys: Sequence[Any]) -> bool:
    """Return whether a key lies between the file's least and greatest. `keys` are sorted."""
    low = (file.lower_bounds or {}).get(field.field_id)
    high = (file.upper_bounds or {}).get(field.field_id)
    if low is None or high is None:
        return True
    kind = cast("Any", field.field_type)
    place = bisect_left(keys, from_bytes(kind, low))
    return place < len(keys) and keys[place] <= from_bytes(kind, high)
