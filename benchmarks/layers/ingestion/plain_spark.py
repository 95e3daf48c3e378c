"""A Spark job as people write it, for each of the formats."""

from __future__ import annotations

from pathlib import Path

import fastavro
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from benchmarks.contenders.local_spark import local_session
from benchmarks.job import PROCESSING_JOB
from benchmarks.layers.ingestion import PHASE
from benchmarks.layers.task import Phases, Task, Told


def run(task: Task, phases: Phases) -> Told:
    spark = local_session(cores=len(task.cores), scratch=f"{task.out}/scratch")
    phases.ready()
    with phases.measured(PHASE):
        rows = _read(spark, Path(task.data))
        now = f.current_timestamp()
        (
            rows.withColumn("processed_at", now)
            .withColumn("processing_job", f.lit(PROCESSING_JOB))
            .withColumn("year", f.date_format(now, "yyyy"))
            .withColumn("month", f.date_format(now, "MM"))
            .withColumn("day", f.date_format(now, "dd"))
            .write.partitionBy("year", "month", "day")
            .option("compression", "snappy")
            .parquet(f"{task.out}/processed")
        )
    return {}


def _read(spark: SparkSession, path: Path) -> DataFrame:
    """Read a file, with its name in the column `source_file`."""
    if path.suffix == ".avro":
        return _read_avro(spark, path).withColumn("source_file", f.lit(str(path)))
    place = str(path)
    reader = spark.read
    match path.suffix:
        case ".csv":
            csv = reader.option("header", "true").option("inferSchema", "true")
            rows = csv.option("multiLine", "true").csv(place)
        case ".jsonl":
            rows = reader.json(place)
        case ".json":
            rows = reader.option("multiLine", "true").json(place)
        case ".orc":
            rows = reader.orc(place)
        case _:
            rows = reader.parquet(place)
    return rows.withColumn("source_file", f.input_file_name())


def _read_avro(spark: SparkSession, path: Path) -> DataFrame:
    """Read Avro without the jar: through Python on the driver, then to Spark as Arrow."""
    with path.open("rb") as file:
        records = list(fastavro.reader(file))
    return spark.createDataFrame(pa.Table.from_pylist(records))
