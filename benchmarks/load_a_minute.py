"""`python -m benchmarks.load_a_minute`: one table that gets a load every minute for many days.

Each load is one file and one commit; each night small files are merged and old snapshots expire, as
the maintenance job does it. The clock of snapshots is simulated; the time of calls and of planning
is measured. Everything goes through HTTP to an AWS in this process.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import mean, quantiles

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.table import Table

from benchmarks.machine import describe_machine
from benchmarks.measuring import ROOT
from benchmarks.report import table
from iceberg.commits import Change, Committer
from iceberg.field_ids import with_field_ids
from iceberg.files import data_file
from iceberg.manifests import live_files, live_manifests
from iceberg.storage import place_of
from iceberg.tables import COLUMNS, IcebergDatabase
from iceberg.types import schema_of
from lake.columns.schema import Schema
from lake.columns.table_columns import NO_TABLE
from lake.columns.types import TEXT, ColumnType, Kind
from lake.publishing.processed_tables import spell_columns
from lake.store import client
from local_cloud.aws import InProcessAws
from maintenance.compaction import Merged, crowded, merge

_WORK = ROOT / "build" / "benchmarks"
_COMMITTED = ROOT / "benchmarks" / "load_a_minute.md"
_BUCKET, _DATABASE, _TABLE = "processed", "processed", "events"
_FIRST = datetime(2030, 1, 1, tzinfo=UTC)
"""Later than now: a table's clock never goes back."""
_ROWS = 20
_TARGET_BYTES = 128 * 1024 * 1024
_SCHEMA = Schema.of(("id", "name", "amount"), (ColumnType(Kind.INTEGER, 9), TEXT, TEXT))
_IDS = NO_TABLE.field_ids(_SCHEMA)


@dataclass(frozen=True)
class _Stored:
    """A file that no snapshot has yet."""

    key: str
    footer: pq.FileMetaData
    size: int


@dataclass(frozen=True)
class Day:
    """The state of the table at the end of a day, before and after the night."""

    number: int
    commit_ms: float
    commit_ms_95: float
    calls: float
    """Calls of AWS for each commit."""
    files: int
    """Files after the night; the day alone had as many as loads."""
    manifests: int
    snapshots: int
    metadata_bytes: int
    planning_all: float
    """Seconds."""
    planning_day: float
    night: float
    """Seconds for merging files and committing the result."""


def main(arguments: Sequence[str]) -> None:
    given = _parser().parse_args(arguments)
    days = 2 if given.quick else given.days
    loads = 60 if given.quick else given.loads
    load = os.getloadavg()[0]
    _WORK.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_WORK) as work, _aws(Path(work)) as aws:
        found = list(_days(aws, days, loads))
    report = as_markdown(found, loads, load)
    out = (_WORK / "load_a_minute.md") if given.quick else _COMMITTED
    out.write_text(report, encoding="utf-8")
    print(report)
    print(f"written to {out}", file=sys.stderr)


def as_markdown(days: Sequence[Day], loads: int, load: float) -> str:
    head = [
        "day",
        "commit, ms",
        "95 of 100, ms",
        "calls",
        "files",
        "manifests",
        "snapshots",
        "metadata, KiB",
        "plan all, s",
        "plan a day, s",
        "night, s",
    ]
    shown = [day for day in days if day.number <= 3 or day.number % 5 == 0 or day is days[-1]]
    rows = [
        [
            str(day.number),
            f"{day.commit_ms:.0f}",
            f"{day.commit_ms_95:.0f}",
            f"{day.calls:.2f}",
            str(day.files),
            str(day.manifests),
            str(day.snapshots),
            f"{day.metadata_bytes / 1024:.0f}",
            f"{day.planning_all:.3f}",
            f"{day.planning_day:.3f}",
            f"{day.night:.1f}",
        ]
        for day in shown
    ]
    return f"""# A table that gets a load a minute

Written by `make bench` on {datetime.now(UTC).date().isoformat()}: {loads:,} loads a day for
{len(days)} days, {_ROWS} rows each, and maintenance every night. Files, manifests, snapshots and
the size of the current metadata are those after the night. The machine's load before it began was
{load:.1f}.

{table(["machine", ""], describe_machine(), left=2)}

{table(head, rows, left=0)}

As a table of folders it would have {loads * len(days):,} partitions in the catalog.
"""


def _days(aws: InProcessAws, days: int, loads: int) -> Iterator[Day]:
    database = IcebergDatabase.of(aws.client("glue"), _DATABASE)
    for number in range(1, days + 1):
        start = _FIRST + timedelta(days=number - 1)
        times, calls = [], 0
        for minute in range(loads):
            at = start + timedelta(minutes=minute * 1440 / loads)
            load_id = f"{number:08d}{minute:08d}"
            stored = _stored(load_id, at)
            before, began = _calls(aws), time.perf_counter()
            _commit(database, load_id, at, stored)
            times.append(1000 * (time.perf_counter() - began))
            calls += _calls(aws) - before
        began = time.perf_counter()
        _night(database, start + timedelta(hours=24))
        night = time.perf_counter() - began
        yield _measured(database, number, times, calls / loads, night)
        print(f"day {number} of {days}", file=sys.stderr)


def _commit(database: IcebergDatabase, load_id: str, at: datetime, stored: _Stored) -> None:
    def change_of(found: Table) -> Change:
        file = data_file(
            f"s3://{_BUCKET}/{stored.key}",
            stored.footer,
            size=stored.size,
            partition=(f"{at:%Y}", f"{at:%m}", f"{at:%d}"),
            schema=found.schema(),
            spec_id=found.metadata.default_spec_id,
            properties=dict(found.properties),
        )
        return Change(added=[file], properties={COLUMNS: spell_columns(_SCHEMA)})

    Committer(database.catalog, now=at.timestamp).commit(
        (_DATABASE, _TABLE),
        load_id,
        change_of,
        new=lambda: database.new(
            _TABLE, schema_of(_SCHEMA.catalogued, ids=_IDS), location=f"s3://{_BUCKET}/{_TABLE}/"
        ),
    )


def _stored(load_id: str, at: datetime) -> _Stored:
    values = [
        pa.array(range(_ROWS)),
        pa.array([f"name {row}" for row in range(_ROWS)]),
        pa.array(["x"] * _ROWS),
        pa.array([at] * _ROWS, pa.timestamp("us", tz="UTC")),
        *(pa.array([text] * _ROWS) for text in ("key", "job", load_id)),
        *(pa.array([f"{at:{part}}"] * _ROWS) for part in ("%Y", "%m", "%d")),
    ]
    rows = pa.table(values, schema=with_field_ids(_SCHEMA.arrow, _IDS))
    body = io.BytesIO()
    pq.write_table(rows, body, compression="snappy")
    key = f"{_TABLE}/year={at:%Y}/month={at:%m}/day={at:%d}/load={load_id}/part.snappy.parquet"
    client("s3").put_object(Bucket=_BUCKET, Key=key, Body=body.getvalue())
    return _Stored(key, pq.read_metadata(io.BytesIO(body.getvalue())), len(body.getvalue()))


def _night(database: IcebergDatabase, at: datetime) -> None:
    found = database.must_have(_TABLE)
    run = f"{at:%Y%m%d}"
    merged = [merge(one) for one in crowded(found, target_bytes=_TARGET_BYTES, run=run)]
    for number, one in enumerate(merged):
        _replace(database, one, f"{run}-{number}", at)
    Committer(database.catalog, now=at.timestamp).expire((_DATABASE, _TABLE))


def _replace(database: IcebergDatabase, one: Merged, commit_id: str, at: datetime) -> None:
    gone = set(one.merger.locations)
    body = client("s3").get_object(Bucket=_BUCKET, Key=one.merger.key)["Body"].read()

    def change_of(found: Table) -> Change:
        file = data_file(
            f"s3://{_BUCKET}/{one.merger.key}",
            pq.read_metadata(io.BytesIO(body)),
            size=len(body),
            partition=one.merger.partition,
            schema=found.schema(),
            spec_id=found.metadata.default_spec_id,
            properties=dict(found.properties),
        )
        standing = live_files(found, {one.merger.partition})
        return Change(
            added=[file],
            removed=[old for old in standing if old.file_path in gone],
            same_rows=True,
        )

    Committer(database.catalog, now=at.timestamp).commit((_DATABASE, _TABLE), commit_id, change_of)


def _measured(
    database: IcebergDatabase, number: int, times: Sequence[float], calls: float, night: float
) -> Day:
    found = database.must_have(_TABLE)
    began = time.perf_counter()
    files = list(found.scan().plan_files())
    every = time.perf_counter() - began
    began = time.perf_counter()
    list(found.scan(row_filter="year = '2030' and month = '01' and day = '01'").plan_files())
    one = time.perf_counter() - began
    metadata = client("s3").head_object(**place_of(found.metadata_location))
    return Day(
        number=number,
        commit_ms=mean(times),
        commit_ms_95=quantiles(times, n=20)[-1],
        calls=calls,
        files=len(files),
        manifests=len(live_manifests(found)),
        snapshots=len(found.metadata.snapshots),
        metadata_bytes=int(metadata["ContentLength"]),
        planning_all=every,
        planning_day=one,
        night=night,
    )


def _calls(aws: InProcessAws) -> int:
    return sum(aws.calls.counts().values())


@contextmanager
def _aws(work: Path) -> Iterator[InProcessAws]:
    region = "eu-central-1"
    with InProcessAws(account="123456789012", region=region, work=work) as aws:
        told = aws.child_environment().items()
        os.environ.update({name: value for name, value in told if name.startswith("AWS_")})
        client.cache_clear()
        where = {"LocationConstraint": region}
        aws.client("s3").create_bucket(Bucket=_BUCKET, CreateBucketConfiguration=where)
        aws.client("glue").create_database(DatabaseInput={"Name": _DATABASE})
        yield aws
    client.cache_clear()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load_a_minute", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two days of sixty loads")
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--loads", type=int, default=1440, help="a day")
    return parser


if __name__ == "__main__":
    main(sys.argv[1:])
