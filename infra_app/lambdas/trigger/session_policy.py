"""The session policy of a StartJobRun, which limits one run to a part of its role. Pure.

See docs/decisions/0005-confine-each-run.md for what is confined, and what cannot be.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from wires.layout import (
    DATASET_OWNERS,
    FILES_OF_LOADS,
    PUBLISHER_LEASES,
    QUARANTINED_OBJECTS,
    TABLE_METADATA,
    load_records,
    quarantined_rows_of,
)
from wires.routes import INCOMING, incoming_path

from .settings import TriggerSettings

# https://docs.aws.amazon.com/glue/latest/webapi/API_StartJobRun.html
MOST_CHARACTERS = 2048


def session_policy(settings: TriggerSettings, load_id: str, keys: Iterable[str] | None) -> str:
    """Return the policy as JSON, within Glue's limit for every load.

    `keys` are those of the load. The run may read originals in the same folders, or, for keys
    without a folder, with the same stems: its tables are made of those. With None, or more folders
    than fit Glue's limit, the role alone limits reading.

    A session policy grants nothing: it only reduces what the role allows. So it allows all and
    denies what no run of this load needs: writing outside its own folders, changing its originals,
    and the entries of other loads.
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
    """Return statements that allow reading by version only, and only its tables' originals.

    Reading by version is an action of its own.
    """
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
    """Return a pattern for keys of the same dataset as this one, unless a contract says more."""
    incoming = incoming_path(key)
    prefix = "" if incoming is None else f"{INCOMING}*/"
    path = key if incoming is None else incoming
    folder, slash, _ = path.partition("/")
    if slash and folder:
        return f"{prefix}{_literal(folder)}/*"
    name = path.lstrip("./_")
    return f"{prefix}*{_literal(name.split('.', 1)[0].split('/', 1)[0])}*"


def _literal(text: str) -> str:
    """Escape a text for IAM policies.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
    """
    return re.sub(r"([*?$])", r"${\1}", text)


def _only_own_files(settings: TriggerSettings, load_id: str) -> Mapping[str, Any]:
    places = [
        # Files of other loads as well, because widening a type rewrites them.
        f"{settings.processed_bucket}/{FILES_OF_LOADS}",
        # Metadata of tables, which each commit writes anew.
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
        # Applications of releases before the state table keep turns and names here as well.
        "Condition": {
            "ForAnyValue:StringNotLike": {
                "dynamodb:LeadingKeys": [load_id, f"{PUBLISHER_LEASES}*", f"{DATASET_OWNERS}*"]
            }
        },
    }
