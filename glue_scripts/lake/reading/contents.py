"""Plain bytes of an object that is read in several places at once.

They are in memory, on the worker's disk or, for an inspection, where the object is stored.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa

from lake.reading.originals import READ_BYTES, Original

_IN_MEMORY_BYTES = 2 * READ_BYTES


@dataclass(frozen=True)
class Content:
    """Bytes that can be read at any position."""

    size: int
    read: Callable[[int, int], Any]
    """Returns the bytes from one position up to another, or a view of them."""

    def open(self) -> pa.NativeFile:
        """Return a new file over the bytes."""
        return pa.PythonFile(io.BufferedReader(_Ranges(self), 1024 * 1024), mode="r")

    def tailed(self, tail: bytes) -> Content:
        """Return the same bytes followed by a tail."""

        def read(start: int, end: int) -> bytes:
            own = bytes(self.read(start, min(end, self.size))) if start < self.size else b""
            return own + tail[max(0, start - self.size) : max(0, end - self.size)]

        return Content(self.size + len(tail), read)


@dataclass(frozen=True)
class _Held(Content):
    """Bytes in memory, or in a file that is mapped there."""

    buffer: pa.Buffer

    def open(self) -> pa.NativeFile:
        return pa.BufferReader(self.buffer)


def held(buffer: pa.Buffer) -> Content:
    view = memoryview(buffer).cast("B")
    return _Held(buffer.size, lambda start, end: view[start:end], buffer)


def stored(original: Original) -> Content:
    """Return a stored object's content; of large ones only what is read is fetched."""
    if original.size <= READ_BYTES:
        return held(pa.py_buffer(original.read(0, original.size)))
    return Content(original.size, original.read)


@contextmanager
def copied(pieces: Iterable[bytes]) -> Iterator[Content]:
    """Collect all pieces, in memory or, if there are many, in a temporary file."""
    source = iter(pieces)
    start: list[bytes] = []
    for piece in source:
        start.append(piece)
        if sum(map(len, start)) > _IN_MEMORY_BYTES:
            break
    else:
        yield held(pa.py_buffer(b"".join(start)))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "original")
        with path.open("wb") as copy:
            copy.writelines(chain(start, source))
        del start
        with pa.memory_map(str(path)) as mapped:
            yield held(mapped.read_buffer())


class _Ranges(io.RawIOBase):
    def __init__(self, content: Content) -> None:
        self._content = content
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._content.size}
        self._position = base[whence] + offset
        return self._position

    def readinto(self, buffer: Any) -> int:
        end = min(self._position + len(buffer), self._content.size)
        if end <= self._position:
            return 0
        data = self._content.read(self._position, end)
        buffer[: len(data)] = data
        self._position = end
        return len(data)
