"""One health check of one environment: all routes side by side."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from config.jobs import DATA_INGESTION, FILE_PROCESSOR
from operations.errors import CheckFailed
from operations.health import stub
from operations.health.report import HealthReport, RouteHealth
from operations.health.route_check import RouteCheck
from operations.health.standing import Course, Standing, Step
from operations.health.traces import Traces
from operations.recovery.estate import Estate, utc_now
from operations.site import Site
from wires.check_ledger import CheckLedger, CheckNote
from wires.routes import CHECKS_PREFIX, Route, day_folder

Say = Callable[[str], None]
ROUTES = (Route.FILES, Route.LAYERED)
KEPT_FOR = timedelta(hours=24)
"""How long the upload of a check that did not come to its end is kept, to be looked into."""


@dataclass(frozen=True, kw_only=True)
class Timeout:
    """How long to wait for the tables, and how long between two looks."""

    seconds: float = 1800
    pause: float = 5


def is_complete(site: Site, session: Any) -> bool:
    """Return whether the application is deployed as well as the infrastructure."""
    glue = session.client("glue")
    for spec in (FILE_PROCESSOR, DATA_INGESTION):
        try:
            glue.get_job(JobName=site.names.job(spec))
        except glue.exceptions.EntityNotFoundException:
            return False
    return True


def check_health(
    site: Site,
    session: Any,
    *,
    say: Say,
    timeout: Timeout | None = None,
    now: Callable[[], datetime] = utc_now,
) -> HealthReport:
    """Upload to all routes, wait until each has ended, compare, and remove everything again.

    Before that, remove what checks have left that are older than `KEPT_FOR`. What has not ended
    when the time is up stays where it is for as long, so that it can be looked into.
    """
    estate, limit = Estate(site, session, now), timeout or Timeout()
    leftovers = list(_without_leftovers(estate, say))
    begun_at = now()
    checks = [_begun(estate, route, begun_at, say) for route in ROUTES]
    return HealthReport(
        environment=site.names.environment,
        at=begun_at.isoformat(),
        routes=_followed(checks, limit, say),
        leftovers=leftovers,
    )


def _without_leftovers(estate: Estate, say: Say) -> Iterator[str]:
    """Remove what older checks have left; yield the datasets of which there was something.

    A note stays until nothing was found: an event that comes late may still make something.
    """
    ledger = CheckLedger(estate.table(estate.names.state_table))
    for note in list(ledger.all_notes()):
        if note.begun_at > estate.now() - KEPT_FOR:
            continue
        traces = Traces(estate, note)
        if traces.remove():
            say(f"removed what the check of {note.begun_at.isoformat()} has left of {note.dataset}")
            yield note.dataset
        else:
            traces.forget()


def _begun(estate: Estate, route: Route, at: datetime, say: Say) -> RouteCheck:
    dataset = f"{CHECKS_PREFIX}{route}_{uuid.uuid4().hex[:12]}"
    folder = day_folder(at) if route is Route.LAYERED else ""
    traces = Traces(
        estate, CheckNote(dataset=dataset, key=f"{folder}{dataset}/stub.csv", begun_at=at)
    )
    version = traces.upload(stub.CSV)
    say(f"{route}: uploaded s3://{estate.names.raw_bucket}/{traces.note.key} (version {version})")
    return RouteCheck(estate=estate, route=route, traces=traces, version_id=version)


def _followed(checks: Sequence[RouteCheck], limit: Timeout, say: Say) -> list[RouteHealth]:
    """Look at all until each has ended or the time is up; one pause for all of them."""
    begin = time.monotonic()
    ended: dict[Route, RouteHealth] = {}
    stands: dict[Route, Standing] = {}
    while True:
        seconds = time.monotonic() - begin
        for check in (one for one in checks if one.route not in ended):
            before, stands[check.route] = stands.get(check.route), check.look()
            found = _health(check, stands[check.route], seconds)
            if before != found.standing:
                say(f"{check.route}: {found.standing.said}")
            if found.standing.course is not Course.GOES_ON:
                ended[check.route] = _removed(check, found, say)
        if len(ended) == len(checks) or seconds >= limit.seconds:
            break
        time.sleep(limit.pause)
    return [ended.get(one.route) or _health(one, stands[one.route], seconds) for one in checks]


def _health(check: RouteCheck, standing: Standing, seconds: float) -> RouteHealth:
    return RouteHealth(route=check.route, key=check.key, seconds=round(seconds), standing=standing)


def _removed(check: RouteCheck, found: RouteHealth, say: Say) -> RouteHealth:
    """Remove all traces of a check that has ended. What stays is a fault of its own."""
    try:
        check.traces.remove()
        check.traces.forget()
    except CheckFailed as error:
        standing = Standing(
            step=Step.REMOVING,
            said=f"{found.standing.said}; {error}",
            look_at=found.standing.look_at or "what the role of the check may do",
            course=Course.WRONG,
        )
        return replace(found, standing=standing)
    say(f"{check.route}: removed what this check has made")
    return found
