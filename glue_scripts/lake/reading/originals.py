"""The bytes of an uploaded object: read in order, block by block, and digested on the way."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

READ_BYTES = 16 * 1024 * 1024
DIGEST_BLOCK = 8 * 1024 * 1024
"""Pieces whose digests are to be put together start at a multiple of this."""


class Original(Protocol):
    """An object's bytes as stored."""

    @property
    def size(self) -> int: ...

    @property
    def is_remote(self) -> bool:
        """Whether reads mostly wait for a remote store."""
        ...

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes from `start` up to `end`, both within the object."""
        ...


@dataclass
class StartKept:
    """An original whose first block is read once, however often it is looked at."""

    original: Original
    _start: bytes | None = None

    @property
    def size(self) -> int:
        return self.original.size

    @property
    def is_remote(self) -> bool:
        return self.original.is_remote

    def read(self, start: int, end: int) -> bytes:
        if start or end > READ_BYTES:
            return self.original.read(start, end)
        if self._start is None:
            self._start = self.original.read(0, min(self.size, READ_BYTES))
        return self._start[:end]


@dataclass(frozen=True)
class Span:
    """A part of an object, in bytes as stored."""

    start: int
    end: int
    first: int | None = None
    """Where its first record starts, once that is known for sure."""
    repeats: tuple[int, ...] = ()
    """Rows whose key occurs before them, counted from 0 among those that keep the rules."""


def stored_blocks(original: Original) -> Iterator[bytes]:
    for part in _parts(0, original.size):
        yield original.read(*part)


def read_on(original: Original, start: int, end: int) -> Iterator[bytes]:
    """Yield the bytes from `start` to `end`; fetch the next block in the background if remote."""
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
    """SHA-256 of each DIGEST_BLOCK, so that pieces can be digested separately and put together."""

    def __init__(self) -> None:
        self._done = b""
        self._block = hashlib.sha256()
        self._filled = 0

    def over(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """Pass blocks on and digest them."""
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
