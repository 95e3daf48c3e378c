"""The tables of an environment as they stand at one moment, by the names that people see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pyiceberg.table import StaticTable
from pyiceberg.table.snapshots import Snapshot

from config.naming import Names
from config.reader_filters import CellsFilter
from operations.errors import WrongUse
from operations.reading.spelling import near_names
from operations.table_reader import IcebergReader
from operations.tables import rollback_module


@dataclass(frozen=True, kw_only=True)
class ListedTable:
    """A table as the catalog had it when it was listed."""

    database: str
    name: str
    columns: Mapping[str, str]
    """Hive's types by name; of a table of folders without what its folders say."""
    keys: Mapping[str, str]
    """What the folders say, of a table of folders."""
    location: str
    serde: str
    metadata_location: str = ""
    """Only of an Iceberg table: which snapshot is the current one never changes in there."""
    cells: CellsFilter | None = None
    """What is left of it for whom it was listed; None for all."""

    @property
    def full_name(self) -> str:
        return f"{self.database}.{self.name}"

    @property
    def all_columns(self) -> Mapping[str, str]:
        return {**self.columns, **self.keys}

    @property
    def seen_columns(self) -> tuple[str, ...]:
        """Names of the columns that are left of it."""
        shows = self.cells.shows if self.cells else bool
        return tuple(name for name in self.all_columns if shows(name))


class Catalog:
    """All tables, listed once: whatever is published later is not seen through this."""

    def __init__(self, *, names: Names, glue: Any, s3: Any) -> None:
        self.s3 = s3
        self.glue = glue
        self._zones = {
            "processed": names.processed_database,
            "curated": names.curated_database,
            "quality": names.quality_database,
            "discovery": names.discovery_database,
        }
        self._iceberg = IcebergReader(s3)
        self.tables = tuple(self._listed())

    def table(self, name: str) -> ListedTable:
        """Return a table by its name, alone, or behind its database or zone.

        Raises WrongUse, naming tables with such names.
        """
        wanted = name.lower()
        database, _, alone = wanted.rpartition(".")
        place = self._zones.get(database, database)
        found = [one for one in self.tables if one.name == alone and place in ("", one.database)]
        if len(found) == 1:
            return found[0]
        if found:
            both = " and ".join(one.full_name for one in found)
            raise WrongUse(f"expected one table, {name} is {both}: write its database before it")
        raise WrongUse(f"there is no table {name}; {self._instead(alone)}")

    def iceberg(self, table: ListedTable) -> StaticTable:
        """Return an Iceberg table as its metadata describe it."""
        return self._iceberg.table(table.metadata_location)

    def snapshot(self, table: ListedTable, at: str) -> Snapshot:
        """Return a kept snapshot, by its id or by a time at which it was current.

        Raises WrongUse for a table that has none, or none like this.
        """
        if not table.metadata_location:
            raise WrongUse(
                f"{table.full_name} is a table of folders and keeps no snapshots: read it as it is"
            )
        rollback = rollback_module()
        try:
            found: Snapshot = rollback.snapshot_at(self.iceberg(table), at)
        except rollback.NoSuchSnapshot as error:
            message = str(error).replace(f"static.{table.metadata_location}", table.full_name)
            raise WrongUse(message) from error
        return found

    @cached_property
    def _names(self) -> Mapping[str, str]:
        """What people may write, and what it stands for."""
        return {key: one.full_name for one in self.tables for key in (one.full_name, one.name)}

    def _instead(self, name: str) -> str:
        near = {self._names[one] for one in near_names(name, self._names)}
        if near:
            return f"near names: {', '.join(sorted(near))}"
        there = ", ".join(sorted(one.full_name for one in self.tables))
        return f"there are {there}" if there else "there are no tables yet"

    def _listed(self) -> Iterator[ListedTable]:
        for database in self._zones.values():
            try:
                pages = self.glue.get_paginator("get_tables").paginate(DatabaseName=database)
                yield from (_table(item) for page in pages for item in page["TableList"])
            except self.glue.exceptions.EntityNotFoundException:
                continue  # a zone that this environment does not have


def _table(item: Mapping[str, Any]) -> ListedTable:
    storage = item.get("StorageDescriptor", {})
    parameters = item.get("Parameters", {})
    is_iceberg = parameters.get("table_type", "").upper() == "ICEBERG"
    return ListedTable(
        database=item["DatabaseName"],
        name=item["Name"],
        columns={
            one["Name"]: one.get("Type", "string")
            for one in storage.get("Columns", ())
            # Glue also lists columns that an Iceberg table has dropped.
            if one.get("Parameters", {}).get("iceberg.field.current") != "false"
        },
        keys={one["Name"]: one.get("Type", "string") for one in item.get("PartitionKeys", ())},
        location=storage.get("Location", ""),
        serde=storage.get("SerdeInfo", {}).get("SerializationLibrary", ""),
        metadata_location=parameters["metadata_location"] if is_iceberg else "",
    )
