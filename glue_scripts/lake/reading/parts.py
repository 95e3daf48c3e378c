"""What a format has to know of an object, and what it has to do: see `formats.FORMATS`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, Protocol

from lake.columns.types import ColumnType
from lake.reading import originals
from lake.reading.compression import decompress, find_compression, first_block
from lake.reading.decoding import Encoding, find_encoding, to_utf8
from lake.reading.layout import Layout, TextLayout
from lake.reading.originals import BlockDigests, Original, Span, read_on, stored_blocks
from lake.reading.pieces import Chunk
from lake.reading.presumption import Presumptions
from lake.reading.row_rules import RowRules
from wires.contracts import CsvDemands
from wires.formats import Format as FoundFormat
from wires.formats import detect

_SYNC_BYTES = 1024 * 1024
_LOOK_AHEAD_BYTES = 64 * 1024
_TELLING_BYTES = 64 * 1024


class Reader(Protocol):
    """Iterates over the chunks of a part."""

    @property
    def position(self) -> int:
        """Where the next piece's first record must start, once all is read."""
        ...

    @property
    def lines(self) -> int: ...

    @property
    def shapes(self) -> Mapping[str, bool]:
        """Whether columns that have had a value hold objects and lists, by the first one; empty
        for formats in which a column's type says so."""
        ...

    def __iter__(self) -> Iterator[Chunk]: ...


@dataclass(frozen=True)
class Start:
    """The start of an object, before its format is known."""

    original: Original
    max_ratio: int
    demands: CsvDemands
    presumptions: Presumptions | None
    compression: str
    encoding: Encoding
    found: FoundFormat
    """What its first bytes and its name say that it is."""

    @classmethod
    def of(
        cls,
        original: Original,
        *,
        max_ratio: int,
        demands: CsvDemands,
        name: str,
        presumptions: Presumptions | None,
    ) -> Start:
        head, stored = first_block(stored_blocks(original))
        compression = find_compression(head)
        start, _ = first_block(decompress(stored, compression, max_ratio=max_ratio))
        encoding = find_encoding(start)
        telling = start[:_TELLING_BYTES]
        if encoding.name.startswith(("utf-16", "utf-32")):
            telling = telling.decode(encoding.name, "ignore").encode()
        found = detect(telling.removeprefix(encoding.mark), name)
        return cls(original, max_ratio, demands, presumptions, compression, encoding, found)

    @property
    def kind(self) -> str:
        """Name of what it is, in lower case."""
        return self.found.name.lower()

    def text(self) -> Iterator[bytes]:
        """Yield the text from its start; one-byte encodings stay as they are."""
        stored = stored_blocks(self.original)
        plain = decompress(stored, self.compression, max_ratio=self.max_ratio)
        return to_utf8(plain, self.encoding)


@dataclass(frozen=True)
class Part:
    """A piece of an object, or all of it, whose bytes are digested as they are read."""

    original: Original
    span: Span
    max_ratio: int
    digest: BlockDigests
    rules: RowRules
    texts: frozenset[str]
    """Columns, by the file's names, whose numbers stay as the file spells them."""

    @property
    def limit(self) -> int | None:
        """Where records of the next piece start; None for the last piece."""
        return self.span.end if self.span.end < self.original.size else None

    def stream(self, layout: TextLayout, *, body: int = 0) -> Iterator[bytes]:
        """Yield the text of the whole object from `body` on, in bytes after the mark."""
        stored = self.digest.over(read_on(self.original, 0, self.original.size))
        plain = decompress(stored, layout.compression, max_ratio=self.max_ratio)
        encoding = Encoding(layout.encoding, layout.mark.encode("latin-1"))
        return _skipped(to_utf8(plain, encoding), body)

    def records(self, body: int, first_in: Callable[[bytes], int]) -> tuple[Iterator[bytes], int]:
        """Return the text from the part's first record on, and where that starts, as stored.

        Rows begin at `body`. `first_in` finds the start of the first record in a text that starts
        one byte before the part.
        """
        head, first = self._first_record(body, first_in)
        return self._blocks(head, first), first

    def _first_record(self, body: int, first_in: Callable[[bytes], int]) -> tuple[bytes, int]:
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
        first = span.start - 1 + first_in(window)
        return head[1:], max(first, body)

    def _blocks(self, head: bytes, first: int) -> Iterator[bytes]:
        """Yield the text from the first record to the end of the piece, then what follows."""
        position = self.span.start
        more = read_on(self.original, position + len(head), self.span.end)
        for block in chain([head], more):
            self.digest.add(block)
            if position + len(block) > first:
                yield block[max(0, first - position) :]
            position += len(block)
        ahead = _LOOK_AHEAD_BYTES
        position = max(position, first)
        while position < self.original.size:
            yield self.original.read(position, min(self.original.size, position + ahead))
            position += ahead
            ahead = min(2 * ahead, originals.READ_BYTES)


class Format(Protocol):
    """A way to write rows into a file, or several that are read alike."""

    signs: tuple[str, ...]
    """How `Start.kind` of its files begins; none for what has no signs of another format."""

    def examine(self, start: Start) -> tuple[Layout, list[ColumnType]]:
        """Return the layout and likely types. Raises InputRefused if it cannot be read."""
        ...

    def reader(self, part: Part, layout: Any) -> tuple[Reader, int]:
        """Return a reader, and where the part's first record starts, in bytes as stored: 0 if the
        object is read as a whole. `layout` is of the format's own class."""
        ...


def _skipped(blocks: Iterable[bytes], size: int) -> Iterator[bytes]:
    for block in blocks:
        if size < len(block):
            yield block[size:]
        size = max(0, size - len(block))
