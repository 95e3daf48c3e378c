"""How much a query scans at most, by the tables' metadata; nothing is read but that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlglot
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.table import FileScanTask, StaticTable
from sqlglot import expressions as exp

from config.named_queries import NamedQuery
from operations.table_reader import IcebergReader, place_of
from wires.layout import BY_DAY

LEAST_BYTES = 10 * 1024**2
"""What a query is billed for at least: https://aws.amazon.com/athena/pricing/"""
_A_DAY = timedelta(days=1)
_OF_METADATA = "$"


@dataclass(frozen=True)
class Scan:
    """Files that a query has to look into, of how many, and their bytes."""

    files: int = 0
    of_files: int = 0
    bytes: int = 0

    def __add__(self, other: Scan) -> Scan:
        return Scan(
            self.files + other.files, self.of_files + other.of_files, self.bytes + other.bytes
        )

    def usd(self, tb_scanned: float) -> float:
        """Return the list price of a query that scans so much."""
        return max(self.bytes, LEAST_BYTES) / 1024**4 * tb_scanned


class NotThere(Exception):
    """A query names a table, or a time, that there is not yet."""


class Estimates:
    """Plans queries as an engine would that reads whole files.

    Engines read less: the columns that a query names, and of a LIMIT the first files. Columns by
    which a table is partitioned are read from its metadata.
    """

    def __init__(self, *, glue: Any, s3: Any, now: datetime) -> None:
        """Take clients, and the time in UTC from which days are counted back."""
        self._glue = glue
        self._s3 = s3
        self._iceberg = IcebergReader(s3)
        self._now = now
        self._whole: dict[str, Scan] = {}
        """Of current snapshots by their metadata, which never change."""

    def of(self, query: NamedQuery) -> Scan:
        """Return what a query scans at most. Raises NotThere."""
        parsed = sqlglot.parse_one(query.sql, dialect="athena")
        # Those without a database are defined by the query itself.
        tables = (table for table in parsed.find_all(exp.Table) if table.db)
        return sum((self._scan(table, parsed, query) for table in tables), Scan())

    def files(self, query: NamedQuery) -> list[FileScanTask]:
        """Return the files of a query about one Iceberg table. Raises NotThere."""
        (table,) = sqlglot.parse_one(query.sql, dialect="athena").find_all(exp.Table)
        described = self._described(table)
        return self._planned(self._opened(described), table, query)

    def _scan(self, table: exp.Table, parsed: exp.Expr, query: NamedQuery) -> Scan:
        described = self._described(table)
        if _OF_METADATA in table.name:
            return Scan()
        if described.get("Parameters", {}).get("table_type", "").upper() != "ICEBERG":
            return self._folder(described, parsed)
        opened = self._opened(described)
        planned = self._planned(opened, table, query)
        whole, found = self._all_files(opened), _size(planned)
        reads_metadata_only = _columns(parsed) <= {*BY_DAY.columns} and not _has_star(parsed)
        return Scan(found.files, whole.files, 0 if reads_metadata_only else found.bytes)

    def _all_files(self, opened: StaticTable) -> Scan:
        place = opened.metadata_location
        if place not in self._whole:
            self._whole[place] = _size(opened.scan().plan_files())
        return self._whole[place]

    def _planned(
        self, opened: StaticTable, table: exp.Table, query: NamedQuery
    ) -> list[FileScanTask]:
        snapshot = self._snapshot(opened) if table.args.get("version") else None
        where = self._day(query.days_back) if query.days_back else AlwaysTrue()
        return list(opened.scan(row_filter=where, snapshot_id=snapshot).plan_files())

    def _day(self, back: int) -> str:
        """Return the condition on the day so many days back, as PyIceberg reads it."""
        values = BY_DAY.values(self._now - back * _A_DAY)
        named = zip(BY_DAY.columns, values, strict=True)
        return " AND ".join(f"{column} = '{value}'" for column, value in named)

    def _snapshot(self, opened: StaticTable) -> int:
        """Return the snapshot that was current a day ago."""
        at = opened.snapshot_as_of_timestamp(int((self._now - _A_DAY).timestamp() * 1000))
        if at is None:
            raise NotThere("the table is younger than a day")
        return at.snapshot_id

    def _described(self, table: exp.Table) -> Mapping[str, Any]:
        name = table.name.partition(_OF_METADATA)[0]
        try:
            answer = self._glue.get_table(DatabaseName=table.db, Name=name)
        except self._glue.exceptions.EntityNotFoundException as error:
            raise NotThere(f"there is no table {name} yet") from error
        found: Mapping[str, Any] = answer["Table"]
        return found

    def _opened(self, described: Mapping[str, Any]) -> StaticTable:
        return self._iceberg.table(described["Parameters"]["metadata_location"])

    def _folder(self, described: Mapping[str, Any], parsed: exp.Expr) -> Scan:
        """Return what lies in a table of folders, below the first partition key if it is fixed."""
        bucket, prefix = place_of(described["StorageDescriptor"]["Location"])
        keys = [key["Name"] for key in described.get("PartitionKeys", ())]
        whole = self._listed(bucket, prefix)
        fixed = {one.this.name: one.expression.name for one in parsed.find_all(exp.EQ)}
        if not keys or keys[0] not in fixed:
            return whole
        part = self._listed(bucket, f"{prefix.rstrip('/')}/{keys[0]}={fixed[keys[0]]}/")
        return Scan(part.files, whole.files, part.bytes)

    def _listed(self, bucket: str, prefix: str) -> Scan:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        sizes = [int(item["Size"]) for page in pages for item in page.get("Contents", ())]
        return Scan(len(sizes), len(sizes), sum(sizes))


def _size(tasks: Iterable[FileScanTask]) -> Scan:
    sizes = [task.file.file_size_in_bytes for task in tasks]
    return Scan(len(sizes), len(sizes), sum(sizes))


def _columns(parsed: exp.Expr) -> set[str]:
    return {column.name for column in parsed.find_all(exp.Column)}


def _has_star(parsed: exp.Expr) -> bool:
    return any(not isinstance(star.parent, exp.Count) for star in parsed.find_all(exp.Star))
