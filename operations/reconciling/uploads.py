"""Versions in the raw bucket and entries of the object ledger, compared both ways."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from operations.progress import Progress
from operations.reconciling.report import Finding, Kind
from operations.reconciling.scratch import Scratch
from operations.recovery.estate import Estate
from wires.object_ledger import ObjectStatus
from wires.redrives import event_of

_NOT_THERE = frozenset({"400", "404", "405", "MethodNotAllowed", "NoSuchKey", "NoSuchVersion"})
"""A version that is a delete marker now is 405:
https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html"""


def read_ledger(estate: Estate, kept: Scratch, progress: Progress) -> None:
    """Take down all entries of the raw bucket."""
    counter = progress.counter("entries read")

    def rows() -> Iterator[tuple[Any, ...]]:
        for entry in estate.objects.all_objects():
            counter.add(1)
            if entry.get("bucket") != estate.names.raw_bucket:
                continue
            load, dataset = entry.get("load_id", ""), entry.get("dataset", "")
            published = int(entry.get("rows_published", 0))
            known = (entry["key"], entry["version_id"], str(entry["status"]))
            yield (*known, dataset, load, published, 0)

    kept.add("entries", rows())


def check_uploads(
    estate: Estate, kept: Scratch, before: datetime, progress: Progress
) -> Iterator[Finding]:
    """Yield versions that no entry knows and that are older than `before`, then the reverse."""
    counter = progress.counter("versions listed")
    pages = estate.s3.get_paginator("list_object_versions")
    for page in pages.paginate(Bucket=estate.names.raw_bucket):
        for version in page.get("Versions", ()):
            counter.add(1)
            if not _is_known(kept, version) and version["LastModified"] < before:
                yield from _unknown(estate, version)
    yield from _missing(estate, kept)


def _is_known(kept: Scratch, version: Mapping[str, Any]) -> bool:
    seen = "UPDATE entries SET seen = 1 WHERE key = ? AND version = ?"
    return kept.change(seen, version["Key"], version["VersionId"]) > 0


def _unknown(estate: Estate, version: Mapping[str, Any]) -> Iterator[Finding]:
    key, version_id = version["Key"], version["VersionId"]
    # It may have been entered since the ledger was read.
    if estate.objects.get(key, version_id):
        return
    uploaded_at = version["LastModified"].astimezone(UTC).isoformat()
    entry = {"key": key, "version_id": version_id, "size": version["Size"]}
    yield Finding(
        kind=Kind.UNKNOWN,
        what=f"{key} version {version_id}",
        detail=f"uploaded {uploaded_at}, {version['Size']:,} bytes, and not in the ledger",
        mend=partial(_announce, estate, {**entry, "uploaded_at": uploaded_at}),
    )


def _announce(estate: Estate, entry: Mapping[str, Any]) -> bool:
    """Send the event of an upload, which registers it once however often it comes."""
    estate.sqs.send_message(
        QueueUrl=estate.uploads_queue, MessageBody=event_of(entry, bucket=estate.names.raw_bucket)
    )
    return True


def _missing(estate: Estate, kept: Scratch) -> Iterator[Finding]:
    # What was ignored needs no original: of some it says that they were gone already.
    query = "SELECT key, version, status FROM entries WHERE seen = 0 AND status != ?"
    for key, version_id, status in kept.rows(query, ObjectStatus.IGNORED.value):
        if _is_there(estate, key, version_id) or not estate.objects.get(key, version_id):
            continue
        yield Finding(
            kind=Kind.MISSING,
            what=f"{key} version {version_id}",
            detail=f"the ledger says {status}, the bucket does not have this version",
        )


def _is_there(estate: Estate, key: str, version_id: str) -> bool:
    try:
        estate.s3.head_object(Bucket=estate.names.raw_bucket, Key=key, VersionId=version_id)
    except ClientError as error:
        if error.response["Error"]["Code"] in _NOT_THERE:
            return False
        raise
    return True
