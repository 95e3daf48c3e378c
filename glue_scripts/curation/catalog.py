"""Curated tables in the Glue Data Catalog: by days, or made anew as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any

from curation.days import DAY_KEYS
from lake.catalog import PARQUET
from lake.commit import day_values

Columns = Sequence[tuple[str, str]]


class CuratedCatalog:
    """One database, through a boto3 Glue client."""

    def __init__(self, glue: Any, database: str) -> None:
        self._glue = glue
        self._database = database

    def columns(self, table: str) -> tuple[tuple[str, str], ...] | None:
        """Name and Glue type of each data column; None if there is no such table."""
        found = self._table(table)
        if found is None:
            return None
        return tuple((c["Name"], c["Type"]) for c in found["StorageDescriptor"]["Columns"])

    def is_by_day(self, table: str) -> bool:
        """Whether the table is there and has days as partitions."""
        found = self._table(table)
        return found is not None and len(found.get("PartitionKeys", ())) == len(DAY_KEYS)

    def location(self, table: str) -> str:
        """ "" if there is no such table."""
        found = self._table(table)
        return "" if found is None else str(found["StorageDescriptor"]["Location"])

    def put_table(
        self,
        table: str,
        columns: Columns,
        *,
        location: str,
        by_day: bool,
        facts: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Make the table be so, in one call."""
        keys = DAY_KEYS if by_day else ()
        given = {
            "Name": table,
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {"EXTERNAL": "TRUE", "classification": "parquet", **facts},
            "PartitionKeys": [{"Name": key, "Type": "string"} for key in keys],
            "StorageDescriptor": _stored(columns, location),
        }
        found = self._table(table)
        if found is not None and len(found.get("PartitionKeys", [])) != len(keys):
            # Partition keys cannot be changed; a table is one or the other by its contract.
            self._glue.delete_table(DatabaseName=self._database, Name=table)
            found = None
        if found is None:
            self._glue.create_table(DatabaseName=self._database, TableInput=given)
        else:
            self._glue.update_table(DatabaseName=self._database, TableInput=given, SkipArchive=True)

    def days(self, table: str) -> dict[str, str]:
        """Location by ISO date of every registered partition."""
        return {"-".join(item["Values"]): _location(item) for item in self._partitions(table)}

    def put_day(
        self, table: str, day: str, columns: Columns, *, location: str, facts: dict[str, str]
    ) -> None:
        """Let a day point at these files, in one call."""
        values = list(day_values(date.fromisoformat(day)))
        given = {
            "Values": values,
            "StorageDescriptor": _stored(columns, location),
            "Parameters": {"classification": "parquet", **facts},
        }
        where = {"DatabaseName": self._database, "TableName": table}
        try:
            self._glue.create_partition(**where, PartitionInput=given)
        except self._glue.exceptions.AlreadyExistsException:
            self._glue.update_partition(**where, PartitionValueList=values, PartitionInput=given)

    def drop_day(self, table: str, day: str) -> None:
        """A day that has no rows any more."""
        try:
            self._glue.delete_partition(
                DatabaseName=self._database,
                TableName=table,
                PartitionValues=list(day_values(date.fromisoformat(day))),
            )
        except self._glue.exceptions.EntityNotFoundException:
            return

    def _partitions(self, table: str) -> Iterator[dict[str, Any]]:
        pages = self._glue.get_paginator("get_partitions").paginate(
            DatabaseName=self._database, TableName=table
        )
        for page in pages:
            yield from page["Partitions"]

    def _table(self, table: str) -> dict[str, Any] | None:
        try:
            answer = self._glue.get_table(DatabaseName=self._database, Name=table)
        except self._glue.exceptions.EntityNotFoundException:
            return None
        found: dict[str, Any] = answer["Table"]
        return found


def _stored(columns: Columns, location: str) -> dict[str, Any]:
    named = [{"Name": name, "Type": kind} for name, kind in columns]
    return {"Columns": named, "Location": location, **PARQUET}


def _location(item: dict[str, Any]) -> str:
    return str(item["StorageDescriptor"]["Location"])
