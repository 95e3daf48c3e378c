"""The processing job as Glue runs it, except that its staged tables are published unjudged."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pyspark.sql import SparkSession

from benchmarks.contenders.local_spark import local_session
from benchmarks.layers.processing import PHASES, SQL, TABLE
from benchmarks.layers.processing.comparing import keep
from benchmarks.layers.processing.small_aws import Aws, small_aws
from benchmarks.layers.processing.zone_files import ZoneFiles
from benchmarks.layers.task import Phases, Task, Told
from curation.models import Models
from curation.processing import Processing
from curation.refresh import Refresh
from iceberg.manifests import live_files, partition_of
from iceberg.tables import IcebergDatabase
from local_cloud.catalog.reader import CatalogReader
from wires.contracts import BusinessRule, CuratedTable, DatasetContract, Reference
from wires.job_arguments import GlueRun

CONTRACTS = {
    "orders": DatasetContract(
        name="orders",
        primary_key=("order_id",),
        latest_by=("updated_at",),
        references=(Reference(columns=("customer_id",), dataset="customers", to=("customer_id",)),),
        rules=(BusinessRule(name="amount_is_positive", expect="amount > 0"),),
        curated=(
            CuratedTable(
                table=TABLE, sql=SQL, source="sales.sql", day="ordered_on", uses=("customers",)
            ),
        ),
    ),
    "customers": DatasetContract(name="customers", primary_key=("customer_id",)),
}


def run(task: Task, phases: Phases) -> Told:
    files = ZoneFiles(folder=Path(task.data))
    told: Told = {}
    with small_aws(files, Path(task.out, "aws")) as aws:
        spark = local_session(
            cores=len(task.cores), scratch=f"{task.out}/scratch", settings=session_settings(aws)
        )
        phases.ready()
        for phase in PHASES:
            aws.publish(load for load in files.loads if load.arrives == phase)
            job = _job(aws, spark, run_id=f"jr_{PHASES.index(phase):012d}")
            before = _days(aws)
            with phases.measured(phase), _units_timed() as models:
                published = _processed(job)
            changed = {day for day, place in _days(aws).items() if before.get(day) != place}
            told[phase] = {
                "partitions": len(changed),
                "models": models,
                "counts": _counts(published),
            }
            glue, s3 = aws.cloud.client("glue"), aws.cloud.client("s3")
            reader = CatalogReader(glue=glue, s3=s3)
            keep(reader.read(aws.settings.curated_database, TABLE), task.out, phase)
        spark.stop()
    return told


def session_settings(aws: Aws) -> dict[str, str]:
    """Return the settings as `lake.session` and the laptop have them."""
    return {
        **aws.spark_settings,
        "spark.sql.shuffle.partitions": "4",
        "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
    }


def _job(aws: Aws, spark: SparkSession, *, run_id: str) -> Processing:
    return Processing(
        settings=aws.settings,
        glue_run=GlueRun(JOB_NAME="data-processing", JOB_RUN_ID=run_id),
        contracts=CONTRACTS,
        models=Models.of(aws.settings),
        spark=spark,
    )


def _processed(job: Processing) -> list[Refresh]:
    """Stage, approve and publish; return what was staged."""
    staged = job.process()
    for refresh in staged:
        state = job.models.ledger.get(refresh.model)
        job.models.ledger.approve(refresh.model, state.staged)
        job.models.carry_out(refresh.model)
    return staged


def _days(aws: Aws) -> dict[tuple[str, ...], list[str]]:
    """Return the files of each day."""
    table = IcebergDatabase.of(aws.cloud.client("glue"), aws.settings.curated_database).table(TABLE)
    found: dict[tuple[str, ...], list[str]] = {}
    for file in live_files(table) if table else ():
        found.setdefault(partition_of(file), []).append(file.file_path)
    return found


def _counts(refreshes: Sequence[Refresh]) -> dict[str, int]:
    """Count the rows that were new."""
    return {
        name: sum(getattr(refresh.counts, name) for refresh in refreshes)
        for name in ("rows_in", "current", "superseded", "quarantined")
    }


@contextmanager
def _units_timed() -> Iterator[dict[str, float]]:
    """Measure the seconds of each model, by what the job says about its progress."""
    begins: list[tuple[str, float]] = []
    seconds: dict[str, float] = {}

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            text = record.getMessage()
            if text.endswith(": has new loads"):
                begins.append((text.removesuffix(": has new loads"), time.monotonic()))

    log, listener = logging.getLogger("curation.processing"), Listener()
    log.addHandler(listener)
    log.setLevel(logging.INFO)
    try:
        yield seconds
    finally:
        log.removeHandler(listener)
        ends = [at for _, at in begins[1:]] + [time.monotonic()]
        for (model, since), until in zip(begins, ends, strict=True):
            seconds[model] = until - since
