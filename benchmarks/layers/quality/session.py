"""The session and the frames that all three contenders get."""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession

from benchmarks.contenders.local_spark import local_session
from benchmarks.layers.quality import REFERENCE, TABLE
from benchmarks.layers.task import Task


def opened(task: Task) -> tuple[SparkSession, DataFrame, DataFrame]:
    """Return a session, the table and its customers, of which only the schemas were read."""
    settings = {"spark.sql.shuffle.partitions": "4"}
    spark = local_session(cores=len(task.cores), scratch=f"{task.out}/scratch", settings=settings)
    table, customers = (spark.read.parquet(f"{task.data}/{name}") for name in (TABLE, REFERENCE))
    return spark, table, customers
