"""Uploads stub data to a deployed environment, and checks the resulting table."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from config.environments import Environment
from config.jobs import FILE_PROCESSOR
from config.naming import CHECKS_PREFIX
from operations import stub
from operations.clean_up import clean_up
from operations.errors import CheckFailed
from operations.table_reader import IcebergReader
from wires.object_ledger import ObjectLedger, ObjectStatus

Say = Callable[[str], None]
OPEN = frozenset({ObjectStatus.PENDING.value, ObjectStatus.RUNNING.value})


@dataclass(frozen=True, kw_only=True)
class Timeout:
    """How long to wait for the table, and how long between two checks."""

    seconds: float = 1800
    pause: float = 5


def is_complete(environment: Environment, session: Any) -> bool:
    """Return whether the application is deployed as well as the infrastructure."""
    glue = session.client("glue")
    try:
        glue.get_job(JobName=environment.names.job(FILE_PROCESSOR))
    except glue.exceptions.EntityNotFoundException:
        return False
    return True


def check_environment(
    environment: Environment, session: Any, *, say: Say, timeout: Timeout | None = None
) -> None:
    """Upload, wait for the published table, compare, remove everything again.

    Raises CheckFailed with the first mismatch. If the check runs out of time, its upload stays, so
    that it can be investigated.
    """
    dataset = f"{CHECKS_PREFIX}{uuid.uuid4().hex[:12]}"
    key = f"{dataset}/stub.csv"
    bucket = environment.names.raw_bucket
    version = session.client("s3").put_object(Bucket=bucket, Key=key, Body=stub.CSV)["VersionId"]
    say(f"uploaded s3://{bucket}/{key} (version {version})")
    entry = _ended(environment, session, key, version, say=say, timeout=timeout or Timeout())
    try:
        _check_ledger(entry, dataset)
        _check_table(environment, session, dataset, str(entry["load_id"]))
        say(f"table {environment.names.processed_database}.{dataset} is as it should be")
    finally:
        clean_up(environment, session, dataset=dataset, key=key, version=version)
    say("removed what this check has made")


def _ended(
    environment: Environment,
    session: Any,
    key: str,
    version: str,
    *,
    say: Say,
    timeout: Timeout,
) -> Mapping[str, Any]:
    ledger = ObjectLedger(session.resource("dynamodb").Table(environment.names.objects_table))
    deadline = time.monotonic() + timeout.seconds
    status = ""
    while time.monotonic() < deadline:
        entry = ledger.get(key, version)
        if entry and entry["status"] != status:
            status = str(entry["status"])
            say(f"the ledger says {status}")
        if entry and status not in OPEN:
            return entry
        time.sleep(timeout.pause)
    raise CheckFailed(
        f"{key} has not been published within {timeout.seconds:.0f} s: "
        + (f"the ledger still says {status}. " if status else "the ledger does not know it. ")
        + f"Look at queue {environment.names.uploads_queue}, function "
        f"{environment.names.trigger_function} and job {environment.names.job(FILE_PROCESSOR)}."
    )


def _check_ledger(entry: Mapping[str, Any], dataset: str) -> None:
    if entry["status"] != ObjectStatus.PUBLISHED:
        raise CheckFailed(f"the stub upload ended {entry['status']}: {entry.get('reason')}")
    if entry["dataset"] != dataset:
        raise CheckFailed(
            f"the stub upload went into dataset {entry['dataset']}, expected {dataset}: a contract "
            f"in config/datasets claims keys that begin with {CHECKS_PREFIX}, which are the checks'"
        )
    counts = tuple(int(entry[f"rows_{what}"]) for what in ("in", "published", "quarantined"))
    if counts != (len(stub.ROWS), len(stub.ROWS), 0):
        raise CheckFailed(
            f"of {len(stub.ROWS)} rows the ledger counts {counts[0]} in, {counts[1]} published "
            f"and {counts[2]} quarantined"
        )


def _check_table(environment: Environment, session: Any, dataset: str, load_id: str) -> None:
    found = _rows(environment, session, dataset, load_id)
    wrong = stub.differences(found)
    wrong += [f"load_id is {row['load_id']}" for row in found if row.get("load_id") != load_id]
    if wrong:
        raise CheckFailed(f"table {dataset} is not what was uploaded: {'; '.join(wrong)}")


def _rows(
    environment: Environment, session: Any, dataset: str, load_id: str
) -> Sequence[Mapping[str, object]]:
    """Return the rows that a reader finds through the catalog."""
    database = environment.names.processed_database
    try:
        table = session.client("glue").get_table(DatabaseName=database, Name=dataset)["Table"]
        location = table["Parameters"]["metadata_location"]
        rows: list[Mapping[str, object]] = (
            IcebergReader(session.client("s3")).rows(location).to_pylist()
        )
    except ClientError as error:
        code = error.response["Error"]["Code"]
        raise CheckFailed(f"table {database}.{dataset} cannot be read: {code}") from error
    if not rows:
        raise CheckFailed(f"table {database}.{dataset} has no rows of load {load_id}")
    return rows
