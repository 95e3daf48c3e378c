"""Few files in place of many: the same rows of a day, read faster.

A plan is made of one snapshot. If a file of it is replaced meanwhile, that day waits for the next
run; nothing is read or written twice by anybody for it.
"""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table

from iceberg.manifests import Partition, live_files, partition_of
from iceberg.storage import place_of
from iceberg.tables import PARTITION_COLUMNS
from lake.store import client

_FULL = 0.75
"""Of the size that is aimed at: a file of that size is left as it is."""
_LEAST = 5
"""So many small files of a day are worth the trouble."""
_ROWS_PER_GROUP = 500_000


@dataclass(frozen=True, kw_only=True)
class Merger:
    """Files of one partition that are to be one."""

    partition: Partition
    locations: tuple[str, ...]
    key: str
    """Of the new file."""
    bucket: str


@dataclass(frozen=True, kw_only=True)
class Merged:
    """What a merger has written."""

    merger: Merger
    rows: int
    values: int


def crowded(table: Table, *, target_bytes: int, run: str) -> Iterator[Merger]:
    """Groups of small files, each of about `target_bytes` together, of days that have several."""
    small: defaultdict[Partition, list[DataFile]] = defaultdict(list)
    for file in live_files(table):
        if file.file_size_in_bytes < _FULL * target_bytes:
            small[partition_of(file)].append(file)
    place = place_of(f"{table.location()}/")
    for partition, files in sorted(small.items()):
        if len(files) < _LEAST:
            continue
        folder = "".join(
            f"{name}={value}/" for name, value in zip(PARTITION_COLUMNS, partition, strict=False)
        )
        for number, group in enumerate(_groups(files, target_bytes)):
            name = f"compacted={run}/part-{number:05d}.snappy.parquet"
            yield Merger(
                partition=partition,
                locations=tuple(file.file_path for file in group),
                key=f"{place['Key']}{folder}{name}",
                bucket=place["Bucket"],
            )


def _groups(files: Sequence[DataFile], target_bytes: int) -> Iterator[list[DataFile]]:
    """The order of writing is kept, in which rows that belong together lie together."""
    group: list[DataFile] = []
    size = 0
    for file in sorted(files, key=lambda file: file.file_path):
        if group and size + file.file_size_in_bytes > target_bytes:
            if len(group) > 1:
                yield group
            group, size = [], 0
        group.append(file)
        size += file.file_size_in_bytes
    if len(group) > 1:
        yield group


def merge(merger: Merger) -> Merged:
    """Write the new file; nobody sees it yet. Row group by row group: memory holds one."""
    contents = [pq.ParquetFile(io.BytesIO(_body(location))) for location in merger.locations]
    schema = pa.unify_schemas([content.schema_arrow for content in contents])
    body = io.BytesIO()
    rows = values = 0
    with pq.ParquetWriter(body, schema, compression="snappy") as writer:
        for table in _row_groups(contents, schema):
            writer.write_table(table)
            rows += table.num_rows
            values += sum(
                table.num_rows - table.column(name).null_count
                for name in table.column_names
                if name not in PARTITION_COLUMNS
            )
    client("s3").put_object(Bucket=merger.bucket, Key=merger.key, Body=body.getvalue())
    return Merged(merger=merger, rows=rows, values=values)


def _body(location: str) -> bytes:
    body: bytes = client("s3").get_object(**place_of(location))["Body"].read()
    return body


def _row_groups(contents: Sequence[pq.ParquetFile], schema: pa.Schema) -> Iterator[pa.Table]:
    """All rows in order, in groups that are large enough to be read fast."""
    waiting: list[pa.Table] = []
    for content in contents:
        for number in range(content.num_row_groups):
            waiting.append(_with_all_columns(content.read_row_group(number), schema))
            if sum(table.num_rows for table in waiting) >= _ROWS_PER_GROUP:
                yield pa.concat_tables(waiting)
                waiting = []
    if waiting:
        yield pa.concat_tables(waiting)


def _with_all_columns(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """A file may be older than a column of its table."""
    columns = [
        table.column(field.name)
        if field.name in table.column_names
        else pa.nulls(table.num_rows, field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)
