"""What a task tells of a file that it has written; nothing here needs PyIceberg."""

from __future__ import annotations

from dataclasses import dataclass

from wires.column_names import DAY_COLUMNS

Partition = tuple[str, ...]
"""Values of a table's partition columns, as folders spell them; empty where it has none."""


def partition_folder(partition: Partition) -> str:
    """Below a table's: `year=2026/month=01/day=31/`; "" for a table without days."""
    return "".join(
        f"{name}={value}/" for name, value in zip(DAY_COLUMNS, partition, strict=bool(partition))
    )


@dataclass(frozen=True, kw_only=True)
class WrittenFile:
    """A Parquet file that nobody sees yet, as the task that wrote it tells."""

    key: str
    rows: int
    values: int
    """Those that are not null, partition columns apart."""
    partition: Partition = ()
    """Year, month and day."""
