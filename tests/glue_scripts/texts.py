"""Objects that are in memory, and how a test reads them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

from lake.columns.types import ColumnType
from lake.reading.findings import Findings
from lake.reading.formats import PieceReading
from lake.reading.layout import CsvLayout
from lake.reading.originals import Span
from lake.reading.pieces import BadRecord


@dataclass(frozen=True)
class Text:
    """An original whose bytes are here."""

    content: bytes

    @property
    def size(self) -> int:
        return len(self.content)

    @property
    def is_remote(self) -> bool:
        return True

    def read(self, start: int, end: int) -> bytes:
        return self.content[start:end]


@dataclass(frozen=True)
class Read:
    """What came of reading a text in pieces."""

    rows: list[tuple[str | None, ...]]
    bad: list[BadRecord]
    """With lines counted from the first piece's start."""
    records: int
    types: tuple[ColumnType, ...]
    repaired: int
    """Pieces whose presumed start was wrong."""


def layout_of(
    width: int,
    *,
    delimiter: str = ",",
    escape: str = "",
    encoding: str = "utf-8",
    cr_ends: bool = True,
    strict: bool = False,
) -> CsvLayout:
    """A table of that many columns with neither header nor anything above it."""
    return CsvLayout(
        compression="",
        encoding=encoding,
        mark="",
        delimiter=delimiter,
        quote='"',
        escape=escape,
        cr_ends=cr_ends,
        strict_quotes=strict,
        header="",
        fields=tuple(f"c{i}" for i in range(width)),
        body=0,
        body_line=1,
        before=(),
    )


def read_in_pieces(text: bytes, layout: CsvLayout, cuts: list[int]) -> Read:
    """Read with borders at `cuts`, each piece on its own, put right where they do not join."""
    borders = [0, *sorted({cut for cut in cuts if 0 < cut < len(text)}), len(text)]
    spans = [Span(a, b) for a, b in pairwise(borders)]
    rows: list[tuple[str | None, ...]] = []
    bad: list[BadRecord] = []
    found: list[Findings] = []
    repaired = lines = 0
    for span in spans:
        piece = _read(text, layout, span)
        if found and piece[2].first != found[-1].following:
            repaired += 1
            piece = _read(text, layout, replace(span, first=found[-1].following))
        own_rows, own_bad, findings = piece
        rows += own_rows
        bad += [replace(record, line=record.line + lines) for record in own_bad]
        lines += findings.lines
        found.append(findings)
    types = found[0].types
    for findings in found[1:]:
        types = tuple(a.join(b) for a, b in zip(types, findings.types, strict=True))
    return Read(rows, bad, sum(f.records for f in found), types, repaired)


def _read(
    text: bytes, layout: CsvLayout, span: Span
) -> tuple[list[tuple[str | None, ...]], list[BadRecord], Findings]:
    reading = PieceReading(Text(text), layout, span, max_ratio=10)
    rows: list[tuple[str | None, ...]] = []
    bad: list[BadRecord] = []
    for chunk in reading:
        rows += [tuple(row.values()) for row in chunk.rows.to_pylist()]
        bad += chunk.bad
    return rows, bad, reading.findings
