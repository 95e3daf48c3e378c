"""Reads a file in a process of its own, and tells what came of it and how much memory it took."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from lake.errors import InputRefused
from lake.reading.formats import PieceReading, examine
from lake.reading.originals import Span
from lake.writing.row_groups import RowGroups
from tests.glue_scripts.texts import Text


@dataclass(frozen=True)
class Told:
    """What came of a file."""

    rows: int
    reason: str
    peak: int
    """Most bytes that the process had in memory, in all."""


def read_and_written(path: Path) -> Told:
    """Read a file in chunks and write these, as the conversion does."""
    content = Text(path.read_bytes())
    rows, reason = 0, ""
    try:
        layout, _ = examine(content, max_ratio=1000)
        written: RowGroups | None = None
        for chunk in PieceReading(content, layout, Span(0, content.size), max_ratio=1000):
            written = written or RowGroups(path.with_suffix(".out"), chunk.rows.schema)
            written.add(chunk.rows)
            rows += chunk.records
        if written:
            written.close()
    except InputRefused as error:
        reason = str(error)
    return Told(rows, reason, _peak())


def _peak() -> int:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    [line] = [line for line in lines if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(read_and_written(Path(sys.argv[1])))))
