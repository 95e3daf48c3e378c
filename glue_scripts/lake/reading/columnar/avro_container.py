"""The container of an Avro file: a header, then blocks of records, each followed by a marker.

https://avro.apache.org/docs/1.12.0/specification/#object-container-files
"""

from __future__ import annotations

import bz2
import json
import lzma
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from lake.errors import InputRefused
from lake.reading.refusals import joined

MAX_BLOCK_BYTES = 128 * 1024 * 1024
"""Largest unpacked size; writers make blocks of some kilobytes, a few of some megabytes.

Memory holds twice as much while one is unpacked.
"""
_MAGIC = b"Obj\x01"
_MARKER_BYTES = 16
_MAX_HEADER_BYTES = 64 * 1024 * 1024
_CHECKSUM_BYTES = 4
_MAX_VARINT_BITS = 63


@dataclass(frozen=True)
class Header:
    """The header, which stands before the first block."""

    schema: Any
    codec: str
    marker: bytes
    end: int
    """Where the first block begins."""


@dataclass(frozen=True)
class Block:
    """The place of a block's packed records."""

    records: int
    start: int
    size: int


def header_of(file: pa.NativeFile) -> Header:
    """Read the header. Raises InputRefused if it is invalid or its codec unknown."""
    if file.read(len(_MAGIC)) != _MAGIC:
        raise _damaged("it does not begin as one")
    told = dict(_metadata(file))
    codec = told.get("avro.codec", b"null").decode("utf-8", "backslashreplace") or "null"
    if codec not in _UNPACKERS:
        known = ", ".join(name for name in _UNPACKERS if name != "null")
        raise InputRefused(
            f"the Avro file is compressed with {codec}, expected one of {known}, or nothing"
        )
    try:
        schema = json.loads(told.get("avro.schema", b""))
    except (ValueError, RecursionError) as error:
        raise _damaged("its schema is no JSON") from error
    marker = _taken(file, _MARKER_BYTES)
    return Header(schema, codec, marker, file.tell())


def blocks_of(file: pa.NativeFile, header: Header, size: int) -> Iterator[Block]:
    """Yield the places of blocks. Raises InputRefused where one does not follow the other."""
    place = header.end
    while place < size:
        file.seek(place)
        if file.read(len(_MAGIC)) == _MAGIC:
            raise joined("Avro", place)
        file.seek(place)
        records, length = _long(file), _long(file)
        start = file.tell()
        if records < 0 or length < 0:
            raise _damaged(f"what stands at byte {place:,} is no block")
        if start + length + _MARKER_BYTES > size:
            raise _damaged(
                f"the block at byte {place:,} says that it has {length:,} bytes, of which "
                f"{max(0, size - start - _MARKER_BYTES):,} are there: the upload was cut off"
            )
        file.seek(start + length)
        if file.read(_MARKER_BYTES) != header.marker:
            raise _damaged(f"the block at byte {place:,} does not end where it says")
        yield Block(records, start, length)
        place = start + length + _MARKER_BYTES


def unpacked(data: bytes, codec: str, place: int) -> bytes:
    """Return a block's unpacked bytes; `place` is its position, for people. Raises InputRefused."""
    try:
        plain = _UNPACKERS[codec](data)
    except (OSError, EOFError, ValueError, IndexError, zlib.error, lzma.LZMAError) as error:
        raise _damaged(f"the {codec} data at byte {place:,} does not unpack") from error
    if len(plain) > MAX_BLOCK_BYTES:
        raise InputRefused(
            f"the block at byte {place:,} of the Avro file unpacks to more than "
            f"{MAX_BLOCK_BYTES:,} bytes, the limit for one: write smaller blocks"
        )
    return plain


def _damaged(cause: str) -> InputRefused:
    return InputRefused(f"the Avro file is damaged: {cause}. Write and upload it again")


def _metadata(file: pa.NativeFile) -> Iterator[tuple[str, bytes]]:
    while count := _long(file):
        if count < 0:
            _long(file)
        for _ in range(abs(count)):
            key = _taken(file, _long(file)).decode("utf-8", "backslashreplace")
            yield key, _taken(file, _long(file))


def _taken(file: pa.NativeFile, size: int) -> bytes:
    data: bytes = file.read(size) if 0 <= size <= _MAX_HEADER_BYTES else b""
    if len(data) != size:
        raise _damaged("its header ends early")
    return data


def _long(file: pa.NativeFile) -> int:
    value = shift = 0
    while True:
        octet: bytes = file.read(1)
        if not octet or shift > _MAX_VARINT_BITS:
            raise _damaged(f"there is no number at byte {file.tell():,} where one must be")
        value |= (octet[0] & 127) << shift
        shift += 7
        if not octet[0] & 128:
            return (value >> 1) ^ -(value & 1)


def _limited(make: Callable[[], Any]) -> Callable[[bytes], bytes]:
    """Return an unpacker that stops one byte over the limit, to show that there are too many."""

    def unpack(data: bytes) -> bytes:
        member = make()
        plain: bytes = member.decompress(data, MAX_BLOCK_BYTES + 1)
        if not member.eof and len(plain) <= MAX_BLOCK_BYTES:
            raise EOFError("ends early")
        return plain

    return unpack


def _snappy(data: bytes) -> bytes:
    """Unpack a snappy block, which begins with its unpacked size and ends with a checksum of it."""
    packed, checksum = data[:-_CHECKSUM_BYTES], data[-_CHECKSUM_BYTES:]
    size = shift = place = 0
    while True:
        size |= (packed[place] & 127) << shift
        shift, place = shift + 7, place + 1
        if not packed[place - 1] & 128:
            break
    if size > MAX_BLOCK_BYTES:
        return bytes(MAX_BLOCK_BYTES + 1)
    plain: bytes = pa.decompress(packed, size, "snappy", asbytes=True)
    if zlib.crc32(plain) != int.from_bytes(checksum, "big"):
        raise ValueError("checksum")
    return plain


def _zstandard(data: bytes) -> bytes:
    with pa.CompressedInputStream(pa.BufferReader(data), "zstd") as stream:
        plain: bytes = stream.read(MAX_BLOCK_BYTES + 1)
    return plain


_UNPACKERS: Mapping[str, Callable[[bytes], bytes]] = {
    "null": lambda data: data,
    "deflate": _limited(lambda: zlib.decompressobj(-15)),
    "snappy": _snappy,
    "zstandard": _zstandard,
    "bzip2": _limited(bz2.BZ2Decompressor),
    "xz": _limited(lambda: lzma.LZMADecompressor(memlimit=MAX_BLOCK_BYTES)),
}
