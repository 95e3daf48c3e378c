"""What a task tells of a file that it has written; nothing here needs PyIceberg."""

from __future__ import annotations

from dataclasses import dataclass

from wires.layout import Values


@dataclass(frozen=True, kw_only=True)
class WrittenFile:
    """A Parquet file that nobody sees yet, as the task that wrote it tells."""

    key: str
    rows: int
    values: int
    """Those that are not null, partition columns apart."""
    partition: Values = ()
    """Of its partition columns."""
