"""The two lanes of uploads: CSV may be dropped anywhere, other formats below a day's folder."""

from __future__ import annotations

import re

_DAY_FOLDER = re.compile(r"data/incoming/\d{4}/\d{2}/\d{2}/")
TAKEN_ELSEWHERE = (
    "upload it as CSV, or below data/incoming/YYYY/MM/DD/, where JSON, Parquet, ORC and Avro are "
    "taken too"
)


def incoming_path(key: str) -> str | None:
    """What follows the folder of the day, which says when and not what; None for other keys."""
    folder = _DAY_FOLDER.match(key)
    return key[folder.end() :] if folder else None
