"""`demo`: a shop's four days, from uploads to a curated table, told and checked step by step."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from local_cloud.demo_files import dropped_files
from local_cloud.platform import Platform, deployed
from local_cloud.report import described, report_of
from local_cloud.shop.records import DAYS
from local_cloud.shop.truth import DAILY_SALES, Rows, truth
from local_cloud.shop.uploads import ShopObject, shop_uploads
from operations.console import table
from operations.progress import Progress

_SALES = """\
SELECT ordered_on, country, sum(orders) AS orders, sum(gross) AS gross, sum(net) AS net
FROM shop_daily_sales
WHERE category = 'tea'
GROUP BY ordered_on, country
ORDER BY ordered_on, net DESC
LIMIT 8"""
_ASIDE = """\
SELECT source_file, line, reason, raw
FROM quarantined_rows
ORDER BY source_file, line"""


def demo() -> int:
    """Run the demo. Returns exit code 0 if all results are as known of the shop, else 1."""
    objects = [*dropped_files(), *shop_uploads()]
    before = [item for item in objects if item.day < DAYS[-1]]
    last_day = [item for item in objects if item.day == DAYS[-1]]
    with (
        tempfile.TemporaryDirectory() as folder,
        deployed("dev", progress=Progress()) as platform,
    ):
        print(f"\nDeployed from the templates of infra_app and glue_app: {platform.cloud.endpoint}")
        wrong = list(_round("Three days of uploads", platform, before, Path(folder)))
        wrong += _check_sales(platform, DAYS[-2])
        wrong += _round(
            "The fourth day, with late orders and new prices", platform, last_day, Path(folder)
        )
        wrong += _check_sales(platform, DAYS[-1])
        _show_tables(platform)
        _show_answer("A question, answered from a curated table", platform, _SALES)
        _show_answer("What was put aside, and why", platform, _ASIDE)
    print(_verdict(wrong))
    return 1 if wrong else 0


def _round(
    title: str, platform: Platform, objects: Sequence[ShopObject], folder: Path
) -> Iterator[str]:
    """Upload, process and print the results; yield those that are not as they must be."""
    print(f"\n{title}, to s3://{platform.names.raw_bucket}")
    versions = {}
    for position, item in enumerate(objects):
        print(f"  {item.key:<70} {item.about}")
        path = folder / str(position)
        path.write_bytes(item.content)
        versions[item.key] = platform.upload(item.key, path)
    platform.settle()
    ends = {upload.version_id: described(upload) for upload in platform.uploads()}
    print("\n  What became of it")
    for item in objects:
        end = ends[versions[item.key]]
        print(f"  {item.key:<70} {_told(end)}")
        yield from _differences(item, end)


def _told(end: dict[str, Any]) -> str:
    if not end["rows_in"]:
        return f"{end['status']}: {end['reason']}"
    rows = f"{end['rows_in']} rows in, {end['rows_published']} published"
    aside = f", {end['rows_quarantined']} quarantined" if end["rows_quarantined"] else ""
    return f"{end['status']} in {end['dataset']}: {rows}{aside}"


def _differences(item: ShopObject, end: dict[str, Any]) -> Iterator[str]:
    expected = (item.status.value, item.published, item.quarantined)
    found = (end["status"], end["rows_published"], end["rows_quarantined"])
    if found != expected:
        yield f"{item.key}: expected {expected}, got {found} {end['reason']}"


def _check_sales(platform: Platform, until: date) -> Iterator[str]:
    """Yield differences between the curated table and the shop's sales computed without SQL."""
    known = _as_set(truth(until).curated[DAILY_SALES])
    columns = list(truth(until).curated[DAILY_SALES][0])
    table = platform.reader.read(platform.names.curated_database, DAILY_SALES).select(columns)
    found = _as_set(tuple(table.to_pylist()))
    days = len({row[columns.index("ordered_on")] for row in found})
    if found == known:
        print(f"\n  {DAILY_SALES}: {len(found)} rows in {days} days, each as it must be")
    else:
        yield f"{DAILY_SALES}: {len(known - found)} rows are missing, {len(found - known)} wrong"


def _as_set(rows: Rows) -> set[tuple[Any, ...]]:
    return {tuple(row.values()) for row in rows}


def _show_tables(platform: Platform) -> None:
    report = report_of(platform, out=None)
    print()
    for run in report["runs"]:
        objects = f"{run['objects']} objects, " if run["objects"] else ""
        print(f"  run {run['run_id'][:11]} of {run['job']}: {objects}{run['seconds']} s")
    print("\nTables in the Glue catalog")
    for one in report["tables"]:
        columns = ", ".join(f"{column['name']} {column['type']}" for column in one["columns"])
        print(f"  {one['database']}.{one['name']}\n    {columns}")


def _show_answer(title: str, platform: Platform, sql: str) -> None:
    print(f"\n{title}")
    print("\n".join(f"  {line}" for line in sql.splitlines()))
    print()
    answer = platform.reader.query(sql)
    rows = ([_short(value) for value in row.values()] for row in answer.to_pylist())
    for line in table(answer.column_names, rows):
        print(f"  {line}")


def _short(value: object) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= 80 else f"{text[:79]}…"


def _verdict(wrong: Sequence[str]) -> str:
    if wrong:
        return "\nNot as it must be:\n" + "\n".join(f"  {line}" for line in wrong)
    return (
        "\nEvery row is accounted for. Next: .venv/bin/python -m local_cloud run YOUR_FILES, "
        "or README.md to deploy."
    )
