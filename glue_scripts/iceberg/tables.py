"""Iceberg tables of one database in the Glue Data Catalog: opening and creating them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.exceptions import (
    NoSuchIcebergTableError,
    NoSuchPropertyException,
    NoSuchTableError,
)
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import StagedTable, Table
from pyiceberg.table.metadata import TableMetadataV2
from pyiceberg.table.sorting import UNSORTED_SORT_ORDER
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import NestedField

from iceberg.storage import S3FileIO
from wires.layout import BY_DAY, metadata_folder

COLUMNS = "lake.columns"
"""Table property: what its writer knows of its columns beyond their types. With the id of an
earlier schema appended, the same for that schema."""
_FIRST_PARTITION_FIELD = 1000
OF_OTHER_KIND = (NoSuchIcebergTableError, NoSuchPropertyException)
"""Raised if the table with a name is no Iceberg table; a Hive table even lacks the type."""
_STORAGE = {"py-io-impl": "iceberg.storage.S3FileIO"}
_METRICS = "write.metadata.metrics"


@dataclass(frozen=True)
class IcebergDatabase:
    """The tables of a database of the Glue Data Catalog."""

    name: str
    catalog: GlueCatalog

    @classmethod
    def of(cls, glue: Any, name: str) -> IcebergDatabase:
        """Return a database that is accessed through a boto3 Glue client."""
        return cls(name, GlueCatalog("glue", client=glue, **_STORAGE))

    def table(self, name: str) -> Table | None:
        """Return the current table; None if there is none, or one that is not Iceberg's."""
        try:
            return self.catalog.load_table((self.name, name))
        except (NoSuchTableError, *OF_OTHER_KIND):
            return None

    def must_have(self, name: str) -> Table:
        """Return the current table. Raises NoSuchTableError."""
        return self.catalog.load_table((self.name, name))

    def names(self, *, having: str = "") -> Iterator[str]:
        """Yield names of all Iceberg tables, or of those with a property; skip other tables."""
        pages = self.catalog.glue.get_paginator("get_tables").paginate(DatabaseName=self.name)
        for table in (table for page in pages for table in page["TableList"]):
            told = table.get("Parameters", {})
            if told.get("table_type", "").upper() == "ICEBERG" and (not having or having in told):
                yield table["Name"]

    def new(
        self,
        name: str,
        schema: Schema,
        *,
        location: str,
        by_day: bool = True,
        bounds: Sequence[str] = (),
    ) -> StagedTable:
        """Return a new table, not visible before its first commit; nothing else uses its location.

        Files record the full least and greatest value of each column in `bounds`, by which readers
        skip files.
        """
        place = location.rstrip("/")
        spec = _by_day(schema) if by_day else PartitionSpec()
        # PyIceberg's own way renumbers the columns, but files are already written with these ids.
        metadata = TableMetadataV2(
            location=place,
            schemas=[schema],
            current_schema_id=schema.schema_id,
            last_column_id=schema.highest_field_id,
            partition_specs=[spec],
            default_spec_id=spec.spec_id,
            last_partition_id=spec.last_assigned_field_id,
            sort_orders=[UNSORTED_SORT_ORDER],
            default_sort_order_id=UNSORTED_SORT_ORDER.order_id,
            properties=_properties([*(BY_DAY.columns if by_day else ()), *bounds]),
            table_uuid=uuid.uuid4(),
        )
        return StagedTable(
            identifier=(self.name, name),
            metadata=metadata,
            metadata_location=f"{metadata_folder(place)}00000-{uuid.uuid4()}.metadata.json",
            io=S3FileIO(),
            catalog=self.catalog,
        )

    def drop(self, name: str) -> None:
        """Remove a table of any kind from the catalog; its files stay."""
        self.catalog.drop_table((self.name, name))


def is_by_day(table: Table) -> bool:
    """Whether a table has partitions."""
    return not table.spec().is_unpartitioned()


def _by_day(schema: Schema) -> PartitionSpec:
    return PartitionSpec(
        *(
            PartitionField(
                schema.find_field(name).field_id,
                _FIRST_PARTITION_FIELD + number,
                IdentityTransform(),
                name,
            )
            for number, name in enumerate(BY_DAY.columns)
        )
    )


def bounds_of(columns: Iterable[str]) -> dict[str, str]:
    """Return table properties that make files record these columns' bounds in full length."""
    return {f"{_METRICS}.column.{name}": "full" for name in columns}


def bounded(table: Table) -> list[NestedField]:
    """Return the columns whose bounds files record in full, except those of the partition."""
    head, schema = f"{_METRICS}.column.", table.schema()
    names = [name.removeprefix(head) for name in table.properties if name.startswith(head)]
    wanted = [name for name in names if name not in BY_DAY.columns]
    return [schema.find_field(name) for name in wanted if name in schema.column_names]


def _properties(bounds: Iterable[str]) -> dict[str, str]:
    return {
        # Wide tables would have megabytes of bounds that no query asks for.
        f"{_METRICS}.default": "counts",
        **bounds_of(bounds),
        "write.metadata.previous-versions-max": "10",
        # For other writers, if there ever are any; our commits expire snapshots themselves.
        "write.delete.mode": "copy-on-write",
        "write.update.mode": "copy-on-write",
        "write.merge.mode": "copy-on-write",
        "write.parquet.compression-codec": "snappy",
    }
