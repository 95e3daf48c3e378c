"""Crawls: looks at objects, and writes tables and partitions into the catalog."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from local_cloud.catalog.files import GlueCatalog, split_location
from local_cloud.errors import CatalogError, CrawlCancelled
from local_cloud.glue.crawl_iceberg import FoundIceberg, iceberg_tables
from local_cloud.glue.crawl_layout import FoundTable, is_excluded, tables_in
from local_cloud.glue.crawl_schemas import Found, found_in
from local_cloud.glue.crawlers import CrawlState, LocalCrawl, LocalCrawler
from operations.table_reader import IcebergReader

_AT_ONCE = 100
"""Most partitions that one call can make."""
_CRAWLER = "UPDATED_BY_CRAWLER"
_DEPRECATED = "DEPRECATED_BY_CRAWLER"


class Crawling:
    """Looks at buckets and at the catalog through their APIs."""

    def __init__(self, *, enter: Callable[[LocalCrawler], Callable[[str], Any]]) -> None:
        """Take what returns clients that act in a crawler's role, or raises RoleRefused."""
        self._enter = enter

    def crawl(self, crawler: LocalCrawler, crawl: LocalCrawl) -> None:
        """Write tables. Raises CrawlCancelled if told to stop, CatalogError for a bad table."""
        client = self._enter(crawler)
        glue, s3 = client("glue"), client("s3")
        seen: dict[str, str] = {}
        for table in self._tables(crawler, GlueCatalog(glue=glue, s3=s3)):
            if crawl.state is CrawlState.CANCELLING:
                raise CrawlCancelled
            name = crawler.table_prefix + table.name if crawler.table_prefix else table.name
            if name in seen:
                raise CatalogError(
                    f"{seen[name]} and {table.location} would both be table {name}: expected "
                    "folders with names of their own"
                )
            seen[name] = table.location
            found = _merged(table, [_look(s3, table, key) for key in table.keys])
            _Writing(glue, crawler, name).write(table, found)
        reader = IcebergReader(s3)
        for iceberg in self._iceberg_tables(crawler, GlueCatalog(glue=glue, s3=s3)):
            if crawl.state is CrawlState.CANCELLING:
                raise CrawlCancelled
            seen[iceberg.name] = iceberg.location
            described = iceberg.described(reader, crawler.name)
            _Writing(glue, crawler, iceberg.name).put({"Name": iceberg.name, **described})
        if crawler.deprecates_tables:
            _deprecate(glue, crawler, set(seen))

    def _tables(self, crawler: LocalCrawler, catalog: GlueCatalog) -> Iterator[FoundTable]:
        for target in crawler.targets.get("S3Targets", ()):
            bucket, prefix = split_location(target["Path"])
            exclusions = target.get("Exclusions", [])
            keys = (key for _, key in catalog.keys(target["Path"]))
            kept = (k for k in keys if not is_excluded(k.removeprefix(prefix), exclusions))
            yield from tables_in(bucket, prefix, kept)

    def _iceberg_tables(
        self, crawler: LocalCrawler, catalog: GlueCatalog
    ) -> Iterator[FoundIceberg]:
        for target in crawler.targets.get("IcebergTargets", ()):
            for path in target["Paths"]:
                yield from iceberg_tables(
                    path,
                    (key for _, key in catalog.keys(path)),
                    depth=int(target["MaximumTraversalDepth"]),
                    prefix=crawler.table_prefix or "",
                )


class _Writing:
    """Creates one table of the catalog, or updates it to what was found."""

    def __init__(self, glue: Any, crawler: LocalCrawler, name: str) -> None:
        self._glue = glue
        self._crawler = crawler
        self._name = name
        self._place = {"DatabaseName": crawler.database_name}

    def write(self, table: FoundTable, found: Found) -> None:
        wanted = self._input(table, found, self._existing())
        self.put(wanted)
        if table.partition_keys:
            self._add_partitions(table, found, self._existing() or wanted)

    def put(self, wanted: dict[str, Any]) -> None:
        """Create the table, or update it if it differs and the crawler updates tables."""
        existing = self._existing()
        if existing is None:
            self._glue.create_table(**self._place, TableInput=wanted)
        elif self._crawler.updates_tables and _differs(existing, wanted):
            self._glue.update_table(**self._place, TableInput=wanted)

    def _existing(self) -> dict[str, Any] | None:
        try:
            table: dict[str, Any] = self._glue.get_table(**self._place, Name=self._name)["Table"]
        except self._glue.exceptions.EntityNotFoundException as error:
            if "Database" in str(error):
                raise
            return None
        return table

    def _input(
        self, table: FoundTable, found: Found, existing: dict[str, Any] | None
    ) -> dict[str, Any]:
        columns = dict(found.columns)
        if existing is not None and self._crawler.keeps_columns:
            kept = existing["StorageDescriptor"]["Columns"]
            columns |= {column["Name"]: column["Type"] for column in kept}
        keys = table.partition_keys
        data = {name: kind for name, kind in columns.items() if name not in keys}
        parameters = {
            "classification": found.classification,
            "compressionType": found.compression,
            "typeOfData": "file",
            _CRAWLER: self._crawler.name,
        }
        if found.has_header:
            parameters["skip.header.line.count"] = "1"
        return {
            "Name": self._name,
            "TableType": "EXTERNAL_TABLE",
            "Parameters": parameters,
            "PartitionKeys": [{"Name": key, "Type": "string"} for key in keys],
            "StorageDescriptor": {
                **found.storage(table.location),
                "Columns": [{"Name": name, "Type": kind} for name, kind in data.items()],
            },
        }

    def _add_partitions(self, table: FoundTable, found: Found, described: dict[str, Any]) -> None:
        """Add new partitions, whatever the policy is, with the columns of the table."""
        columns = described["StorageDescriptor"]["Columns"]
        place = {**self._place, "TableName": self._name}
        pages = self._glue.get_paginator("get_partitions").paginate(**place)
        known = {tuple(item["Values"]) for page in pages for item in page["Partitions"]}
        wanted = [
            {
                "Values": [value for _, value in pairs],
                "StorageDescriptor": {**found.storage(location), "Columns": columns},
            }
            for pairs, location in table.partitions.items()
            if tuple(value for _, value in pairs) not in known
        ]
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            self._glue.batch_create_partition(**place, PartitionInputList=some)


def _look(s3: Any, table: FoundTable, key: str) -> Found:
    bucket, _ = split_location(table.location)
    body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    return found_in(body, shown=f"s3://{bucket}/{key}")


def _merged(table: FoundTable, looks: list[Found]) -> Found:
    """Return the one format of all objects, with types that hold each column's values in all."""
    first = looks[0]
    columns: dict[str, str] = {}
    for look in looks:
        if look.classification != first.classification:
            raise CatalogError(
                f"{table.location}: {first.shown} is {first.classification} and {look.shown} is "
                f"{look.classification}; expected one format in a table's folder"
            )
        for name, kind in look.columns.items():
            columns[name] = _common(columns.get(name, kind), kind, look)
    return replace(first, columns=columns)


def _common(one: str, other: str, look: Found) -> str:
    if one == other:
        return one
    if {one, other} == {"bigint", "double"}:
        return "double"
    if look.classification in ("csv", "json"):
        return "string"
    raise CatalogError(
        f"{look.shown} has a column as {other} that other objects of its table have as {one}"
    )


def _differs(existing: dict[str, Any], wanted: dict[str, Any]) -> bool:
    return any(existing.get(part) != wanted[part] for part in wanted)


def _deprecate(glue: Any, crawler: LocalCrawler, seen: set[str]) -> None:
    """Mark the tables that this crawler once made and whose objects are gone."""
    pages = glue.get_paginator("get_tables").paginate(DatabaseName=crawler.database_name)
    for table in [table for page in pages for table in page["TableList"]]:
        parameters = table.get("Parameters", {})
        is_own = parameters.get(_CRAWLER) == crawler.name and _DEPRECATED not in parameters
        if not is_own or table["Name"] in seen:
            continue
        kept = ("Name", "TableType", "PartitionKeys", "StorageDescriptor")
        marked = {**parameters, _DEPRECATED: str(int(datetime.now(UTC).timestamp() * 1000))}
        glue.update_table(
            DatabaseName=crawler.database_name,
            TableInput={part: table[part] for part in kept} | {"Parameters": marked},
        )
