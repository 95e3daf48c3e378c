"""Writing objects as Parquet, one file per task, and their malformed records as JSON Lines."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import SparkSession

from lake.commit import Source, Stamp
from lake.csv_source import Chunk, read
from lake.observing import convert
from lake.records import BadRecord
from lake.schema import Schema
from lake.spreading import spread
from lake.store import client, read_version
from wires.manifest import ObjectVersion
from wires.quarantine import QuarantinedRow

_ROW_GROUP_BYTES = 128 * 1024 * 1024
"""Arrow memory that is collected before a row group is written."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where a task writes. A prefix ends with `/`."""

    raw_bucket: str
    processed_bucket: str
    prefix: str
    quality_bucket: str
    quarantine_prefix: str
    """"" when malformed records have been put aside before."""


@dataclass(frozen=True, kw_only=True)
class ConversionTask:
    """Some objects that become one Parquet file."""

    part: int
    sources: tuple[Source, ...]
    schema: Schema
    stamp: Stamp
    target: Target
    max_ratio: int

    @property
    def size(self) -> int:
        """Bytes as stored."""
        return sum(source.version.size for source in self.sources)


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How the rows of one object were divided."""

    version: ObjectVersion
    published: int
    quarantined: int


@dataclass(frozen=True, kw_only=True)
class Converted:
    """What a task has put into the buckets; keys are "" where there was nothing to write."""

    task: ConversionTask
    file: str
    quarantine_file: str
    tallies: tuple[Tally, ...]

    @property
    def published(self) -> int:
        return sum(tally.published for tally in self.tallies)

    @property
    def quarantined(self) -> int:
        return sum(tally.quarantined for tally in self.tallies)


def convert_all(spark: SparkSession, tasks: Sequence[ConversionTask]) -> list[Converted]:
    """Run the tasks; results in their order. A task that is run twice writes the same keys."""
    return spread(spark, _convert, tasks, weight=lambda task: task.size)


def _convert(task: ConversionTask) -> Converted:
    with tempfile.TemporaryDirectory() as folder:
        rows_path, bad_path = Path(folder, "rows"), Path(folder, "bad")
        tallies = _write(task, rows_path, bad_path)
        converted = Converted(
            task=task,
            file=f"{task.target.prefix}part-{task.part:05d}.snappy.parquet",
            quarantine_file=f"{task.target.quarantine_prefix}part-{task.part:05d}.jsonl",
            tallies=tuple(tallies),
        )
        return _upload(converted, rows_path, bad_path)


def _upload(converted: Converted, rows_path: Path, bad_path: Path) -> Converted:
    target = converted.task.target
    file, quarantine_file = "", ""
    if converted.published:
        file = converted.file
        client("s3").upload_file(str(rows_path), target.processed_bucket, file)
    if converted.quarantined and target.quarantine_prefix:
        quarantine_file = converted.quarantine_file
        client("s3").upload_file(str(bad_path), target.quality_bucket, quarantine_file)
    return Converted(
        task=converted.task, file=file, quarantine_file=quarantine_file, tallies=converted.tallies
    )


def _write(task: ConversionTask, rows_path: Path, bad_path: Path) -> list[Tally]:
    with ExitStack() as stack:
        rows = stack.enter_context(_RowGroups(rows_path, task.schema.arrow))
        bad = stack.enter_context(bad_path.open("w", encoding="utf-8"))
        return [_write_object(task, source, rows, bad) for source in task.sources]


def _write_object(task: ConversionTask, source: Source, rows: _RowGroups, bad: IO[str]) -> Tally:
    published = quarantined = 0
    for chunk in _chunks(task, source):
        table = typed(chunk.rows, task.schema, source.version.key, task.stamp)
        rows.add(table)
        published += table.num_rows
        for record in chunk.bad:
            bad.write(_aside(record, source.version, task.stamp).to_json() + "\n")
        quarantined += len(chunk.bad)
    return Tally(version=source.version, published=published, quarantined=quarantined)


def _chunks(task: ConversionTask, source: Source) -> Iterator[Chunk]:
    def blocks() -> Iterator[bytes]:
        return read_version(task.target.raw_bucket, source.version)

    return read(blocks, source.layout, max_ratio=task.max_ratio)


def typed(rows: pa.Table, schema: Schema, source_file: str, stamp: Stamp) -> pa.Table:
    """Rows of text in the columns of `schema`, with the metadata columns.

    Columns that the file does not have are null.
    """
    size = rows.num_rows
    present = set(rows.column_names)
    columns = [
        convert(rows.column(column.name), column.type)
        if column.name in present
        else pa.chunked_array([pa.nulls(size, column.type.arrow)])
        for column in schema.columns
    ]
    processed_at = pa.scalar(
        datetime.fromisoformat(stamp.processed_at), pa.timestamp("us", tz="UTC")
    )
    constants = (processed_at, source_file, stamp.processing_job, stamp.load_id)
    columns += [pa.chunked_array([pa.repeat(constant, size)]) for constant in constants]
    return pa.table(columns, schema=schema.arrow)


def _aside(record: BadRecord, version: ObjectVersion, stamp: Stamp) -> QuarantinedRow:
    return QuarantinedRow(
        source_file=version.key,
        version_id=version.version_id,
        line=record.line,
        reason=record.reason,
        raw=record.raw.decode("utf-8", "backslashreplace"),
        load_id=stamp.load_id,
        quarantined_at=stamp.processed_at,
    )


class _RowGroups:
    """A Parquet file whose row groups are written when enough rows have come together."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._schema = schema
        self._writer = pq.ParquetWriter(
            path, schema, compression="snappy", store_decimal_as_integer=True
        )
        self._waiting: list[pa.Table] = []
        self._size = 0

    def __enter__(self) -> _RowGroups:
        return self

    def __exit__(self, *error: object) -> None:
        self._flush()
        self._writer.close()

    def add(self, table: pa.Table) -> None:
        if table.num_rows:
            self._waiting.append(table)
            self._size += table.nbytes
        if self._size >= _ROW_GROUP_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._waiting:
            group = pa.concat_tables(self._waiting)
            self._writer.write_table(group, row_group_size=group.num_rows)
        self._waiting, self._size = [], 0
