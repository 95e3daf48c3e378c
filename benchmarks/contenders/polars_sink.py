"""Polars, streaming from scan to sink."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl

from benchmarks.job import PROCESSING_JOB, Job, Ready


def run(job: Job, ready: Ready) -> None:
    ready()
    _scan(job).with_columns(
        processed_at=pl.lit(datetime.now(UTC)), processing_job=pl.lit(PROCESSING_JOB)
    ).sink_parquet(f"{job.out}/rows.parquet", compression="snappy")


def _scan(job: Job) -> pl.LazyFrame:
    if job.reordered:
        return pl.concat([_scan_csv(str(file)) for file in job.files], how="diagonal")
    return _scan_csv(f"{job.folder}/*.csv")


def _scan_csv(path: str) -> pl.LazyFrame:
    return pl.scan_csv(path, try_parse_dates=True, include_file_paths="source_file")
