"""Quarantined objects and rows, and how they are written.

Both live under `quarantine/` in the quality bucket. `objects/` holds a `.reason.json` for each
refused object, and beside it a copy of the object if that is small; a large one is kept where it
was uploaded, in its version. `rows/` holds malformed rows as JSON Lines, a table in the quality
database. Records of streams that are no rows are beside them in `records/`, where the functions of
their sources put them.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

from wires.alerts import send_alert
from wires.layout import quarantined_object
from wires.manifest import ObjectVersion
from wires.s3_errors import DENIED, GONE, UNREADABLE

ROWS_TABLE = "quarantined_rows"
COPIED_AT_MOST = 32 * 1024 * 1024
"""Bytes of an object of which a copy is made.

S3 moves 85 to 90 MB/s in one request, so that a batch of a hundred refused objects of this size
takes 40 s of the trigger's 120:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance-design-patterns.html
Larger ones need no copy: the raw bucket keeps each version for good.
"""
REASON = ".reason.json"
"""Ending of the key of a refused object's reason, which lies beside its copy."""
KEPT_AT = "kept_at"
"""Detail of a ledger entry: where a refused object is."""


@dataclass(frozen=True, kw_only=True)
class QuarantinedRow:
    """One malformed row. Field order is column order in the quality database."""

    source_file: str
    version_id: str
    line: int | None
    """Line in the decoded file on which the record starts, counted from 1.

    None for a row that a rule about the dataset quarantined later: the table has no lines.
    """
    reason: str
    raw: str
    """The record as text; bytes that are not text are shown as backslash escapes."""
    load_id: str
    quarantined_at: str
    """ISO 8601, UTC."""

    def to_json(self) -> str:
        """Return the row as one line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False)


class _Kept(Enum):
    """What is left of a refused object, as people are told before its place."""

    COPY = "A copy is at"
    ORIGINAL = "No copy was made, it is kept where it is:"
    NOTHING = "It was deleted before a copy could be made."


def quarantine_object(
    *,
    s3: Any,
    sns: Any,
    raw_bucket: str,
    quality_bucket: str,
    alerts_topic_arn: str,
    version: ObjectVersion,
    reason: str,
) -> str:
    """Keep a refused object with its reason, and announce it.

    Returns where it is; "" if it is gone. Repeating it for the same version writes the same keys.
    """
    key = quarantined_object(version.key, version.version_id, version.uploaded_on)
    original = f"s3://{raw_bucket}/{version.key}?versionId={version.version_id}"
    copy = f"s3://{quality_bucket}/{key}"
    source = {"Bucket": raw_bucket, "Key": version.key, "VersionId": version.version_id}
    how = _Kept.ORIGINAL
    if version.size <= COPIED_AT_MOST:
        how = _copied(s3, source, quality_bucket, key)
    kept_at = {_Kept.COPY: copy, _Kept.ORIGINAL: original, _Kept.NOTHING: ""}[how]
    note = {**asdict(version), "bucket": raw_bucket, "reason": reason, KEPT_AT: kept_at}
    s3.put_object(
        Bucket=quality_bucket,
        Key=f"{key}{REASON}",
        Body=json.dumps({**note, "copy": key if how is _Kept.COPY else ""}, indent=1).encode(),
        ContentType="application/json",
    )
    send_alert(
        sns,
        alerts_topic_arn,
        "Upload refused",
        f"s3://{raw_bucket}/{version.key} (version {version.version_id}) was refused: {reason}",
        f"{how.value} {kept_at}",
        "Nothing of it was published.",
    )
    return kept_at


def _copied(s3: Any, source: dict[str, str], bucket: str, key: str) -> _Kept:
    """Copy an object in one request, if there is one and it can be copied."""
    try:
        s3.copy_object(CopySource=source, Bucket=bucket, Key=key)
    except s3.exceptions.ClientError as error:
        code = error.response["Error"]["Code"]
        if code in GONE:
            return _Kept.NOTHING
        if code not in DENIED | UNREADABLE:
            raise
        return _Kept.ORIGINAL
    return _Kept.COPY
