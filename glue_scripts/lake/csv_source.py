"""The CSV reader: the one door through which CSV text becomes rows.

`survey` reads an object once and says what is in it; `read` reads it again and gives its
rows as text, cut to the survey's columns, beside the records that are no rows. What comes
in is a function that gives the object's bytes, block by block, as often as it is called.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from pyarrow import csv

from lake.column_types import NOTHING, TEXT, ColumnType
from lake.compression import decompress, find_compression, first_block
from lake.decoding import SINGLE_BYTE, Encoding, Utf8Census, find_encoding, to_utf8
from lake.dialect import SAMPLE_BYTES, find_delimiter, has_header
from lake.errors import AccountingError
from lake.names import column_names
from lake.observing import observe
from lake.records import BadRecord, Positions, RecordCutter, cut_records, split_fields

ReadBlocks = Callable[[], Iterator[bytes]]
_DIGEST_BLOCK = 8 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How a file is written."""

    compression: str
    encoding: str
    mark: str
    """The byte order mark, in hexadecimal digits."""
    delimiter: str
    header: bool
    columns: tuple[str, ...]
    """SQL-safe names, in the file's order."""


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What a file holds. No columns: it has no record at all."""

    layout: Layout
    types: tuple[ColumnType, ...]
    rows_in: int
    """Records below the header, as the cutter counts them, good and bad."""
    rows_bad: int
    first_bad: str
    """For people: where and why the first malformed record is one."""
    digest: str
    """SHA-256 over the SHA-256 of each 8 MiB of the object as stored."""


@dataclass(frozen=True)
class Chunk:
    """Consecutive rows of a file."""

    rows: pa.Table
    """All columns as text: null where a field is empty and unquoted, "" where it is quoted."""
    lines: Positions
    """The line on which each row starts."""
    bad: list[BadRecord]


def survey(read_blocks: ReadBlocks, *, max_ratio: int) -> Survey:
    """Read an object through. Raises InputRefused if it cannot be read as CSV."""
    digest = _Digest()
    head, stored = first_block(read_blocks())
    compression = find_compression(head)
    plain = decompress(digest.over(stored), compression, max_ratio=max_ratio)
    start, plain = first_block(plain)
    encoding = find_encoding(start)
    census = Utf8Census()
    counted = _counted(plain, census) if encoding == Encoding() else plain
    found = _survey_text(counted, compression, encoding, digest)
    if census.looks_single_byte:
        again = decompress(read_blocks(), compression, max_ratio=max_ratio)
        return _survey_text(again, compression, SINGLE_BYTE, digest)
    return found


def read(read_blocks: ReadBlocks, layout: Layout, *, max_ratio: int) -> Iterator[Chunk]:
    """The rows of an object whose layout a survey has found."""
    plain = decompress(read_blocks(), layout.compression, max_ratio=max_ratio)
    encoding = Encoding(layout.encoding, bytes.fromhex(layout.mark))
    return _chunks(to_utf8(plain, encoding), layout)


def _survey_text(
    plain: Iterable[bytes], compression: str, encoding: Encoding, digest: _Digest
) -> Survey:
    sample, text = _sample(to_utf8(plain, encoding))
    delimiter, header, names = _columns(sample, whole_file=len(sample) < SAMPLE_BYTES)
    layout = Layout(
        compression=compression,
        encoding=encoding.name,
        mark=encoding.mark.hex(),
        delimiter=delimiter.decode(),
        header=header,
        columns=tuple(names),
    )
    types = [NOTHING] * len(names)
    rows_in = rows_bad = 0
    first_bad = ""
    for chunk in _chunks(text, layout):
        types = [_widened(t, chunk.rows.column(i)) for i, t in enumerate(types)]
        rows_in += len(chunk.lines) + len(chunk.bad)
        rows_bad += len(chunk.bad)
        if chunk.bad and not first_bad:
            first_bad = f"line {chunk.bad[0].line}: {chunk.bad[0].reason}"
    return Survey(
        layout=layout,
        types=tuple(types),
        rows_in=rows_in,
        rows_bad=rows_bad,
        first_bad=first_bad,
        digest=digest.hexdigest(),
    )


def _widened(known: ColumnType, column: pa.ChunkedArray) -> ColumnType:
    return known if known == TEXT else known.join(observe(column))


def _chunks(text: Iterable[bytes], layout: Layout) -> Iterator[Chunk]:
    if not layout.columns:
        # Blank lines are all there is; they are read to the end for the digest and the census.
        for _ in text:
            pass
        return
    cutter = RecordCutter(
        delimiter=layout.delimiter.encode(), width=len(layout.columns), skip_first=layout.header
    )
    for slab in cutter.slabs(text):
        if slab.rows:
            rows = _parse(slab.good, layout)
            if rows.num_rows != len(slab.good_lines):
                raise AccountingError(
                    f"the parser made {rows.num_rows} rows of {len(slab.good_lines)} records "
                    f"between lines {slab.good_lines[0]} and {slab.good_lines[-1]}"
                )
            yield Chunk(rows, slab.good_lines, slab.bad)


def _parse(good: bytes, layout: Layout) -> pa.Table:
    if not good:
        return pa.table({name: pa.array([], pa.string()) for name in layout.columns})
    return csv.read_csv(
        pa.BufferReader(good),
        read_options=csv.ReadOptions(
            column_names=list(layout.columns), use_threads=False, block_size=len(good) + 1
        ),
        parse_options=csv.ParseOptions(delimiter=layout.delimiter, newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types=dict.fromkeys(layout.columns, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )


def _columns(sample: bytes, *, whole_file: bool) -> tuple[bytes, bool, list[str]]:
    """Delimiter, whether there is a header, and the columns' names."""
    if whole_file and sample and not sample.endswith((b"\n", b"\r")):
        sample += b"\n"
    delimiter = find_delimiter(sample, whole_file=whole_file)
    cut = cut_records(sample, delimiter, at_end=whole_file)
    filled = np.flatnonzero(cut.fields)
    if not len(filled):
        return delimiter, False, []
    first = sample[cut.starts[filled[0]] : cut.ends[filled[0]]].rstrip(b"\r\n")
    cells = [field.decode("utf-8", "replace") for field in split_fields(first, delimiter)]
    names = column_names(cells)
    rest = Layout(
        compression="",
        encoding="utf-8",
        mark="",
        delimiter=delimiter.decode(),
        header=True,
        columns=tuple(names),
    )
    below = _types_below(sample[: cut.ends[-1]], rest)
    if has_header(cells, below):
        return delimiter, True, names
    return delimiter, False, [f"column_{position}" for position in range(1, len(cells) + 1)]


def _types_below(sample: bytes, layout: Layout) -> list[ColumnType]:
    types = [NOTHING] * len(layout.columns)
    for chunk in _chunks([sample], layout):
        types = [_widened(t, chunk.rows.column(i)) for i, t in enumerate(types)]
    return types


def _sample(text: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Up to SAMPLE_BYTES from the start, and the whole text."""
    pieces: list[bytes] = []
    size = 0
    for piece in text:
        pieces.append(piece)
        size += len(piece)
        if size >= SAMPLE_BYTES:
            break

    def whole() -> Iterator[bytes]:
        yield from pieces
        yield from text

    return b"".join(pieces)[:SAMPLE_BYTES], whole()


def _counted(blocks: Iterable[bytes], census: Utf8Census) -> Iterator[bytes]:
    for block in blocks:
        census.add(block)
        yield block
    census.add(b"", final=True)


class _Digest:
    """A digest that can be computed in parts: each part of 8 MiB on its own, then over all."""

    def __init__(self) -> None:
        self._parts = hashlib.sha256()
        self._part = hashlib.sha256()
        self._filled = 0

    def over(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """Pass blocks on, taking them in."""
        for block in blocks:
            self._add(memoryview(block))
            yield block

    def hexdigest(self) -> str:
        digest = self._parts.copy()
        if self._filled:
            digest.update(self._part.digest())
        return digest.hexdigest()

    def _add(self, block: memoryview) -> None:
        while block:
            piece = block[: _DIGEST_BLOCK - self._filled]
            self._part.update(piece)
            self._filled += len(piece)
            block = block[len(piece) :]
            if self._filled == _DIGEST_BLOCK:
                self._parts.update(self._part.digest())
                self._part = hashlib.sha256()
                self._filled = 0
