"""Decides whether to accept an uploaded object, by name, size, first bytes and tags. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from wires.formats import Kind, detect
from wires.object_ledger import ObjectStatus
from wires.routes import TAKEN_ELSEWHERE, Route, route_of

from .errors import ScanPending

MALWARE_TAG = "GuardDutyMalwareScanStatus"
THREATS_FOUND = "THREATS_FOUND"
_CLEAN = "NO_THREATS_FOUND"
SCANNER_S_OWN_OBJECT = "malware-protection-resource-validation-object"
"""GuardDuty puts it into each bucket that it protects, to see whether it can."""
_DROPPINGS = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
_DIRECTION_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True)
class Verdict:
    """PENDING lets the object into a run; every other status is final and has a reason."""

    status: ObjectStatus
    reason: str = ""


ACCEPTED = Verdict(ObjectStatus.PENDING)


def by_name(key: str, size: int, *, max_bytes: int) -> Verdict:
    """Return the verdict by name and size, before a byte is read."""
    if trick := _path_trick(key):
        return Verdict(ObjectStatus.REJECTED, trick)
    if key.endswith("/") and size == 0:
        return Verdict(ObjectStatus.IGNORED, "a folder marker, not a file")
    if key.rsplit("/", 1)[-1] in _DROPPINGS:
        return Verdict(ObjectStatus.IGNORED, "left behind by an operating system, not data")
    if key == SCANNER_S_OWN_OBJECT:
        return Verdict(ObjectStatus.IGNORED, "put there by GuardDuty to see whether it can")
    if size == 0:
        return Verdict(ObjectStatus.EMPTY, "the file has 0 bytes")
    if size > max_bytes:
        return Verdict(
            ObjectStatus.REJECTED,
            f"the file has {size:,} bytes, the limit is {max_bytes:,}: split it, "
            "or raise maxObjectBytes in config/environments.yaml",
        )
    return ACCEPTED


def by_content(key: str, head: bytes) -> Verdict:
    """Return the verdict by the first bytes, and for text also by the name."""
    found = detect(head, key)
    inside = f" inside {found.compression}" if found.compression else ""
    match found.kind:
        case Kind.TABULAR_TEXT:
            return ACCEPTED
        case Kind.DROPPING:
            return Verdict(ObjectStatus.IGNORED, f"{found.name}, not data")
        case Kind.OTHER_DATA if route_of(key) is Route.LAYERED:
            return ACCEPTED
        case Kind.OTHER_DATA if route_of(key) is Route.BATCH:
            return Verdict(
                ObjectStatus.IGNORED, "input of the batch job legislators, which reads it by itself"
            )
        case Kind.OTHER_DATA:
            return Verdict(
                ObjectStatus.REJECTED,
                f"the content is {found.name}{inside}, expected CSV text: {TAKEN_ELSEWHERE}",
            )
        case _:
            return Verdict(
                ObjectStatus.REJECTED,
                f"the content is {found.name}{inside}, expected {_expected_at(key)}, plain or "
                "compressed with gzip, bzip2 or zstd",
            )


def _expected_at(key: str) -> str:
    return {
        Route.FILES: "CSV text",
        Route.LAYERED: "CSV, JSON, Parquet, ORC or Avro",
        Route.BATCH: "JSON",
    }[route_of(key)]


def by_tags(tags: Mapping[str, str], *, scan_required: bool) -> Verdict:
    """Return the verdict by the result of GuardDuty Malware Protection.

    Raises ScanPending while a required scan has not ended.

    https://docs.aws.amazon.com/guardduty/latest/ug/monitor-enable-s3-object-tagging-malware-protection.html
    """
    status = tags.get(MALWARE_TAG)
    if status is None and scan_required:
        raise ScanPending("GuardDuty has not tagged the object yet")
    if status not in (None, _CLEAN):
        return Verdict(ObjectStatus.REJECTED, f"the malware scan ended with {status}")
    return ACCEPTED


def _path_trick(key: str) -> str:
    if ".." in key.replace("\\", "/").split("/"):
        return "the key has a '..' segment, which points out of its folder: rename it"
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in key):
        return "the key has control characters: rename it"
    if _DIRECTION_OVERRIDES.intersection(key):
        return "the key has characters that reverse the reading direction: rename it"
    return ""
