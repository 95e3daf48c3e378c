"""`python -m benchmarks.latest_rows`: changes merged into latest rows, against making all anew.

The table is made untimed. Then a load of changes is processed and published as the jobs do it, with
rows accounted for; DuckDB and Spark make the whole table anew from the same files, as people write
it, also in Snappy Parquet. Changes are of keys anywhere, or of the last twentieth of the keys.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import duckdb
import numpy as np
from pyspark.sql import SparkSession, Window
from pyspark.sql import functions as f

from benchmarks.contenders.local_spark import local_session
from benchmarks.layers.processing.orders import CHANNELS, CUSTOMERS, FIRST_DAY, STATES, Orders
from benchmarks.layers.processing.product import session_settings
from benchmarks.layers.processing.small_aws import Aws, small_aws
from benchmarks.layers.processing.zone_files import StoredLoad, ZoneFiles, orders_table, put_load
from benchmarks.machine import describe_machine
from benchmarks.measuring import ROOT
from benchmarks.report import table
from curation.models import Models
from curation.processing import Processing
from lake.store import client
from local_cloud.catalog.files import GlueCatalog
from wires.contracts import DatasetContract
from wires.job_arguments import GlueRun

_WORK = ROOT / "build" / "benchmarks"
_COMMITTED = ROOT / "benchmarks" / "latest_rows.md"
_CONTRACTS = {
    "orders": DatasetContract(name="orders", primary_key=("order_id",), latest_by=("updated_at",))
}
_MICROS_OF_A_DAY = 86_400_000_000
_LOADS = 20


@dataclass(frozen=True)
class Found:
    """Seconds of each round, and what was written."""

    rows: int
    changes: int
    where: str
    ours: Sequence[float]
    duckdb: Sequence[float]
    spark: Sequence[float]
    files: int
    """Number of files of the table."""
    rewritten: int
    """Number of files that the merge rewrote."""


@dataclass(frozen=True)
class _Round:
    ours: float
    duckdb: float
    spark: float
    files: int
    rewritten: int


def main(arguments: Sequence[str]) -> None:
    given = _parser().parse_args(arguments)
    load = os.getloadavg()[0]
    _WORK.mkdir(parents=True, exist_ok=True)
    sizes = [20_000] if given.quick else given.rows
    changes = 700 if given.quick else given.changes
    found = [
        _measured(rows, changes, where, rounds=1 if given.quick else given.rounds)
        for rows in sizes
        for where in ("anywhere", "recent")
    ]
    report = as_markdown(found, load)
    out = (_WORK / "latest_rows.md") if given.quick else _COMMITTED
    out.write_text(report, encoding="utf-8")
    print(report)
    print(f"written to {out}", file=sys.stderr)


def as_markdown(found: Sequence[Found], load: float) -> str:
    head = [
        "rows",
        "changes",
        "keys",
        "merge, s",
        "DuckDB, s",
        "Spark, s",
        "÷ DuckDB",
        "÷ Spark",
        "files written again",
    ]
    rows = [
        [
            f"{one.rows:,}",
            f"{one.changes:,}",
            one.where,
            f"{median(one.ours):.1f}",
            f"{median(one.duckdb):.1f}",
            f"{median(one.spark):.1f}",
            f"{median(one.ours) / median(one.duckdb):.2f}",
            f"{median(one.ours) / median(one.spark):.2f}",
            f"{one.rewritten} of {one.files}",
        ]
        for one in found
    ]
    return f"""# Changes merged into a table of latest rows

Written by `make bench` on {datetime.now(UTC).date().isoformat()}: medians of {len(found[0].ours)}
rounds. The machine's load before it began was {load:.1f}.

{table(["machine", ""], describe_machine(), left=2)}

{table(head, rows, left=0)}

The merge is all of a run: what is new is found, rows are counted and accounted for, files are
written, read back by their footers and committed. DuckDB and Spark read all files of the history
and write the whole table anew; nothing is counted.
"""


def _measured(rows: int, changes: int, where: str, *, rounds: int) -> Found:
    found = []
    for _ in range(rounds):
        # A process for each: Spark's file systems keep the folders of the first session.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
            found.append(alone.submit(_round, rows, changes, where).result())
        print(f"{rows:,} rows, {where}: {found[-1].ours:.1f} s", file=sys.stderr)
    return Found(
        rows=rows,
        changes=changes,
        where=where,
        ours=[one.ours for one in found],
        duckdb=[one.duckdb for one in found],
        spark=[one.spark for one in found],
        files=found[-1].files,
        rewritten=found[-1].rewritten,
    )


def _round(rows: int, changes: int, where: str) -> _Round:
    with tempfile.TemporaryDirectory(dir=_WORK) as folder:
        zone = ZoneFiles(folder=Path(folder, "zone"))
        loads = _loads(zone, rows, changes, where)
        with small_aws(zone, Path(folder, "aws")) as aws, _session(aws, folder) as spark:
            aws.publish(loads[:-1])
            _run(aws, spark, 1)
            before = _files(aws)
            aws.publish(loads[-1:])
            began = time.perf_counter()
            counts = _run(aws, spark, 2)
            ours = time.perf_counter() - began
            if counts != changes:
                raise RuntimeError(f"{counts} rows were new, expected {changes}")
            gone = before - _files(aws)
            of_spark = _spark_rewrites(spark, zone, Path(folder, "spark"))
        return _Round(
            ours=ours,
            duckdb=_duckdb_rewrites(zone, Path(folder, "duckdb")),
            spark=of_spark,
            files=len(before),
            rewritten=len(gone),
        )


def _loads(zone: ZoneFiles, rows: int, changes: int, where: str) -> list[StoredLoad]:
    """Return the history as some loads, one a day, and the changes as one more."""
    chance = np.random.default_rng(7)
    loads = []
    for number in range(_LOADS):
        start, end = rows * number // _LOADS, rows * (number + 1) // _LOADS
        orders = _orders(chance, np.arange(start, end), number)
        loads.append(put_load(zone, "orders", orders_table(orders), number, "build"))
    first = 0 if where == "anywhere" else rows - rows // _LOADS
    updated = chance.choice(np.arange(first, rows), changes * 6 // 7, replace=False)
    new = np.arange(rows, rows + changes - len(updated))
    changed = _orders(chance, np.concatenate([updated, new]), _LOADS)
    loads.append(put_load(zone, "orders", orders_table(changed), _LOADS, "increment"))
    return loads


def _orders(chance: np.random.Generator, numbers: np.ndarray, day: int) -> Orders:
    size = len(numbers)
    return Orders(
        order_id=numbers.astype(np.int64),
        customer_id=chance.integers(0, CUSTOMERS, size),
        day=np.full(size, FIRST_DAY + day),
        channel=chance.integers(0, len(CHANNELS), size),
        status=chance.integers(0, len(STATES), size),
        quantity=chance.integers(1, 9, size),
        cents=chance.integers(100, 100_000, size),
        updated=(FIRST_DAY + day) * _MICROS_OF_A_DAY + chance.integers(0, _MICROS_OF_A_DAY, size),
    )


def _run(aws: Aws, spark: SparkSession, number: int) -> int:
    """Process, approve and publish. Returns how many rows were new."""
    job = Processing(
        settings=replace(aws.settings),
        glue_run=GlueRun(JOB_NAME="data-processing", JOB_RUN_ID=f"jr_{number:012d}"),
        contracts=_CONTRACTS,
        models=Models.of(aws.settings),
        spark=spark,
    )
    staged = job.process()
    for refresh in staged:
        state = job.models.ledger.get(refresh.model)
        job.models.ledger.approve(refresh.model, state.staged)
        job.models.carry_out(refresh.model)
    return sum(refresh.counts.rows_in for refresh in staged)


def _files(aws: Aws) -> set[str]:
    catalog = GlueCatalog(glue=aws.cloud.client("glue"), s3=aws.cloud.client("s3"))
    return set(catalog.current_keys(aws.settings.curated_bucket)[aws.settings.curated_bucket])


def _duckdb_rewrites(zone: ZoneFiles, out: Path) -> float:
    out.mkdir()
    began = time.perf_counter()
    with duckdb.connect() as connection:
        connection.execute(f"SET threads = {os.cpu_count()}")
        source = f"read_parquet('{zone.bucket}/orders/**/*.parquet', hive_partitioning=false)"
        connection.execute(
            f"COPY (SELECT * FROM {source} QUALIFY row_number() OVER "  # noqa: S608 - own paths
            f"(PARTITION BY order_id ORDER BY updated_at DESC) = 1) TO '{out}/latest' "
            "(FORMAT parquet, COMPRESSION snappy, PARTITION_BY (year, month, day))"
        )
    return time.perf_counter() - began


def _spark_rewrites(spark: SparkSession, zone: ZoneFiles, out: Path) -> float:
    began = time.perf_counter()
    rows = spark.read.parquet(*map(str, sorted(zone.bucket.rglob("*.parquet"))))
    latest = Window.partitionBy("order_id").orderBy(f.col("updated_at").desc())
    ranked = rows.withColumn("rank", f.row_number().over(latest)).where("rank = 1").drop("rank")
    place = f"file://{out}"
    ranked.repartition("day").write.partitionBy("year", "month", "day").parquet(place)
    taken = time.perf_counter() - began
    shutil.rmtree(out, ignore_errors=True)
    return taken


@contextmanager
def _session(aws: Aws, folder: str) -> Iterator[SparkSession]:
    client.cache_clear()
    spark = local_session(
        cores=os.cpu_count() or 2, scratch=f"{folder}/scratch", settings=session_settings(aws)
    )
    try:
        yield spark
    finally:
        spark.stop()
        client.cache_clear()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.latest_rows", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small table, one round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--changes", type=int, default=70_000)
    parser.add_argument("--rows", type=int, nargs="+", default=[2_000_000, 20_000_000])
    return parser


if __name__ == "__main__":
    main(sys.argv[1:])
