"""Iceberg tables as a crawler finds them: by the newest metadata file of each.

https://docs.aws.amazon.com/glue/latest/dg/crawler-s3-iceberg.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from local_cloud.catalog.files import split_location
from local_cloud.catalog.types import catalog_type
from operations.table_reader import IcebergReader

_METADATA = re.compile(r"(?:(?P<folder>.*)/)?metadata/(?P<number>[0-9]+)-[^/]*\.metadata\.json")


@dataclass(frozen=True, kw_only=True)
class FoundIceberg:
    """A folder that holds an Iceberg table."""

    name: str
    location: str
    metadata_location: str

    def described(self, reader: IcebergReader, crawler: str) -> Mapping[str, Any]:
        """Return the catalog's description of the table, without its name."""
        schema = reader.schema(self.metadata_location)
        return {
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {
                "table_type": "ICEBERG",
                "metadata_location": self.metadata_location,
                "UPDATED_BY_CRAWLER": crawler,
            },
            "StorageDescriptor": {
                "Location": self.location,
                "Columns": [
                    {"Name": field.name, "Type": catalog_type(_plain(field.type))}
                    for field in schema
                ],
            },
        }


def iceberg_tables(
    path: str, keys: Iterable[str], *, depth: int, prefix: str
) -> Iterator[FoundIceberg]:
    """Yield the tables in folders at most `depth` levels below a path."""
    bucket, below = split_location(path)
    newest: dict[str, tuple[int, str]] = {}
    for key in keys:
        found = _METADATA.fullmatch(key.removeprefix(below))
        if not found:
            continue
        folder = found["folder"] or ""
        if folder.count("/") < depth:
            newest[folder] = max(newest.get(folder, (-1, "")), (int(found["number"]), key))
    for folder, (_, key) in sorted(newest.items()):
        name = re.sub(r"[^a-z0-9_]", "_", (folder or bucket).rpartition("/")[2].lower())
        yield FoundIceberg(
            name=f"{prefix}{name}",
            location=f"s3://{bucket}/{below}{folder}".rstrip("/"),
            metadata_location=f"s3://{bucket}/{key}",
        )


def _plain(kind: pa.DataType) -> pa.DataType:
    """Return Arrow's ordinary type for a large one, which is the same to Hive."""
    if pa.types.is_large_string(kind):
        return pa.string()
    return pa.binary() if pa.types.is_large_binary(kind) else kind
