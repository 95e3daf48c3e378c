"""The end of an ORC file, parsed for what Arrow's reader does not expose.

https://orc.apache.org/specification/ORCv1/
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from lake.errors import InputRefused
from lake.reading.contents import Content
from lake.reading.refusals import TITLES, joined

_TAIL_BYTES = 16 * 1024
_VARINT, _BYTES = 0, 2
_CODECS = ("none", "zlib", "snappy", "lzo", "lz4", "zstd", "brotli")
_UNPACKED_HERE = ("none", "zlib", "snappy", "lz4", "zstd", "brotli")
_LONGEST_FOOTER = 16 * 1024 * 1024
"""Unpacked; a file of ten thousand columns has about a megabyte."""
_LARGEST_BLOCK = 8 * 1024 * 1024
_LONG, _TIMESTAMP, _INSTANT = 4, 9, 18
_HYBRID, _WRITER_IN_JAVA = 1, 0
_ORIGINAL = 1
_SEAM = re.compile(rb"ORC.(?=ORC)", re.DOTALL)
"""The last bytes of one file, with the length of the postscript, and the first ones of another."""
Fields = list[tuple[int, int | bytes]]


@dataclass(frozen=True)
class Stripe:
    """The place of a stripe, and of its own footer, which ends it."""

    start: int
    footer: int
    end: int
    rows: int


@dataclass(frozen=True)
class OrcTail:
    """The postscript and the footer."""

    codec: str
    block: int
    """Largest unpacked size of a compressed chunk."""
    footer: Fields
    postscript: Fields
    place: int
    """Where the tail begins: the statistics of the stripes, the footer and the postscript."""

    @property
    def rows(self) -> int:
        return number_of(self.footer, 6)

    @property
    def stripe_rows(self) -> int:
        return sum(number_of(fields_of(item), 5) for item in all_of(self.footer, 3))

    @property
    def stripes(self) -> list[Stripe]:
        found = []
        for item in all_of(self.footer, 3):
            start, index, data, footer, rows = (number_of(fields_of(item), k) for k in range(1, 6))
            end = start + index + data
            found.append(Stripe(start, end, end + footer, rows))
        return found

    @property
    def counted_rows(self) -> int | None:
        """Number of rows by the root's statistics; None if there are none."""
        statistics = all_of(self.footer, 7)
        return (number_of(fields_of(statistics[0]), 1) or None) if statistics else None

    @property
    def is_encrypted(self) -> bool:
        return bool(all_of(self.footer, 10))

    @property
    def is_hybrid(self) -> bool:
        """Whether days before 1582-10-15 are Julian.

        They are if the file says so, or if it says nothing and was written by Java. Other writers
        have never had that calendar.
        """
        told = number_of(self.footer, 11)
        return told == _HYBRID or (not told and number_of(self.footer, 9) == _WRITER_IN_JAVA)

    @property
    def kinds(self) -> Sequence[int]:
        """Kinds of the root's columns, in order."""
        types = [fields_of(item) for item in all_of(self.footer, 4)]
        return [number_of(types[child], 1) for child in self._children(types)]

    @property
    def columns(self) -> Sequence[int]:
        """Numbers of the root's columns, in order."""
        return self._children([fields_of(item) for item in all_of(self.footer, 4)])

    def unpacked(self, data: bytes, most: int = _LONGEST_FOOTER) -> bytes:
        """Return the bytes of a stream. Raises ValueError for more than so many."""
        return _unpacked(data, self.codec, self.block, most)

    def with_plain_seconds(self) -> bytes:
        """Return a tail for the same bytes that declares timestamps as whole numbers.

        With it, their seconds are read, which 64 bits hold, and not the nanoseconds, which they do
        not.
        """
        types = [fields_of(item) for item in all_of(self.footer, 4)]
        top = set(self._children(types))
        changed = iter(
            _joined(_as_long(fields)) if number in top else _joined(fields)
            for number, fields in enumerate(types)
        )
        footer = [(key, next(changed) if key == 4 else value) for key, value in self.footer]
        packed = self._packed(_joined(footer))
        kept = [(key, value) for key, value in self.postscript if key not in (1, 5, 7)]
        postscript = _joined([(1, len(packed)), *kept])
        return packed + postscript + bytes([len(postscript)])

    def _children(self, types: Sequence[Fields]) -> Sequence[int]:
        children: list[int] = []
        for item in [value for key, value in types[0] if key == 2] if types else ():
            children += _varints(item) if isinstance(item, bytes) else [item]
        return children

    def _packed(self, footer: bytes) -> bytes:
        """Return a footer as chunks that are marked as not compressed."""
        if self.codec == "none":
            return footer
        parts = [footer[i : i + self.block] for i in range(0, len(footer), self.block)]
        return b"".join((2 * len(p) + _ORIGINAL).to_bytes(3, "little") + p for p in parts)


def check_alone(content: Content, tail: OrcTail, *, everywhere: bool = False) -> None:
    """Raise InputRefused if another file ends among the bytes that no stripe uses.

    A reader of joined files sees the last one's footer, and its stripes in the first one's bytes.
    With `everywhere`, for a file that cannot be read, all bytes are searched.
    """
    place = 0
    stripes = [] if everywhere else sorted((own.start, own.end) for own in tail.stripes)
    for start, end in [*stripes, (tail.place, tail.place)]:
        seam = _SEAM.search(content.read(place, start)) if start > place else None
        if seam:
            raise joined(TITLES["orc"], place + seam.end())
        place = max(place, end)


def tail_of(content: Content) -> OrcTail:
    """Read the tail. Raises InputRefused for an unknown codec, ValueError for damaged bytes."""
    end = bytes(content.read(max(0, content.size - _TAIL_BYTES), content.size))
    size = end[-1]
    postscript = fields_of(end[-1 - size : -1])
    footer_size = number_of(postscript, 1)
    start = content.size - 1 - size - footer_size
    if start < 0 or footer_size > _LONGEST_FOOTER:
        raise ValueError("invalid footer length")
    codec = _codec(number_of(postscript, 2))
    footer = bytes(content.read(start, start + footer_size))
    block = number_of(postscript, 3) or 256 * 1024
    _check_block(block)
    place = start - number_of(postscript, 5)
    return OrcTail(codec, block, fields_of(_unpacked(footer, codec, block)), postscript, place)


def _check_block(block: int) -> None:
    if block > _LARGEST_BLOCK:
        raise InputRefused(
            f"the ORC file says that its compressed blocks unpack to {block:,} bytes, expected "
            f"{_LARGEST_BLOCK:,} at most: if it is not damaged, write it with smaller ones"
        )


def fields_of(message: bytes) -> Fields:
    """Return the fields of a message in protocol buffers, in order."""
    found: Fields = []
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        match key & 7:
            case 0:
                value, place = _varint(message, place)
                found.append((key >> 3, value))
            case 2:
                size, place = _varint(message, place)
                if place + size > len(message):
                    raise ValueError("unexpected end of the footer")
                found.append((key >> 3, message[place : place + size]))
                place += size
            case 1:
                place += 8
            case 5:
                place += 4
            case _:
                raise ValueError("failed to parse the footer")
    return found


def _joined(fields: Fields) -> bytes:
    parts = []
    for key, value in fields:
        if isinstance(value, int):
            parts.append(_spelled(key << 3 | _VARINT) + _spelled(value))
        else:
            parts.append(_spelled(key << 3 | _BYTES) + _spelled(len(value)) + value)
    return b"".join(parts)


def _as_long(fields: Fields) -> Fields:
    return [
        (key, _LONG if key == 1 and value in (_TIMESTAMP, _INSTANT) else value)
        for key, value in fields
    ]


def _varint(message: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if place >= len(message) or shift > 63:
            raise ValueError("unexpected end of the footer")
        octet = message[place]
        place += 1
        value |= (octet & 127) << shift
        shift += 7
        if octet < 128:
            return value, place


def _varints(message: bytes) -> Iterator[int]:
    place = 0
    while place < len(message):
        value, place = _varint(message, place)
        yield value


def _spelled(value: int) -> bytes:
    octets = bytearray()
    while value > 127:
        octets.append(value & 127 | 128)
        value >>= 7
    return bytes([*octets, value])


def number_of(fields: Fields, key: int) -> int:
    """Return the last number of a field; 0 if there is none."""
    return next((v for k, v in reversed(fields) if k == key and isinstance(v, int)), 0)


def all_of(fields: Fields, key: int) -> list[bytes]:
    return [value for k, value in fields if k == key and isinstance(value, bytes)]


def _codec(number: int) -> str:
    codec = _CODECS[number] if number < len(_CODECS) else f"a codec of number {number}"
    if codec not in _UNPACKED_HERE:
        raise InputRefused(
            f"the ORC file is compressed with {codec}, which cannot be read here: write it with "
            "zstd, snappy or zlib"
        )
    return codec


def _unpacked(data: bytes, codec: str, block: int, most: int = _LONGEST_FOOTER) -> bytes:
    if codec == "none":
        return data
    parts: list[bytes] = []
    place = held = 0
    while place + 3 <= len(data):
        head = int.from_bytes(data[place : place + 3], "little")
        size = head >> 1
        part = data[place + 3 : place + 3 + size]
        parts.append(part if head & _ORIGINAL else _decoded(part, codec, block))
        held += len(parts[-1])
        if held > most:
            raise ValueError("invalid footer length")
        place += 3 + size
    return b"".join(parts)


def _decoded(part: bytes, codec: str, block: int) -> bytes:
    match codec:
        case "zlib":
            return zlib.decompressobj(-15).decompress(part, block)
        case "snappy":
            size, _ = _varint(part, 0)
            return bytes(pa.decompress(part, min(size, block), codec, asbytes=True))
        case "lz4":
            return _lz4(part, block)
        case _:
            with pa.CompressedInputStream(pa.BufferReader(part), codec) as stream:
                return bytes(stream.read(block))


def _lz4(part: bytes, block: int) -> bytes:
    """Unpack an LZ4 block without a frame, which does not record its unpacked size."""
    out = bytearray()
    place = 0
    while place < len(part) and len(out) <= block:
        token = part[place]
        size, place = _lz4_size(part, place + 1, token >> 4)
        out += part[place : place + size]
        place += size
        if place >= len(part):
            break
        offset = int.from_bytes(part[place : place + 2], "little")
        size, place = _lz4_size(part, place + 2, token & 15)
        if not 0 < offset <= len(out):
            raise ValueError("corrupt lz4 compressed footer")
        for _ in range(size + 4):
            out.append(out[-offset])
    return bytes(out)


def _lz4_size(part: bytes, place: int, size: int) -> tuple[int, int]:
    if size < 15:
        return size, place
    while True:
        octet = part[place]
        size, place = size + octet, place + 1
        if octet < 255:
            return size, place
