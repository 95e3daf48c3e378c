"""Single entry point for reading an uploaded object as rows, whatever its format.

`examine` reads the start of an object, and some places inside, and returns how it is written.
`PieceReading` reads a part of it, or all: rows, bad records and findings. `inspect_whole` reads an
object through and adds up its findings. A further format is a class of layout, what
`parts.Format` asks for, and an entry in `FORMATS`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from lake.columns.observing import observe
from lake.columns.types import NOTHING, TEXT, ColumnType
from lake.errors import InputRefused
from lake.reading.columnar.format import ColumnarFormat
from lake.reading.csv.format import CsvFormat
from lake.reading.csv.source import NOTHING_DEMANDED, is_single_byte, may_be_single_byte
from lake.reading.decoding import SINGLE_BYTE
from lake.reading.findings import Findings, Inspection, put_together
from lake.reading.json.format import JsonFormat
from lake.reading.layout import ColumnarLayout, CsvLayout, JsonLayout, Layout
from lake.reading.originals import BlockDigests, Original, Span, StartKept
from lake.reading.parts import Format, Part, Start
from lake.reading.pieces import STRAY, BadRecord, Chunk
from lake.reading.presumption import Presumptions
from lake.reading.row_rules import NO_RULES, RowRules, without_rows
from lake.reading.tallies import tallies_of
from wires.contracts import CsvDemands
from wires.formats import BINARY
from wires.formats import Kind as FormatKind

FORMATS: Mapping[type[Layout], Format] = {
    ColumnarLayout: ColumnarFormat(),
    JsonLayout: JsonFormat(),
    CsvLayout: CsvFormat(),
}
_NO_TABLES = (FormatKind.NOT_DATA, FormatKind.PROGRAM)


def examine(
    original: Original,
    *,
    max_ratio: int,
    demands: CsvDemands = NOTHING_DEMANDED,
    name: str = "",
    presumptions: Presumptions | None = None,
) -> tuple[Layout, list[ColumnType]]:
    """Return the layout and likely types. Raises InputRefused if it cannot be read.

    `name` is the uploader's name of the object: text that is called JSON is read as JSON, whatever
    it holds. With `presumptions`, the types of a small CSV file may be those of others that are
    written alike.
    """
    start = Start.of(
        StartKept(original),
        max_ratio=max_ratio,
        demands=demands,
        name=name,
        presumptions=presumptions,
    )
    found = start.found
    if found.kind in _NO_TABLES and found.name != BINARY:
        raise InputRefused(_no_table(found.name, start.compression))
    signed = (one for one in FORMATS.values() if one.signs and start.kind.startswith(one.signs))
    return next(signed, FORMATS[CsvLayout]).examine(start)


def _no_table(name: str, compression: str) -> str:
    inside = f" inside {compression}" if compression else ""
    advice = "unpack it" if "archive" in name or "XZ" in name else "upload what it was made from"
    if "encrypted" in name:
        advice = "upload it unencrypted"
    return (
        f"the content is {name}{inside}, expected CSV, JSON, Parquet, ORC or Avro, plain or "
        f"compressed with gzip, bzip2 or zstd: {advice}"
    )


@dataclass
class PieceReading:
    """Iterates over the chunks of a piece; has its findings when that is done."""

    original: Original
    layout: Layout
    span: Span
    max_ratio: int
    look: bool = True
    """Whether the types are to be observed, because they are not known."""
    rules: RowRules = NO_RULES
    texts: frozenset[str] = frozenset()
    """Columns, by the file's names, that are wanted as text. If the file is text, their numbers
    stay as it spells them."""
    _findings: list[Findings] = field(default_factory=list)

    @property
    def findings(self) -> Findings:
        [found] = self._findings
        return found

    def __iter__(self) -> Iterator[Chunk]:
        digest = BlockDigests()
        part = Part(self.original, self.span, self.max_ratio, digest, self.rules, self.texts)
        reader, first = FORMATS[type(self.layout)].reader(part, self.layout)
        types = dict.fromkeys(self.layout.fields, NOTHING)
        records = bad = 0
        first_bad: BadRecord | None = None
        stray = False
        rows = 0
        for found in reader:
            cut = replace(found, tallies=tallies_of(found))
            ruled = self.rules.applied(cut)
            chunk = self._without_repeats(ruled, rows)
            rows += ruled.rows.num_rows
            if self.look:
                for name, kind in _types_in(chunk, types):
                    types[name] = kind
            records += chunk.records
            bad += len(chunk.bad)
            first_bad = first_bad or next(iter(chunk.bad), None)
            stray = stray or any(record.reason == STRAY for record in chunk.bad)
            yield chunk
        findings = Findings(
            first=first,
            following=reader.position,
            records=records,
            bad=bad,
            first_bad=first_bad,
            lines=reader.lines,
            names=tuple(types),
            types=tuple(types.values()),
            digests=digest.blocks(),
            stray=stray,
            shapes=tuple(reader.shapes.items()),
        )
        self._findings.append(findings)

    def _without_repeats(self, chunk: Chunk, before: int) -> Chunk:
        """Move repeating rows to the bad records; `before` counts rows in earlier chunks."""
        own = [n - before for n in self.span.repeats if before <= n < before + chunk.rows.num_rows]
        if not own:
            return chunk
        flags = np.zeros(chunk.rows.num_rows, np.bool_)
        flags[own] = True
        reason = f"the {', '.join(self.rules.unique)} of a row before it in the file"
        return without_rows(chunk, flags, dict.fromkeys(own, reason))


def inspect_whole(
    original: Original,
    *,
    max_ratio: int,
    demands: CsvDemands = NOTHING_DEMANDED,
    rules: RowRules = NO_RULES,
    name: str = "",
) -> Inspection:
    """Read an object through. Raises InputRefused if it cannot be read."""
    layout, _ = examine(original, max_ratio=max_ratio, demands=demands, name=name)
    found = _read_through(original, layout, max_ratio, rules)
    if found.stray and may_be_single_byte(layout) and is_single_byte(original, layout, max_ratio):
        layout, _ = examine(
            original, max_ratio=max_ratio, demands=replace(demands, encoding=SINGLE_BYTE.name)
        )
        found = _read_through(original, layout, max_ratio, rules)
    return put_together(layout, [found])


def _read_through(original: Original, layout: Layout, max_ratio: int, rules: RowRules) -> Findings:
    whole = Span(0, original.size)
    reading = PieceReading(original, layout, whole, max_ratio, rules=rules)
    for _ in reading:
        pass
    return reading.findings


def _types_in(chunk: Chunk, known: dict[str, ColumnType]) -> Iterator[tuple[str, ColumnType]]:
    for number, name in enumerate(chunk.rows.column_names):
        before = known.get(name, NOTHING)
        if chunk.types is not None:
            yield name, before.join(chunk.types[number])
        elif before != TEXT:
            yield name, before.join(observe(chunk.rows.column(number)))
