"""Writes a table's rows into files by day, in folders that belong to one run."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyspark import TaskContext
from pyspark.sql import DataFrame, Observation
from pyspark.sql import functions as f

from curation.refresh import StagedFile
from iceberg.field_ids import FieldIds, with_field_ids
from lake.errors import AccountingError
from lake.store import footer_counts, put_file, use_region
from lake.writing.row_groups import RowGroups
from wires.layout import BY_DAY, refresh_files_folder

_WRITTEN = "day date, key string, rows bigint"
DAY = "#day"
"""A column with the day of each row, for rows that have no day column of their own."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """The folders in which one run writes the files of one table."""

    bucket: str
    table: str
    run: str
    """Part of the folders' names; nobody else writes there."""
    region: str

    def prefix(self, day: date | None) -> str:
        """Return the folder of a day's files; None is for a table without days."""
        return refresh_files_folder(self.table, BY_DAY.values(day) if day else (), self.run)


def with_days(columns: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return the columns of a table by days: those of its rows, then the partition's."""
    return (*columns, *((key, "string") for key in BY_DAY.columns))


def write_days(
    rows: DataFrame, day: str, place: Place, ids: FieldIds
) -> dict[date | None, list[StagedFile]]:
    """Write files by day, with the table's field ids, and return them by day.

    Without a `day` all files go to one place, under None. Rows that have `DAY` must be partitioned
    and ordered by it already.

    Raises AccountingError unless the files hold what the query gave: all rows, and all values of
    each column.
    """
    given = Observation()
    counted = [f.count(f.col(f"`{name}`")).alias(f"values_{n}") for n, name in _numbered(rows)]
    ordered = rows.observe(given, f.count(f.lit(1)).alias("rows"), *counted)
    if day != DAY:
        keyed = ordered.withColumn(DAY, f.col(day) if day else f.lit(None).cast("date"))
        # Spark decides the number of tasks; rows of a day go to as few as their size allows.
        spread = keyed.hint("rebalance", f.col(DAY)) if day else keyed
        ordered = spread.sortWithinPartitions(DAY) if day else spread
    written = ordered.mapInArrow(partial(_write, place=place, ids=ids), _WRITTEN).collect()
    found = {item["key"]: footer_counts(place.bucket, item["key"]) for item in written}
    total: Counter[str] = Counter()
    files: dict[date | None, list[StagedFile]] = {}
    for item in written:
        stored = found[item["key"]]
        if stored.rows != item["rows"]:
            raise AccountingError(
                f"{item['key']} holds {stored.rows} rows, its task wrote {item['rows']}"
            )
        own = {name: n for name, n in stored.values.items() if not (day and name in BY_DAY.columns)}
        total.update(own)
        file = StagedFile(key=item["key"], rows=stored.rows, values=sum(own.values()))
        files.setdefault(item["day"], []).append(file)
    _check(given.get, rows, files, total, place.table)
    return files


def _check(
    given: Mapping[str, int],
    rows: DataFrame,
    files: Mapping[date | None, Sequence[StagedFile]],
    values: Mapping[str, int],
    table: str,
) -> None:
    written = sum(file.rows for own in files.values() for file in own)
    if written != given["rows"]:
        raise AccountingError(
            f"table {table}: the query gave {given['rows']} rows, its files hold {written}"
        )
    for number, name in _numbered(rows):
        wanted = given[f"values_{number}"]
        if values.get(name, 0) != wanted:
            raise AccountingError(
                f"table {table}: the query gave {wanted} values of column {name}, its files hold "
                f"{values.get(name, 0)}"
            )


def _numbered(rows: DataFrame) -> Iterable[tuple[int, str]]:
    return enumerate(name for name in rows.columns if name != DAY)


def _write(
    batches: Iterator[pa.RecordBatch], *, place: Place, ids: FieldIds
) -> Iterator[pa.RecordBatch]:
    """Write one file for each day of a task's rows, which come ordered by day.

    A file is stored when it is complete.
    """
    use_region(place.region)
    files = _Files(place, ids)
    for batch in batches:
        if batch.num_rows:
            yield from files.take(pa.Table.from_batches([batch]))
    yield from files.close()


class _Files:
    """The files of one task: a new one for each day."""

    def __init__(self, place: Place, ids: FieldIds) -> None:
        context = TaskContext.get()
        self._place = place
        self._ids = ids
        self._part = context.partitionId() if context else 0
        self._day: date | None = None
        self._file: RowGroups | None = None
        self._rows = 0
        self._scratch = tempfile.TemporaryDirectory()

    def take(self, table: pa.Table) -> Iterator[pa.RecordBatch]:
        days = table.column(DAY)
        start = 0
        while start < table.num_rows:
            day = days[start].as_py()
            length = pc.sum(pc.equal(days, days[start])).as_py() or table.num_rows
            yield from self._put(day, table.slice(start, length).drop_columns([DAY]))
            start += length

    def close(self) -> Iterator[pa.RecordBatch]:
        yield from self._finish()
        self._scratch.cleanup()

    def _put(self, day: date | None, rows: pa.Table) -> Iterator[pa.RecordBatch]:
        rows = self._of_table(day, rows)
        if self._file is None or day != self._day:
            yield from self._finish()
            self._day, self._file = day, RowGroups(self._path, rows.schema)
        self._file.add(rows)
        self._rows += rows.num_rows

    def _of_table(self, day: date | None, rows: pa.Table) -> pa.Table:
        """Return the rows with the partition columns, so that each file can be read by itself."""
        values = BY_DAY.values(day) if day else ()
        for key, value in zip(BY_DAY.columns, values, strict=bool(day)):
            rows = rows.append_column(key, pa.repeat(pa.scalar(value), rows.num_rows))
        return rows.cast(with_field_ids(rows.schema, self._ids))

    def _finish(self) -> Iterator[pa.RecordBatch]:
        if self._file is None:
            return
        self._file.close()
        key = f"{self._place.prefix(self._day)}part-{self._part:05d}.snappy.parquet"
        put_file(self._path, self._place.bucket, key)
        yield _told(self._day, key, self._rows)
        self._file, self._rows = None, 0

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
