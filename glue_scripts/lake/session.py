"""The Spark session of a job, and the logging of its progress."""

from __future__ import annotations

import logging

from pyspark.sql import SparkSession

_LITTLE = 1_000_000


def spark_session(job: str) -> SparkSession:
    """Return the session as configured by Glue or spark-submit. Times are UTC everywhere."""
    return (
        SparkSession.builder.appName(job)
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.adaptive.enabled", "true")
        .config("spark.sql.optimizer.dynamicPartitionPruning.enabled", "true")
        # A load's id is text, even if it looks like a number, such as 1e10.
        .config("spark.sql.sources.partitionColumnTypeInference.enabled", "false")
        # With it workers tell the memory of their Python processes too: lake/running/footprint.py.
        .config("spark.executor.processTreeMetrics.enabled", "true")
        .getOrCreate()
    )


def plan_for(spark: SparkSession, *, rows: int) -> None:
    """Turn off the compilation of queries for few rows, where it takes longer than running them."""
    is_little = rows < _LITTLE
    spark.conf.set("spark.sql.codegen.wholeStage", str(not is_little).lower())
    spark.conf.set("spark.sql.codegen.factoryMode", "NO_CODEGEN" if is_little else "FALLBACK")


def log_to_console(job: str) -> None:
    """Log to the console, which Glue keeps; other libraries log only when something is wrong."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for name in (job, "lake", "curation"):
        logging.getLogger(name).setLevel(logging.INFO)
