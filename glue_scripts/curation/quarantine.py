"""Quarantines rows after their loads, as JSON Lines that are counted after writing."""

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
"""Columns of the rows that are to be quarantined."""


@dataclass(frozen=True, kw_only=True)
class QuarantinePlace:
    """A partition of the table of quarantined rows, and the folder of one run in it."""

    bucket: str
    dataset: str
    day: Values
    """Year, month and day as partition keys spell them."""
    load: str
    """Id of a load or of a refresh."""
    run: str
    """The name of this run's folder; nobody else writes there."""
    at: str
    """ISO 8601, UTC."""
    region: str

    @property
    def values(self) -> Values:
        """Values of the partition keys."""
        return (self.dataset, *self.day, self.load)

    @property
    def prefix(self) -> str:
        return f"{quarantined_rows_folder(self.dataset, self.day, self.load)}{self.run}/"


def shown(columns: list[str]) -> Any:
    """Return a row as JSON, including columns without a value."""
    return f.to_json(f.struct(*columns), {"ignoreNullFields": "false"})


def quarantine_rows(rows: DataFrame, place: QuarantinePlace, *, because: str) -> int:
    """Write rows to quarantine, and return how many there are.

    `rows` have `source_file`, `version_id`, `load_id`, `raw`, and in `broken` a list of what is
    wrong with each; `because` begins each reason.

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
    batches: Iterator[pa.RecordBatch], *, place: QuarantinePlace, because: str
) -> Iterator[pa.RecordBatch]:
    """Write one file for each task that has any rows."""
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
