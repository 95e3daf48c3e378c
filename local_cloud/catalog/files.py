"""Finds the objects that a table is made of: those under the locations that the catalog names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from local_cloud.errors import CatalogError
from operations.table_reader import IcebergReader


@dataclass(frozen=True, kw_only=True)
class Column:
    name: str
    type: str


@dataclass(frozen=True, kw_only=True)
class Part:
    """A partition, or the whole of a table that has none."""

    location: str
    values: tuple[str, ...]
    columns: tuple[Column, ...]
    serde: str


@dataclass(frozen=True, kw_only=True)
class CatalogTable:
    """A table as the Glue catalog has it."""

    database: str
    name: str
    location: str
    columns: tuple[Column, ...]
    partition_keys: tuple[Column, ...]
    serde: str
    metadata_location: str = ""
    """Only of an Iceberg table: the metadata says which files it consists of."""

    def whole(self) -> Part:
        return Part(location=self.location, values=(), columns=self.columns, serde=self.serde)


class GlueCatalog:
    """Reads the catalog through its API, and lists objects as S3 gives them."""

    def __init__(self, *, glue: Any, s3: Any) -> None:
        self._glue = glue
        self._s3 = s3
        self._iceberg = IcebergReader(s3)

    def databases(self) -> list[str]:
        pages = self._glue.get_paginator("get_databases").paginate()
        return [database["Name"] for page in pages for database in page["DatabaseList"]]

    def tables(self, database: str) -> list[CatalogTable]:
        pages = self._glue.get_paginator("get_tables").paginate(DatabaseName=database)
        return [_table(table) for page in pages for table in page["TableList"]]

    def table(self, database: str, name: str) -> CatalogTable:
        """Raises CatalogError if there is no such table."""
        try:
            return _table(self._glue.get_table(DatabaseName=database, Name=name)["Table"])
        except self._glue.exceptions.EntityNotFoundException as error:
            raise CatalogError(f"the catalog has no table {database}.{name}") from error

    def parts(self, table: CatalogTable) -> list[Part]:
        """Return the registered partitions only, or the whole of a table without partition keys."""
        if not table.partition_keys:
            return [table.whole()]
        pages = self._glue.get_paginator("get_partitions").paginate(
            DatabaseName=table.database, TableName=table.name
        )
        return [_part(table, item) for page in pages for item in page["Partitions"]]

    def current_keys(self, *buckets: str) -> Mapping[str, list[str]]:
        """Return, for each of these buckets, the data objects that readers of any table get."""
        prefixes: dict[str, set[str]] = defaultdict(set)
        keys: dict[str, set[str]] = defaultdict(set)
        for table in (table for name in self.databases() for table in self.tables(name)):
            if table.metadata_location:
                for bucket, key in self._iceberg.files(table.metadata_location):
                    keys[bucket].add(key)
                continue
            for part in self.parts(table):
                bucket, prefix = split_location(part.location)
                prefixes[bucket].add(prefix)
        return {
            bucket: sorted(keys[bucket].union(self._keys_below(bucket, prefixes[bucket])))
            for bucket in buckets
        }

    def partitioned_by(self, table: CatalogTable) -> list[str]:
        """Return the partition columns' names, of a table of folders or of an Iceberg table."""
        if table.metadata_location:
            return self._iceberg.partition_columns(table.metadata_location)
        return [column.name for column in table.partition_keys]

    def iceberg_rows(self, table: CatalogTable) -> pa.Table:
        return self._iceberg.rows(table.metadata_location)

    def keys(self, location: str) -> Iterator[tuple[str, str]]:
        """Yield bucket and key of each data object; names that begin with `_` or `.` are hidden."""
        bucket, prefix = split_location(location)
        return ((bucket, item["Key"]) for item in self._items(bucket, prefix) if _is_data(item))

    def _keys_below(self, bucket: str, prefixes: Set[str]) -> Iterator[str]:
        """Yield each data object under any of the prefixes, by one listing for all of them."""
        for item in self._items(bucket) if prefixes else ():
            if _is_data(item) and not prefixes.isdisjoint(_prefixes(item["Key"])):
                yield item["Key"]

    def all_keys(self, bucket: str) -> Iterator[str]:
        return (item["Key"] for item in self._items(bucket))

    def _items(self, bucket: str, prefix: str = "") -> Iterator[Mapping[str, Any]]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return (item for page in pages for item in page.get("Contents", ()))


def _is_data(item: Mapping[str, Any]) -> bool:
    name = item["Key"].rpartition("/")[2]
    return bool(item["Size"]) and not name.startswith(("_", "."))


def _prefixes(key: str) -> Iterator[str]:
    """Yield all locations that the key can belong to."""
    steps = key.split("/")
    return ("/".join([*steps[:depth], ""]) if depth else "" for depth in range(len(steps)))


def split_location(location: str) -> tuple[str, str]:
    """Return the bucket, and the prefix with a slash at its end."""
    scheme, _, path = location.partition("://")
    if scheme not in ("s3", "s3a"):
        raise CatalogError(f"expected a location s3://bucket/…, the catalog has {location!r}")
    bucket, _, prefix = path.partition("/")
    return bucket, f"{prefix.rstrip('/')}/" if prefix.strip("/") else ""


def _table(item: dict[str, Any]) -> CatalogTable:
    storage = item.get("StorageDescriptor", {})
    return CatalogTable(
        database=item["DatabaseName"],
        name=item["Name"],
        location=storage.get("Location", ""),
        columns=_columns(storage.get("Columns", [])),
        partition_keys=_columns(item.get("PartitionKeys", [])),
        serde=_serde(storage),
        metadata_location=_metadata_location(item.get("Parameters", {})),
    )


def _metadata_location(parameters: Mapping[str, str]) -> str:
    if parameters.get("table_type", "").upper() != "ICEBERG":
        return ""
    return parameters["metadata_location"]


def _part(table: CatalogTable, item: dict[str, Any]) -> Part:
    storage = item.get("StorageDescriptor", {})
    return Part(
        location=storage.get("Location", ""),
        values=tuple(item["Values"]),
        columns=_columns(storage.get("Columns", [])) or table.columns,
        serde=_serde(storage) or table.serde,
    )


def _columns(items: list[dict[str, Any]]) -> tuple[Column, ...]:
    """Return the table's columns; Glue also lists those that an Iceberg table has dropped."""
    return tuple(
        Column(name=item["Name"], type=item.get("Type", "string"))
        for item in items
        if item.get("Parameters", {}).get("iceberg.field.current") != "false"
    )


def _serde(storage: dict[str, Any]) -> str:
    return str(storage.get("SerdeInfo", {}).get("SerializationLibrary", ""))
