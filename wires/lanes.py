"""The lanes of uploads: CSV may be dropped anywhere; what lies below a day's folder goes through
the layered workflow, in any format; what a batch job reads by itself waits for that."""

from __future__ import annotations

import re
from enum import StrEnum

_DAY_FOLDER = re.compile(r"data/incoming/\d{4}/\d{2}/\d{2}/")
TAKEN_ELSEWHERE = (
    "upload it as CSV, or below data/incoming/YYYY/MM/DD/, where JSON, Parquet, ORC and Avro are "
    "taken too"
)

LEGISLATORS = "legislators/"
"""Popolo documents for the batch job of that name."""
LEGISLATORS_TABLE = "legislators_history"
"""What that job makes in the processed zone; no dataset of uploads has this name."""


class Lane(StrEnum):
    """Which job an upload goes through."""

    FILES = "files"
    LAYERED = "layered"
    BATCH = "batch"


def lane_of(key: str) -> Lane:
    if incoming_path(key) is not None:
        return Lane.LAYERED
    return Lane.BATCH if key.startswith(LEGISLATORS) else Lane.FILES


def incoming_path(key: str) -> str | None:
    """What follows the folder of the day, which says when and not what; None for other keys."""
    folder = _DAY_FOLDER.match(key)
    return key[folder.end() :] if folder else None
