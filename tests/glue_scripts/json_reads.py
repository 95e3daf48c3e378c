"""Reading JSON that is in memory, in pieces, as a load does it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from lake.columns.types import TEXT, ColumnType
from lake.reading.findings import Findings, put_together
from lake.reading.formats import PieceReading, examine
from lake.reading.layout import Layout
from lake.reading.originals import Span
from lake.reading.pieces import BadRecord, Chunk, Tally
from tests.glue_scripts.texts import Text


@dataclass
class Read:
    """Values by the file's names."""

    rows: list[dict[str, Any]]
    bad: list[BadRecord]
    """With lines counted from the first piece's start."""
    types: dict[str, ColumnType]
    findings: list[Findings]
    tallies: dict[str, Tally]
    layout: Layout

    @property
    def reasons(self) -> list[tuple[int, str]]:
        return [(bad.line + 1, bad.reason) for bad in self.bad]


def read(
    text: bytes, cuts: Sequence[int] | None = None, *, name: str = "", texts: Iterable[str] = ()
) -> Read:
    layout, _ = examine(Text(text), max_ratio=10, name=name)
    borders = [0, *sorted({cut for cut in cuts or () if 0 < cut < len(text)}), len(text)]
    spans = (
        [Span(*part) for part in pairwise(borders)] if layout.splittable else [Span(0, len(text))]
    )
    wanted = frozenset(texts)
    for _ in range(3):
        found = _read(text, layout, spans, wanted)
        whole = put_together(layout, found.findings)
        found.types = dict(zip(whole.layout.fields, whole.types, strict=True))
        late = {name for name, kind in found.types.items() if kind == TEXT} - wanted
        if whole.settled and not late:
            break
        layout, wanted = whole.layout, wanted | late
    else:
        raise AssertionError("what was learned from reading is not so when it is read again")
    return found


def _read(text: bytes, layout: Layout, spans: Sequence[Span], texts: frozenset[str]) -> Read:
    read = Read([], [], {}, [], {}, layout)
    line = 0
    for span in spans:
        reading = PieceReading(Text(text), layout, span, max_ratio=10, texts=texts)
        for chunk in reading:
            read.rows += rows_of(chunk)
            read.bad += [BadRecord(line + b.line, b.raw, b.reason) for b in chunk.bad]
            for key, tally in (chunk.tallies or {}).items():
                read.tallies[key] = read.tallies.get(key, Tally()) + tally
        assert not read.findings or reading.findings.first == read.findings[-1].following
        read.findings.append(reading.findings)
        line += reading.findings.lines
    return read


def rows_of(chunk: Chunk) -> list[dict[str, Any]]:
    if not chunk.rows.num_columns:
        return [{} for _ in range(chunk.rows.num_rows)]
    rows: list[dict[str, Any]] = chunk.rows.to_pylist()
    return rows
