"""The CSV reader: the one door through which CSV text becomes rows.

`examine` looks at the start of an object, and here and there inside, and says how it is
written. `PieceReading` reads a part of it, or all: the rows as text, what is no row, and what
was seen on the way. `survey` reads an object through and adds up.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import chain, pairwise
from typing import Protocol

import pyarrow as pa

from lake.column_types import NOTHING, TEXT, ColumnType
from lake.compression import decompress, find_compression, first_block
from lake.decoding import SINGLE_BYTE, Encoding, Utf8Census, decodes, find_encoding, to_utf8
from lake.dialect import SAMPLE_BYTES
from lake.layout import Layout, find_layout, types_of
from lake.observing import observe
from lake.pieces import STRAY, BadRecord, Chunk, PieceReader
from lake.records import MAX_RECORD_BYTES, first_record_start, no_line_end
from wires.contracts import CsvDemands

NOTHING_DEMANDED = CsvDemands()
READ_BYTES = 16 * 1024 * 1024
DIGEST_BLOCK = 8 * 1024 * 1024
"""Pieces whose digests are to be put together start at a multiple of this."""
_SYNC_BYTES = 1024 * 1024
_INNER_SAMPLES = 4
_INNER_SAMPLE_BYTES = 256 * 1024
_LOOK_AHEAD_BYTES = 64 * 1024


class Original(Protocol):
    """An object's bytes as stored."""

    @property
    def size(self) -> int: ...

    @property
    def is_remote(self) -> bool:
        """Whether reading is mostly waiting."""
        ...

    def read(self, start: int, end: int) -> bytes:
        """The bytes from `start` up to `end`, both within the object."""
        ...


@dataclass(frozen=True)
class Span:
    """A part of an object, in bytes as stored."""

    start: int
    end: int
    first: int | None = None
    """Where its first record starts, once that is known for sure."""


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What was seen while a piece was read."""

    first: int
    """Where its first record starts, in bytes as stored; 0 for what is read as a stream."""
    following: int
    """Where the next piece's first record must start."""
    records: int
    """As the cutter counts them, good and bad."""
    bad: int
    first_bad: BadRecord | None
    lines: int
    types: tuple[ColumnType, ...]
    digests: bytes
    """SHA-256 of each DIGEST_BLOCK of the piece, one after the other."""
    stray: bool
    """Whether there were bytes that are no characters."""


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What a file holds, counted and typed over all of it."""

    layout: Layout
    types: tuple[ColumnType, ...]
    rows_in: int
    """Records, good and bad, and those above the header."""
    rows_bad: int
    first_bad: str
    """For people: where and why the first record that is no row is none."""
    digest: str
    """SHA-256 over the SHA-256 of each 8 MiB of the object as stored."""


@dataclass
class PieceReading:
    """Iterates over the chunks of a piece; has its findings when that is done."""

    original: Original
    layout: Layout
    span: Span
    max_ratio: int
    look: bool = True
    """Whether the types are to be observed: not if they are known."""
    _findings: list[Findings] = field(default_factory=list)

    @property
    def findings(self) -> Findings:
        [found] = self._findings
        return found

    def __iter__(self) -> Iterator[Chunk]:
        digest = BlockDigests()
        reader, first = self._reader(digest)
        types = [NOTHING] * len(self.layout.columns)
        records = bad = 0
        first_bad: BadRecord | None = None
        stray = False
        for chunk in reader:
            if self.look:
                types = [_widened(t, chunk.rows.column(i)) for i, t in enumerate(types)]
            records += chunk.records
            bad += len(chunk.bad)
            first_bad = first_bad or next(iter(chunk.bad), None)
            stray = stray or any(record.reason == STRAY for record in chunk.bad)
            yield chunk
        found = Findings(
            first=first,
            following=reader.position,
            records=records,
            bad=bad,
            first_bad=first_bad,
            lines=reader.lines,
            types=tuple(types),
            digests=digest.blocks(),
            stray=stray,
        )
        self._findings.append(found)

    def _reader(self, digest: BlockDigests) -> tuple[PieceReader, int]:
        if not self.layout.splittable:
            return PieceReader(self.layout, self._stream(digest)), 0
        body = len(self.layout.mark) + self.layout.body
        head, first = self._first_record(body)
        blocks = self._blocks(digest, head, first)
        limit = self.span.end if self.span.end < self.original.size else None
        return PieceReader(self.layout, blocks, start=first, limit=limit), first

    def _first_record(self, body: int) -> tuple[bytes, int]:
        """The piece's first bytes, from its start, and where its first record starts."""
        span = self.span
        if span.start == 0 or span.first is not None:
            head = self.original.read(span.start, min(span.end, span.start + READ_BYTES))
            return head, body if span.first is None else span.first
        end = min(span.end, span.start + READ_BYTES)
        head = self.original.read(span.start - 1, end)
        window = head[: _SYNC_BYTES + 1]
        if len(window) <= _SYNC_BYTES and end < self.original.size:
            more = min(self.original.size, end + _SYNC_BYTES)
            window += self.original.read(end, more)
        first = span.start - 1 + first_record_start(window, self.layout.dialect)
        return head[1:], max(first, body)

    def _blocks(self, digest: BlockDigests, head: bytes, first: int) -> Iterator[bytes]:
        """The text from the first record on: to the end of the piece, then what follows."""
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
            ahead = min(2 * ahead, READ_BYTES)

    def _stream(self, digest: BlockDigests) -> Iterator[bytes]:
        stored = digest.over(read_on(self.original, 0, self.original.size))
        plain = decompress(stored, self.layout.compression, max_ratio=self.max_ratio)
        encoding = Encoding(self.layout.encoding, self.layout.mark.encode("latin-1"))
        return _skipped(_cuttable(plain, encoding), self.layout.body)


def examine(
    original: Original, *, max_ratio: int, demands: CsvDemands = NOTHING_DEMANDED
) -> tuple[Layout, list[ColumnType]]:
    """The layout, and types that are likely. Raises InputRefused if it cannot be read as CSV."""
    for size in (SAMPLE_BYTES, 8 * SAMPLE_BYTES, MAX_RECORD_BYTES + READ_BYTES):
        layout, types, whole = _examine(original, size, max_ratio=max_ratio, demands=demands)
        if layout.columns or whole:
            break
    else:
        raise no_line_end()
    if layout.encoding == SINGLE_BYTE.name and not (whole or demands.encoding):
        sure = "cp1252" if is_single_byte(original, layout, max_ratio) else "utf-8"
        demands = replace(demands, encoding=sure)
        layout, types, _ = _examine(original, size, max_ratio=max_ratio, demands=demands)
    if layout.splittable and original.size > 2 * _INNER_SAMPLES * _INNER_SAMPLE_BYTES:
        for position in _inner_positions(original.size):
            sample = original.read(position, position + _INNER_SAMPLE_BYTES)
            start = first_record_start(sample, layout.dialect)
            seen = types_of(sample[start:], layout)
            types = [a.join(b) for a, b in zip(types, seen, strict=True)]
    return layout, types


def survey(original: Original, *, max_ratio: int, demands: CsvDemands = NOTHING_DEMANDED) -> Survey:
    """Read an object through. Raises InputRefused if it cannot be read as CSV."""
    layout, _ = examine(original, max_ratio=max_ratio, demands=demands)
    found = _read_through(original, layout, max_ratio)
    if found.stray and may_be_single_byte(layout) and is_single_byte(original, layout, max_ratio):
        layout, _ = examine(
            original, max_ratio=max_ratio, demands=replace(demands, encoding=SINGLE_BYTE.name)
        )
        found = _read_through(original, layout, max_ratio)
    return put_together(layout, [found])


def may_be_single_byte(layout: Layout) -> bool:
    """Whether the encoding is only presumed."""
    return layout.encoding == "utf-8" and not layout.mark


def is_single_byte(original: Original, layout: Layout, max_ratio: int) -> bool:
    """Whether the whole text speaks against UTF-8."""
    census = Utf8Census()
    for block in decompress(stored_blocks(original), layout.compression, max_ratio=max_ratio):
        census.add(block)
    census.add(b"", final=True)
    return census.looks_single_byte


def put_together(layout: Layout, pieces: Iterable[Findings]) -> Survey:
    """The survey of an object from the findings of all its pieces, in order."""
    types = [NOTHING] * len(layout.columns)
    rows_in = rows_bad = len(layout.before)
    first_bad = f"line {layout.before[0][0]}: {ABOVE}" if layout.before else ""
    digest = hashlib.sha256()
    line = layout.body_line
    for piece in pieces:
        types = [a.join(b) for a, b in zip(types, piece.types, strict=True)]
        rows_in += piece.records
        rows_bad += piece.bad
        if piece.first_bad and not first_bad:
            first_bad = f"line {line + piece.first_bad.line}: {piece.first_bad.reason}"
        line += piece.lines
        digest.update(piece.digests)
    return Survey(
        layout=layout,
        types=tuple(types),
        rows_in=rows_in,
        rows_bad=rows_bad,
        first_bad=first_bad,
        digest=digest.hexdigest(),
    )


ABOVE = "a line above the header"


def stored_blocks(original: Original) -> Iterator[bytes]:
    for part in _parts(0, original.size):
        yield original.read(*part)


def read_on(original: Original, start: int, end: int) -> Iterator[bytes]:
    """The bytes from `start` to `end`. While one block is worked on, the next is on its way, if
    that takes a way."""
    parts = _parts(start, end)
    if not original.is_remote or len(parts) < 2:
        yield from (original.read(*part) for part in parts)
        return
    with ThreadPoolExecutor(max_workers=1) as background:
        coming = background.submit(original.read, *parts[0])
        for part in parts[1:]:
            block = coming.result()
            coming = background.submit(original.read, *part)
            yield block
        yield coming.result()


def _parts(start: int, end: int) -> list[tuple[int, int]]:
    return list(pairwise([*range(start, end, READ_BYTES), end]))


class BlockDigests:
    """SHA-256 of each DIGEST_BLOCK: pieces can be digested apart and put together."""

    def __init__(self) -> None:
        self._done = b""
        self._block = hashlib.sha256()
        self._filled = 0

    def over(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """Pass blocks on, taking them in."""
        for block in blocks:
            self.add(block)
            yield block

    def add(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            part = view[: DIGEST_BLOCK - self._filled]
            self._block.update(part)
            self._filled += len(part)
            view = view[len(part) :]
            if self._filled == DIGEST_BLOCK:
                self._close()

    def blocks(self) -> bytes:
        if self._filled:
            self._close()
        return self._done

    def _close(self) -> None:
        self._done += self._block.digest()
        self._block = hashlib.sha256()
        self._filled = 0


def _examine(
    original: Original, size: int, *, max_ratio: int, demands: CsvDemands
) -> tuple[Layout, list[ColumnType], bool]:
    head, stored = first_block(stored_blocks(original))
    compression = find_compression(head)
    start, plain = first_block(decompress(stored, compression, max_ratio=max_ratio))
    encoding = Encoding(demands.encoding) if demands.encoding else find_encoding(start)
    text = b"".join(_up_to(_cuttable(plain, encoding), size + 1))
    whole_file = len(text) <= size
    if encoding == Encoding() and _speaks_against_utf8(text[:size]):
        encoding = SINGLE_BYTE
    layout, types = find_layout(
        text[:size],
        whole_file=whole_file,
        compression=compression,
        encoding=encoding.name,
        mark=encoding.mark,
        demands=demands,
    )
    return layout, types, whole_file


def _cuttable(plain: Iterable[bytes], encoding: Encoding) -> Iterator[bytes]:
    """The text in a form in which records can be cut: one-byte encodings stay as they are."""
    return to_utf8(plain, Encoding() if encoding == SINGLE_BYTE else encoding)


def _speaks_against_utf8(sample: bytes) -> bool:
    if decodes(sample, "utf-8"):
        return False
    census = Utf8Census()
    census.add(sample)
    return census.looks_single_byte


def _up_to(blocks: Iterable[bytes], size: int) -> Iterator[bytes]:
    for block in blocks:
        yield block[:size]
        size -= len(block)
        if size <= 0:
            return


def _inner_positions(size: int) -> list[int]:
    step = size // _INNER_SAMPLES
    inner = [step * i for i in range(1, _INNER_SAMPLES)]
    return [*inner, size - _INNER_SAMPLE_BYTES]


def _skipped(blocks: Iterable[bytes], size: int) -> Iterator[bytes]:
    for block in blocks:
        if size < len(block):
            yield block[size:]
        size = max(0, size - len(block))


def _widened(known: ColumnType, column: pa.ChunkedArray) -> ColumnType:
    return known if known == TEXT else known.join(observe(column))


def _read_through(original: Original, layout: Layout, max_ratio: int) -> Findings:
    reading = PieceReading(original, layout, Span(0, original.size), max_ratio)
    for _ in reading:
        pass
    return reading.findings
