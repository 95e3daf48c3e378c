"""Reading and writing S3 through exact versions, in the driver and in the tasks alike."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from lake.errors import OriginalGone
from wires.layout import SUPERSEDED
from wires.manifest import ObjectVersion

_READ_BYTES = 16 * 1024 * 1024
_FOOTER_BYTES = 64 * 1024
"""Most footers are shorter."""
_LOCAL = "file://"
"""Start of the name of a bucket that is a local folder, for files that have not been uploaded."""
_GONE = frozenset({"NoSuchKey", "NoSuchVersion", "404"})


@cache
def client(service: str) -> Any:
    """Return the process's boto3 client for a service, in the region that `use_region` has set."""
    import boto3  # noqa: PLC0415 - takes longer to import than a small file to read

    return boto3.client(service)


def use_region(name: str) -> None:
    """Set the region: driver and tasks call this first, as Glue sets none for Spark's workers."""
    if name:
        os.environ["AWS_DEFAULT_REGION"] = name


def region() -> str:
    """Return the region from `use_region` or the environment; "" if there is no AWS to talk to."""
    return os.environ.get("AWS_DEFAULT_REGION", "")


@dataclass(frozen=True)
class StoredOriginal:
    """One object version, read in ranges that are retried on their own."""

    bucket: str
    version: ObjectVersion

    @property
    def size(self) -> int:
        """Bytes as stored."""
        return self.version.size

    @property
    def is_remote(self) -> bool:
        """Whether reads mostly wait for a remote store."""
        return not self.bucket.startswith(_LOCAL)

    def read(self, start: int, end: int) -> bytes:
        """Read a range of bytes. Raises OriginalGone if the version does not exist any more."""
        if end <= start:
            return b""
        if self.bucket.startswith(_LOCAL):
            with _local_path(self.bucket, self.version.key).open("rb") as file:
                file.seek(start)
                return file.read(end - start)
        try:
            answer = client("s3").get_object(
                Bucket=self.bucket,
                Key=self.version.key,
                VersionId=self.version.version_id,
                Range=f"bytes={start}-{end - 1}",
            )
        except client("s3").exceptions.ClientError as error:
            if error.response["Error"]["Code"] in _GONE:
                raise OriginalGone(
                    f"s3://{self.bucket}/{self.version.key} version {self.version.version_id} "
                    "does not exist any more: it was deleted for good; upload it again"
                ) from error
            raise
        body: bytes = answer["Body"].read()
        return body


def put_file(path: Path, bucket: str, key: str) -> None:
    """Store a file under a key: as a whole or not at all."""
    if bucket.startswith(_LOCAL):
        target = _local_path(bucket, key)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(path, target)
    else:
        client("s3").upload_file(str(path), bucket, key)


def fetch_file(bucket: str, key: str, path: Path) -> None:
    """Fetch a file that `put_file` has stored."""
    if bucket.startswith(_LOCAL):
        shutil.copyfile(_local_path(bucket, key), path)
    else:
        client("s3").download_file(bucket, key, str(path))


def _local_path(bucket: str, key: str) -> Path:
    return Path(bucket.removeprefix(_LOCAL), key)


def list_keys(bucket: str, prefix: str) -> list[str]:
    pages = client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [item["Key"] for page in pages for item in page.get("Contents", ())]


def supersede(bucket: str, prefix: str, *, but: str | None = None) -> None:
    """Tag all objects under a prefix, except under `but`, for removal by the bucket's lifecycle."""
    for key in list_keys(bucket, prefix):
        if but is not None and key.startswith(but):
            continue
        client("s3").put_object_tagging(Bucket=bucket, Key=key, Tagging=SUPERSEDED)


@dataclass(frozen=True)
class FooterCounts:
    """The counts in the footer of a Parquet file."""

    rows: int
    values: Mapping[str, int]
    """Number of values that are not null, by column."""


@dataclass(frozen=True)
class StoredFooter:
    """The footer of a Parquet file in a bucket."""

    footer: pq.FileMetaData
    size: int
    """Bytes of the whole file."""

    @property
    def counts(self) -> FooterCounts:
        """Counts of rows, and of values in top-level columns that hold plain values."""
        values = dict.fromkeys(self.footer.schema.names, 0)
        for group in map(self.footer.row_group, range(self.footer.num_row_groups)):
            for chunk in map(group.column, range(self.footer.num_columns)):
                values[chunk.path_in_schema] += chunk.num_values - chunk.statistics.null_count
        return FooterCounts(self.footer.num_rows, values)


def footer_counts(bucket: str, key: str) -> FooterCounts:
    """Return the counts in the footer of a Parquet file in a bucket."""
    return stored_footer(bucket, key).counts


def stored_footer(bucket: str, key: str) -> StoredFooter:
    """Read the footer of a Parquet file in a bucket, by one request for nearly all files."""
    if bucket.startswith(_LOCAL):
        path = _local_path(bucket, key)
        return StoredFooter(pq.read_metadata(path), path.stat().st_size)
    length = _FOOTER_BYTES
    while True:
        answer = client("s3").get_object(Bucket=bucket, Key=key, Range=f"bytes=-{length}")
        tail: bytes = answer["Body"].read()
        needed = int.from_bytes(tail[-8:-4], "little") + 8
        if needed <= len(tail):
            size = int(answer["ContentRange"].rpartition("/")[2])
            return StoredFooter(pq.read_metadata(pa.BufferReader(tail[-needed:])), size)
        length = needed


def line_count(bucket: str, key: str) -> int:
    """Count the lines of a text file by reading it from the bucket."""
    if bucket.startswith(_LOCAL):
        return _local_path(bucket, key).read_bytes().count(b"\n")
    body = client("s3").get_object(Bucket=bucket, Key=key)["Body"]
    return sum(block.count(b"\n") for block in body.iter_chunks(_READ_BYTES))
