"""`demo`: the main job on a small shop's files, told step by step, and checked at the end."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from local_cloud.demo_set import DemoFile, demo_set
from local_cloud.platform import Platform, deployed
from local_cloud.progress import Progress
from local_cloud.report import described, report_of

_REVENUE = """\
SELECT c.city,
       count(DISTINCT o.order_id)    AS orders,
       sum(l.quantity * p.price)     AS revenue
FROM orders o
JOIN order_lines l USING (order_id)
JOIN products p    USING (product_id)
JOIN customers c   USING (customer_id)
GROUP BY c.city
ORDER BY revenue DESC"""
_ASIDE = """\
SELECT source_file, line, reason, raw
FROM quarantined_rows
ORDER BY source_file, line"""


def demo() -> int:
    """Exit code: 0 if everything came out as the demo set says it must, else 1."""
    first, second = demo_set()
    with (
        tempfile.TemporaryDirectory() as folder,
        deployed("dev", progress=Progress()) as platform,
    ):
        print(f"\nDeployed from the templates of infra_app and glue_app: {platform.cloud.endpoint}")
        wrong = list(_round("First upload", platform, first, Path(folder)))
        wrong += _round("Second upload", platform, second, Path(folder))
        _show_tables(platform)
        _show_answer("A question, answered from the catalog's tables", platform, _REVENUE)
        _show_answer("What was put aside, and why", platform, _ASIDE)
    print(_verdict(wrong))
    return 1 if wrong else 0


def _round(
    title: str, platform: Platform, files: Sequence[DemoFile], folder: Path
) -> Iterator[str]:
    """Upload, process, tell; yields what did not come out as it must."""
    print(f"\n{title} to s3://{platform.names.raw_bucket}")
    versions = {}
    for file in files:
        print(f"  {file.key:<24} {file.about}")
        versions[file.key] = platform.upload(file.key, file.write(folder))
    platform.settle()
    ends = {upload.version_id: described(upload) for upload in platform.uploads()}
    print("\n  What became of it")
    for file in files:
        end = ends[versions[file.key]]
        print(f"  {file.key:<24} {_told(end)}")
        yield from _differences(file, end)


def _told(end: dict[str, Any]) -> str:
    if not end["rows_in"]:
        return f"{end['status']}: {end['reason']}"
    rows = f"{end['rows_in']} rows in, {end['rows_published']} published"
    aside = f", {end['rows_quarantined']} quarantined" if end["rows_quarantined"] else ""
    return f"{end['status']} in {end['dataset']}: {rows}{aside}"


def _differences(file: DemoFile, end: dict[str, Any]) -> Iterator[str]:
    expected = (file.status, file.published, file.quarantined)
    found = (end["status"], end["rows_published"], end["rows_quarantined"])
    if found != expected:
        yield f"{file.key}: expected {expected}, got {found} {end['reason']}"


def _show_tables(platform: Platform) -> None:
    report = report_of(platform, out=None)
    for run in report["runs"]:
        print(f"\n  Spark run {run['run_id'][:11]}: {run['objects']} objects, {run['seconds']} s")
    print("\nTables in the Glue catalog")
    for table in report["tables"]:
        columns = ", ".join(f"{column['name']} {column['type']}" for column in table["columns"])
        print(f"  {table['database']}.{table['name']}\n    {columns}")


def _show_answer(title: str, platform: Platform, sql: str) -> None:
    print(f"\n{title}")
    print("\n".join(f"  {line}" for line in sql.splitlines()))
    print()
    for line in _aligned(platform.reader.query(sql)):
        print(f"  {line}")


def _aligned(answer: pa.Table) -> Iterable[str]:
    rows = [tuple(answer.column_names)]
    rows += [tuple(str(value) for value in row.values()) for row in answer.to_pylist()]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _verdict(wrong: Sequence[str]) -> str:
    if wrong:
        return "\nNot as it must be:\n" + "\n".join(f"  {line}" for line in wrong)
    return (
        "\nEvery row is accounted for. Next: .venv/bin/python -m local_cloud run YOUR_FILES, "
        "or README.md to deploy."
    )
