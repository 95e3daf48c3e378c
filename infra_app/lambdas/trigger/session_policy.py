"""What one run may do of what its role may do: the session policy of its StartJobRun. Pure.

See docs/decisions/0005-confine-each-run.md for what is confined, and what cannot be.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from wires.lanes import incoming_path
from wires.layout import (
    FILES_OF_LOADS,
    QUARANTINED_OBJECTS,
    TABLE_METADATA,
    load_records,
    quarantined_rows_of,
)

from .settings import TriggerSettings

# https://docs.aws.amazon.com/glue/latest/webapi/API_StartJobRun.html
MOST_CHARACTERS = 2048


def session_policy(settings: TriggerSettings, load_id: str, keys: Iterable[str] | None) -> str:
    """JSON, within Glue's limit whatever the load holds.

    `keys` are those of the load: of the originals, the run may read those in the same folders,
    or, at the top, with the same stems, which are what its tables are made of. None, or more
    folders than Glue's limit has room for, leaves reading to the role.

    A session policy gives nothing: it takes away from what the role has. So it allows all and
    denies what no run of this load has any business with: writing outside its own folders,
    changing what it was made from, and the entries of other loads.
    """
    reading = [] if keys is None else _only_own_originals(settings, keys)
    text = _text(settings, load_id, reading)
    if reading and len(text) > MOST_CHARACTERS:
        text = _text(settings, load_id, [])
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"a session policy has {MOST_CHARACTERS} characters at most: {text}")
    return text


def _text(settings: TriggerSettings, load_id: str, reading: list[Mapping[str, Any]]) -> str:
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "OfTheRole", "Effect": "Allow", "Action": "*", "Resource": "*"},
            _only_own_files(settings, load_id),
            _only_own_entry(settings, load_id),
            *reading,
        ],
    }
    return json.dumps(policy, separators=(",", ":"))


def _only_own_originals(settings: TriggerSettings, keys: Iterable[str]) -> list[Mapping[str, Any]]:
    """Originals are read by version, which is an action of its own, and nothing else is."""
    raw = f"arn:{settings.partition}:s3:::{settings.raw_bucket}/"
    return [
        {
            "Sid": "ReadsOriginalsOfItsTables",
            "Effect": "Deny",
            "Action": ["s3:GetObjectVersion", "s3:GetObjectVersionTagging"],
            "NotResource": sorted({raw + _neighbours(key) for key in keys}),
        },
        {"Sid": "ByVersion", "Effect": "Deny", "Action": "s3:GetObject", "Resource": f"{raw}*"},
    ]


def _neighbours(key: str) -> str:
    """A pattern for the keys that are of one dataset with this one, unless a contract says more."""
    incoming = incoming_path(key)
    prefix = "" if incoming is None else "data/incoming/*/"
    path = key if incoming is None else incoming
    folder, slash, _ = path.partition("/")
    if slash and folder:
        return f"{prefix}{_literal(folder)}/*"
    name = path.lstrip("./_")
    return f"{prefix}*{_literal(name.split('.', 1)[0].split('/', 1)[0])}*"


def _literal(text: str) -> str:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html"""
    return re.sub(r"([*?$])", r"${\1}", text)


def _only_own_files(settings: TriggerSettings, load_id: str) -> Mapping[str, Any]:
    places = [
        # Files of other loads as well: a type that widens has them written again.
        f"{settings.processed_bucket}/{FILES_OF_LOADS}",
        # What tables consist of: written anew by each commit.
        f"{settings.processed_bucket}/{TABLE_METADATA}",
        f"{settings.quality_bucket}/{quarantined_rows_of(load_id)}",
        f"{settings.quality_bucket}/{QUARANTINED_OBJECTS}*",
        f"{settings.assets_bucket}/{load_records(load_id)}*",
    ]
    return {
        "Sid": "WritesItsOwnFiles",
        "Effect": "Deny",
        "Action": ["s3:DeleteObject", "s3:PutObject", "s3:PutObjectTagging"],
        "NotResource": [f"arn:{settings.partition}:s3:::{place}" for place in places],
    }


def _only_own_entry(settings: TriggerSettings, load_id: str) -> Mapping[str, Any]:
    return {
        "Sid": "WritesItsOwnEntry",
        "Effect": "Deny",
        "Action": ["dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"],
        "Resource": settings.arn("dynamodb", f"table/{settings.loads_table}"),
        "Condition": {"ForAnyValue:StringNotEquals": {"dynamodb:LeadingKeys": [load_id]}},
    }
