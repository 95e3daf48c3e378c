"""Objects below a table that no kept snapshot reaches.

They are replaced files whose snapshots have expired, and files of attempts that died before their
commit. They get a tag, by which the bucket's lifecycle removes them; no job may delete anything.
Young ones are left alone: their writer may be about to commit them.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pyiceberg.table import Table

from iceberg.reachable import reachable
from iceberg.storage import place_of
from lake.store import client
from wires.layout import SUPERSEDED

_AT_ONCE = 16


@dataclass(frozen=True, kw_only=True)
class Leftovers:
    """The objects that were tagged for removal."""

    objects: int
    size: int
    """Total size in bytes."""


def give_up_leftovers(table: Table, *, older_than: datetime, kept: Set[str]) -> Leftovers:
    """Tag a table's leftovers for removal by the bucket's lifecycle.

    `kept` are keys that somebody has written and is going to commit, however old they are.
    """
    place = place_of(f"{table.location()}/")
    # Listed first: files written after that are young, and committed ones are reachable.
    found = [item for item in _listed(place) if item["LastModified"] < older_than]
    used = {place_of(location)["Key"] for location in reachable(table)} | kept
    gone = [item for item in found if item["Key"] not in used]

    def tag(item: dict[str, Any]) -> None:
        client("s3").put_object_tagging(Bucket=place["Bucket"], Key=item["Key"], Tagging=SUPERSEDED)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(tag, gone))
    return Leftovers(objects=len(gone), size=sum(item["Size"] for item in gone))


def _listed(place: dict[str, str]) -> Iterator[dict[str, Any]]:
    pages = client("s3").get_paginator("list_objects_v2")
    for page in pages.paginate(Bucket=place["Bucket"], Prefix=place["Key"]):
        yield from page.get("Contents", ())
