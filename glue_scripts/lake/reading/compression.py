"""Decompression by content, never by name, in bounded memory."""

from __future__ import annotations

import bz2
import io
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import pyarrow as pa

from lake.errors import InputRefused
from wires.formats import is_bzip2

PIECE_BYTES = 16 * 1024 * 1024
"""Largest size of the decompressed pieces."""
_TELLING_BYTES = 16
_STEP_BYTES = 1024
_EXPANSION_FLOOR = 256 * 1024 * 1024
"""Expansion is not limited below this many bytes: small files may be very regular."""


def find_compression(head: bytes) -> str:
    """Return `gzip`, `bzip2`, `zstd`, or "" if no known compression is found."""
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    if is_bzip2(head):
        return "bzip2"
    return "zstd" if head.startswith(b"\x28\xb5\x2f\xfd") else ""


def decompress(blocks: Iterable[bytes], compression: str, *, max_ratio: int) -> Iterator[bytes]:
    """Yield the plain bytes.

    Raises InputRefused if the data is damaged, ends early, is compressed twice, or expands by more
    than `max_ratio`.
    """
    meter = _Meter(blocks)
    match compression:
        case "":
            yield from meter
            return
        case "gzip":
            pieces = _members(meter, _GZIP)
        case "bzip2":
            pieces = _members(meter, _BZIP2)
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
        self.taken = 0
        """Bytes that have been given to a decompressor."""
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

    def copy(self) -> _Gzip:
        made = _Gzip()
        made._inner = self._inner.copy()
        return made

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


@dataclass(frozen=True)
class _Codec:
    """A compression: how its members are recognized and unpacked."""

    name: str
    magic: bytes
    make: Callable[[], Any]
    errors: tuple[type[Exception], ...]
    slice_bytes: int
    """Bytes that are unpacked at once, and so the precision with which damage is located."""


_GZIP = _Codec("gzip", b"\x1f\x8b", _Gzip, (zlib.error,), PIECE_BYTES)
_BZIP2 = _Codec("bzip2", b"BZh", bz2.BZ2Decompressor, (OSError,), 256 * 1024)


def _members(blocks: _Meter, codec: _Codec) -> Iterator[bytes]:
    """Unpack one compressed member after the other, as `cat a.gz b.gz` makes them."""
    member = codec.make()
    rest = b""
    for block in _sliced(blocks, codec.slice_bytes):
        rest += block
        while rest:
            place = blocks.taken - len(rest)
            if member.eof:
                if not _may_begin(rest, codec.magic):
                    raise _followed(codec.name, place)
                member = codec.make()
            before = member.copy() if isinstance(member, _Gzip) else None
            try:
                yield from _drain(member, rest)
            except codec.errors as error:
                raise _damaged(codec.name, place + _bad_place(before, rest), error) from error
            # Some tools pad the end with zero bytes.
            rest = member.unused_data.lstrip(b"\0") if member.eof else b""
    if not member.eof:
        raise _cut_off(codec.name, blocks.taken)


def _sliced(blocks: _Meter, size: int) -> Iterator[bytes]:
    for block in blocks:
        begin = blocks.passed - len(block)
        for start in range(0, len(block), size):
            part = block if len(block) <= size else block[start : start + size]
            blocks.taken = begin + start + len(part)
            yield part


def _may_begin(rest: bytes, magic: bytes) -> bool:
    return rest[: len(magic)] == magic[: len(rest)]


def _bad_place(before: _Gzip | None, data: bytes) -> int:
    """Return where in `data` decompression fails, by small steps with a copy made before."""
    if before is None:
        return 0
    for start in range(0, len(data), _STEP_BYTES):
        try:
            for _ in _drain(before, data[start : start + _STEP_BYTES]):
                pass
        except zlib.error:
            return start
    return len(data)


def _damaged(name: str, place: int, error: Exception) -> InputRefused:
    if any(sign in str(error) for sign in ("data check", "length check", "checksum")):
        return InputRefused(
            f"the {name} data does not match its checksum: bytes have changed since it was "
            "compressed, upload it again"
        )
    return InputRefused(f"the {name} data is damaged at about byte {place:,}: upload it again")


def _followed(name: str, place: int) -> InputRefused:
    return InputRefused(
        f"behind the {name} data, from byte {place:,} on, stands something that is not {name}: "
        "upload the file as it was compressed"
    )


def _cut_off(name: str, size: int) -> InputRefused:
    return InputRefused(
        f"the {name} data ends early, after {size:,} bytes: the upload was cut off, upload it again"
    )


def _drain(member: Any, data: bytes) -> Iterator[bytes]:
    if piece := member.decompress(data, PIECE_BYTES):
        yield piece
    while not member.eof and not member.needs_input:
        if piece := member.decompress(b"", PIECE_BYTES):
            yield piece


class _BlockFile(io.RawIOBase):
    """A readable file over blocks, for Arrow."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self.taken = 0
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
        self.taken += size
        return size


def _zstd(blocks: Iterator[bytes]) -> Iterator[bytes]:
    source = _BlockFile(blocks)
    file = pa.PythonFile(io.BufferedReader(source), mode="r")
    try:
        with pa.CompressedInputStream(file, "zstd") as stream:
            while piece := stream.read(PIECE_BYTES):
                yield piece
    except OSError as error:
        raise _zstd_refusal(str(error), source.taken, error) from error


def _zstd_refusal(said: str, place: int, error: OSError) -> InputRefused:
    if "runcated" in said:
        return _cut_off("zstd", place)
    if "frame descriptor" in said or "prefix" in said:
        return _followed("zstd", place)
    if "too much memory" in said:
        return InputRefused(
            "the zstd data needs more than 128 MiB of memory to unpack, the limit here: compress "
            "it without --long and --ultra"
        )
    if "ictionary" in said:
        return InputRefused(
            "the zstd data was compressed with a dictionary, which is not in the file: compress it "
            "without one"
        )
    return _damaged("zstd", place, error)


def first_block(blocks: Iterable[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Return a first block that is long enough to recognize the content, and all blocks."""
    source = iter(blocks)
    head = b""
    for block in source:
        head += block
        if len(head) >= _TELLING_BYTES:
            break
    return head, chain([head], source)
