"""Moves the files of a sealed landing to their keys; doing it again changes nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from connectors.errors import StagedFilesGone
from connectors.manifest import LandingManifest, StagedFile
from wires.s3_errors import GONE

_TAKEN = frozenset({"PreconditionFailed", "412"})
_AT_ONCE = 1000
"""Keys that one call deletes."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """The buckets that a landing goes through."""

    s3: Any
    raw_bucket: str
    assets_bucket: str

    def write_manifest(self, key: str, manifest: LandingManifest) -> None:
        self.s3.put_object(Bucket=self.assets_bucket, Key=key, Body=manifest.to_json())

    def read_manifest(self, key: str) -> LandingManifest:
        body = self.s3.get_object(Bucket=self.assets_bucket, Key=key)["Body"].read()
        return LandingManifest.from_json(body)

    def land(self, manifest: LandingManifest) -> None:
        """Put every file under its key, unless it is there.

        No file is put over another: a second version would be data as well. Raises StagedFilesGone
        for one that is neither staged nor landed.
        """
        for file in manifest.files:
            if not self._is_landed(file):
                self._put(file)

    def clear(self, folder: str, *, before: str, but: str = "") -> None:
        """Remove what lies in a staging folder under keys that come before another one, but for
        what lies in one folder in it."""
        keys = [key for key in self.staged_in(folder) if key < before]
        keys = [key for key in keys if not but or not key.startswith(but)]
        for start in range(0, len(keys), _AT_ONCE):
            some = [{"Key": key} for key in keys[start : start + _AT_ONCE]]
            self.s3.delete_objects(
                Bucket=self.assets_bucket, Delete={"Objects": some, "Quiet": True}
            )

    def _is_landed(self, file: StagedFile) -> bool:
        try:
            self.s3.head_object(Bucket=self.raw_bucket, Key=file.key)
        except ClientError as error:
            if error.response["Error"]["Code"] not in GONE:
                raise
            return False
        return True

    def _put(self, file: StagedFile) -> None:
        body = self._staged(file)
        if body is None:
            return
        try:
            self.s3.put_object(Bucket=self.raw_bucket, Key=file.key, Body=body, IfNoneMatch="*")
        except ClientError as error:
            if error.response["Error"]["Code"] not in _TAKEN:
                raise

    def _staged(self, file: StagedFile) -> bytes | None:
        """Return the file's bytes; None if another run has landed it and cleared up meanwhile."""
        try:
            answer = self.s3.get_object(Bucket=self.assets_bucket, Key=file.staged)
        except ClientError as error:
            if error.response["Error"]["Code"] not in GONE:
                raise
            if self._is_landed(file):
                return None
            raise StagedFilesGone(
                f"expected {file.key} to be landed, or to be staged as {file.staged} in "
                f"{self.assets_bucket}, and it is neither: somebody has removed it. Its rows were "
                "not taken; --again gives this landing up, and fetches its range anew"
            ) from error
        body: bytes = answer["Body"].read()
        if hashlib.sha256(body).hexdigest() != file.sha256:
            raise StagedFilesGone(
                f"expected {file.staged} to have the SHA-256 {file.sha256}, and it has another: "
                "somebody has replaced it; --again gives this landing up, and fetches it anew"
            )
        return body

    def staged_in(self, folder: str) -> Iterator[str]:
        """Yield the keys of what lies in a staging folder."""
        pages = self.s3.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.assets_bucket, Prefix=folder):
            yield from (item["Key"] for item in page.get("Contents", ()))
