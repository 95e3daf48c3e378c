"""Keeps the records of quality checks: reports for people and machines, rows of the history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from curation.zone import LoadCountsByDataset
from lake.publishing.quarantine_catalog import PARQUET
from lake.store import client, list_keys
from quality.history import Point
from quality_report.history import METRICS, RULES, RUNS, as_parquet, tables
from quality_report.page import page
from quality_report.report import QualityReport, TrendPoint
from quality_report.series import StoredFile, series, trend
from wires.layout import history_folder, report_folder

_READERS = 16
_MOST_FILES = 500
"""Files of a model's history that are read; older ones say nothing about today."""
LOADS = pa.schema(
    [
        pa.field("dataset", pa.string(), nullable=False),
        pa.field("load_id", pa.string(), nullable=False),
        pa.field("rows_published", pa.int64(), nullable=False),
        pa.field("values_published", pa.int64(), nullable=False),
        pa.field("model", pa.string(), nullable=False),
        pa.field("refresh_id", pa.string(), nullable=False),
        pa.field("run_id", pa.string(), nullable=False),
        pa.field("at", pa.timestamp("us", "UTC"), nullable=False),
        pa.field("verdict", pa.string(), nullable=False),
        pa.field("score", pa.float64()),
    ]
)
"""Score and verdict of each load, and how many rows and values it brought to its table."""
_SCHEMAS = {
    "quality_runs": RUNS,
    "quality_rules": RULES,
    "quality_metrics": METRICS,
    "quality_loads": LOADS,
}
_GLUE_TYPES = {
    pa.string(): "string",
    pa.int32(): "int",
    pa.int64(): "bigint",
    pa.float64(): "double",
    pa.timestamp("us", "UTC"): "timestamp",
}


@dataclass(frozen=True, kw_only=True)
class Past:
    """Metrics and trend of a model before the refresh that is checked."""

    metrics: Mapping[str, tuple[Point, ...]]
    trend: tuple[TrendPoint, ...]


@dataclass(frozen=True, kw_only=True)
class QualityRecords:
    """Reports and history in the quality bucket, and the history's tables in the catalog."""

    bucket: str
    database: str

    def past(self, model: str, refresh_id: str) -> Past:
        """Return the model's history without this refresh.

        Raises NotHistory naming a damaged file, which never counts as missing.
        """
        return Past(
            metrics=series(self._files("quality_metrics", model), model=model, without=refresh_id),
            trend=trend(self._files("quality_runs", model), model=model, without=refresh_id),
        )

    def keep(self, report: QualityReport, loads: LoadCountsByDataset) -> str:
        """Write report, page and history; return the key of the page.

        The same run writes the same keys.
        """
        folder = report_folder(report.model, report.at, report.run_id)
        self._put(f"{folder}report.json", report.to_json().encode(), "application/json")
        self._put(f"{folder}report.html", page(report).encode(), "text/html; charset=utf-8")
        for table, rows in {**tables(report), "quality_loads": _loads(report, loads)}.items():
            if rows.num_rows:
                name = f"{report.at:%Y%m%dT%H%M%S}-{report.run_id}.parquet"
                key = f"{history_folder(table, report.model)}{name}"
                self._put(key, as_parquet(rows), "application/vnd.apache.parquet")
            self._describe(table)
        return f"{folder}report.html"

    def _files(self, table: str, model: str) -> list[StoredFile]:
        # Names begin with the time of the run.
        keys = sorted(list_keys(self.bucket, history_folder(table, model)))[-_MOST_FILES:]
        with ThreadPoolExecutor(_READERS) as pool:
            return list(pool.map(self._file, keys))

    def _file(self, key: str) -> StoredFile:
        body = client("s3").get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return StoredFile(f"s3://{self.bucket}/{key}", body)

    def _put(self, key: str, body: bytes, kind: str) -> None:
        client("s3").put_object(Bucket=self.bucket, Key=key, Body=body, ContentType=kind)

    def _describe(self, table: str) -> None:
        glue = client("glue")
        columns = [{"Name": f.name, "Type": _GLUE_TYPES[f.type]} for f in _SCHEMAS[table]]
        location = f"s3://{self.bucket}/{history_folder(table)}"
        given: dict[str, Any] = {
            "Name": table,
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {"EXTERNAL": "TRUE", "classification": "parquet"},
            "StorageDescriptor": {"Columns": columns, "Location": location, **PARQUET},
        }
        try:
            glue.create_table(DatabaseName=self.database, TableInput=given)
        except glue.exceptions.AlreadyExistsException:
            return


def _loads(report: QualityReport, loads: LoadCountsByDataset) -> pa.Table:
    return pa.Table.from_pylist(list(_load_rows(report, loads)), schema=LOADS)


def _load_rows(report: QualityReport, loads: LoadCountsByDataset) -> Iterator[dict[str, Any]]:
    for dataset, counts_by_load in sorted(loads.items()):
        for load_id, counts in sorted(counts_by_load.items()):
            yield {
                "dataset": dataset,
                "load_id": load_id,
                "rows_published": counts.rows,
                "values_published": counts.values,
                "model": report.model,
                "refresh_id": report.refresh_id,
                "run_id": report.run_id,
                "at": report.at,
                "verdict": report.verdict.value,
                "score": report.score,
            }
