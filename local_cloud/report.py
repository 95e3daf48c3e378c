"""Reports what became of each upload, for programs and for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from local_cloud.platform import Platform, Upload
from operations.console import table
from wires.object_ledger import ObjectStatus
from wires.printable import printable
from wires.refresh_ledger import RefreshLedger

Report = dict[str, Any]

GOOD = frozenset(
    {ObjectStatus.PUBLISHED.value, ObjectStatus.EMPTY.value, ObjectStatus.IGNORED.value}
)
"""Final states of an object that need nobody's attention."""


def report_of(platform: Platform, *, out: str | None) -> Report:
    """Return the object that `run --json` prints."""
    return {
        "environment": platform.names.environment,
        "objects": [described(upload) for upload in platform.uploads()],
        "runs": list(_runs(platform)),
        "tables": list(_tables(platform)),
        "refused": [refused.message for refused in platform.cloud.access.refusals],
        "out": out,
    }


def is_good(report: Report) -> bool:
    """Whether every object, and the last run of each job, has ended well."""
    last = {run["job"]: run["state"] for run in report["runs"]}
    return all(item["status"] in GOOD for item in report["objects"]) and all(
        state == "SUCCEEDED" for state in last.values()
    )


def described(upload: Upload) -> dict[str, Any]:
    """Describe an object version; one at work, or not in the ledger yet, is pending."""
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
    # A workflow's job learns its load from the workflow's run, and records it.
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
        for found in sorted(platform.catalog.tables(database), key=lambda found: found.name):
            keys = platform.catalog.partitioned_by(found)
            yield {
                "database": found.database,
                "name": found.name,
                "location": found.location,
                "partition_keys": keys,
                "columns": [
                    {"name": c.name, "type": c.type} for c in found.columns if c.name not in keys
                ],
            }


def quality_of(platform: Platform) -> Iterable[str]:
    """Yield a line for each dataset and curated table that was judged, and where its page is."""
    for state in RefreshLedger(platform.cloud.table(platform.names.state_table)).all_states():
        if state.verdict:
            score = "no rules" if state.score == "none" else f"score {state.score}"
            why = f": {state.halted}" if state.halted else ""
            page = state.report.partition(f"{platform.names.quality_bucket}/")[2]
            yield f"quality {state.model}: {state.verdict}, {score}{why} ({page})"


def as_text(report: Report) -> str:
    """Return the report as a table, with the reasons for what did not go well below it."""
    lines = table(
        ("OBJECT", "STATUS", "DATASET", "ROWS IN", "PUBLISHED", "QUARANTINED"),
        (
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
        right={3, 4, 5},
    )
    reasons = [
        f"{item['status']}: {printable(item['key'])}: {item['reason'] or 'no reason was given'}"
        for item in report["objects"]
        if item["status"] not in GOOD or item["reason"]
    ]
    tables = [
        f"table {one['database']}.{one['name']}: {len(one['columns'])} columns, "
        f"partitioned by {', '.join(one['partition_keys']) or 'nothing'}"
        for one in report["tables"]
    ]
    runs = [
        f"run {run['run_id'][:11]} of {run['job']}: {run['state']}, {run['objects']} objects, "
        f"{run['seconds']} s{': ' + run['error'] if run['error'] else ''}"
        for run in report["runs"]
    ]
    refused = [f"refused: {message}" for message in report["refused"]]
    sections = [lines, reasons, tables, runs, refused]
    if report["out"]:
        sections.append([f"written to {report['out']}"])
    return "\n\n".join("\n".join(section) for section in sections if section)
