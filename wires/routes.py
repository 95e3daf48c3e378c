"""The routes of uploads.

CSV may be uploaded anywhere. Objects in any format below a day's folder go through the layered
workflow. Objects that a batch job reads by itself wait for it.
"""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum

INCOMING = "data/incoming/"
"""Above the folders of days, of which each object takes the layered route."""
_DAY_FOLDER = re.compile(rf"{INCOMING}\d{{4}}/\d{{2}}/\d{{2}}/")
TAKEN_ELSEWHERE = (
    f"upload it as CSV, or below {INCOMING}YYYY/MM/DD/, where JSON, Parquet, ORC and Avro are "
    "taken too"
)

CHECKS_PREFIX = "platform_check_"
"""Beginning of the names of health checks' datasets; nobody else may use it.

They come and go within minutes, so no job makes anything of them beyond their tables.
"""
CHECK_UPLOADS = (f"{CHECKS_PREFIX}*", f"{INCOMING}????/??/??/{CHECKS_PREFIX}*")
"""Patterns of the keys of their uploads, for each route one."""

LEGISLATORS = "legislators/"
"""Popolo documents for the batch job of that name."""
LEGISLATORS_TABLE = "legislators_history"
"""The table of that job in the processed zone; no dataset of uploads has this name."""


class Route(StrEnum):
    """The job that an upload goes through."""

    FILES = "files"
    LAYERED = "layered"
    BATCH = "batch"


QUEUED_ROUTES = (Route.FILES, Route.LAYERED)
"""Routes in whose queues objects wait."""


def route_of(key: str) -> Route:
    if incoming_path(key) is not None:
        return Route.LAYERED
    return Route.BATCH if key.startswith(LEGISLATORS) else Route.FILES


def waits_on(key: str) -> Route:
    """Return the route in whose queue a pending object waits. What goes through the workflow has a
    queue of its own: however much waits in the other, it is not read for this one."""
    return Route.LAYERED if route_of(key) is Route.LAYERED else Route.FILES


def day_folder(day: date) -> str:
    """Return the folder of the layered route's uploads of a day."""
    return f"{INCOMING}{day:%Y/%m/%d}/"


def landed_object(day: date, dataset: str, name: str) -> str:
    """Return the key of a file of a dataset that a connector lands; it takes the layered route."""
    return f"{day_folder(day)}{dataset}/{name}"


def landed_objects(dataset: str, source: str) -> str:
    """Return the pattern of the keys that a source lands under."""
    return f"{INCOMING}????/??/??/{dataset}/{source}-*"


def incoming_path(key: str) -> str | None:
    """Return the part of a key after the folder of the day; None for other keys.

    The day's folder says when the object came, not what it is.
    """
    folder = _DAY_FOLDER.match(key)
    return key[folder.end() :] if folder else None
