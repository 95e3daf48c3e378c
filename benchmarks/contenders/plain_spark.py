"""A Spark job as people write it."""

from __future__ import annotations

from pyspark.sql import functions as f

from benchmarks.contenders.local_spark import local_session
from benchmarks.job import PROCESSING_JOB, Job, Ready


def run(job: Job, ready: Ready) -> None:
    spark = local_session(cores=len(job.cores), scratch=f"{job.out}/scratch")
    ready()
    reader = spark.read.option("header", "true").option("inferSchema", "true")
    if job.quoted:
        reader = reader.option("multiLine", "true")
    rows = (
        reader.csv(job.folder)
        .withColumn("processed_at", f.current_timestamp())
        .withColumn("source_file", f.input_file_name())
        .withColumn("processing_job", f.lit(PROCESSING_JOB))
    )
    rows.count()
    rows.write.option("compression", "snappy").parquet(f"{job.out}/processed")
    spark.read.parquet(f"{job.out}/processed").count()
