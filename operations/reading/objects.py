"""Objects in S3 as files that are read in ranges, and as a file system of some of them."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO
from urllib.parse import quote

from fsspec.spec import AbstractFileSystem

PROTOCOL = "lake"
_AHEAD = 4 << 20
"""Bytes that are read at once."""


@dataclass(frozen=True)
class StoredObject:
    """An object, which nobody changes: data files and results are written once."""

    bucket: str
    key: str
    size: int

    @property
    def path(self) -> str:
        """Where DuckDB finds it: without the signs that stand for something in its patterns."""
        return f"{PROTOCOL}://{self.bucket}/{quote(self.key, safe='/')}"


def opened(s3: Any, item: StoredObject) -> BinaryIO:
    """Return an object as a file whose memory does not depend on its size."""
    return io.BufferedReader(_Ranges(s3, item), _AHEAD)


class _Ranges(io.RawIOBase):
    def __init__(self, s3: Any, item: StoredObject) -> None:
        self._s3, self._item, self._place = s3, item, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._item.size}[whence]
        self._place = max(0, start + offset)
        return self._place

    def readinto(self, buffer: Any) -> int:
        last = min(self._item.size, self._place + len(buffer)) - 1
        if last < self._place:
            return 0
        answer = self._s3.get_object(
            Bucket=self._item.bucket, Key=self._item.key, Range=f"bytes={self._place}-{last}"
        )
        body = answer["Body"].read()
        buffer[: len(body)] = body
        self._place += len(body)
        return len(body)


class ObjectFiles(AbstractFileSystem):  # type: ignore[misc] # fsspec has no types
    """The objects that one query may read, by their paths, and no others."""

    protocol = PROTOCOL
    cachable = False

    def __init__(self, s3: Any, items: Mapping[str, StoredObject]) -> None:
        super().__init__()
        self._s3, self._items = s3, items

    def _open(self, path: str, mode: str = "rb", **_: Any) -> BinaryIO:
        if mode != "rb":
            raise PermissionError(f"{path}: a reader of tables writes nothing")
        return opened(self._s3, self._item(path))

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        return {"name": path, "size": self._item(path).size, "type": "file"}

    def exists(self, path: str, **_: Any) -> bool:
        return self._full(path) in self._items

    def glob(self, path: str, **_: Any) -> list[str]:
        return [path] if self.exists(path) else []

    def modified(self, path: str) -> datetime:
        self._item(path)
        return datetime(2000, 1, 1, tzinfo=UTC)  # what never changes was never changed

    def _item(self, path: str) -> StoredObject:
        try:
            return self._items[self._full(path)]
        except KeyError:
            raise FileNotFoundError(f"{path} is no file of a table that the query names") from None

    def _full(self, path: str) -> str:
        return path if "://" in path else f"{PROTOCOL}://{path}"
