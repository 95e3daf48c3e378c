"""The JSON reader: lines, a list, or one document after the other; objects become rows.

A line that is no JSON costs itself. A list or document is one text: where its syntax breaks,
nothing after that can be trusted, and the file is refused with the line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from lake.column_types import ColumnType
from lake.errors import InputRefused
from lake.json_values import NO_JSON, Broken, columns_of, is_json, misfits, parse_rows, shapes_of
from lake.pieces import BadRecord, Chunk, Origin
from lake.records import MAX_RECORD_BYTES

LINES = "json_lines"
LIST = "json_list"
DOCUMENTS = "json_documents"
FORMATS = (LINES, LIST, DOCUMENTS)
_ROWS = 50_000
_JUDGED_LINES = 20
_SAMPLED_ROWS = 1_000
_BLANK = b" \t\r\n"
_ESCAPED = re.compile(rb"\\.", re.DOTALL)
_STEPS = np.zeros(256, np.int8)
_STEPS[[*b"{["]] = 1
_STEPS[[*b"}]"]] = -1


@dataclass(frozen=True)
class Element:
    """A value as it stands, and the line on which it begins, from 0."""

    text: bytes
    line: int


def find_json_format(sample: bytes, *, whole: bool) -> str:
    """Which of the three a text is, by its start."""
    start = sample.lstrip(_BLANK)
    if start.startswith(b"["):
        return LIST
    lines = [line for line in start.split(b"\n") if line.strip(_BLANK)][: _JUDGED_LINES + 1]
    judged = lines if whole else lines[:-1] or lines
    return LINES if 2 * sum(map(is_json, judged)) >= len(judged) else DOCUMENTS


def sample_rows(sample: bytes, layout: str, *, whole: bool) -> tuple[list[str], list[ColumnType]]:
    """Keys and types of the first rows. Raises InputRefused for a text that is no JSON."""
    elements = _elements_of(sample, layout, whole=whole)
    rows = [row for row in parse_rows(elements[:_SAMPLED_ROWS]) if isinstance(row, dict)]
    broken = misfits(rows, shapes_of(rows))
    table, types = columns_of([row for i, row in enumerate(rows) if i not in broken])
    return list(table.column_names), list(types)


def _elements_of(sample: bytes, layout: str, *, whole: bool) -> list[bytes]:
    if layout == LINES:
        lines = sample.split(b"\n")
        return [line for line in (lines if whole else lines[:-1]) if line.strip(_BLANK)]
    return [element.text for element in _scanned([sample], layout, cut_off=not whole)]


class JsonLinesReader:
    """Iterates over the chunks of a piece; `position` and `lines` as `PieceReader` has them."""

    def __init__(
        self,
        blocks: Iterable[bytes],
        nested: Mapping[str, bool],
        *,
        start: int = 0,
        limit: int | None = None,
    ) -> None:
        self._blocks = blocks
        self._nested = nested
        self._limit = limit
        self.position = start
        self.lines = 0

    def __iter__(self) -> Iterator[Chunk]:
        rest = b""
        for block in self._blocks:
            if self._is_done():
                return
            rest += block
            end = self._end(rest)
            yield from self._take(rest[:end])
            rest = rest[end:]
            if len(rest) > 2 * MAX_RECORD_BYTES:
                raise InputRefused(
                    f"a line of more than {MAX_RECORD_BYTES:,} bytes: these are no JSON Lines"
                )
        if rest and not self._is_done():
            yield from self._take(rest)

    def _is_done(self) -> bool:
        return self._limit is not None and self.position >= self._limit

    def _end(self, text: bytes) -> int:
        """Just behind the last whole line that starts before the limit."""
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
                if line.strip(_BLANK)
            ]
            if filled:
                yield chunk_of(filled, self._nested)
        self.position += len(text)
        self.lines += text.count(b"\n")


class JsonTextReader:
    """Iterates over the chunks of a list or of documents, which are read from top to end."""

    def __init__(self, blocks: Iterable[bytes], nested: Mapping[str, bool], layout: str) -> None:
        self._blocks = blocks
        self._nested = nested
        self._layout = layout
        self.position = 0
        self.lines = 0

    def __iter__(self) -> Iterator[Chunk]:
        waiting: list[Element] = []
        for element in _scanned(self._counted(), self._layout):
            waiting.append(element)
            if len(waiting) >= _ROWS:
                yield self._chunk(waiting)
                waiting = []
        if waiting:
            yield self._chunk(waiting)

    def _counted(self) -> Iterator[bytes]:
        for block in self._blocks:
            self.position += len(block)
            self.lines += block.count(b"\n")
            yield block

    def _chunk(self, elements: list[Element]) -> Chunk:
        chunk = chunk_of(elements, self._nested)
        for record in chunk.bad:
            if record.reason.startswith(NO_JSON):
                raise InputRefused(f"line {record.line + 1}: {record.reason}")
        return chunk


def chunk_of(elements: Sequence[Element], nested: Mapping[str, bool]) -> Chunk:
    """`nested` says of each column that is known whether it holds objects and lists."""
    parsed = parse_rows([element.text for element in elements])
    rows = [row for row in parsed if isinstance(row, dict)]
    if breaking := misfits(rows, nested):
        places = [i for i, row in enumerate(parsed) if isinstance(row, dict)]
        for number, reason in breaking.items():
            parsed[places[number]] = reason
        rows = [row for row in parsed if isinstance(row, dict)]
    table, types = columns_of(rows)
    bad = [
        BadRecord(line=element.line, raw=element.text.strip(_BLANK), reason=str(row))
        for element, row in zip(elements, parsed, strict=True)
        if isinstance(row, Broken)
    ]
    kept = [e for e, row in zip(elements, parsed, strict=True) if isinstance(row, dict)]
    return Chunk(table, bad, len(elements), lambda: _origin(kept), types)


def _origin(elements: Sequence[Element]) -> Origin:
    return Origin([e.line for e in elements], lambda row: elements[row].text.strip(_BLANK))


def _scanned(blocks: Iterable[bytes], layout: str, *, cut_off: bool = False) -> Iterator[Element]:
    """The values of a list, or of a sequence of documents, as they stand.

    Raises InputRefused where the text ends too early, unless it is `cut_off`, or goes on.
    """
    scanner = _Scanner(layout)
    for block in blocks:
        yield from scanner.feed(block)
    if not cut_off:
        scanner.finish()


class _Part(Enum):
    BEFORE = "before the list"
    INSIDE = "inside the list, or in the sequence of documents"
    BEHIND = "behind the list"


class _Scanner:
    def __init__(self, layout: str) -> None:
        self._is_list = layout == LIST
        self._part = _Part.BEFORE if self._is_list else _Part.INSIDE
        self._rest = b""
        self._line = 0
        """Of where the rest begins."""

    def feed(self, block: bytes) -> Iterator[Element]:
        self._rest += block
        if len(self._rest) > 2 * MAX_RECORD_BYTES:
            raise InputRefused(
                f"line {self._line + 1}: a value of more than {MAX_RECORD_BYTES:,} bytes, or "
                "brackets that do not match"
            )
        if self._part is _Part.BEFORE and (head := self._rest.lstrip(_BLANK)):
            self._pass(len(self._rest) - len(head) + 1)
            self._part = _Part.INSIDE
        if self._part is _Part.INSIDE:
            yield from self._values()
        if self._part is _Part.BEHIND:
            blank = len(self._rest) - len(self._rest.lstrip(_BLANK))
            self._pass(blank)
            if self._rest:
                raise InputRefused(
                    f"line {self._line + 1}: the text goes on after the end of the list"
                )

    def finish(self) -> None:
        unfinished = self._part is not _Part.BEHIND and (self._is_list or self._rest.strip(_BLANK))
        if unfinished:
            raise InputRefused(f"line {self._line + 1}: the text ends inside what begins there")

    def _values(self) -> Iterator[Element]:
        text, start = self._rest, 0
        ends, closed = _borders(text, is_list=self._is_list)
        for end in ends:
            yield _element(text[start:end], self._line)
            behind = end + self._is_list
            self._line += text.count(b"\n", start, behind)
            start = behind
        self._rest = text[start:]
        if closed is not None:
            last = text[start:closed]
            if last.strip(_BLANK):
                yield _element(last, self._line)
            self._pass(closed - start + 1)
            self._part = _Part.BEHIND

    def _pass(self, size: int) -> None:
        self._line += self._rest.count(b"\n", 0, size)
        self._rest = self._rest[size:]


def _element(text: bytes, line: int) -> Element:
    inner = text.lstrip(_BLANK)
    return Element(inner.rstrip(_BLANK), line + text[: len(text) - len(inner)].count(b"\n"))


def _borders(text: bytes, *, is_list: bool) -> tuple[list[int], int | None]:
    """Where values end: at the commas of a list, which may be closed, or behind each document."""
    plain = _ESCAPED.sub(b"__", text) if b"\\" in text else text
    data = np.frombuffer(plain, np.uint8)
    inside = (np.cumsum(data == ord('"'), dtype=np.uint8) & 1).astype(bool)
    steps = _STEPS[data]
    steps[inside] = 0
    depth = np.cumsum(steps, dtype=np.int32)
    if not is_list:
        return [int(at) + 1 for at in np.flatnonzero((steps < 0) & (depth == 0))], None
    closing = np.flatnonzero(depth < 0)
    end = int(closing[0]) if len(closing) else None
    commas = np.flatnonzero((data == ord(",")) & ~inside & (depth == 0))
    return [int(at) for at in commas if end is None or at < end], end
