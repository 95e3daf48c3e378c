"""Rewrites files of a table without some of their rows, each in one task, row order kept."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame

from curation.days import Place
from curation.refresh import StagedFile
from iceberg.field_ids import field_ids_of
from lake.errors import AccountingError
from lake.store import fetch_file, footer_counts, put_file, use_region
from lake.writing.row_groups import RowGroups
from wires.layout import BY_DAY, Values, refresh_files_folder

FILE = "#file"
"""A column with the location of the file that holds a row."""
ROW = "#row"
"""A column with a row's place in its file, from 0."""
_TOLD = "file string, key string, partition string, rows bigint, gone bigint, values bigint"
_READERS = 16


@dataclass(frozen=True)
class Rewritten:
    """A file without some of its rows."""

    file: str
    """Key of the file that it replaces."""
    partition: Values
    staged: StagedFile | None
    """The new file; None if no row is left."""


def key_of(location: str) -> str:
    """Return the key of a file as Spark names its location, which is encoded as in a URL."""
    return unquote(location).partition("://")[2].partition("/")[2]


def rewritten(
    removed: DataFrame, place: Place, schema: pa.Schema, *, tasks: int
) -> list[Rewritten]:
    """Write files again without the rows that `removed` names by `FILE` and `ROW`.

    `schema` has all columns of the table, with their field ids, those of the partition among them;
    a file that is older than a column gets nulls for it. Raises AccountingError unless each new
    file holds the rows and values that its task kept; what a task finds wrong ends its job.
    """
    # By number, because a few positions for each file look like little work, and are not.
    spread = removed.select(FILE, ROW).repartition(tasks, FILE).groupBy(FILE)

    # Spark tells by the hints that it is to hand over batches, and not a whole file's rows.
    def write(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        yield _rewrite(batches, place=place, schema=schema)

    told = [item.asDict() for item in spread.applyInArrow(write, _TOLD).collect()]
    with ThreadPoolExecutor(_READERS) as pool:
        return list(pool.map(lambda item: _audited(item, place), told))


def _audited(told: Mapping[str, object], place: Place) -> Rewritten:
    key, partition = str(told["key"]), tuple(str(told["partition"]).split("/"))
    if not key:
        return Rewritten(str(told["file"]), partition, None)
    stored = footer_counts(place.bucket, key)
    values = sum(n for name, n in stored.values.items() if name not in BY_DAY.columns)
    if (stored.rows, values) != (told["rows"], told["values"]):
        raise AccountingError(
            f"{key} holds {stored.rows} rows with {values} values, its task kept {told['rows']} "
            f"rows with {told['values']} values of {told['file']}"
        )
    staged = StagedFile(key=key, rows=stored.rows, values=values)
    return Rewritten(str(told["file"]), partition, staged)


def _rewrite(
    removed: Iterator[pa.RecordBatch], *, place: Place, schema: pa.Schema
) -> pa.RecordBatch:
    """Rewrite one file; `removed` has the places of the rows that go."""
    use_region(place.region)
    first = next(removed)
    location = first.column(FILE)[0].as_py()
    places = [first.column(ROW).to_numpy(), *(b.column(ROW).to_numpy() for b in removed)]
    gone = np.unique(np.concatenate(places))
    name = key_of(location)
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "source"), Path(folder, "target")
        fetch_file(place.bucket, name, source)
        content = pq.ParquetFile(source)
        partition = _partition_of(content)
        rows, values = _write_kept(content, gone, target, schema, name)
        digest = hashlib.sha256(name.encode()).hexdigest()[:12]
        key = refresh_files_folder(place.table, partition, place.run)
        key = f"{key}rewritten-{digest}.snappy.parquet" if rows else ""
        if rows:
            put_file(target, place.bucket, key)
    told = [name, key, "/".join(partition), rows, len(gone), values]
    names = [one.split()[0] for one in _TOLD.split(", ")]
    return pa.RecordBatch.from_pydict({one: [v] for one, v in zip(names, told, strict=True)})


def _write_kept(
    content: pq.ParquetFile, gone: np.ndarray, target: Path, schema: pa.Schema, name: str
) -> tuple[int, int]:
    """Write the rows that stay; return how many they are, and how many values they have."""
    columns = _columns_of(content, schema, name)
    rows = values = before = dropped = start = 0
    with RowGroups(target, schema) as file:
        for number in range(content.num_row_groups):
            group = content.read_row_group(number)
            kept = np.ones(group.num_rows, dtype=bool)
            inside = gone[(gone >= start) & (gone < start + group.num_rows)]
            kept[inside - start] = False
            left = _in_schema(group.filter(pa.array(kept)), columns, schema)
            file.add(left)
            start += group.num_rows
            rows += left.num_rows
            before += _values_in(group)
            dropped += _values_in(group.filter(pa.array(~kept)))
            values += _values_in(left)
    if (start - rows, before - dropped) != (len(gone), values):
        raise AccountingError(
            f"{name} has {start} rows with {before} values, of which {len(gone)} rows with "
            f"{dropped} values were to go; {rows} rows with {values} values were kept"
        )
    return rows, values


def _columns_of(content: pq.ParquetFile, schema: pa.Schema, name: str) -> dict[str, str]:
    """Return what the file calls each column of the table that it has, by field id or by name."""
    ids = field_ids_of(content.metadata)
    by_id = {number: own for own, number in ids.items() if number >= 0}
    found = {}
    for field in schema:
        number = int((field.metadata or {}).get(b"PARQUET:field_id", -1))
        own = by_id.get(number, field.name if ids.get(field.name) == -1 else "")
        if own:
            found[field.name] = own
    if strange := set(ids) - set(found.values()):
        raise AccountingError(
            f"{name} has the columns {', '.join(sorted(strange))}, which the table has not: its "
            "values would be lost"
        )
    return found


def _values_in(table: pa.Table) -> int:
    """Count values that are not null, without those of the partition."""
    return sum(
        table.num_rows - table.column(name).null_count
        for name in table.column_names
        if name not in BY_DAY.columns
    )


def _partition_of(content: pq.ParquetFile) -> Values:
    first = content.read_row_group(0, columns=list(BY_DAY.columns)).slice(0, 1)
    return tuple(first.column(name)[0].as_py() for name in BY_DAY.columns)


def _in_schema(rows: pa.Table, columns: Mapping[str, str], schema: pa.Schema) -> pa.Table:
    """Return rows with all columns of the table; their file may be older than one of them."""
    found = [
        rows.column(columns[field.name]).cast(field.type)
        if field.name in columns
        else pa.nulls(rows.num_rows, field.type)
        for field in schema
    ]
    return pa.table(found, schema=schema)
