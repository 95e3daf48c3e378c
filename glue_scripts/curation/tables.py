"""Tables that jobs make of other tables: their published files, and publishing new ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pyiceberg.manifest import DataFile
from pyiceberg.table import StagedTable, Table
from pyiceberg.table.snapshots import Snapshot

from curation.days import with_days
from curation.refresh import DayWrite, Refresh
from iceberg.manifests import live_files, partition_of
from iceberg.publishing import Publication, ids_for, publish
from iceberg.tables import IcebergDatabase, bounds_of
from iceberg.types import field_ids, schema_for
from iceberg.watermarks import WATERMARK, watermark_of
from iceberg.written_file import WrittenFile
from lake.errors import LoadLost
from wires.layout import BY_DAY, table_folder

Columns = Sequence[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class MadeTables:
    """One database of the Glue Data Catalog, and the bucket that holds its tables."""

    database: IcebergDatabase
    bucket: str

    @classmethod
    def of(cls, glue: Any, database: str, bucket: str) -> MadeTables:
        """Create one with a boto3 Glue client."""
        return cls(database=IcebergDatabase.of(glue, database), bucket=bucket)

    def field_ids(self, table: str, columns: Columns, *, by_day: bool) -> Mapping[str, int]:
        """Return the field ids for files that are to be published with these columns."""
        every = with_days(columns) if by_day else columns
        return ids_for(self.database, table, every, by_day=by_day)

    def stands(self, refresh: Refresh) -> bool:
        """Return whether readers have what the refresh published, with its columns.

        Somebody may have dropped the table, or gone back to other columns.
        """
        found = self.database.table(refresh.table)
        if found is None or watermark_of(found) != refresh.key:
            return False
        columns = with_days(refresh.columns) if refresh.by_day else refresh.columns
        return field_ids(schema_for(found, columns)) == field_ids(found.schema())

    def watermark(self, table: str) -> str:
        """Return the key of the refresh that readers have; "" if there is no such table."""
        found = self.database.table(table)
        return watermark_of(found) if found else ""

    def locations(self, table: str, *, but: Sequence[DayWrite]) -> list[str]:
        """Return the locations of the files that readers have, except those of some days."""
        found = self.database.table(table)
        gone = {_partition(day) for day in but}
        files = live_files(found) if found else []
        return [file.file_path for file in files if partition_of(file) not in gone]

    def locations_after(self, refresh: Refresh) -> list[str] | None:
        """Return the locations of the files that readers have once the refresh is published.

        Returns None if the table is neither in the state that the refresh was made for nor of this
        refresh.
        """
        found = self.database.table(refresh.table)
        standing = watermark_of(found) if found else ""
        live = live_files(found) if found else []
        if found and standing == refresh.key:
            return [file.file_path for file in live]
        staged = [f"s3://{self.bucket}/{file.key}" for file in refresh.files]
        if refresh.whole:
            return staged
        gone = set(refresh.gone or ())
        kept = [file.file_path for file in live if file.file_path not in gone]
        if standing != refresh.after or len(kept) != len(live) - len(gone):
            return None
        return [*kept, *staged]

    def publish(self, refresh: Refresh, key: str, facts: Mapping[str, str]) -> Snapshot:
        """Publish all of a refresh to readers at once.

        Raises LoadLost if the table is not any more what the refresh was made for.
        """
        columns = with_days(refresh.columns) if refresh.by_day else refresh.columns
        return publish(
            self.database,
            Publication(
                table=refresh.table,
                bucket=self.bucket,
                folder=table_folder(refresh.table),
                columns=columns,
                commit_id=key,
                files=list(_written(refresh)),
                replaced=lambda table: _replaced(table, refresh),
                by_day=refresh.by_day,
                takes_name=refresh.whole,
                bounds=refresh.sorted_by,
                properties=bounds_of(refresh.sorted_by),
                summary={
                    **facts,
                    WATERMARK: key,
                    "refresh-id": refresh.refresh_id,
                    "code-version": refresh.code_version,
                    "rows-in": str(refresh.counts.rows_in or refresh.rows),
                    "rows-published": str(refresh.rows),
                    "values-published": str(refresh.values),
                    "rows-quarantined": str(refresh.counts.quarantined),
                },
            ),
        )


def _written(refresh: Refresh) -> Iterator[WrittenFile]:
    for day in refresh.days:
        for file in day.files:
            yield WrittenFile(
                key=file.key, rows=file.rows, values=file.values, partition=_partition(day)
            )


def _replaced(table: Table, refresh: Refresh) -> list[DataFile]:
    if refresh.whole and isinstance(table, StagedTable):
        return []
    if watermark_of(table) != refresh.after:
        raise LoadLost(
            f"table {refresh.table} is of refresh {watermark_of(table) or 'nobody'}, and this was "
            f"made after {refresh.after or 'nobody'}: the next run makes it anew"
        )
    if refresh.gone is not None and not refresh.whole:
        return _standing(table, refresh)
    return live_files(table, None if refresh.whole else {_partition(d) for d in refresh.days})


def _standing(table: Table, refresh: Refresh) -> list[DataFile]:
    gone = set(refresh.gone or ())
    found = [file for file in live_files(table) if file.file_path in gone] if gone else []
    if len(found) != len(gone):
        raise LoadLost(
            f"{len(gone) - len(found)} files of table {refresh.table} that {refresh.model} was to "
            "take the place of have been merged meanwhile: the next run makes it anew"
        )
    return found


def _partition(day: DayWrite) -> tuple[str, ...]:
    return BY_DAY.values(date.fromisoformat(day.day)) if day.day else ()
