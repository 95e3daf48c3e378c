"""Quarantined objects and rows, and how they are written.

Both live under `quarantine/` in the quality bucket. `objects/` holds refused objects, each with a
`.reason.json` beside it; `rows/` holds malformed rows as JSON Lines, a table in the quality
database.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from wires.layout import quarantined_object
from wires.manifest import ObjectVersion

ROWS_TABLE = "quarantined_rows"


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
    """Copy a refused object to quarantine with its reason, and announce it.

    Returns the key of the copy. Repeating it for the same version writes the same keys.
    """
    key = quarantined_object(version.key, version.version_id, version.uploaded_on)
    note = {**asdict(version), "bucket": raw_bucket, "reason": reason, "copy": key}
    s3.copy(
        {"Bucket": raw_bucket, "Key": version.key, "VersionId": version.version_id},
        quality_bucket,
        key,
    )
    s3.put_object(
        Bucket=quality_bucket,
        Key=f"{key}.reason.json",
        Body=json.dumps(note, ensure_ascii=False, indent=1).encode(),
        ContentType="application/json",
    )
    sns.publish(
        TopicArn=alerts_topic_arn,
        Subject="Upload refused",
        Message=(
            f"s3://{raw_bucket}/{version.key} (version {version.version_id}) was refused: "
            f"{reason}\n"
            f"A copy is at s3://{quality_bucket}/{key}. Nothing of it was published."
        ),
    )
    return key
