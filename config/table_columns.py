"""Columns of tables by the names that contracts have for them. Pure."""

from __future__ import annotations

from wires.column_names import METADATA_COLUMNS, column_name_of
from wires.layout import BY_DAY

PARTITIONS = frozenset(BY_DAY.columns)
"""Columns that tables by days have besides."""
OF_THE_PLATFORM = (*METADATA_COLUMNS, *BY_DAY.columns)
"""Columns that the jobs add to datasets."""


def column_in_table(name: str) -> str:
    """Return the column's name in the table, from the one in the files or in the table."""
    return name if name in OF_THE_PLATFORM else column_name_of(name)
