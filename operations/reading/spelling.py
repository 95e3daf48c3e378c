"""Names as people write them: which may have been meant, and which come twice. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping


def unique(names: Iterable[str]) -> list[str]:
    """Return names of which none comes twice, whatever their case: `a`, `a_2`, `a_3`."""
    found: list[str] = []
    taken: set[str] = set()
    for name in names:
        new, number = name, 1
        while new.lower() in taken:
            number += 1
            new = f"{name}_{number}"
        taken.add(new.lower())
        found.append(new)
    return found


def near_names(name: str, names: Iterable[str]) -> list[str]:
    """Return up to five names that may have been meant."""
    by_lower = {one.lower(): one for one in names}
    return [by_lower[one] for one in difflib.get_close_matches(name.lower(), by_lower, 5, 0.6)]


def with_near_names(message: str, columns: Mapping[str, Mapping[str, str]]) -> str:
    """Return an engine's message about a column, with the tables' columns that may be meant."""
    for pattern in _NO_COLUMN:
        if match := re.search(pattern, message):
            name = match[1].rpartition(".")[2].strip('"')
            tables = ", ".join(columns) or "the query"
            near = [
                f"{table}.{one}" for table, own in columns.items() for one in near_names(name, own)
            ]
            instead = f"near names: {', '.join(near)}" if near else _all(columns)
            return f"there is no column {name} in {tables}; {instead}"
    return message


_NO_COLUMN = (
    r'Referenced column "([^"]+)" not found',
    r'does not have a column named "([^"]+)"',
    r"Column '([^']+)' cannot be resolved",
)
"""What DuckDB and Athena say."""


def _all(columns: Mapping[str, Mapping[str, str]]) -> str:
    return "; ".join(f"{table} has {', '.join(own)}" for table, own in columns.items())
