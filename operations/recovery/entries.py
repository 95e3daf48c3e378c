"""Entries of the object ledger: which of them somebody means, and what they say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from operations.recovery.times import time_of
from wires.layout import quarantined_object
from wires.object_ledger import ObjectStatus

Entry = Mapping[str, Any]
FINISHED_BADLY = frozenset({ObjectStatus.REJECTED.value, ObjectStatus.FAILED.value})
_KEPT_AT = "kept_at"
"""Detail of an entry: where a refused object is kept."""


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Conditions on entries; empty ones hold for all."""

    statuses: frozenset[str] = frozenset()
    key: str = ""
    """Shell pattern (`*`, `?`, `[…]`)."""
    dataset: str = ""
    load: str = ""
    since: datetime | None = None
    """The least time of upload."""

    def has(self, entry: Entry) -> bool:
        """Whether all conditions hold."""
        return self.has_status(entry) and self.has_apart_from_status(entry)

    def has_status(self, entry: Entry) -> bool:
        return not self.statuses or str(entry["status"]) in self.statuses

    def has_apart_from_status(self, entry: Entry) -> bool:
        return (
            (not self.key or fnmatchcase(entry["key"], self.key))
            and self.dataset in ("", entry.get("dataset", ""))
            and self.load in ("", entry.get("load_id", ""))
            and (self.since is None or time_of(entry.get("uploaded_at")) >= self.since)
        )


def told(entry: Entry) -> dict[str, Any]:
    """Return what people and programs are told of an entry."""
    return {
        "key": str(entry["key"]),
        "version_id": str(entry["version_id"]),
        "status": str(entry["status"]),
        "reason": str(entry.get("reason", "")),
        "dataset": str(entry.get("dataset", "")),
        "load_id": str(entry.get("load_id", "")),
        "size": int(entry.get("size", 0)),
        "rows_in": int(entry.get("rows_in", 0)),
        "rows_published": int(entry.get("rows_published", 0)),
        "rows_quarantined": int(entry.get("rows_quarantined", 0)),
        "redriven": int(entry.get("redriven", 0)),
        "uploaded_at": str(entry.get("uploaded_at", "")),
        "finished_at": str(entry.get("finished_at", "")),
    }


def kept_at(entry: Entry, *, quality_bucket: str) -> str:
    """Return where a rejected object is kept beside its reason; "" for others."""
    if entry["status"] != ObjectStatus.REJECTED:
        return ""
    details = entry.get("details") or {}
    if _KEPT_AT in details:
        return str(details[_KEPT_AT])
    uploaded = time_of(entry.get("uploaded_at"))
    return f"s3://{quality_bucket}/" + quarantined_object(
        entry["key"], entry["version_id"], uploaded
    )


def waiting_since(entry: Entry) -> datetime:
    """Return since when an entry waits, or its upload waits for its end."""
    return time_of(entry.get("put_back_at") or entry.get("registered_at"))
