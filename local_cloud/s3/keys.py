"""moto's keys and multipart uploads, with their bytes in files instead of in memory."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator
from typing import Any, ClassVar

from moto.s3.exceptions import EntityTooSmall, InvalidPart, MalformedXML
from moto.s3.models import FakeKey, FakeMultipart
from moto.settings import S3_UPLOAD_PART_MIN_SIZE

from local_cloud.s3.stored_bytes import ObjectStore, StoredBytes


class FileKey(FakeKey):
    """One version of an object. `value` still answers with all bytes, for the few who need them."""

    store: ClassVar[ObjectStore]
    """Set while a cloud is up."""
    stored: StoredBytes
    _owns_file = True

    @property
    def value(self) -> bytes:
        return self.stored.read()

    @value.setter
    def value(self, new_value: bytes | str | StoredBytes) -> None:
        if isinstance(new_value, str):
            new_value = new_value.encode()
        if isinstance(new_value, bytes):
            new_value = self.store.take([new_value])
        self._value_buffer.close()
        self.stored = new_value
        self.contentsize = new_value.size

    @property
    def etag(self) -> str:
        return f'"{self._etag or self.stored.etag}"'

    @classmethod
    def forget_all(cls) -> None:
        """Empty moto's list of every key that it ever made."""
        tracked: list[FileKey] = cls.instances_tracked  # type: ignore[attr-defined]
        tracked.clear()

    def lend_to(self, stored: StoredBytes) -> None:
        """Drop the file of this key: its bytes are now a part of another's file."""
        self.store.drop(self.stored)
        self.stored = stored
        self._owns_file = False

    def view(self, *, is_latest: bool) -> FileKey:
        """Return a shallow copy for a listing, which owns no file."""
        seen = copy.copy(self)
        seen.is_latest = is_latest  # type: ignore[attr-defined]  # moto reads it with getattr
        return seen

    def dispose(self, garbage: bool = False) -> None:  # noqa: ARG002 - moto's own signature
        if not self.disposed and self._owns_file:
            self.store.drop(self.stored)
        self.disposed = True

    def __copy__(self) -> FileKey:
        twin: FileKey = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin._owns_file = False
        twin.disposed = True
        return twin

    def __deepcopy__(self, memo: dict[int, Any]) -> FileKey:
        return copy.copy(self)

    def __del__(self) -> None:
        """Do nothing: files go with the work folder, also those that moto forgets to dispose of."""


class FileMultipart(FakeMultipart):
    """A multipart upload whose parts are files, joined without passing through memory."""

    def complete(  # type: ignore[override]  # the bytes are a file here
        self, body: Iterator[tuple[int, str]]
    ) -> tuple[StoredBytes, str, None]:
        parts = list(self._checked(body))
        digest = hashlib.md5(usedforsecurity=False)
        for part in parts:
            digest.update(bytes.fromhex(part.etag.strip('"')))
        joined = FileKey.store.join(part.stored for part in parts)
        position = 0
        for part in parts:
            size = part.stored.size
            part.lend_to(
                StoredBytes(path=joined.path, size=size, etag=part.stored.etag, offset=position)
            )
            position += size
        return joined, f"{digest.hexdigest()}-{len(parts)}", None

    def _checked(self, body: Iterator[tuple[int, str]]) -> Iterator[FileKey]:
        last: FileKey | None = None
        for number, etag in body:
            part = self.parts.get(number)
            if not isinstance(part, FileKey) or part.etag.strip('"') != etag.strip('"'):
                raise InvalidPart
            if last is not None and last.contentsize < S3_UPLOAD_PART_MIN_SIZE:
                raise EntityTooSmall
            yield part
            last = part
        if last is None:
            raise MalformedXML
