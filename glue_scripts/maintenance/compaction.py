"""Compaction: few files in place of many, with the same rows of a day, which are read faster.

A plan is made from one snapshot. If one of its files is replaced meanwhile, that day waits for the
next run; nobody has to read or write anything twice.
"""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.conversions import from_bytes
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table
from pyiceberg.types import NestedField

from iceberg.manifests import live_files, partition_of
from iceberg.storage import place_of
from iceberg.tables import COLUMNS, bounded
from lake.publishing.loads_in_files import LoadCounts, tell_loads
from lake.publishing.processed_tables import ProcessedTable
from lake.store import client
from lake.writing.row_groups import RowGroups
from wires.layout import BY_DAY, Values, compacted_folder, load_of

_FULL = 0.75
"""Share of the target size: a file of that size is left as it is."""
_LEAST = 5
"""So many small files of a day are worth the trouble."""


@dataclass(frozen=True, kw_only=True)
class Merger:
    """Files of one partition that are to be merged into one."""

    partition: Values
    locations: tuple[str, ...]
    key: str
    """Key of the new file."""
    bucket: str
    loads: Mapping[str, LoadCounts] = field(default_factory=dict)
    """Counts of the loads whose rows these are, in a table that is made by loads."""


@dataclass(frozen=True, kw_only=True)
class Merged:
    """The file that a merger has written, with its counts."""

    merger: Merger
    rows: int
    values: int


def crowded(table: Table, *, target_bytes: int, run: str) -> Iterator[Merger]:
    """Yield groups of small files of one day, each of about `target_bytes` together."""
    loads = _loads(table)
    small: defaultdict[Values, list[_Unit]] = defaultdict(list)
    for unit in _units(table):
        if unit.size < _FULL * target_bytes:
            small[unit.partition].append(unit)
    place = place_of(f"{table.location()}/")
    for partition, units in sorted(small.items()):
        if sum(len(unit.files) for unit in units) < _LEAST:
            continue
        folder = compacted_folder(place["Key"], partition, run)
        for number, group in enumerate(_groups(units, target_bytes)):
            yield Merger(
                partition=partition,
                locations=tuple(file.file_path for file in group),
                key=f"{folder}part-{number:05d}.snappy.parquet",
                bucket=place["Bucket"],
                loads=_together(loads.get(file.file_path, {}) for file in group),
            )


@dataclass(frozen=True)
class _Unit:
    """Files that stay together: all that a load has brought for a day, or one that has no load."""

    files: tuple[DataFile, ...]

    @property
    def partition(self) -> Values:
        return partition_of(self.files[0])

    @property
    def size(self) -> int:
        return sum(file.file_size_in_bytes for file in self.files)


def _units(table: Table) -> Iterator[_Unit]:
    """Return units in an order that keeps related rows close.

    That is the order of keys, if files record theirs, or else that of writing.
    """
    units: defaultdict[tuple[object, ...], list[DataFile]] = defaultdict(list)
    keys = bounded(table)
    for file in sorted(live_files(table), key=lambda file: (_least(file, keys), file.file_path)):
        units[(partition_of(file), load_of(file.file_path) or file.file_path)].append(file)
    return (_Unit(tuple(unit)) for unit in units.values())


def _least(file: DataFile, keys: Sequence[NestedField]) -> tuple[Any, ...]:
    """Return a file's least keys for sorting; those that are not recorded come first."""
    bounds = file.lower_bounds or {}
    told = [(key, bounds.get(key.field_id)) for key in keys]
    return tuple(
        (low is not None, 0 if low is None else from_bytes(cast("Any", key.field_type), low))
        for key, low in told
    )


def _groups(units: Sequence[_Unit], target_bytes: int) -> Iterator[list[DataFile]]:
    group: list[DataFile] = []
    size = 0
    for unit in units:
        if group and size + unit.size > target_bytes:
            if len(group) > 1:
                yield group
            group, size = [], 0
        group += unit.files
        size += unit.size
    if len(group) > 1:
        yield group


def _loads(table: Table) -> Mapping[str, Mapping[str, LoadCounts]]:
    """Return the loads of each file by its location; none if the table is not made by loads."""
    if COLUMNS not in table.properties:
        return {}
    return {file.location: file.loads for file in ProcessedTable(table).files()}


def _together(every: Iterable[Mapping[str, LoadCounts]]) -> Mapping[str, LoadCounts]:
    found: defaultdict[str, LoadCounts] = defaultdict(LoadCounts)
    for loads in every:
        for load, counts in loads.items():
            found[load] += counts
    return dict(found)


def merge(merger: Merger) -> Merged:
    """Write the new file, not visible yet, row group by row group: memory holds one."""
    contents = [pq.ParquetFile(io.BytesIO(_body(location))) for location in merger.locations]
    schema = pa.unify_schemas([content.schema_arrow for content in contents])
    body = io.BytesIO()
    rows = values = 0
    loads = tell_loads(merger.loads) if merger.loads else {}
    with RowGroups(body, schema, loads) as writer:
        for table in _row_groups(contents, schema):
            writer.add(table)
            rows += table.num_rows
            values += sum(
                table.num_rows - table.column(name).null_count
                for name in table.column_names
                if not (merger.partition and name in BY_DAY.columns)
            )
    client("s3").put_object(Bucket=merger.bucket, Key=merger.key, Body=body.getvalue())
    return Merged(merger=merger, rows=rows, values=values)


def _body(location: str) -> bytes:
    body: bytes = client("s3").get_object(**place_of(location))["Body"].read()
    return body


def _row_groups(contents: Sequence[pq.ParquetFile], schema: pa.Schema) -> Iterator[pa.Table]:
    """Read all rows in order."""
    for content in contents:
        for number in range(content.num_row_groups):
            yield _with_all_columns(content.read_row_group(number), schema)


def _with_all_columns(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return rows with all columns of the table; a file may be older than a column."""
    columns = [
        table.column(field.name)
        if field.name in table.column_names
        else pa.nulls(table.num_rows, field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)
