"""CSV files in memory, and what becomes of each record."""

from __future__ import annotations

from dataclasses import dataclass

from lake.errors import InputRefused
from lake.reading.csv.record_grammar import header_cells
from lake.reading.findings import ABOVE
from lake.reading.formats import PieceReading, inspect_whole
from lake.reading.layout import CsvLayout, Layout
from lake.reading.originals import Span
from tests.glue_scripts.texts import Text
from wires.contracts import CsvDemands

NOTHING_DEMANDED = CsvDemands()


@dataclass(frozen=True)
class Outcome:
    """What a file's records have become; `refused` says why none has become anything."""

    rows: list[tuple[str | None, ...]]
    aside: list[tuple[int, str, str]]
    """Line, text and reason."""
    layout: Layout
    refused: str = ""

    @property
    def header(self) -> list[str]:
        """The names as the file spells them; none where it has no header."""
        layout = self.layout
        if not isinstance(layout, CsvLayout) or not layout.header:
            return []
        cells = header_cells(layout.header.encode("latin-1"), layout.dialect, len(layout.fields))
        encoding = layout.encoding if layout.splittable else "utf-8"
        return [cell.decode(encoding) for cell in cells]

    @property
    def reasons(self) -> list[str]:
        return [reason for _, _, reason in self.aside]


def outcome(content: bytes | str, demands: CsvDemands = NOTHING_DEMANDED) -> Outcome:
    """Of reading it from top to end."""
    text = Text(content.encode() if isinstance(content, str) else content)
    try:
        found = inspect_whole(text, max_ratio=50, demands=demands)
    except InputRefused as refused:
        return Outcome([], [], CsvLayout(), str(refused))
    layout = found.layout
    aside = [(line, _shown(raw.encode("latin-1")), ABOVE) for line, raw in layout.before]
    rows: list[tuple[str | None, ...]] = []
    for chunk in PieceReading(text, layout, Span(0, text.size), max_ratio=50):
        rows += [tuple(row.values()) for row in chunk.rows.to_pylist()]
        aside += [(layout.body_line + bad.line, _shown(bad.raw), bad.reason) for bad in chunk.bad]
    assert (found.rows_in, found.rows_bad) == (len(rows) + len(aside), len(aside))
    return Outcome(rows, aside, layout)


def _shown(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")
