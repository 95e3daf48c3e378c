"""Reads Iceberg tables with PyIceberg, using nothing of the jobs' writing code."""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa
from pyiceberg.catalog.noop import NoopCatalog
from pyiceberg.io import FileIO, InputFile, InputStream, OutputFile
from pyiceberg.table import StaticTable
from pyiceberg.table.metadata import TableMetadata, TableMetadataUtil


class IcebergReader:
    """Reads tables through a boto3 S3 client."""

    def __init__(self, s3: Any) -> None:
        self._io = _ReadingIO(s3)
        self._known: dict[str, TableMetadata] = {}
        """Metadata by location, which never changes."""

    def partition_columns(self, metadata_location: str) -> list[str]:
        """Return the columns by whose values the table is partitioned."""
        table = self.table(metadata_location)
        return [table.schema().find_column_name(f.source_id) or "" for f in table.spec().fields]

    def files(self, metadata_location: str) -> list[tuple[str, str]]:
        """Return bucket and key of each file in the table's current snapshot."""
        tasks = self.table(metadata_location).scan().plan_files()
        return sorted(place_of(task.file.file_path) for task in tasks)

    def rows(self, metadata_location: str) -> pa.Table:
        return self.table(metadata_location).scan().to_arrow()

    def schema(self, metadata_location: str) -> pa.Schema:
        return self.table(metadata_location).schema().as_arrow()

    def table(self, metadata_location: str) -> StaticTable:
        """Return the table as its metadata describe it."""
        if metadata_location not in self._known:
            text = self._io.new_input(metadata_location).open().read().decode()
            self._known[metadata_location] = TableMetadataUtil.parse_raw(text)
        return StaticTable(
            identifier=("static", metadata_location),
            metadata=self._known[metadata_location],
            metadata_location=metadata_location,
            io=self._io,
            catalog=NoopCatalog("static"),
        )


class _ReadingIO(FileIO):
    def __init__(self, s3: Any) -> None:
        super().__init__()
        self._s3 = s3

    def new_input(self, location: str) -> InputFile:
        return _Input(self._s3, location)

    def new_output(self, location: str) -> OutputFile:
        raise io.UnsupportedOperation(f"{location}: a reader of the catalog writes nothing")

    def delete(self, location: str | InputFile | OutputFile) -> None:
        raise io.UnsupportedOperation(f"{location}: a reader of the catalog deletes nothing")


class _Input(InputFile):
    def __init__(self, s3: Any, location: str) -> None:
        super().__init__(location)
        self._s3 = s3

    def __len__(self) -> int:
        bucket, key = place_of(self.location)
        return int(self._s3.head_object(Bucket=bucket, Key=key)["ContentLength"])

    def exists(self) -> bool:
        bucket, key = place_of(self.location)
        found = self._s3.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1)
        return any(item["Key"] == key for item in found.get("Contents", ()))

    def open(self, seekable: bool = True) -> InputStream:  # noqa: ARG002 - PyIceberg has it so
        bucket, key = place_of(self.location)
        return io.BytesIO(self._s3.get_object(Bucket=bucket, Key=key)["Body"].read())


def place_of(location: str) -> tuple[str, str]:
    bucket, _, key = location.partition("://")[2].partition("/")
    return bucket, key
