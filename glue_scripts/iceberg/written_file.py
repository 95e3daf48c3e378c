"""A task's report of a file that it has written; nothing here needs PyIceberg."""

from __future__ import annotations

from dataclasses import dataclass

from wires.layout import Values


@dataclass(frozen=True, kw_only=True)
class WrittenFile:
    """A Parquet file that is not visible yet, as reported by the task that wrote it."""

    key: str
    rows: int
    values: int
    """Number of values that are not null, outside of partition columns."""
    partition: Values = ()
    """Values of its partition columns."""
