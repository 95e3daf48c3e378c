"""Decompression by content, never by name, in bounded memory."""

from __future__ import annotations

import bz2
import io
import zlib
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

import pyarrow as pa

from lake.errors import InputRefused

PIECE_BYTES = 16 * 1024 * 1024
"""Size of the pieces that come out, at most."""
_TELLING_BYTES = 16
_EXPANSION_FLOOR = 256 * 1024 * 1024
"""Expansion is not judged below this many bytes: small files may be very regular."""


def find_compression(head: bytes) -> str:
    """`gzip`, `bzip2`, `zstd`, or "" for none that is known here."""
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    if head.startswith(b"BZh") and head[4:10] == b"1AY&SY":
        return "bzip2"
    return "zstd" if head.startswith(b"\x28\xb5\x2f\xfd") else ""


def decompress(blocks: Iterable[bytes], compression: str, *, max_ratio: int) -> Iterator[bytes]:
    """The plain bytes.

    Raises InputRefused where the data is damaged, ends early, is compressed twice, or
    expands by more than `max_ratio`.
    """
    meter = _Meter(blocks)
    match compression:
        case "":
            yield from meter
            return
        case "gzip":
            pieces = _members(meter, _Gzip, "gzip")
        case "bzip2":
            pieces = _members(meter, bz2.BZ2Decompressor, "bzip2")
        case _:
            pieces = _zstd(meter)
    produced = 0
    for piece in pieces:
        if produced == 0 and find_compression(piece):
            raise InputRefused(
                f"compressed twice: inside {compression} is {find_compression(piece)}"
            )
        produced += len(piece)
        if produced > _EXPANSION_FLOOR and produced > max_ratio * meter.passed:
            raise InputRefused(
                f"{compression} expands by more than {max_ratio} times, the limit for uploads: "
                "upload it uncompressed, or raise maxExpansionRatio in config/environments.yaml"
            )
        yield piece


class _Meter:
    """Passes blocks on and counts their bytes."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self.passed = 0
        self._blocks = iter(blocks)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        block = next(self._blocks)
        self.passed += len(block)
        return block


class _Gzip:
    """zlib's decompressor with the interface of bz2's, which keeps input it had no room for."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)


def _members(blocks: Iterator[bytes], make: Callable[[], Any], name: str) -> Iterator[bytes]:
    """One compressed member after the other, as `cat a.gz b.gz` makes them."""
    member = make()
    rest = b""
    for block in blocks:
        rest += block
        while rest:
            if member.eof:
                member = make()
            try:
                yield from _drain(member, rest)
            except (zlib.error, OSError) as error:
                raise InputRefused(f"damaged {name} data: {error}") from error
            # Some tools pad the end with zero bytes.
            rest = member.unused_data.lstrip(b"\0") if member.eof else b""
    if not member.eof:
        raise InputRefused(f"the {name} data ends early: the upload was cut off, upload it again")


def _drain(member: Any, data: bytes) -> Iterator[bytes]:
    if piece := member.decompress(data, PIECE_BYTES):
        yield piece
    while not member.eof and not member.needs_input:
        if piece := member.decompress(b"", PIECE_BYTES):
            yield piece


class _BlockFile(io.RawIOBase):
    """A readable file over blocks, for Arrow."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._rest = memoryview(block)
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


def _zstd(blocks: Iterator[bytes]) -> Iterator[bytes]:
    file = pa.PythonFile(io.BufferedReader(_BlockFile(blocks)), mode="r")
    try:
        with pa.CompressedInputStream(file, "zstd") as stream:
            while piece := stream.read(PIECE_BYTES):
                yield piece
    except OSError as error:
        raise InputRefused(f"damaged zstd data, or cut off: {error}") from error


def first_block(blocks: Iterable[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """A first block that is long enough to know the content by, and all blocks."""
    source = iter(blocks)
    head = b""
    for block in source:
        head += block
        if len(head) >= _TELLING_BYTES:
            break
    return head, chain([head], source)
