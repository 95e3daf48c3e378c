"""Write → audit → commit: files that nobody sees become a snapshot that everybody sees.

This is the only way to publish. Tasks write files to folders of their own attempt and report what
is in them. The footers, from which the table's statistics come, must agree with that. Then one
commit makes all the files visible, in place of those that they replace.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from pyiceberg.manifest import DataFile
from pyiceberg.schema import Schema
from pyiceberg.table import StagedTable, Table
from pyiceberg.table.snapshots import Snapshot

from iceberg.commits import Change, Committer
from iceberg.errors import MadeForOtherColumns, OtherPartitions
from iceberg.field_ids import FieldIds, field_ids_of
from iceberg.files import data_file
from iceberg.tables import OF_OTHER_KIND, IcebergDatabase, is_by_day
from iceberg.types import Columns, field_ids, schema_for, schema_of
from iceberg.written_file import WrittenFile
from lake.errors import AccountingError
from lake.store import StoredFooter, stored_footer
from wires.layout import BY_DAY

_READERS = 16


@dataclass(frozen=True, kw_only=True)
class Publication:
    """A change to publish to a table."""

    table: str
    bucket: str
    folder: str
    """Folder of the table, which nothing else uses."""
    columns: Columns
    """All columns, including those of the partition."""
    commit_id: str
    """Identifies the content, so that it is published only once."""
    files: Sequence[WrittenFile]
    replaced: Callable[[Table], Sequence[DataFile]]
    """Returns the files to replace, given the current table. What it raises ends the
    publication."""
    summary: Mapping[str, str] = field(default_factory=dict)
    same_rows: bool = False
    """Whether the rows are already published, in other files."""
    docs: Mapping[str, str] = field(default_factory=dict)
    by_day: bool = True
    """Whether the table is partitioned by day, with the day's columns among `columns`. If not, data
    columns may have those names."""
    bounds: Sequence[str] = ()
    """Columns whose least and greatest values files record in full length."""
    ids: FieldIds = field(default_factory=dict)
    """Field ids that the files have for columns that the table does not have yet."""
    properties: Mapping[str, str] = field(default_factory=dict)
    """Table properties to set with this snapshot."""
    known: Table | None = None
    """The table, if it was loaded a moment ago."""
    takes_name: bool = False
    """Whether to replace a table of this name that is of another kind or has other partitions; only
    if all rows are made again."""


def publish(database: IcebergDatabase, publication: Publication) -> Snapshot:
    """Publish all files in one snapshot and return it, or that of an earlier attempt.

    Raises AccountingError if a file does not hold what its task wrote, MadeForOtherColumns if the
    files were written for other columns than the table's, and, unless the publication takes the
    name, OtherPartitions or one of OF_OTHER_KIND if another table has it.
    """
    footers = _audited(publication)

    def change_of(table: Table) -> Change:
        if is_by_day(table) != publication.by_day:
            raise OtherPartitions(f"table {publication.table} is not partitioned as it should be")
        # First, so that a changed table is noticed before its columns are compared.
        removed = publication.replaced(table)
        schema = schema_for(table, publication.columns, publication.docs, publication.ids)
        for written, stored in zip(publication.files, footers, strict=True):
            _check_ids(written, stored, schema)
        return Change(
            added=[
                _described(written, stored, publication, table, schema)
                for written, stored in zip(publication.files, footers, strict=True)
            ],
            removed=removed,
            schema=schema if schema.schema_id != table.metadata.current_schema_id else None,
            summary=publication.summary,
            properties=publication.properties,
            same_rows=publication.same_rows,
        )

    def commit() -> Snapshot:
        return Committer(database.catalog).commit(
            (database.name, publication.table),
            publication.commit_id,
            change_of,
            new=lambda: _new(database, publication),
            known=publication.known,
        )

    try:
        return commit()
    except (*OF_OTHER_KIND, OtherPartitions):
        if not publication.takes_name:
            raise
        database.drop(publication.table)
        return commit()


def ids_for(
    database: IcebergDatabase, table: str, columns: Columns, *, by_day: bool
) -> Mapping[str, int]:
    """Return field ids for files that are to be published to a table with these columns."""
    standing = database.table(table)
    if standing is None or is_by_day(standing) != by_day:
        return field_ids(schema_of(columns))
    return field_ids(schema_for(standing, columns))


def _new(database: IcebergDatabase, publication: Publication) -> StagedTable:
    return database.new(
        publication.table,
        schema_of(publication.columns, publication.docs, publication.ids),
        location=f"s3://{publication.bucket}/{publication.folder}",
        by_day=publication.by_day,
        bounds=publication.bounds,
    )


def _audited(publication: Publication) -> list[StoredFooter]:
    def stored(written: WrittenFile) -> StoredFooter:
        found = stored_footer(publication.bucket, written.key)
        counts = found.counts
        apart = BY_DAY.columns if publication.by_day else ()
        values = sum(n for name, n in counts.values.items() if name not in apart)
        if (counts.rows, values) != (written.rows, written.values):
            raise AccountingError(
                f"s3://{publication.bucket}/{written.key} holds {counts.rows} rows with {values} "
                f"values, its task wrote {written.rows} with {written.values}"
            )
        return found

    with ThreadPoolExecutor(_READERS) as pool:
        return list(pool.map(stored, publication.files))


def _check_ids(written: WrittenFile, stored: StoredFooter, schema: Schema) -> None:
    """Raise MadeForOtherColumns if field ids differ: readers would find wrong columns, or none."""
    has, wanted = field_ids_of(stored.footer), field_ids(schema)
    if any(wanted.get(name) != number for name, number in has.items()):
        raise MadeForOtherColumns(
            f"{written.key} was written for the columns {has}, the table's are {wanted}: its "
            "columns have changed since; the next run makes the files anew"
        )


def _described(
    written: WrittenFile,
    stored: StoredFooter,
    publication: Publication,
    table: Table,
    schema: Schema,
) -> DataFile:
    return data_file(
        f"s3://{publication.bucket}/{written.key}",
        stored.footer,
        size=stored.size,
        partition=written.partition,
        schema=schema,
        spec_id=table.metadata.default_spec_id,
        properties={**table.properties, **publication.properties},
    )
