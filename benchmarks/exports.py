"""`python -m benchmarks.exports`: how long exports of large tables take, and how much memory.

The command runs in a process of its own against an AWS in this one, over HTTP; its peak of memory
is what the system says of it when it has ended.
"""

from __future__ import annotations

import argparse
import io
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table

from benchmarks.machine import describe_machine
from benchmarks.measuring import ROOT
from benchmarks.report import table
from config.environments import Environment, load_environments
from iceberg.commits import Change, Committer
from iceberg.field_ids import with_field_ids
from iceberg.files import data_file
from iceberg.tables import IcebergDatabase
from iceberg.types import Columns, field_ids, schema_of
from lake.store import client
from local_cloud.aws import InProcessAws
from operations.place import reaching

_WORK = ROOT / "build" / "benchmarks"
_COMMITTED = ROOT / "benchmarks" / "exports.md"
_FAST = ("parquet", "csv", "json")
_ALL: Mapping[int, Sequence[str]] = {
    1_000_000: _FAST,
    10_000_000: _FAST,
    20_000_000: ("parquet", "json"),
    300_000: ("xlsx",),
    3_000_000: ("xlsx",),
}
"""Formats by rows: a workbook takes its time for each cell."""
_QUICK: Mapping[int, Sequence[str]] = {100_000: (*_FAST, "xlsx"), 300_000: (*_FAST, "xlsx")}
_NAME = "sales"
_DAY = ("2026", "01", "15")
_ROWS_OF_A_FILE = 1_000_000
_COLUMNS: Columns = [
    ("id", "bigint"),
    ("customer", "string"),
    ("amount", "decimal(18,2)"),
    ("ordered_on", "date"),
    *((name, "string") for name in ("year", "month", "day")),
]
_SQL = f"SELECT id, customer, amount, ordered_on FROM {_NAME}"  # noqa: S608 - a name of our own


@dataclass(frozen=True)
class Measured:
    """What one export took."""

    rows: int
    format: str
    seconds: float
    peak: int
    """Bytes."""
    size: int
    """Bytes of the file."""


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller tables, no report")
    quick = parser.parse_args(argv).quick
    load = os.getloadavg()[0]
    measured: list[Measured] = []
    for rows, formats in _QUICK.items() if quick else _ALL.items():
        measured += measure(rows, formats)
        if not quick:
            _COMMITTED.write_text(as_markdown(measured, load, describe_machine()), encoding="utf-8")
    print(as_markdown(measured, load, describe_machine()))


def measure(rows: int, formats: Sequence[str]) -> Iterator[Measured]:
    """Yield what exports of a table of so many rows take, one for each format."""
    environment = load_environments().all[0]
    account = environment.account
    _WORK.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=_WORK, prefix="exports-") as work,
        InProcessAws(
            account=account.aws_account_id, region=account.aws_region, work=Path(work)
        ) as aws,
    ):
        with reaching(aws.endpoint):
            os.environ["AWS_DEFAULT_REGION"] = account.aws_region
            client.cache_clear()
            _fill(aws, environment, rows)
        for kind in formats:
            yield _exported(aws.endpoint, environment, Path(work) / f"sales.{kind}", rows)


def _exported(endpoint: str, environment: Environment, to: Path, rows: int) -> Measured:
    start = time.monotonic()
    command = [
        *(sys.executable, "-m", "operations", "export", _SQL, "--to", str(to)),
        *("--env", environment.name, "--local", endpoint, "--timeout", "2h"),
    ]
    process = subprocess.Popen(command, cwd=ROOT)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    seconds = time.monotonic() - start
    size = to.stat().st_size
    to.unlink()
    return Measured(rows, to.suffix[1:], seconds, usage.ru_maxrss * 1024, size)


def _fill(aws: InProcessAws, environment: Environment, rows: int) -> None:
    """Make the table: one commit of files of a million rows."""
    names = environment.names
    glue, s3 = aws.client("glue"), aws.client("s3")
    region = {"LocationConstraint": environment.account.aws_region}
    s3.create_bucket(Bucket=names.curated_bucket, CreateBucketConfiguration=region)
    for database in names.databases:
        glue.create_database(DatabaseInput={"Name": database})
    lake = IcebergDatabase.of(glue, names.curated_database)
    place = f"s3://{names.curated_bucket}/{_NAME}"
    committer = Committer(lake.catalog)
    identifier = (lake.name, _NAME)
    committer.commit(
        identifier,
        "made",
        lambda _: Change(),
        lambda: lake.new(_NAME, schema_of(_COLUMNS), location=place),
    )
    made = lake.must_have(_NAME)
    added = [
        _file(s3, made, first, min(_ROWS_OF_A_FILE, rows - first))
        for first in range(0, rows, _ROWS_OF_A_FILE)
    ]
    committer.commit(identifier, "filled", lambda _: Change(added=added))


def _file(s3: Any, made: Table, first: int, count: int) -> DataFile:
    content, body = _content(first, count), io.BytesIO()
    pq.write_table(
        pa.table(content.columns, schema=with_field_ids(content.schema, field_ids(made.schema()))),
        body,
    )
    location = f"{made.location()}/year=2026/month=01/day=15/part-{first}.parquet"
    bucket, key = location.removeprefix("s3://").split("/", 1)
    s3.put_object(Bucket=bucket, Key=key, Body=body.getvalue())
    return data_file(
        location,
        pq.read_metadata(body),
        size=len(body.getvalue()),
        partition=_DAY,
        schema=made.schema(),
        spec_id=made.metadata.default_spec_id,
        properties=dict(made.properties),
    )


def _content(first: int, count: int) -> pa.Table:
    ids = pa.array(range(first, first + count), pa.int64())
    mixed = pc.bit_wise_and(pc.multiply(ids, 2_654_435_761), 0xFFFFFF)
    hundredths = pc.multiply(pc.cast(mixed, pa.decimal128(19, 0)), pa.scalar(Decimal("0.01")))
    days = pc.cast(pc.cast(pc.bit_wise_and(ids, 1023), pa.int32()), pa.date32())
    parts = [pa.repeat(value, count) for value in _DAY]
    return pa.table(
        [
            ids,
            pc.binary_join_element_wise("customer ", pc.cast(mixed, pa.string()), ""),
            pc.cast(hundredths, pa.decimal128(18, 2)),
            days,
            *parts,
        ],
        names=[name for name, _ in _COLUMNS],
    )


def as_markdown(
    measured: Sequence[Measured], load: float, machine: Sequence[tuple[str, str]]
) -> str:
    rows = [
        (
            f"{one.rows:,}",
            one.format,
            f"{one.seconds:.1f}",
            f"{one.rows / one.seconds:,.0f}",
            f"{one.peak / 1024**2:.0f}",
            f"{one.size / 1024**2:.1f}",
        )
        for one in measured
    ]
    head = ("rows", "format", "seconds", "rows a second", "peak of memory, MiB", "file, MiB")
    return f"""# Exports

Written by `python -m benchmarks.exports` on {datetime.now(UTC):%Y-%m-%d}: four columns (a number, a
text, a decimal, a date) of an Iceberg table in files of a million rows, exported by
`python -m operations export … --local …` in a process of its own. The seconds are those of the
whole command, and contain those of an AWS in one Python process that serves the files. The
machine's load before it began was {load:.1f}.

{table(["machine", ""], machine, left=2)}

{table(head, rows, left=2)}

Memory is that of Python with its packages, of the row groups that are being read, and of DuckDB's
buffers (`--memory`, 1 GB at most), which fill up slowly: ten or twenty times the rows take up to
1.7 times the memory, and ten times the rows of a workbook about the same. A workbook takes its time
for each cell, and has a sheet for each million of rows.
"""


if __name__ == "__main__":
    main()
