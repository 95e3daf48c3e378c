"""moto's S3 with bytes in files, folders for Spark, and versions listed in the order they came."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, ClassVar, cast

from flask import has_request_context, request
from moto.s3.models import FakeBucket, FakeDeleteMarker, FakeKey, S3Backend

from local_cloud.s3.bucket_folders import BucketFolders, FolderChange
from local_cloud.s3.keys import FileKey
from local_cloud.s3.listing import VersionsPage, page_of_keys, page_of_versions
from local_cloud.s3.names import OrderedKeyStore
from local_cloud.s3.stored_bytes import StoredBytes

RECEIVED_BODY = "local_cloud.received_body"
"""Key in a request's WSGI environment: the body, where it has been written to a file already."""


class FileS3Backend(S3Backend):
    """moto's S3 with a folder for each bucket, from which it takes over changes when next asked."""

    folders: ClassVar[BucketFolders]
    """Set while a cloud is up."""
    watched: ClassVar[int] = 0
    """Number of programs that may be writing into the folders. With none, nobody looks there."""

    def create_bucket(self, bucket_name: str, *args: Any, **kwargs: Any) -> FakeBucket:
        bucket = super().create_bucket(bucket_name, *args, **kwargs)
        self.folders.add_bucket(bucket_name)
        return bucket

    def delete_bucket(self, bucket_name: str) -> FakeBucket | None:
        deleted = super().delete_bucket(bucket_name)
        if deleted:
            self.folders.remove_bucket(bucket_name)
        return deleted

    def put_object(
        self, bucket_name: str, key_name: str, value: Any, *args: Any, **kwargs: Any
    ) -> FakeKey:
        if kwargs.get("multipart") is not None:
            # The caller sends the event of a completed upload; moto would send a second one.
            kwargs["disable_notification"] = True
        body = value or _received_body() or b""
        stored = body if isinstance(body, StoredBytes) else FileKey.store.take([_bytes(body)])
        key = super().put_object(bucket_name, key_name, cast(bytes, stored), *args, **kwargs)
        self.folders.place(bucket_name, key_name, stored)
        return key

    def upload_part(self, bucket_name: str, multipart_id: str, part_id: int, value: Any) -> FakeKey:
        body = value or _received_body() or b""
        return super().upload_part(bucket_name, multipart_id, part_id, cast(bytes, body))

    def upload_part_copy(  # noqa: PLR0917 - moto's own signature
        self,
        dest_bucket_name: str,
        multipart_id: str,
        part_id: int,
        src_bucket_name: str,
        src_key_name: str,
        src_version_id: str | None,
        start_byte: int | None,
        end_byte: int | None,
    ) -> FakeKey:
        source = self.get_object(src_bucket_name, src_key_name, version_id=src_version_id)
        stored = cast(FileKey, source).stored
        start = start_byte or 0
        length = stored.size - start if end_byte is None else end_byte - start + 1
        part = FileKey.store.take(stored.blocks(start, length))
        return super().upload_part(dest_bucket_name, multipart_id, part_id, cast(bytes, part))

    def copy_object(self, src_key: FakeKey, *args: Any, **kwargs: Any) -> None:
        super().copy_object(cast(FakeKey, _Source(cast(FileKey, src_key))), *args, **kwargs)

    def delete_object(
        self, bucket_name: str, key_name: str, *args: Any, **kwargs: Any
    ) -> tuple[bool, dict[str, Any]]:
        answer = super().delete_object(bucket_name, key_name, *args, **kwargs)
        self._show_latest(bucket_name, key_name)
        return answer

    def get_object(
        self, bucket_name: str, key_name: str, *args: Any, **kwargs: Any
    ) -> FakeKey | None:
        if self.watched:
            self._take_over(bucket_name, self.folders.change_of(bucket_name, key_name))
        return super().get_object(bucket_name, key_name, *args, **kwargs)

    def list_objects(
        self, bucket: FakeBucket, prefix: str | None, *args: Any, **kwargs: Any
    ) -> tuple[set[FakeKey], set[str], bool, str | None]:
        """List in the old way; moto looks only at the keys with the prefix instead of at all."""
        if self.watched:
            self.take_over(bucket.name, prefix or "")
        names = _keys(bucket).names.beginning_with(prefix or "")
        fitting = cast(FakeBucket, _KeysOf(names, _keys(bucket)))
        return super().list_objects(fitting, prefix, *args, **kwargs)

    def list_objects_v2(  # noqa: PLR0917 - moto's own signature
        self,
        bucket: FakeBucket,
        prefix: str | None,
        delimiter: str | None,
        continuation_token: str | None,
        start_after: str | None,
        max_keys: int,
    ) -> tuple[set[FakeKey | str], bool, str | None]:
        if self.watched and not continuation_token:
            self.take_over(bucket.name, prefix or "")
        after = self._pagination_tokens.get(continuation_token or "") or start_after or ""
        page, is_cut = page_of_keys(
            _keys(bucket), prefix=prefix or "", delimiter=delimiter, after=after, limit=max_keys
        )
        token = self._token(page) if is_cut and page else None
        # moto's annotation says set, and its code list.
        return cast(Any, page), token is not None, token

    def _token(self, page: list[FakeKey | str]) -> str:
        last = self._get_name(page[-1])
        token = hashlib.sha256(last.encode()).hexdigest()
        self._pagination_tokens[token] = last
        return token

    def list_object_versions(  # type: ignore[override]  # noqa: PLR0917 - moto's own signature
        self,
        bucket_name: str,
        delimiter: str | None = None,
        key_marker: str | None = None,
        max_keys: int | None = 1000,
        prefix: str = "",
        version_id_marker: str | None = None,
    ) -> VersionsPage:
        if self.watched and not key_marker:
            self.take_over(bucket_name, prefix)
        return page_of_versions(
            _keys(self.get_bucket(bucket_name)),
            prefix=prefix,
            delimiter=delimiter,
            after=(key_marker, version_id_marker),
            limit=1000 if max_keys is None else max_keys,
        )

    def take_over(self, bucket_name: str, prefix: str = "") -> None:
        """Bring the bucket up to date with its folder, and send the events of the changes."""
        if bucket_name in self.folders.buckets:
            self._take_over(bucket_name, self.folders.changes(bucket_name, prefix))

    def _take_over(self, bucket_name: str, changes: Iterator[FolderChange]) -> None:
        for change in list(changes):
            if change.path is None:
                self.folders.remove(bucket_name, change.key)
                super().delete_object(bucket_name, change.key)
                continue
            stored = FileKey.store.adopt(change.path)
            self.folders.note(bucket_name, change.key)
            super().put_object(bucket_name, change.key, cast(bytes, stored))

    def _show_latest(self, bucket_name: str, key_name: str) -> None:
        latest = self.get_bucket(bucket_name).keys.get(key_name)
        if isinstance(latest, FileKey):
            self.folders.place(bucket_name, key_name, latest.stored)
        elif latest is None or isinstance(latest, FakeDeleteMarker):
            self.folders.remove(bucket_name, key_name)


class _KeysOf:
    """The part of a bucket that moto's listing looks at."""

    def __init__(self, names: Iterator[str], keys: OrderedKeyStore) -> None:
        self.keys = {name: keys[name] for name in names}


def _keys(bucket: FakeBucket) -> OrderedKeyStore:
    return cast(OrderedKeyStore, bucket.keys)


class _Source:
    """A key to copy from, whose bytes are shared instead of read."""

    def __init__(self, key: FileKey) -> None:
        self._key = key

    @property
    def value(self) -> StoredBytes:
        return FileKey.store.share(self._key.stored)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._key, name)


def _received_body() -> StoredBytes | None:
    if not has_request_context():
        return None
    body: StoredBytes | None = request.environ.pop(RECEIVED_BODY, None)
    return body


def _bytes(value: bytes | str) -> bytes:
    return value.encode() if isinstance(value, str) else value
