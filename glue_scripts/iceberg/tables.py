"""Tables of one database: opened and made in the Glue Data Catalog."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.exceptions import NoSuchTableError, TableAlreadyExistsError
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.transforms import IdentityTransform

PARTITION_COLUMNS = ("year", "month", "day")
"""Text as the folders spell it; in the files as well, so that each of them is read by itself."""
_FIRST_PARTITION_FIELD = 1000
_STORAGE = {"py-io-impl": "iceberg.storage.S3FileIO"}
_METRICS = "write.metadata.metrics"


@dataclass(frozen=True)
class IcebergDatabase:
    """The tables of a database of the Glue Data Catalog."""

    name: str
    catalog: GlueCatalog

    @classmethod
    def of(cls, glue: Any, name: str) -> IcebergDatabase:
        """Through a boto3 Glue client."""
        return cls(name, GlueCatalog("glue", client=glue, **_STORAGE))

    def table(self, name: str) -> Table | None:
        """The table as it is now; None if there is none."""
        try:
            return self.catalog.load_table((self.name, name))
        except NoSuchTableError:
            return None

    def made(
        self, name: str, schema: Schema, *, location: str, bounds: Sequence[str] = ()
    ) -> Table:
        """The table, which is made if there is none: without rows, alone below its location.

        By days if it has the columns for it. Of each column in `bounds` files tell least and
        greatest value in full length, by which readers pass over files.
        """
        found = self.table(name)
        if found is not None:
            return found
        try:
            return self.catalog.create_table(
                (self.name, name),
                schema,
                location=location.rstrip("/"),
                partition_spec=_by_day(schema),
                properties={"format-version": "2", **_properties(schema, bounds)},
            )
        except TableAlreadyExistsError:
            return self.catalog.load_table((self.name, name))


def _by_day(schema: Schema) -> PartitionSpec:
    if not set(PARTITION_COLUMNS) <= set(schema.column_names):
        return PartitionSpec()
    return PartitionSpec(
        *(
            PartitionField(
                schema.find_field(name).field_id,
                _FIRST_PARTITION_FIELD + number,
                IdentityTransform(),
                name,
            )
            for number, name in enumerate(PARTITION_COLUMNS)
        )
    )


def _properties(schema: Schema, bounds: Sequence[str]) -> dict[str, str]:
    partitions = [name for name in PARTITION_COLUMNS if name in schema.column_names]
    return {
        # Wide tables would have megabytes of bounds that no query asks for.
        f"{_METRICS}.default": "counts",
        **{f"{_METRICS}.column.{name}": "full" for name in (*partitions, *bounds)},
        "write.metadata.previous-versions-max": "10",
        # Of other writers, if there ever are any; ours expires snapshots with its commits.
        "write.delete.mode": "copy-on-write",
        "write.update.mode": "copy-on-write",
        "write.merge.mode": "copy-on-write",
        "write.parquet.compression-codec": "snappy",
    }
