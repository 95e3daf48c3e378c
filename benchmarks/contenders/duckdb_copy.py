"""DuckDB, which finds out about the files by itself."""

from __future__ import annotations

import duckdb

from benchmarks.job import PROCESSING_JOB, Job, Ready


def run(job: Job, ready: Ready) -> None:
    connection = duckdb.connect()
    connection.execute(f"SET threads = {len(job.cores)}")
    connection.execute(f"SET temp_directory = '{job.out}/scratch'")
    ready()
    by_name = ", union_by_name = true" if job.reordered else ""
    connection.execute(
        f"""
        COPY (
            SELECT
                * EXCLUDE filename,
                now() AS processed_at,
                filename AS source_file,
                '{PROCESSING_JOB}' AS processing_job
            FROM read_csv('{job.folder}/*.csv', filename = true{by_name})
        ) TO '{job.out}/rows.parquet' (FORMAT parquet, COMPRESSION snappy)
        """  # noqa: S608  paths and names of the benchmark
    )
