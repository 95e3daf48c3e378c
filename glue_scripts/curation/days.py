"""Writes a table's rows below the days that they belong to, into places of one run alone."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyspark import TaskContext
from pyspark.sql import DataFrame
from pyspark.sql import functions as f

from lake.commit import day_values
from lake.errors import AccountingError
from lake.store import footer_counts, put_file, use_region

DAY_KEYS = ("year", "month", "day")
"""Partition keys of a table by days."""
_WRITTEN = "day date, key string, rows bigint"
_ROWS_PER_GROUP = 500_000
"""Spark hands over batches of some thousand rows; groups that small would read slowly."""
_DAY = "day_of_partition"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a run writes what."""

    bucket: str
    table: str
    run: str
    """Names the folders of this run; nobody else writes there."""
    region: str

    def prefix(self, day: date | None) -> str:
        """`orders/year=2026/month=01/day=31/refresh=…/`; without a day the middle is missing."""
        if day is None:
            return f"{self.table}/refresh={self.run}/"
        return f"{day_folder(self.table, day.isoformat())}refresh={self.run}/"


def day_folder(table: str, day: str) -> str:
    """`orders/year=2026/month=01/day=31/`, for an ISO date."""
    year, month, of_month = day_values(date.fromisoformat(day))
    return f"{table}/year={year}/month={month}/day={of_month}/"


def write_days(rows: DataFrame, day: str, place: Place) -> dict[date | None, int]:
    """Rows by day, as the files hold them. Without a `day` all go to one place, under None.

    Raises AccountingError unless the files hold what the tasks were given.
    """
    keyed = rows.withColumn(_DAY, f.col(day) if day else f.lit(None).cast("date"))
    # Spark decides how many tasks; rows of one day meet in as few as their size allows.
    spread = keyed.hint("rebalance", _DAY) if day else keyed
    ordered = spread.sortWithinPartitions(_DAY) if day else spread
    written = ordered.mapInArrow(partial(_write, place=place), _WRITTEN).collect()
    counts: dict[date | None, int] = {}
    for item in written:
        stored = footer_counts(place.bucket, item["key"]).rows
        if stored != item["rows"]:
            raise AccountingError(
                f"{item['key']} holds {stored} rows, its task wrote {item['rows']}"
            )
        counts[item["day"]] = counts.get(item["day"], 0) + stored
    return counts


def _write(batches: Iterator[pa.RecordBatch], *, place: Place) -> Iterator[pa.RecordBatch]:
    """Rows of a task come ordered by day: one file for each, stored when it is complete."""
    use_region(place.region)
    files = _Files(place)
    for batch in batches:
        if batch.num_rows:
            yield from files.take(pa.Table.from_batches([batch]))
    yield from files.close()


class _Files:
    def __init__(self, place: Place) -> None:
        context = TaskContext.get()
        self._place = place
        self._part = context.partitionId() if context else 0
        self._day: date | None = None
        self._writer: pq.ParquetWriter | None = None
        self._rows = 0
        self._waiting: list[pa.Table] = []
        self._scratch = tempfile.TemporaryDirectory()

    def take(self, table: pa.Table) -> Iterator[pa.RecordBatch]:
        days = table.column(_DAY)
        start = 0
        while start < table.num_rows:
            day = days[start].as_py()
            length = pc.sum(pc.equal(days, days[start])).as_py() or table.num_rows
            yield from self._put(day, table.slice(start, length).drop_columns([_DAY]))
            start += length

    def close(self) -> Iterator[pa.RecordBatch]:
        yield from self._finish()
        self._scratch.cleanup()

    def _put(self, day: date | None, rows: pa.Table) -> Iterator[pa.RecordBatch]:
        if self._writer is None or day != self._day:
            yield from self._finish()
            self._day = day
            self._writer = pq.ParquetWriter(self._path, rows.schema, compression="snappy")
        self._waiting.append(rows)
        self._rows += rows.num_rows
        if sum(table.num_rows for table in self._waiting) >= _ROWS_PER_GROUP:
            self._flush(self._writer)

    def _flush(self, writer: pq.ParquetWriter) -> None:
        if self._waiting:
            writer.write_table(pa.concat_tables(self._waiting))
            self._waiting = []

    def _finish(self) -> Iterator[pa.RecordBatch]:
        if self._writer is None:
            return
        self._flush(self._writer)
        self._writer.close()
        key = f"{self._place.prefix(self._day)}part-{self._part:05d}.snappy.parquet"
        put_file(self._path, self._place.bucket, key)
        yield _told(self._day, key, self._rows)
        self._writer, self._rows = None, 0

    @property
    def _path(self) -> Path:
        return Path(self._scratch.name, "part.parquet")


def _told(day: date | None, key: str, rows: int) -> pa.RecordBatch:
    values: list[Any] = [
        pa.array([day], pa.date32()),
        pa.array([key]),
        pa.array([rows], pa.int64()),
    ]
    return pa.RecordBatch.from_arrays(values, names=["day", "key", "rows"])
