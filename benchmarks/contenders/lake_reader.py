"""The reader of this repository, as its jobs call it."""

from __future__ import annotations

from benchmarks.contenders.local_spark import local_session
from benchmarks.convert_files import convert_files
from benchmarks.job import Job, Ready
from lake.writing.conversion import start_converters

TARGET_FILE_BYTES = 128 * 1024 * 1024


def run(job: Job, ready: Ready) -> None:
    spark = local_session(cores=len(job.cores), scratch=f"{job.out}/scratch")
    # Imports of the workers are imports, like those of the other contenders.
    start_converters(spark).join()
    ready()
    report = convert_files(
        spark,
        [f"file://{path}" for path in job.files],
        out=f"file://{job.out}",
        target_file_bytes=TARGET_FILE_BYTES,
    )
    if report.rows_in != report.rows_published + report.rows_quarantined:
        raise RuntimeError(
            f"{report.rows_in} rows in are not {report.rows_published} published and "
            f"{report.rows_quarantined} quarantined"
        )
