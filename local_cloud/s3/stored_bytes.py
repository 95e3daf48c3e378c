"""Keeps the bytes of objects in files that are written once and never changed."""

from __future__ import annotations

import hashlib
import itertools
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from local_cloud.errors import StorageError

_BLOCK = 1 << 20
_HASHED_UP_TO = 64 << 20
"""Larger files are not read just for an ETag, which is opaque for encrypted objects anyway."""


@dataclass(frozen=True, kw_only=True)
class StoredBytes:
    """A range of bytes in a file."""

    path: Path
    size: int
    etag: str
    offset: int = 0

    def blocks(self, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Return the bytes from `start` on, a megabyte at a time. The file is opened at once."""
        left = self.size - start if length is None else length
        file = self.path.open("rb")
        file.seek(self.offset + start)

        def read() -> Iterator[bytes]:
            nonlocal left
            with file:
                while left > 0 and (block := file.read(min(_BLOCK, left))):
                    left -= len(block)
                    yield block

        return read()

    def read(self) -> bytes:
        with self.path.open("rb") as file:
            file.seek(self.offset)
            return file.read(self.size)


class ObjectStore:
    """Takes bytes in and gives files out. Every call makes a file of its own."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._numbers = itertools.count()
        root.mkdir(parents=True, exist_ok=True)

    def take(self, blocks: Iterable[bytes]) -> StoredBytes:
        """Write the blocks to a file; the ETag is the MD5 of them, as on S3."""
        path = self._new_path()
        digest = hashlib.md5(usedforsecurity=False)
        size = 0
        with path.open("wb") as file:
            for block in blocks:
                digest.update(block)
                size += file.write(block)
        return StoredBytes(path=path, size=size, etag=digest.hexdigest())

    def take_file(self, source: Path) -> StoredBytes:
        """Copy a file that somebody else may go on changing."""
        if source.stat().st_size <= _HASHED_UP_TO:
            with source.open("rb") as file:
                return self.take(iter(lambda: file.read(_BLOCK), b""))
        path = self._new_path()
        shutil.copyfile(source, path)
        return StoredBytes(path=path, size=path.stat().st_size, etag=_opaque_etag())

    def adopt(self, source: Path) -> StoredBytes:
        """Give the file itself a second name, where the file system can; else copy it."""
        path = self._new_path()
        link_or_copy(source, path)
        return StoredBytes(path=path, size=path.stat().st_size, etag=_opaque_etag())

    def share(self, stored: StoredBytes) -> StoredBytes:
        """Return the same bytes for a second owner, who may drop them without the first."""
        if stored.offset or stored.size != stored.path.stat().st_size:
            return self.take(stored.blocks())
        path = self._new_path()
        link_or_copy(stored.path, path)
        return StoredBytes(path=path, size=stored.size, etag=stored.etag)

    def join(self, parts: Iterable[StoredBytes]) -> StoredBytes:
        """Join all parts in order into one file."""
        path = self._new_path()
        with path.open("wb") as target:
            for part in parts:
                with part.path.open("rb") as source:
                    _append(source.fileno(), target.fileno(), part.offset, part.size)
        return StoredBytes(path=path, size=path.stat().st_size, etag=_opaque_etag())

    def drop(self, stored: StoredBytes) -> None:
        stored.path.unlink(missing_ok=True)

    def _new_path(self) -> Path:
        number = next(self._numbers)
        folder = self._root / f"{number // 1000:04d}"
        folder.mkdir(exist_ok=True)
        return folder / f"{number:08d}"


def link_or_copy(source: Path, target: Path) -> None:
    """Make a hard link, or a copy on file systems that have none."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _append(source: int, target: int, offset: int, size: int) -> None:
    os.lseek(source, offset, os.SEEK_SET)
    while size > 0:
        block = os.read(source, min(size, 8 * _BLOCK))
        if not block:
            raise StorageError(f"a part ended {size} bytes early: was its file changed?")
        size -= len(block)
        while block:
            block = block[os.write(target, block) :]


def _opaque_etag() -> str:
    return f"{uuid.uuid4().hex}-1"
