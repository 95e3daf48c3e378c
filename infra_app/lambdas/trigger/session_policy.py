"""What one run may do of what its role may do: the session policy of its StartJobRun. Pure.

See docs/decisions/0005-confine-each-run.md for what is confined, and what cannot be.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from wires import quarantine

from .settings import TriggerSettings

# https://docs.aws.amazon.com/glue/latest/webapi/API_StartJobRun.html
MOST_CHARACTERS = 2048


def session_policy(settings: TriggerSettings, load_id: str) -> str:
    """JSON, within Glue's limit whatever the load holds.

    A session policy gives nothing: it takes away from what the role has. So it allows all and
    denies what no run of this load has any business with: writing outside its own folders,
    changing what it was made from, and the entries of other loads.
    """
    text = json.dumps(_policy(settings, load_id), separators=(",", ":"))
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"a session policy has {MOST_CHARACTERS} characters at most: {text}")
    return text


def _policy(settings: TriggerSettings, load_id: str) -> Mapping[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "OfTheRole", "Effect": "Allow", "Action": "*", "Resource": "*"},
            _only_own_files(settings, load_id),
            _only_own_entries(settings, load_id),
        ],
    }


def _only_own_files(settings: TriggerSettings, load_id: str) -> Mapping[str, Any]:
    aside = f"{settings.quality_bucket}/{quarantine.PREFIX}"
    places = [
        # Partitions of other loads as well: a type that widens has them written again.
        f"{settings.processed_bucket}/*/load=*/*",
        f"{aside}rows/*/load={load_id}/*",
        f"{aside}objects/*",
        f"{settings.assets_bucket}/loads/{load_id}/*",
    ]
    return {
        "Sid": "WritesItsOwnFiles",
        "Effect": "Deny",
        "Action": ["s3:DeleteObject", "s3:PutObject", "s3:PutObjectTagging"],
        "NotResource": [f"arn:{settings.partition}:s3:::{place}" for place in places],
    }


def _only_own_entries(settings: TriggerSettings, load_id: str) -> Mapping[str, Any]:
    return {
        "Sid": "WritesItsOwnEntries",
        "Effect": "Deny",
        "Action": ["dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"],
        "Resource": settings.arn("dynamodb", f"table/{settings.loads_table}"),
        "Condition": {
            "ForAnyValue:StringNotLike": {
                "dynamodb:LeadingKeys": [load_id, "lease#publisher#*", "dataset#*"]
            }
        },
    }
