"""Few files in place of many: the same rows of a day, read faster.

A plan is made of one snapshot. If a file of it is replaced meanwhile, that day waits for the next
run; nothing is read or written twice by anybody for it.
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
from lake.loads_in_files import LoadCounts, tell_loads
from lake.store import client
from lake.tables import ProcessedTable
from wires.layout import BY_DAY, Values, load_of

_FULL = 0.75
"""Of the size that is aimed at: a file of that size is left as it is."""
_LEAST = 5
"""So many small files of a day are worth the trouble."""
_ROWS_PER_GROUP = 500_000


@dataclass(frozen=True, kw_only=True)
class Merger:
    """Files of one partition that are to be one."""

    partition: Values
    locations: tuple[str, ...]
    key: str
    """Of the new file."""
    bucket: str
    loads: Mapping[str, LoadCounts] = field(default_factory=dict)
    """Whose rows these are, in a table that is made by loads."""


@dataclass(frozen=True, kw_only=True)
class Merged:
    """What a merger has written."""

    merger: Merger
    rows: int
    values: int


def crowded(table: Table, *, target_bytes: int, run: str) -> Iterator[Merger]:
    """Groups of small files, each of about `target_bytes` together, of days that have several."""
    loads = _loads(table)
    small: defaultdict[Values, list[_Unit]] = defaultdict(list)
    for unit in _units(table):
        if unit.size < _FULL * target_bytes:
            small[unit.partition].append(unit)
    place = place_of(f"{table.location()}/")
    for partition, units in sorted(small.items()):
        if sum(len(unit.files) for unit in units) < _LEAST:
            continue
        folder = BY_DAY.folder(partition)
        for number, group in enumerate(_groups(units, target_bytes)):
            name = f"compacted={run}/part-{number:05d}.snappy.parquet"
            yield Merger(
                partition=partition,
                locations=tuple(file.file_path for file in group),
                key=f"{place['Key']}{folder}{name}",
                bucket=place["Bucket"],
                loads=_together(loads.get(file.file_path, {}) for file in group),
            )


@dataclass(frozen=True)
class _Unit:
    """Files that stay together: all that a load has brought for a day, or one that is none's."""

    files: tuple[DataFile, ...]

    @property
    def partition(self) -> Values:
        return partition_of(self.files[0])

    @property
    def size(self) -> int:
        return sum(file.file_size_in_bytes for file in self.files)


def _units(table: Table) -> Iterator[_Unit]:
    """In the order in which rows that belong together lie together: of keys, where files tell
    theirs, or else of writing."""
    units: defaultdict[tuple[object, ...], list[DataFile]] = defaultdict(list)
    keys = bounded(table)
    for file in sorted(live_files(table), key=lambda file: (_least(file, keys), file.file_path)):
        units[(partition_of(file), load_of(file.file_path) or file.file_path)].append(file)
    return (_Unit(tuple(unit)) for unit in units.values())


def _least(file: DataFile, keys: Sequence[NestedField]) -> tuple[Any, ...]:
    """A file's least keys; what is not told comes first."""
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
    """By location of a file; none in a table that is not made by loads."""
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
    """Write the new file; nobody sees it yet. Row group by row group: memory holds one."""
    contents = [pq.ParquetFile(io.BytesIO(_body(location))) for location in merger.locations]
    schema = pa.unify_schemas([content.schema_arrow for content in contents])
    body = io.BytesIO()
    rows = values = 0
    with pq.ParquetWriter(body, schema, compression="snappy") as writer:
        if merger.loads:
            writer.add_key_value_metadata(tell_loads(merger.loads))
        for table in _row_groups(contents, schema):
            writer.write_table(table)
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
