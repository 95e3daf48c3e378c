"""Writing of bad records as JSON Lines, one file per task."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pyspark.sql import SparkSession

from lake.planning.commit import Stamp
from lake.reading.findings import ABOVE
from lake.running.isolation import Budget, Fault, Guarded
from lake.running.parallel_map import parallel_map_guarded
from lake.store import put_file
from lake.writing.tasks import Piece, reading_of, seconds_for
from wires.quarantine import QuarantinedRow


@dataclass(frozen=True, kw_only=True)
class QuarantineTask:
    """Some pieces whose bad records become one file of JSON Lines."""

    pieces: tuple[Piece, ...]
    lines: tuple[int, ...]
    """Line of each piece's first record, from 1."""
    stamp: Stamp
    raw_bucket: str
    quality_bucket: str
    key: str
    max_ratio: int

    @property
    def size(self) -> int:
        return sum(piece.size for piece in self.pieces)


@dataclass(frozen=True, kw_only=True)
class Quarantined:
    """How many records of each piece an aside task has written."""

    key: str
    rows: tuple[int, ...]


def quarantine_all(
    spark: SparkSession, tasks: Sequence[QuarantineTask], budget: Budget
) -> list[Quarantined | Fault]:
    """Run the tasks; results in their order."""
    guarded = Guarded(_quarantine, partial(seconds_for, budget))
    return parallel_map_guarded(spark, guarded, tasks, weight=lambda task: task.size)


def _quarantine(task: QuarantineTask) -> Quarantined:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rows")
        with path.open("w", encoding="utf-8") as file:
            counts = []
            for piece, line in zip(task.pieces, task.lines, strict=True):
                rows = list(_quarantined_rows(task, piece, line))
                file.writelines(f"{row.to_json()}\n" for row in rows)
                counts.append(len(rows))
        put_file(path, task.quality_bucket, task.key)
    return Quarantined(key=task.key, rows=tuple(counts))


def _quarantined_rows(task: QuarantineTask, piece: Piece, line: int) -> Iterator[QuarantinedRow]:
    version, layout = piece.source.version, piece.source.layout

    def row(at: int, raw: bytes, reason: str) -> QuarantinedRow:
        return QuarantinedRow(
            source_file=version.key,
            version_id=version.version_id,
            line=at,
            reason=reason,
            raw=_readable(raw, layout.encoding),
            load_id=task.stamp.load_id,
            quarantined_at=task.stamp.processed_at,
        )

    if piece.span.start == 0:
        for at, text in layout.before:
            yield row(at, text.encode("latin-1"), ABOVE)
    for chunk in reading_of(piece, task.raw_bucket, task.max_ratio):
        for record in chunk.bad:
            yield row(line + record.line, record.raw, record.reason)


def _readable(raw: bytes, encoding: str) -> str:
    """Return bytes as text; those that are not text become backslash escapes."""
    return raw.decode("cp1252" if encoding == "cp1252" else "utf-8", "backslashreplace")
