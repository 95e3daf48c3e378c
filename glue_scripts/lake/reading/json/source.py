"""Readers of JSON: lines, a list, or consecutive documents; objects become rows.

A line that is not JSON is quarantined alone. A list or document is one text: after an error in its
syntax nothing can be trusted, so the file is refused with the line.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import pyarrow as pa

from lake.columns.totals import totals_in
from lake.errors import InputRefused
from lake.reading.csv.record_boundaries import MAX_RECORD_BYTES
from lake.reading.json.exact import Row, parse_exactly
from lake.reading.json.faults import Broken
from lake.reading.json.rows import parse_rows
from lake.reading.json.scanning import BLANK, Element, scanned
from lake.reading.json.values import Shapes, by_key, columns_of, keys_of, misfits
from lake.reading.layout import LIST
from lake.reading.pieces import BadRecord, Chunk, Origin

_ROWS = 50_000
_CHUNK_BYTES = 32 * 1024 * 1024
_MOST_KEYS = 10_000
_MOST_CELLS = 20_000_000
"""Limit of a chunk: rows times keys. Objects used as dictionaries have other keys in each row."""
_KEPT_BYTES = 64 * 1024
"""Bytes that are kept of a line too long to be read."""


class JsonLinesReader:
    """Iterates over the chunks of a piece; has `position` and `lines` like `PieceReader`."""

    def __init__(
        self,
        blocks: Iterable[bytes],
        nested: Mapping[str, bool],
        *,
        start: int = 0,
        limit: int | None = None,
        texts: Collection[str] = frozenset(),
    ) -> None:
        self._blocks = blocks
        self._limit = limit
        self._texts = texts
        self.shapes: Shapes = dict(nested)
        """Shapes of the columns that have had a value, in the layout or here, by the first of
        them."""
        self.position = start
        self.lines = 0
        self._passed = 0
        """Bytes that are not kept of a line that is too long."""

    def __iter__(self) -> Iterator[Chunk]:
        rest = b""
        for block in self._blocks if not self._is_done() else ():
            rest += block
            if self._passed and b"\n" in block:
                end = rest.index(b"\n") + 1
                yield self._passed_over(rest[:end])
                rest = rest[end:]
            if not self._passed:
                end = self._end(rest)
                yield from self._take(rest[:end])
                rest = rest[end:]
            if self._is_done():
                return
            rest = self._shortened(rest)
        if self._passed:
            yield self._passed_over(rest)
        elif rest:
            yield from self._take(rest)

    def _shortened(self, rest: bytes) -> bytes:
        """Keep only the start of a line that is too long."""
        if not self._passed and len(rest) <= MAX_RECORD_BYTES:
            return rest
        self._passed += max(0, len(rest) - _KEPT_BYTES)
        return rest[:_KEPT_BYTES]

    def _passed_over(self, rest: bytes) -> Chunk:
        size, ends = self._passed + len(rest), rest.count(b"\n")
        bad = _bad(Element(rest[:_KEPT_BYTES], self.lines), _oversized(size - ends))
        self._passed = 0
        self.position += size
        self.lines += ends
        return Chunk(pa.table({}), [bad], 1, lambda: _origin([]), (), {})

    def _is_done(self) -> bool:
        return self._limit is not None and self.position >= self._limit

    def _end(self, text: bytes) -> int:
        """Return the end of the last whole line that starts before the limit."""
        if self._is_done():
            return 0
        if self._limit is not None and self.position + len(text) > self._limit:
            return text.find(b"\n", max(0, self._limit - self.position - 1)) + 1
        return text.rfind(b"\n") + 1

    def _take(self, text: bytes) -> Iterator[Chunk]:
        lines = text.split(b"\n")
        for start in range(0, len(lines), _ROWS):
            some = lines[start : start + _ROWS]
            filled = [
                Element(line, self.lines + i)
                for i, line in enumerate(some, start=start)
                if line.strip(BLANK)
            ]
            if filled:
                yield from self._chunks(filled)
        self.position += len(text)
        self.lines += text.count(b"\n")

    def _chunks(self, elements: list[Element]) -> Iterator[Chunk]:
        parsed = _parsed(elements)
        for number, element in enumerate(elements):
            if len(element.text) > MAX_RECORD_BYTES:
                parsed[number] = _oversized(len(element.text))
                elements[number] = Element(element.text[:_KEPT_BYTES], element.line)
        yield from _chunks_of(elements, parsed, self.shapes, self._texts)


class JsonTextReader:
    """Iterates over the chunks of a list or of documents, which are read from top to end."""

    def __init__(
        self,
        blocks: Iterable[bytes],
        nested: Mapping[str, bool],
        layout: str,
        *,
        texts: Collection[str] = frozenset(),
    ) -> None:
        self._blocks = blocks
        self._layout = layout
        self._texts = texts
        self.shapes: Shapes = dict(nested)
        self.position = 0
        self.lines = 0

    def __iter__(self) -> Iterator[Chunk]:
        waiting: list[Element] = []
        size = 0
        for element in scanned(self._counted(), is_list=self._layout == LIST):
            waiting.append(element)
            size += len(element.text)
            if len(waiting) >= _ROWS or size >= _CHUNK_BYTES:
                yield from self._chunks(waiting)
                waiting, size = [], 0
        if waiting:
            yield from self._chunks(waiting)

    def _counted(self) -> Iterator[bytes]:
        for block in self._blocks:
            self.position += len(block)
            self.lines += block.count(b"\n")
            yield block

    def _chunks(self, elements: Sequence[Element]) -> Iterator[Chunk]:
        parsed = _parsed(elements)
        for element, row in zip(elements, parsed, strict=True):
            if type(row) is Broken and row.is_syntax:
                raise InputRefused(f"line {element.line + row.below + 1}: {row}")
        yield from _chunks_of(elements, parsed, self.shapes, self._texts)


def _parsed(elements: Sequence[Element]) -> list[Row | Broken]:
    return parse_rows([element.text for element in elements])


def _chunks_of(
    elements: Sequence[Element],
    parsed: list[Row | Broken],
    shapes: Shapes,
    texts: Collection[str],
) -> Iterator[Chunk]:
    """Yield one chunk, or more if there are many keys."""
    rows = [row for row in parsed if type(row) is dict]
    keys = len(keys_of(rows))
    if max(keys, len(shapes)) > _MOST_KEYS:
        raise InputRefused(
            f"line {elements[0].line + 1}: more than {_MOST_KEYS:,} different keys so far, which "
            "are more than a table has columns: write them as values of one key"
        )
    if keys * len(elements) > _MOST_CELLS:
        half = len(elements) // 2
        yield from _chunks_of(elements[:half], parsed[:half], shapes, texts)
        yield from _chunks_of(elements[half:], parsed[half:], shapes, texts)
    else:
        yield _chunk(elements, parsed, shapes, texts)


def _chunk(
    elements: Sequence[Element],
    parsed: list[Row | Broken],
    shapes: Shapes,
    texts: Collection[str],
) -> Chunk:
    rows, kept = _rows_in(elements, parsed)
    columns = by_key(rows)
    if breaking := misfits(columns, shapes):
        places = [i for i, row in enumerate(parsed) if type(row) is dict]
        for number, reason in breaking.items():
            parsed[places[number]] = reason
        rows, kept = _rows_in(elements, parsed)
        columns = by_key(rows)

    def respelled(number: int) -> Row:
        row = parse_exactly(kept[number].text)
        if isinstance(row, Broken):
            raise row  # It was read before, and never is: the object would fail alone.
        return row

    found = columns_of(rows, columns, texts=texts, respelled=respelled)
    bad = [
        _bad(element, row)
        for element, row in zip(elements, parsed, strict=True)
        if type(row) is Broken
    ]
    return Chunk(
        rows=found.table,
        bad=bad,
        records=len(elements),
        origin=lambda: _origin(kept),
        types=found.types,
        tallies=found.tallies,
        totals=totals_in(found.table),
    )


def _rows_in(
    elements: Sequence[Element], parsed: Sequence[Row | Broken]
) -> tuple[list[Row], Sequence[Element]]:
    """Return the rows, and their elements in the source."""
    rows = [row for row in parsed if type(row) is dict]
    if len(rows) == len(elements):
        return rows, elements
    return rows, [e for e, row in zip(elements, parsed, strict=True) if type(row) is dict]


def _oversized(size: int) -> Broken:
    return Broken(
        f"a line of {size:,} bytes, at most {MAX_RECORD_BYTES:,} are read: only how it begins is "
        "shown here"
    )


def _bad(element: Element, broken: Broken) -> BadRecord:
    return BadRecord(line=element.line, raw=element.text.strip(BLANK), reason=str(broken))


def _origin(elements: Sequence[Element]) -> Origin:
    return Origin([e.line for e in elements], lambda row: elements[row].text.strip(BLANK))
