"""One reconciliation of one environment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from operations.progress import Progress
from operations.reconciling.lake import check_tables
from operations.reconciling.report import Finding, Report
from operations.reconciling.scratch import Scratch, scratch
from operations.reconciling.stuck import check_loads, check_waiting
from operations.reconciling.uploads import check_uploads, read_ledger
from operations.recovery.estate import Estate, utc_now
from operations.site import Site


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Ages from which something counts, and how much is told."""

    older_than: timedelta = timedelta(hours=1)
    """Of an upload that nobody knows: its event may be on its way."""
    stuck_after: timedelta = timedelta(hours=6)
    """Of uploads and loads that nothing works on."""
    examples: int = 10


def reconcile(
    environment: Site,
    session: Any,
    *,
    repair: bool = False,
    limits: Limits | None = None,
    progress: Progress | None = None,
    now: Callable[[], datetime] = utc_now,
) -> Report:
    """Compare everything and return what does not agree, repaired where that was asked for.

    `session` is a boto3 session in the environment's account and region. Killed anywhere, or run
    beside itself, it has done some repairs and none of them twice.
    """
    estate, ages = Estate(environment, session, now), limits or Limits()
    report = Report(
        environment=environment.names.environment,
        at=estate.timestamp,
        limit=ages.examples,
        repair=repair,
    )
    with scratch() as kept:
        for finding in _findings(estate, kept, ages, progress or Progress()):
            report.add(finding)
    return report


def _findings(estate: Estate, kept: Scratch, ages: Limits, progress: Progress) -> Iterator[Finding]:
    # The ledger first: what it says is published is in the tables that are read after it.
    read_ledger(estate, kept, progress)
    overdue = estate.now() - ages.stuck_after
    open_jobs: set[str] = set()
    yield from check_loads(estate, overdue, open_jobs)
    yield from check_waiting(estate, kept, overdue, open_jobs)
    yield from check_uploads(estate, kept, estate.now() - ages.older_than, progress)
    grace = timedelta(hours=estate.environment.grace_hours)
    yield from check_tables(estate, kept, estate.now() - grace, progress)
