"""Checks whether an output holds what the truth says, and tells what is wrong if not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.columns import COLUMNS, Column, Kind, Tally, tally
from benchmarks.datasets import Truth

_METADATA = ("processed_at", "source_file", "processing_job")
_OWN_TYPES = {
    Kind.TEXT: ("string", "large_string"),
    Kind.INTEGER: ("int8", "int16", "int32", "int64"),
    Kind.DECIMAL: ("decimal128",),
    Kind.DATE: ("date32",),
    Kind.TIMESTAMP: ("timestamp",),
    Kind.BOOLEAN: ("bool",),
}
"""Beginnings of the names of the Arrow types that are right for each kind of column."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The result of a check."""

    wrong: tuple[str, ...] = ()
    """Lost, added or changed values."""
    remarks: tuple[str, ...] = ()
    """Values that are there, in a type that says less than it could."""

    @property
    def text(self) -> str:
        wrong = f"wrong: {'; '.join(self.wrong)}" if self.wrong else "right"
        return "; ".join([wrong, *self.remarks])


@dataclass
class _Found:
    """The values of one column in the files."""

    sums: Tally = field(default_factory=Tally)
    other_types: set[str] = field(default_factory=set)
    faults: set[str] = field(default_factory=set)


def check(folder: Path, truth: Truth, *, files: int) -> Verdict:
    """Check all Parquet files below the folder, which were made from so many CSV files."""
    paths = sorted(folder.rglob("*.parquet"))
    if not paths:
        return Verdict(wrong=("no output",))
    columns = {name: _Found() for name in truth.columns}
    sources: set[str] = set()
    metadata_faults: set[str] = set()
    rows = 0
    for batch in _batches(paths):
        rows += batch.num_rows
        metadata_faults |= set(_metadata_faults(batch))
        if "source_file" in batch.schema.names:
            sources |= set(pc.unique(batch.column("source_file")).to_pylist())
        for name, found in columns.items():
            _add(found, batch, name)
    wrong = _row_faults(rows, truth) + _column_faults(columns, truth, same_rows=rows == truth.rows)
    if len(sources) != files:
        metadata_faults.add(f"source_file names {len(sources):,} of {files:,} files")
    return Verdict(wrong=(*wrong, *sorted(metadata_faults)), remarks=_remarks(columns))


def _batches(paths: Iterable[Path]) -> Iterable[pa.RecordBatch]:
    for path in paths:
        with pq.ParquetFile(path) as file:
            yield from file.iter_batches(batch_size=64 * 1024)


def _metadata_faults(batch: pa.RecordBatch) -> Iterable[str]:
    for name in _METADATA:
        if name not in batch.schema.names:
            yield f"{name} is missing"
        elif batch.column(name).null_count:
            yield f"{name} has nulls"


def _add(found: _Found, batch: pa.RecordBatch, name: str) -> None:
    if name not in batch.schema.names:
        found.faults.add("missing")
        return
    column, values = COLUMNS[name], batch.column(name)
    if not _is_own_type(values.type, column):
        found.other_types.add(str(values.type))
    try:
        found.sums += tally(values, column)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        found.faults.add("not all values can be read as what they were")


def _is_own_type(actual: pa.DataType, column: Column) -> bool:
    return str(actual).startswith(_OWN_TYPES[column.kind])


def _row_faults(rows: int, truth: Truth) -> tuple[str, ...]:
    return () if rows == truth.rows else (f"{rows:,} rows instead of {truth.rows:,}",)


def _column_faults(
    columns: Mapping[str, _Found], truth: Truth, *, same_rows: bool
) -> tuple[str, ...]:
    faults = {}
    for name, found in columns.items():
        changed = found.sums != truth.columns[name]
        if found.faults:
            faults[name] = ", ".join(sorted(found.faults))
        elif changed and found.other_types and (same_rows or COLUMNS[name].kind is Kind.TEXT):
            faults[name] = f"changed by becoming {', '.join(sorted(found.other_types))}"
        elif changed and same_rows:
            faults[name] = _difference(found.sums, truth.columns[name])
    return _grouped(faults)


def _difference(found: Tally, truth: Tally) -> str:
    if found.nulls != truth.nulls:
        return f"{found.nulls:,} nulls instead of {truth.nulls:,}"
    return "values changed"


def _remarks(columns: Mapping[str, _Found]) -> tuple[str, ...]:
    loose = {
        name: f"as {', '.join(sorted(found.other_types))}"
        for name, found in columns.items()
        if found.other_types and COLUMNS[name].kind is not Kind.TEXT and not found.faults
    }
    return _grouped(loose)


def _grouped(notes: Mapping[str, str]) -> tuple[str, ...]:
    """Group names by their note, as `a, b, c: note`."""
    names: dict[str, list[str]] = {}
    for name, note in notes.items():
        names.setdefault(note, []).append(name)
    return tuple(f"{_few(found)}: {note}" for note, found in names.items())


def _few(names: list[str]) -> str:
    shown = ", ".join(names[:4])
    return shown if len(names) <= 4 else f"{shown} and {len(names) - 4} more"
