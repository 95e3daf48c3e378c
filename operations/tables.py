"""Lists published tables and their history, and rolls them back.

Uses the caller's own rights: to read the tables' buckets and databases, and for a rollback to write
metadata into the bucket and to update the table.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.table import Table

from config.environments import Environment
from operations.errors import OperationError, WrongUse

_TOLD = (
    "commit-id",
    "watermark",
    "rolled-back-to",
    "verdict",
    "rows-in",
    "rows-published",
    "rows-quarantined",
)
"""Facts of a snapshot that the history shows."""


@dataclass(frozen=True)
class PublishedTables:
    """The Iceberg tables of one environment."""

    environment: Environment

    def listed(self) -> Iterator[str]:
        """Yield one line for each table."""
        for database, name in self._names():
            table = self._load(database, name)
            snapshot = table.current_snapshot()
            facts = snapshot.summary.additional_properties if snapshot and snapshot.summary else {}
            when = rollback_module().moment(snapshot) if snapshot else "never"
            yield (
                f"{database}.{name}: {int(facts.get('total-records', 0)):,} rows in "
                f"{int(facts.get('total-data-files', 0)):,} files, committed {when}, "
                f"{len(table.metadata.snapshots)} snapshots kept"
            )

    def history(self, name: str) -> Iterator[str]:
        """Yield one line for each kept snapshot, the latest first."""
        table = self._load(*self._named(name))
        for snapshot in sorted(
            table.metadata.snapshots, key=lambda one: one.sequence_number or 0, reverse=True
        ):
            facts = snapshot.summary.additional_properties if snapshot.summary else {}
            kind = snapshot.summary.operation.value if snapshot.summary else "unknown"
            current = (
                " (current)" if snapshot.snapshot_id == table.metadata.current_snapshot_id else ""
            )
            told = "  ".join(f"{fact}={facts[fact]}" for fact in _TOLD if fact in facts)
            yield (
                f"{snapshot.snapshot_id}{current}  {rollback_module().moment(snapshot)}  {kind}  "
                f"+{facts.get('added-records', 0)} -{facts.get('deleted-records', 0)} rows, "
                f"{facts.get('total-records', 0)} in all  {told}"
            )

    def roll_back(self, name: str, to: str) -> str:
        """Roll a table back, and return what was done.

        Raises OperationError if there is no such snapshot.
        """
        database, table = self._named(name)
        from iceberg.tables import IcebergDatabase  # noqa: PLC0415 - see rollback_module

        module = rollback_module()
        try:
            snapshot = module.roll_back(IcebergDatabase.of(self._glue, database), table, to)
        except module.NoSuchSnapshot as error:
            raise OperationError(str(error)) from error
        facts = snapshot.summary.additional_properties if snapshot.summary else {}
        return (
            f"{database}.{table} has the rows of snapshot {facts[module.ROLLED_BACK_TO]} again: "
            f"{facts['total-records']} rows, in snapshot {snapshot.snapshot_id}"
        )

    @property
    def _glue(self) -> Any:
        return boto3.client("glue", region_name=self.environment.account.aws_region)

    def _load(self, database: str, name: str) -> Table:
        rollback_module()
        catalog = GlueCatalog(
            "glue", client=self._glue, **{"py-io-impl": "iceberg.storage.S3FileIO"}
        )
        return catalog.load_table((database, name))

    def _named(self, name: str) -> tuple[str, str]:
        """Return database and table. Raises WrongUse naming the existing tables."""
        there = list(self._names())
        found = [one for one in there if name in (one[1], ".".join(one))]
        if len(found) != 1:
            known = ", ".join(sorted(".".join(one) for one in there)) or "no Iceberg table"
            raise WrongUse(
                f"expected one table named {name!r}, {self.environment.name} has {known}"
            )
        return found[0]

    def _names(self) -> Iterator[tuple[str, str]]:
        names = self.environment.names
        for database in (names.processed_database, names.curated_database):
            pages = self._glue.get_paginator("get_tables").paginate(DatabaseName=database)
            for table in (table for page in pages for table in page["TableList"]):
                if table.get("Parameters", {}).get("table_type", "").upper() == "ICEBERG":
                    yield database, table["Name"]


def rollback_module() -> Any:
    """Import the jobs' module for rollbacks.

    It is in the jobs' library, whose packages are at the top level of its zip.
    """
    library = str(Path(__file__).resolve().parent.parent / "glue_scripts")
    if library not in sys.path:
        sys.path.insert(0, library)
    from iceberg import rollback  # noqa: PLC0415

    return rollback
