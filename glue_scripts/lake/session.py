"""The Spark session of a job, and what it says of its progress."""

from __future__ import annotations

import logging

from pyspark.sql import SparkSession

_LITTLE = 1_000_000


def spark_session(job: str) -> SparkSession:
    """The session that Glue, or spark-submit, has configured. Times are UTC everywhere."""
    return (
        SparkSession.builder.appName(job)
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.adaptive.enabled", "true")
        .config("spark.sql.optimizer.dynamicPartitionPruning.enabled", "true")
        # A load's id is text, also where it looks like a number, such as 1e10.
        .config("spark.sql.sources.partitionColumnTypeInference.enabled", "false")
        .getOrCreate()
    )


def plan_for(spark: SparkSession, *, rows: int) -> None:
    """Compiling a query takes longer than running it as it is over few rows."""
    is_little = rows < _LITTLE
    spark.conf.set("spark.sql.codegen.wholeStage", str(not is_little).lower())
    spark.conf.set("spark.sql.codegen.factoryMode", "NO_CODEGEN" if is_little else "FALLBACK")


def log_to_console(job: str) -> None:
    """Glue keeps what a job prints; other libraries are heard only when something is wrong."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for name in (job, "lake", "curation"):
        logging.getLogger(name).setLevel(logging.INFO)
