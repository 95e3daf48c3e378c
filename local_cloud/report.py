"""What became of what was uploaded, for programs and for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from local_cloud.platform import Platform, Upload
from wires.object_ledger import ObjectStatus
from wires.refresh_ledger import RefreshLedger

Report = dict[str, Any]

GOOD = frozenset(
    {ObjectStatus.PUBLISHED.value, ObjectStatus.EMPTY.value, ObjectStatus.IGNORED.value}
)
"""Ends of an object that need nobody's attention."""


def report_of(platform: Platform, *, out: str | None) -> Report:
    """The object that `run --json` prints."""
    return {
        "environment": platform.names.environment,
        "objects": [described(upload) for upload in platform.uploads()],
        "runs": list(_runs(platform)),
        "tables": list(_tables(platform)),
        "out": out,
    }


def is_good(report: Report) -> bool:
    """Whether every object has ended well, and of each job the run that came last."""
    last = {run["job"]: run["state"] for run in report["runs"]}
    return all(item["status"] in GOOD for item in report["objects"]) and all(
        state == "SUCCEEDED" for state in last.values()
    )


def described(upload: Upload) -> dict[str, Any]:
    """An object version that is at work, or that nobody has heard of yet, is pending."""
    entry = upload.entry
    return {
        "key": upload.key,
        "version_id": upload.version_id,
        "status": ObjectStatus.PENDING.value if upload.is_open else str(entry["status"]),
        "reason": str(entry.get("reason", "")),
        "dataset": str(entry.get("dataset", "")),
        "load_id": str(entry.get("load_id", "")),
        "rows_in": int(entry.get("rows_in", 0)),
        "rows_published": int(entry.get("rows_published", 0)),
        "rows_quarantined": int(entry.get("rows_quarantined", 0)),
    }


def _runs(platform: Platform) -> Iterable[dict[str, Any]]:
    glue = platform.cloud.client("glue")
    for page in glue.get_paginator("get_jobs").paginate():
        for job in page["Jobs"]:
            pages = glue.get_paginator("get_job_runs").paginate(JobName=job["Name"])
            runs = [run for found in pages for run in found["JobRuns"]]
            for run in sorted(runs, key=lambda run: run["StartedOn"]):
                yield _run(platform, run)


def _run(platform: Platform, run: Mapping[str, Any]) -> dict[str, Any]:
    # A job of the workflow is told its load by the workflow's run, and writes it down.
    recorded = platform.runs.get(run["JobName"], run["Id"])
    load_id = run.get("Arguments", {}).get("--load_id") or recorded.get("load_id", "")
    return {
        "job": run["JobName"],
        "run_id": run["Id"],
        "state": run["JobRunState"],
        "seconds": run["ExecutionTime"],
        "objects": platform.objects_of_load(load_id) if load_id else 0,
        "error": run.get("ErrorMessage", ""),
    }


def _tables(platform: Platform) -> Iterable[dict[str, Any]]:
    for database in sorted(platform.catalog.databases()):
        for table in sorted(platform.catalog.tables(database), key=lambda table: table.name):
            keys = platform.catalog.partitioned_by(table)
            yield {
                "database": table.database,
                "name": table.name,
                "location": table.location,
                "partition_keys": keys,
                "columns": [
                    {"name": c.name, "type": c.type} for c in table.columns if c.name not in keys
                ],
            }


def quality_of(platform: Platform) -> Iterable[str]:
    """A line for each dataset and curated table that was judged, and where its page is."""
    for state in RefreshLedger(platform.cloud.table(platform.names.state_table)).all_states():
        if state.verdict:
            score = "no rules" if state.score == "none" else f"score {state.score}"
            why = f": {state.halted}" if state.halted else ""
            page = state.report.partition(f"{platform.names.quality_bucket}/")[2]
            yield f"quality {state.unit}: {state.verdict}, {score}{why} ({page})"


def as_text(report: Report) -> str:
    """The same as a table, with the reasons of what did not go well below it."""
    lines = _aligned(
        [
            ("OBJECT", "STATUS", "DATASET", "ROWS IN", "PUBLISHED", "QUARANTINED"),
            *(
                (
                    printable(item["key"]),
                    item["status"],
                    item["dataset"],
                    f"{item['rows_in']:,}",
                    f"{item['rows_published']:,}",
                    f"{item['rows_quarantined']:,}",
                )
                for item in report["objects"]
            ),
        ]
    )
    reasons = [
        f"{item['status']}: {printable(item['key'])}: {item['reason'] or 'no reason was given'}"
        for item in report["objects"]
        if item["status"] not in GOOD or item["reason"]
    ]
    tables = [
        f"table {table['database']}.{table['name']}: {len(table['columns'])} columns, "
        f"partitioned by {', '.join(table['partition_keys']) or 'nothing'}"
        for table in report["tables"]
    ]
    runs = [
        f"run {run['run_id'][:11]} of {run['job']}: {run['state']}, {run['objects']} objects, "
        f"{run['seconds']} s{': ' + run['error'] if run['error'] else ''}"
        for run in report["runs"]
    ]
    sections = [lines, reasons, tables, runs]
    if report["out"]:
        sections.append([f"written to {report['out']}"])
    return "\n\n".join("\n".join(section) for section in sections if section)


def printable(text: str) -> str:
    """On one line, whatever the text has in it."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[position]) for row in rows) for position in range(len(rows[0]))]
    return [
        "  ".join(
            text.rjust(width) if position > 2 else text.ljust(width)
            for position, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
