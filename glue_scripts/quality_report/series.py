"""Metrics and scores of earlier runs, read back from the history.

Pure: files come in as their bytes. One that is damaged, or of something else, is an error and
never an empty history, after which nothing would look unusual.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from quality.history import Point
from quality_report.errors import NotHistory
from quality_report.history import METRICS, RUNS
from quality_report.report import TrendPoint

AtATime = TypeVar("AtATime", Point, TrendPoint)


@dataclass(frozen=True)
class StoredFile:
    """A Parquet file, and the name that messages call it by."""

    name: str
    content: bytes


def series(
    files: Iterable[StoredFile], *, model: str, without: str | None = None
) -> Mapping[str, tuple[Point, ...]]:
    """The values of each metric of a model, oldest first, of files of `quality_metrics`.

    A refresh that was run several times counts once, as it was the last time. `without` names
    the refresh that is under way: a run that is repeated must not be compared with itself.
    """
    found: dict[str, dict[str, Point]] = {}
    for row in _rows_of(files, METRICS, model):
        if row["refresh_id"] != without:
            of_metric = found.setdefault(row["metric"], {})
            _keep_last(of_metric, row["refresh_id"], Point(_utc(row["at"]), row["value"]))
    return {
        metric: tuple(sorted(by_refresh.values(), key=lambda one: one.at))
        for metric, by_refresh in sorted(found.items())
    }


def trend(
    files: Iterable[StoredFile], *, model: str, without: str | None = None
) -> tuple[TrendPoint, ...]:
    """Scores and rows of a model, oldest first, of files of `quality_runs`; as `series` does."""
    found: dict[str, TrendPoint] = {}
    for row in _rows_of(files, RUNS, model):
        if row["refresh_id"] != without:
            point = TrendPoint(_utc(row["at"]), row["rows"], row["score"])
            _keep_last(found, row["refresh_id"], point)
    return tuple(sorted(found.values(), key=lambda point: point.at))


def _keep_last(found: dict[str, AtATime], refresh: str, new: AtATime) -> None:
    if refresh not in found or found[refresh].at <= new.at:
        found[refresh] = new


def _rows_of(
    files: Iterable[StoredFile], schema: pa.Schema, model: str
) -> Iterator[dict[str, Any]]:
    for file in files:
        yield from (row for row in _read(file, schema) if row["model"] == model)


def _read(file: StoredFile, schema: pa.Schema) -> Sequence[dict[str, Any]]:
    """All of a file: a part of it would be a history with holes."""
    try:
        source = pa.BufferReader(file.content)
        table = pq.read_table(source, page_checksum_verification=True)
        table.validate(full=True)
        names = table.column_names
        rows: list[dict[str, Any]] = table.to_pylist()
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise NotHistory(
            f"{file.name}: expected a Parquet file, and it cannot be read: restore it, or move it "
            f"out of the history ({error})"
        ) from error
    missing = [field.name for field in schema if field.name not in names]
    if missing:
        raise NotHistory(
            f"{file.name}: expected the columns {', '.join(schema.names)}, and it lacks "
            f"{', '.join(missing)}: move it out of the history"
        )
    _check_types(file, table, schema)
    return rows


def _check_types(file: StoredFile, table: pa.Table, schema: pa.Schema) -> None:
    for field in schema:
        own = table.schema.field(field.name)
        if own.type != field.type:
            raise NotHistory(
                f"{file.name}: expected {field.name} to be {field.type}, got {own.type}: move it "
                "out of the history"
            )
        if not field.nullable and table.column(field.name).null_count:
            raise NotHistory(
                f"{file.name}: expected a value of {field.name} in each row: move it out of the "
                "history"
            )


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
