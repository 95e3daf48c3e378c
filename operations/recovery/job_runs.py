"""Runs of jobs as the history has them: what each is at, how long it took, and why it failed."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from config.jobs import JOBS
from operations.console import table
from operations.errors import WrongUse
from operations.progress import Progress
from operations.recovery.estate import Estate
from wires.printable import printable
from wires.run_ledger import CLOSED, RunLedger

_LONGEST_ERROR = 120


@dataclass(frozen=True, kw_only=True)
class RunSelection:
    """Conditions on runs; all have to be fulfilled."""

    job: str = ""
    """Name of a job as in `config/jobs.py`; empty for all."""
    open: bool = False
    """Only those that have not ended."""
    failed: bool = False
    """Only those that have ended otherwise than well."""
    since: datetime | None = None

    def has(self, item: Mapping[str, Any]) -> bool:
        state = item.get("state", "")
        if self.open and state in CLOSED:
            return False
        if self.failed and (state not in CLOSED or state == "SUCCEEDED"):
            return False
        started = str(item.get("started_at", ""))
        return self.since is None or (
            bool(started) and datetime.fromisoformat(started) >= self.since
        )


@dataclass(frozen=True, kw_only=True)
class JobRuns:
    """Runs that fulfil the conditions, however many: only those that are shown are held."""

    counts: Counter[str]
    """Of runs by state."""
    shown: list[dict[str, Any]]
    """The latest ones, the last start first."""

    def to_json(self) -> dict[str, Any]:
        return {"counts": dict(self.counts), "runs": self.shown}

    def lines(self) -> Iterator[str]:
        if not self.shown:
            yield "no such run"
            return
        yield ", ".join(f"{n:,} {state}" for state, n in sorted(self.counts.items()))
        head = ("started", "job", "run", "state", "seconds", "DPU-seconds", "rows in", "error")
        yield from table(
            head,
            (
                (
                    one["started_at"],
                    one["job"],
                    one["run_id"],
                    one["state"],
                    f"{one['seconds']:,}",
                    f"{one['dpu_seconds']:,}",
                    f"{one['rows_in']:,}",
                    printable(one["error"])[:_LONGEST_ERROR],
                )
                for one in self.shown
            ),
            right={4, 5, 6},
        )
        total = sum(self.counts.values())
        if total > len(self.shown):
            yield f"{len(self.shown):,} of {total:,} are shown, the last first: --limit shows more"


def find_runs(
    estate: Estate, selection: RunSelection, *, limit: int, progress: Progress
) -> JobRuns:
    """Read the history of the chosen jobs. Raises WrongUse for an unknown job."""
    ledger = RunLedger(estate.table(estate.names.runs_table))
    counts: Counter[str] = Counter()
    seen = progress.counter("runs read")

    def matches() -> Iterator[Mapping[str, Any]]:
        for job in _jobs(estate, selection.job):
            for item in ledger.last(job):
                seen.add(1)
                if selection.has(item):
                    counts[str(item.get("state", ""))] += 1
                    yield item

    latest = heapq.nlargest(limit, matches(), key=lambda item: str(item["started_at"]))
    return JobRuns(counts=counts, shown=[_told(item) for item in latest])


def _jobs(estate: Estate, name: str) -> list[str]:
    known = {spec.name: estate.names.job(spec) for spec in JOBS}
    if not name:
        return list(known.values())
    if name not in known:
        raise WrongUse(f"--job {name}: expected one of {', '.join(known)}")
    return [known[name]]


def _told(item: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "job": str(item["job"]),
        "run_id": str(item["run_id"]),
        "state": str(item.get("state", "")),
        "started_at": str(item["started_at"]),
        "ended_at": str(item.get("ended_at", "")),
        "seconds": int(item.get("seconds", 0)),
        "dpu_seconds": float(item.get("dpu_seconds", 0)),
        "load_id": str(item.get("load_id", "")),
        "rows_in": int(item.get("rows_in", 0)),
        "rows_published": int(item.get("rows_published", 0)),
        "rows_quarantined": int(item.get("rows_quarantined", 0)),
        "error": str(item.get("error", "")),
    }
