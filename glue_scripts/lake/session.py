"""The Spark session of a job."""

from __future__ import annotations

from pyspark.sql import SparkSession


def spark_session(job: str) -> SparkSession:
    """The session that Glue, or spark-submit, has configured. Times are UTC everywhere."""
    return (
        SparkSession.builder.appName(job)
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.adaptive.enabled", "true")
        .getOrCreate()
    )
