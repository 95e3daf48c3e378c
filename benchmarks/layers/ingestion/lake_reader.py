"""The engine of this repository, as its jobs call it: `convert_files` takes only CSV."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from pyspark.sql import SparkSession

from benchmarks.contenders.lake_reader import TARGET_FILE_BYTES
from benchmarks.contenders.local_spark import local_session
from benchmarks.job import PROCESSING_JOB
from benchmarks.layers.ingestion import PHASE
from benchmarks.layers.task import Phases, Task, Told
from lake.engine import Engine
from lake.planning.commit import Commit, Stamp
from lake.planning.datasets import name_datasets
from lake.writing.partitions import Places
from wires.manifest import ObjectVersion, load_id_of


def run(task: Task, phases: Phases) -> Told:
    spark = local_session(cores=len(task.cores), scratch=f"{task.out}/scratch")
    phases.ready()
    with phases.measured(PHASE):
        commit = _converted(spark, Path(task.data), out=f"file://{task.out}")
    [outcome] = commit.outcomes
    if outcome.rows_in != outcome.rows_published + outcome.rows_quarantined or outcome.reason:
        raise RuntimeError(f"not all rows are accounted for: {outcome}")
    return {"quarantined": outcome.rows_quarantined}


def _converted(spark: SparkSession, path: Path, *, out: str) -> Commit:
    root = path.parent
    while root.name != "data":
        root = root.parent
    bucket = f"file://{root.parent}"
    version = _version(path, path.relative_to(root.parent).as_posix())
    engine = Engine(
        spark=spark,
        places=Places(
            raw_bucket=bucket,
            processed_bucket=f"{out}/processed",
            quality_bucket=out,
            assets_bucket=out,
        ),
        stamp=Stamp(
            load_id=load_id_of(bucket, [version]),
            processing_job=PROCESSING_JOB,
            processed_at=datetime.now(UTC).isoformat(),
        ),
        attempt="attempt-1",
        target_bytes=TARGET_FILE_BYTES,
        max_ratio=200,
        isolate=False,
        contracts={},
        claim_content=lambda version, _: version.version_id,
    )
    inspected = engine.inspect([version])
    names = name_datasets([version.key], {}, lambda name, _: name)
    return engine.write(inspected, names, {})


def _version(path: Path, key: str) -> ObjectVersion:
    facts = path.stat()
    return ObjectVersion(
        key=key,
        version_id=str(facts.st_mtime_ns),
        size=facts.st_size,
        uploaded_at=datetime.fromtimestamp(facts.st_mtime, UTC).isoformat(),
    )
