"""A Spark job as people write it: read everything, keep the latest, join, add up, overwrite."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as f

from benchmarks.contenders.local_spark import local_session
from benchmarks.layers.processing import PHASES
from benchmarks.layers.processing.comparing import keep
from benchmarks.layers.processing.zone_files import ZoneFiles
from benchmarks.layers.task import Phases, Task, Told

_SETTINGS = {
    "spark.sql.shuffle.partitions": "4",
    "spark.sql.sources.partitionOverwriteMode": "dynamic",
}


def run(task: Task, phases: Phases) -> Told:
    files = ZoneFiles(folder=Path(task.data))
    curated = Path(task.out, "curated")
    spark = local_session(cores=len(task.cores), scratch=f"{task.out}/scratch", settings=_SETTINGS)
    phases.ready()
    told: Told = {}
    for phase in PHASES:
        before = _files_by_day(curated)
        with phases.measured(phase):
            _recompute(spark, files, phase, curated)
        days = {day for day, names in _files_by_day(curated).items() if before.get(day) != names}
        told[phase] = {"partitions": len(days)}
        keep(_read(spark, curated), task.out, phase)
    spark.stop()
    return told


def _recompute(spark: SparkSession, files: ZoneFiles, phase: str, curated: Path) -> None:
    orders = _latest(_rows(spark, files, "orders", phase), "order_id", "updated_at")
    customers = _latest(_rows(spark, files, "customers", phase), "customer_id", "processed_at")
    (
        orders.where("amount > 0")
        .join(customers.select("customer_id", "country"), "customer_id")
        .groupBy("ordered_on", "country", "channel")
        .agg(
            f.count("*").alias("orders"),
            f.sum("quantity").alias("quantity"),
            f.sum("amount").alias("amount"),
        )
        .withColumn("day", f.col("ordered_on"))
        .repartition("day")
        .write.mode("overwrite")
        .partitionBy("day")
        .parquet(str(curated))
    )


def _rows(spark: SparkSession, files: ZoneFiles, dataset: str, phase: str) -> DataFrame:
    """Read all rows that are there in a phase."""
    folders = [str(files.bucket / load.prefix) for load in files.of(dataset, until=phase)]
    return spark.read.parquet(*folders)


def _latest(rows: DataFrame, key: str, by: str) -> DataFrame:
    order = Window.partitionBy(key).orderBy(f.col(by).desc())
    return rows.withColumn("rank", f.row_number().over(order)).where("rank = 1").drop("rank")


def _files_by_day(curated: Path) -> dict[str, frozenset[str]]:
    """Return the names of each partition's files; Spark names no two alike."""
    days = curated.glob("day=*")
    return {day.name: frozenset(file.name for file in day.glob("*.parquet")) for day in days}


def _read(spark: SparkSession, curated: Path) -> pa.Table:
    return spark.read.parquet(str(curated)).drop("day").toArrow()
