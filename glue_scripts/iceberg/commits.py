"""Commits: files that nobody sees become a snapshot that everybody sees, all or nothing.

A commit asserts that the table still has the identity, the columns and the current snapshot that it
was made for. If not, the table is loaded again and the change is computed again. A commit carries
the id of what it brings; one that the table already has is not made again.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import (
    CommitFailedException,
    NoSuchIcebergTableError,
    NoSuchTableError,
    TableAlreadyExistsError,
)
from pyiceberg.manifest import DataFile
from pyiceberg.schema import Schema
from pyiceberg.table import StagedTable, Table
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.refs import SnapshotRefType
from pyiceberg.table.snapshots import Operation, Snapshot, Summary
from pyiceberg.table.sorting import UNSORTED_SORT_ORDER
from pyiceberg.table.update import (
    AddPartitionSpecUpdate,
    AddSchemaUpdate,
    AddSnapshotUpdate,
    AddSortOrderUpdate,
    AssertCreate,
    AssertCurrentSchemaId,
    AssertRefSnapshotId,
    AssertTableUUID,
    AssignUUIDUpdate,
    RemovePropertiesUpdate,
    RemoveSnapshotsUpdate,
    SetCurrentSchemaUpdate,
    SetDefaultSortOrderUpdate,
    SetDefaultSpecUpdate,
    SetLocationUpdate,
    SetPropertiesUpdate,
    SetSnapshotRefUpdate,
    TableRequirement,
    TableUpdate,
    UpgradeFormatVersionUpdate,
)

from iceberg.errors import CommitLost
from iceberg.manifests import ManifestList, ManifestsOfCommit
from iceberg.retention import expired
from iceberg.tables import COLUMNS
from iceberg.watermarks import WATERMARK

MAIN = "main"
COMMIT_ID = "commit-id"
"""Key in a snapshot's summary: the id of the load, refresh or correction that it brings."""
_ATTEMPTS = 20
_LONGEST_PAUSE_SECONDS = 2.0


@dataclass(frozen=True, kw_only=True)
class Change:
    """The changes that a snapshot makes to its table."""

    added: Sequence[DataFile] = ()
    removed: Sequence[DataFile] = ()
    """Files to remove, as the table lists them."""
    schema: Schema | None = None
    """The columns from now on, if they change; all files that stay or are added have these."""
    summary: Mapping[str, str] = field(default_factory=dict)
    """Facts that stay with the snapshot."""
    properties: Mapping[str, str] = field(default_factory=dict)
    """Table properties to set."""
    deletes_go: bool = False
    """Whether to drop delete files that somebody else has added."""
    same_rows: bool = False
    """Whether the rows are unchanged, only in other files; readers of new rows may skip the
    snapshot."""


@dataclass(frozen=True)
class Committer:
    """Commits to the tables of one catalog."""

    catalog: Catalog
    now: Callable[[], float] = time.time
    pause: Callable[[float], None] = field(default=time.sleep)

    def commit(
        self,
        name: tuple[str, str],
        commit_id: str,
        change_of: Callable[[Table], Change],
        new: Callable[[], StagedTable] | None = None,
        known: Table | None = None,
    ) -> Snapshot:
        """Return the snapshot with this commit id, making it unless an earlier attempt has.

        `change_of(table)` is called again whenever another writer commits first. A table that does
        not exist is made by `new` and appears together with its first snapshot. `known` is the
        table if it was loaded a moment ago, so that the first attempt need not load it again.

        Raises CommitLost after some attempts, and whatever `change_of` raises.
        """
        for attempt in range(_ATTEMPTS):
            table = self._table(name, new) if known is None or attempt else known
            found = snapshot_of(table, commit_id)
            if found:
                return found
            try:
                return self._try(table, commit_id, change_of(table))
            except (CommitFailedException, TableAlreadyExistsError):
                longest = min(_LONGEST_PAUSE_SECONDS, 0.05 * 2**attempt)
                self.pause(random.uniform(0, longest))  # noqa: S311 - spreads the writers
        raise CommitLost(
            f"others have committed to table {'.'.join(name)} {_ATTEMPTS} times meanwhile; "
            "the next attempt tries again"
        )

    def expire(self, name: tuple[str, str]) -> int:
        """Expire old snapshots that no commit has expired; return how many.

        Returns 0 if another commit comes first.
        """
        table = self.catalog.load_table(name)
        gone = expired(table.metadata, now_ms=int(self.now() * 1000))
        if gone:
            updates = tuple(_let_go(table.metadata, gone))
            try:
                self.catalog.commit_table(table, _requirements(table), updates)
            except CommitFailedException:
                return 0
        return len(gone)

    def _table(self, name: tuple[str, str], new: Callable[[], StagedTable] | None) -> Table:
        try:
            return self.catalog.load_table(name)
        except NoSuchTableError as error:
            if new is None or isinstance(error, NoSuchIcebergTableError):
                raise
            return new()

    def _try(self, table: Table, commit_id: str, change: Change) -> Snapshot:
        metadata = table.metadata
        schema = change.schema or metadata.schema()
        snapshot_id = metadata.new_snapshot_id()
        manifests = ManifestsOfCommit(table, schema, snapshot_id, change.deletes_go)
        listed = manifests.write(change.added, change.removed)
        parent = metadata.current_snapshot()
        snapshot = Snapshot(
            snapshot_id=snapshot_id,
            parent_snapshot_id=parent.snapshot_id if parent else None,
            sequence_number=metadata.next_sequence_number(),
            timestamp_ms=max(int(self.now() * 1000), metadata.last_updated_ms),
            manifest_list=listed.location,
            summary=_summary(parent, commit_id, change, listed),
            schema_id=schema.schema_id,
        )
        self.catalog.commit_table(
            table, _requirements(table), tuple(self._updates(table, change, snapshot))
        )
        return snapshot

    def _updates(self, table: Table, change: Change, snapshot: Snapshot) -> Iterable[TableUpdate]:
        if isinstance(table, StagedTable):
            yield from _made(table)
        if change.schema:
            known = {schema.schema_id for schema in table.metadata.schemas}
            if change.schema.schema_id not in known:
                yield AddSchemaUpdate(schema_=change.schema)
            yield SetCurrentSchemaUpdate(schema_id=change.schema.schema_id)
        if change.properties:
            yield SetPropertiesUpdate(updates=dict(change.properties))
        yield AddSnapshotUpdate(snapshot=snapshot)
        yield SetSnapshotRefUpdate(
            ref_name=MAIN,
            type=SnapshotRefType.BRANCH,
            snapshot_id=snapshot.snapshot_id,
            max_ref_age_ms=None,
            max_snapshot_age_ms=None,
            min_snapshots_to_keep=None,
        )
        gone = expired(table.metadata, now_ms=snapshot.timestamp_ms)
        if gone:
            yield from _let_go(table.metadata, gone, set(change.properties))


def _let_go(
    metadata: TableMetadata, gone: Collection[int], told: Collection[str] = ()
) -> Iterable[TableUpdate]:
    """Remove snapshots, and column properties of schemas that no kept snapshot has.

    Properties in `told`, which the same commit sets, stay.
    """
    yield RemoveSnapshotsUpdate(snapshot_ids=list(gone))
    kept = {one.schema_id for one in metadata.snapshots if one.snapshot_id not in gone}
    standing = {f"{COLUMNS}.{number}" for number in {metadata.current_schema_id, *kept}}
    earlier = [name for name in metadata.properties if name.startswith(f"{COLUMNS}.")]
    forgotten = [name for name in earlier if name not in standing and name not in told]
    if forgotten:
        yield RemovePropertiesUpdate(removals=forgotten)


def snapshot_of(table: Table, commit_id: str) -> Snapshot | None:
    """Return the snapshot with this commit id, if it is still kept; check the newest first."""
    for snapshot in reversed(table.metadata.snapshots):
        if snapshot.summary and snapshot.summary.additional_properties.get(COMMIT_ID) == commit_id:
            return snapshot
    return None


def _made(table: StagedTable) -> Iterable[TableUpdate]:
    """Yield the updates that create a table as planned."""
    metadata = table.metadata
    yield AssignUUIDUpdate(uuid=metadata.table_uuid)
    yield UpgradeFormatVersionUpdate(format_version=metadata.format_version)
    yield AddSchemaUpdate(schema_=metadata.schema())
    yield SetCurrentSchemaUpdate(schema_id=-1)
    yield AddPartitionSpecUpdate(spec=metadata.spec())
    yield SetDefaultSpecUpdate(spec_id=-1)
    yield AddSortOrderUpdate(sort_order=UNSORTED_SORT_ORDER)
    yield SetDefaultSortOrderUpdate(sort_order_id=-1)
    yield SetLocationUpdate(location=metadata.location)
    yield SetPropertiesUpdate(updates=metadata.properties)


def _requirements(table: Table) -> tuple[TableRequirement, ...]:
    if isinstance(table, StagedTable):
        return (AssertCreate(),)
    metadata = table.metadata
    current = metadata.current_snapshot()
    return (
        AssertTableUUID(uuid=metadata.table_uuid),
        AssertCurrentSchemaId(current_schema_id=metadata.current_schema_id),
        AssertRefSnapshotId(ref=MAIN, snapshot_id=current.snapshot_id if current else None),
    )


def _summary(
    parent: Snapshot | None, commit_id: str, change: Change, listed: ManifestList
) -> Summary:
    before = parent.summary.additional_properties if parent and parent.summary else {}
    added = sum(file.record_count for file in listed.added)
    removed = sum(file.record_count for file in listed.removed)
    operation = Operation.OVERWRITE if listed.removed else Operation.APPEND
    if change.same_rows:
        operation = Operation.REPLACE
    counted = {
        "added-data-files": len(listed.added),
        "deleted-data-files": len(listed.removed),
        "added-records": added,
        "deleted-records": removed,
        "total-data-files": (
            int(before.get("total-data-files", 0)) + len(listed.added) - len(listed.removed)
        ),
        "total-records": int(before.get("total-records", 0)) + added - removed,
        "total-delete-files": 0,
        "total-position-deletes": 0,
        "total-equality-deletes": 0,
    }
    told = {name: str(number) for name, number in counted.items()}
    standing = {WATERMARK: before[WATERMARK]} if WATERMARK in before else {}
    return Summary(operation, **{**standing, **change.summary, **told, COMMIT_ID: commit_id})
