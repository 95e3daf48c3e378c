"""Rows that are put aside after their loads: JSON Lines, counted where they stand."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark import TaskContext
from pyspark.sql import DataFrame
from pyspark.sql import functions as f

from lake.errors import AccountingError
from lake.store import line_count, put_file, use_region
from wires.layout import Values, quarantined_rows_folder
from wires.quarantine import QuarantinedRow

_WRITTEN = "key string, rows bigint"
_ORIGIN = ("source_file", "version_id", "load_id", "raw", "broken")
"""Year, month and day as partition keys spell them."""


@dataclass(frozen=True, kw_only=True)
class AsidePlace:
    """A partition of the table of quarantined rows, and where one run writes for it."""

    bucket: str
    dataset: str
    day: Values
    load: str
    """A load, or a refresh."""
    run: str
    """Names the folder of this run; nobody else writes there."""
    at: str
    """ISO 8601, UTC."""
    region: str

    @property
    def values(self) -> Values:
        """Of the partition keys."""
        return (self.dataset, *self.day, self.load)

    @property
    def prefix(self) -> str:
        return f"{quarantined_rows_folder(self.dataset, self.day, self.load)}{self.run}/"


def shown(columns: list[str]) -> Any:
    """A row as JSON, with the columns that have no value."""
    return f.to_json(f.struct(*columns), {"ignoreNullFields": "false"})


def put_rows_aside(rows: DataFrame, place: AsidePlace, *, because: str) -> int:
    """How many there are. `rows` have `source_file`, `version_id`, `load_id`, `raw`, and in
    `broken` what is wrong with each, as a list; `because` begins each reason.

    Raises AccountingError unless the files hold what the tasks were given.
    """
    told = rows.select(*_ORIGIN[:-1], f.array_join(_ORIGIN[-1], "; ").alias(_ORIGIN[-1]))
    written = told.mapInArrow(partial(_write, place=place, because=because), _WRITTEN).collect()
    for item in written:
        lines = line_count(place.bucket, item["key"])
        if lines != item["rows"]:
            raise AccountingError(
                f"{item['key']} holds {lines} rows, its task put {item['rows']} aside"
            )
    return sum(item["rows"] for item in written)


def _write(
    batches: Iterator[pa.RecordBatch], *, place: AsidePlace, because: str
) -> Iterator[pa.RecordBatch]:
    """One file for each task that has any rows."""
    use_region(place.region)
    context = TaskContext.get()
    key = f"{place.prefix}part-{context.partitionId() if context else 0:05d}.jsonl"
    rows = 0
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch, "rows")
        with path.open("w", encoding="utf-8", newline="") as file:
            for row in (row for batch in batches for row in batch.to_pylist()):
                file.write(f"{_aside(row, because, place.at).to_json()}\n")
                rows += 1
        if rows:
            put_file(path, place.bucket, key)
            yield pa.RecordBatch.from_pydict({"key": [key], "rows": [rows]})


def _aside(row: dict[str, Any], because: str, at: str) -> QuarantinedRow:
    return QuarantinedRow(
        source_file=row["source_file"],
        version_id=row["version_id"] or "",
        line=None,
        reason=f"{because}{row['broken']}",
        raw=row["raw"],
        load_id=row["load_id"],
        quarantined_at=at,
    )
