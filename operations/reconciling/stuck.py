"""Uploads and loads that wait for something that nobody does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from datetime import datetime
from functools import partial
from typing import Any

from config.jobs import DATA_INGESTION, FILE_PROCESSOR
from operations.reconciling.report import Finding, Kind
from operations.reconciling.scratch import Scratch
from operations.recovery.entries import waiting_since
from operations.recovery.estate import Estate
from operations.recovery.times import time_of
from operations.recovery.work import work_on
from wires.errors import LoadStateError
from wires.layout import is_commit, load_records
from wires.load_ledger import Load, LoadState
from wires.object_ledger import ObjectStatus, pending_in
from wires.routes import Route, waits_on
from wires.workflow_ledger import WorkflowLedger


def check_loads(estate: Estate, overdue: datetime, open_jobs: set[str]) -> Iterator[Finding]:
    """Yield loads under way that no run works on and no dispatcher settles.

    Adds the jobs of the others to `open_jobs`.
    """
    for item in estate.loads.all_loads():
        if item.get("bucket") != estate.names.raw_bucket:
            continue
        if item.get("state") not in (LoadState.READY.value, LoadState.RUNNING.value):
            continue
        load = _load(estate, item["load_id"])
        if load is None or load.state not in (LoadState.READY, LoadState.RUNNING):
            continue
        why = _dead(estate, load, item, overdue)
        if not why:
            open_jobs.add(load.job)
            continue
        yield Finding(
            kind=Kind.STUCK,
            what=f"load {load.load_id}",
            detail=f"{load.state}, attempt {load.attempt}: {why}",
            mend=partial(estate.loads.release, load, reason=f"released: {why}"),
        )


def _dead(estate: Estate, load: Load, item: Mapping[str, Any], overdue: datetime) -> str:
    """Return why nothing will become of a load; "" if it is at work, waits its turn or is young."""
    if time_of(load.created_at) > overdue:
        return ""
    is_seen = "open_in" in item
    if load.state is LoadState.READY and is_seen:
        return ""
    work = work_on(estate, load)
    if work.is_going_on or (work.ended_at and work.ended_at > overdue):
        return ""
    return f"{work.said}" + ("" if is_seen else ", and no dispatcher sees the load")


def check_waiting(
    estate: Estate, kept: Scratch, overdue: datetime, open_jobs: Set[str]
) -> Iterator[Finding]:
    """Yield uploads that are pending or running, and that nothing works on."""
    names = estate.names
    busy = {
        Route.FILES: names.job(FILE_PROCESSOR) in open_jobs,
        Route.LAYERED: names.job(DATA_INGESTION) in open_jobs or _flow_is_at_work(estate),
    }
    open_states = (ObjectStatus.PENDING.value, ObjectStatus.RUNNING.value)
    query = "SELECT key, version FROM entries WHERE status IN (?, ?)"
    for key, version_id in kept.rows(query, *open_states):
        entry = estate.objects.get(key, version_id)
        if not entry or waiting_since(entry) > overdue:
            continue
        if entry["status"] == ObjectStatus.PENDING:
            yield from _pending(estate, entry, is_busy=busy[waits_on(key)])
        elif entry["status"] == ObjectStatus.RUNNING:
            yield from _running(estate, entry)


def _pending(estate: Estate, entry: Mapping[str, Any], *, is_busy: bool) -> Iterator[Finding]:
    place = pending_in(estate.names.raw_bucket, entry["key"])
    if entry.get("pending_in") != place:
        why = f"no dispatcher sees it: pending_in is {entry.get('pending_in')!r}, not {place!r}"
    elif not is_busy:
        why = "no load of its route is under way: look at the trigger's log"
    else:
        return
    yield _stuck(estate, entry, why, can_be_repaired=True)


def _running(estate: Estate, entry: Mapping[str, Any]) -> Iterator[Finding]:
    load_id = str(entry.get("load_id", ""))
    load = _load(estate, load_id)
    if load is None:
        committed = load_id != "" and _has_commit(estate, load_id)
        told = ", which has written a commit: look there what it published" if committed else ""
        why = f"there is no load {load_id!r}{told}"
        yield _stuck(estate, entry, why, can_be_repaired=not committed)
    elif load.state is LoadState.FAILED and load.commit:
        yield _finding(
            entry,
            f"load {load_id} was given up after its commit",
            mend=partial(_reopened, estate, load),
        )
    elif load.state is LoadState.FAILED:
        yield _stuck(estate, entry, f"load {load_id} was given up", can_be_repaired=True)
    elif load.state is LoadState.PUBLISHED:
        why = (
            f"load {load_id} is published and does not say how this ended: look whether table rows "
            "of that load have it as source_file"
        )
        yield _stuck(estate, entry, why, can_be_repaired=False)


def _stuck(estate: Estate, entry: Mapping[str, Any], why: str, *, can_be_repaired: bool) -> Finding:
    return _finding(entry, why, mend=partial(_put_back, estate, entry) if can_be_repaired else None)


def _finding(entry: Mapping[str, Any], why: str, *, mend: Any) -> Finding:
    return Finding(
        kind=Kind.STUCK,
        what=f"{entry['key']} version {entry['version_id']}",
        detail=f"{entry['status']} since {waiting_since(entry).isoformat()}: {why}",
        mend=mend,
    )


def _put_back(estate: Estate, entry: Mapping[str, Any]) -> bool:
    return estate.redrives.put_back([entry], now=estate.timestamp) > 0


def _reopened(estate: Estate, load: Load) -> bool:
    """Let a load go on that may have published some of its content; once for all its objects."""
    if estate.loads.reopen(load):
        return True
    now = _load(estate, load.load_id)
    return now is not None and now.state is not LoadState.FAILED


def _load(estate: Estate, load_id: str) -> Load | None:
    try:
        return estate.loads.get(load_id) if load_id else None
    except LoadStateError:
        return None


def _has_commit(estate: Estate, load_id: str) -> bool:
    pages = estate.s3.get_paginator("list_objects_v2").paginate(
        Bucket=estate.names.assets_bucket, Prefix=load_records(load_id)
    )
    every = (item["Key"] for page in pages for item in page.get("Contents", ()))
    return any(is_commit(key) for key in every)


def _flow_is_at_work(estate: Estate) -> bool:
    state = estate.table(estate.names.state_table)
    return bool(WorkflowLedger(state, workflow=estate.names.workflow).get().run_id)
