"""Single entry point for reading an uploaded object as rows, whatever its format.

`examine` reads the start of an object, and some places inside, and returns how it is written.
`PieceReading` reads a part of it, or all: rows, bad records and findings. `inspect_whole` reads an
object through and adds up its findings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Protocol

import numpy as np

from lake.columns.observing import observe
from lake.columns.types import NOTHING, TEXT, ColumnType
from lake.errors import InputRefused
from lake.reading import originals
from lake.reading.columnar import source as columnar_source
from lake.reading.columnar.source import ColumnarReader, columns_in
from lake.reading.compression import decompress, find_compression, first_block
from lake.reading.csv import source as csv_source
from lake.reading.csv.record_boundaries import first_record_start
from lake.reading.csv.source import NOTHING_DEMANDED, cuttable, is_single_byte, may_be_single_byte
from lake.reading.decoding import SINGLE_BYTE, Encoding, find_encoding
from lake.reading.findings import Findings, Inspection, put_together
from lake.reading.json.layout import look
from lake.reading.json.source import DOCUMENTS, LINES, LIST, JsonLinesReader, JsonTextReader
from lake.reading.layout import Layout
from lake.reading.originals import (
    BlockDigests,
    Original,
    Span,
    StartKept,
    read_on,
    stored_blocks,
)
from lake.reading.pieces import STRAY, BadRecord, Chunk, PieceReader
from lake.reading.presumption import Presumptions
from lake.reading.row_rules import NO_RULES, RowRules, without_rows
from lake.reading.tallies import tallies_of
from wires.contracts import CsvDemands
from wires.formats import BINARY, detect
from wires.formats import Kind as FormatKind

_SYNC_BYTES = 1024 * 1024
_LOOK_AHEAD_BYTES = 64 * 1024
_TELLING_BYTES = 64 * 1024
_JSON_READERS = (JsonLinesReader, JsonTextReader)
_NO_TABLES = (FormatKind.NOT_DATA, FormatKind.PROGRAM)


class _Reader(Protocol):
    @property
    def position(self) -> int:
        """Where the next piece's first record must start, once all is read."""
        ...

    @property
    def lines(self) -> int: ...

    def __iter__(self) -> Iterator[Chunk]: ...


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
    original = StartKept(original)
    head, stored = first_block(stored_blocks(original))
    compression = find_compression(head)
    start, plain = first_block(decompress(stored, compression, max_ratio=max_ratio))
    encoding = find_encoding(start)
    telling = start[:_TELLING_BYTES]
    if encoding.name.startswith(("utf-16", "utf-32")):
        telling = telling.decode(encoding.name, "ignore").encode()
    found = detect(telling.removeprefix(encoding.mark), name)
    if found.kind in _NO_TABLES and found.name != BINARY:
        raise InputRefused(_no_table(found.name, compression))
    kind = found.name.lower()
    if kind in columnar_source.FORMATS:
        columns = columns_in(original, kind, compression=compression, max_ratio=max_ratio)
        layout = Layout(format=kind, compression=compression, untold=columns.untold)
        return layout.with_fields(columns.types), list(columns.types.values())
    if kind.startswith("json"):
        return _examine_json(cuttable(plain, encoding), compression, encoding)
    return csv_source.examine(
        original, max_ratio=max_ratio, demands=demands, presumptions=presumptions
    )


def _no_table(name: str, compression: str) -> str:
    inside = f" inside {compression}" if compression else ""
    advice = "unpack it" if "archive" in name or "XZ" in name else "upload what it was made from"
    if "encrypted" in name:
        advice = "upload it unencrypted"
    return (
        f"the content is {name}{inside}, expected CSV, JSON, Parquet, ORC or Avro, plain or "
        f"compressed with gzip, bzip2 or zstd: {advice}"
    )


def _examine_json(
    text: Iterable[bytes], compression: str, encoding: Encoding
) -> tuple[Layout, list[ColumnType]]:
    sample = look(text)
    layout = Layout(
        format=sample.layout,
        compression=compression,
        encoding=encoding.name,
        mark=encoding.mark.decode("latin-1"),
    )
    layout = layout.with_fields(sample.fields).with_shapes(sample.shapes)
    return layout, list(sample.fields.values())


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
        reader, first = self._reader(digest)
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
            shapes=tuple(reader.shapes.items()) if isinstance(reader, _JSON_READERS) else (),
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

    def _reader(self, digest: BlockDigests) -> tuple[_Reader, int]:
        layout = self.layout
        if layout.format in columnar_source.FORMATS:
            of = (self.original, layout.format, layout.compression, self.max_ratio, digest)
            return ColumnarReader(*of, only=self.rules.only, texts=self.rules.texts), 0
        if layout.format in (LIST, DOCUMENTS):
            of_text = (self._stream(digest), layout.shapes, layout.format)
            return JsonTextReader(*of_text, texts=self.texts), 0
        if not layout.splittable:
            return self._line_reader(self._stream(digest)), 0
        body = len(layout.mark) + layout.body
        head, first = self._first_record(body)
        blocks = self._blocks(digest, head, first)
        limit = self.span.end if self.span.end < self.original.size else None
        return self._line_reader(blocks, start=first, limit=limit), first

    def _line_reader(
        self, blocks: Iterable[bytes], *, start: int = 0, limit: int | None = None
    ) -> _Reader:
        if self.layout.format == LINES:
            shapes = self.layout.shapes
            return JsonLinesReader(blocks, shapes, start=start, limit=limit, texts=self.texts)
        return PieceReader(self.layout, blocks, start=start, limit=limit)

    def _first_record(self, body: int) -> tuple[bytes, int]:
        """Return the piece's first bytes, from its start, and where its first record starts."""
        span = self.span
        if span.start == 0 or span.first is not None:
            head = self.original.read(span.start, min(span.end, span.start + originals.READ_BYTES))
            return head, body if span.first is None else span.first
        end = min(span.end, span.start + originals.READ_BYTES)
        head = self.original.read(span.start - 1, end)
        window = head[: _SYNC_BYTES + 1]
        if len(window) <= _SYNC_BYTES and end < self.original.size:
            more = min(self.original.size, end + _SYNC_BYTES)
            window += self.original.read(end, more)
        if self.layout.format == LINES:
            start = window.find(b"\n") + 1 or len(window)
        else:
            start = first_record_start(window, self.layout.dialect)
        first = span.start - 1 + start
        return head[1:], max(first, body)

    def _blocks(self, digest: BlockDigests, head: bytes, first: int) -> Iterator[bytes]:
        """Yield the text from the first record to the end of the piece, then what follows."""
        position = self.span.start
        more = read_on(self.original, position + len(head), self.span.end)
        for block in chain([head], more):
            digest.add(block)
            if position + len(block) > first:
                yield block[max(0, first - position) :]
            position += len(block)
        ahead = _LOOK_AHEAD_BYTES
        position = max(position, first)
        while position < self.original.size:
            yield self.original.read(position, min(self.original.size, position + ahead))
            position += ahead
            ahead = min(2 * ahead, originals.READ_BYTES)

    def _stream(self, digest: BlockDigests) -> Iterator[bytes]:
        stored = digest.over(read_on(self.original, 0, self.original.size))
        plain = decompress(stored, self.layout.compression, max_ratio=self.max_ratio)
        encoding = Encoding(self.layout.encoding, self.layout.mark.encode("latin-1"))
        return _skipped(cuttable(plain, encoding), self.layout.body)


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


def _skipped(blocks: Iterable[bytes], size: int) -> Iterator[bytes]:
    for block in blocks:
        if size < len(block):
            yield block[size:]
        size = max(0, size - len(block))
