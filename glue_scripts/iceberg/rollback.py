"""Rollback of a table by a new commit, so that nothing of what came after is lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from pyiceberg.manifest import DataFile
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from iceberg.commits import Change, Committer
from iceberg.errors import NoSuchSnapshot
from iceberg.manifests import live_files
from iceberg.tables import COLUMNS, IcebergDatabase

ROLLED_BACK_TO = "rolled-back-to"
"""Key in a snapshot's summary: the snapshot whose rows it restores."""


def roll_back(database: IcebergDatabase, name: str, to: str) -> Snapshot:
    """Restore the rows and columns of a kept snapshot for readers.

    `to` is the snapshot's id, or a time in ISO 8601 for the snapshot that was current then. Loads
    and refreshes that the table has taken in still count as taken in: the next one adds to the
    restored rows and brings nothing back. Raises NoSuchSnapshot.
    """
    made_at = datetime.now(UTC).isoformat()

    def change_of(table: Table) -> Change:
        target = snapshot_at(table, to)
        # Delete files of other writers may be the reason for the rollback.
        current = {file.file_path: file for file in live_files(table, deletes_go=True)}
        wanted = {file.file_path: file for file in _files_of(table, target)}
        schema = table.schemas()[target.schema_id] if target.schema_id is not None else None
        changes = target.schema_id != table.metadata.current_schema_id
        return Change(
            added=[file for path, file in wanted.items() if path not in current],
            removed=[file for path, file in current.items() if path not in wanted],
            schema=schema if changes else None,
            properties=_columns(table, target) if changes else {},
            deletes_go=True,
            summary={ROLLED_BACK_TO: str(target.snapshot_id)},
        )

    committer = Committer(database.catalog)
    return committer.commit((database.name, name), f"rollback-{to}-{made_at}", change_of)


def _columns(table: Table, target: Snapshot) -> dict[str, str]:
    """Return the column properties of the restored schema, and those of the current one.

    The latter are kept for a rollback that goes forward again. Raises NoSuchSnapshot if the former
    are gone.
    """
    if COLUMNS not in table.properties:
        return {}
    known = table.properties.get(f"{COLUMNS}.{target.schema_id}")
    if known is None:
        raise NoSuchSnapshot(
            f"table {'.'.join(table.name())} does not tell any more what loads know of the columns "
            f"of snapshot {target.snapshot_id}: go back to another"
        )
    left = f"{COLUMNS}.{table.metadata.current_schema_id}"
    return {COLUMNS: known, left: table.properties[COLUMNS]}


def snapshot_at(table: Table, to: str) -> Snapshot:
    """Return a snapshot by its id or by a time. Raises NoSuchSnapshot, naming the oldest one."""
    found = table.snapshot_by_id(int(to)) if to.isdigit() else _at(table, to)
    if found is None:
        oldest = min(table.metadata.snapshots, key=lambda one: one.timestamp_ms, default=None)
        since = f"the oldest is of {moment(oldest)}" if oldest else "it has none"
        raise NoSuchSnapshot(
            f"table {'.'.join(table.name())} keeps no snapshot {to}: {since}; `history` lists all"
        )
    return found


def moment(snapshot: Snapshot) -> str:
    """Return when a snapshot was committed, in ISO 8601 and UTC."""
    return datetime.fromtimestamp(snapshot.timestamp_ms / 1000, UTC).isoformat()


def _at(table: Table, to: str) -> Snapshot | None:
    try:
        when = datetime.fromisoformat(to)
    except ValueError as error:
        raise NoSuchSnapshot(
            f"expected a snapshot's id, or a moment such as 2026-01-31T18:00:00+00:00, got {to}"
        ) from error
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    until = int(when.timestamp() * 1000)
    # After a rollback only the log says what was current; a snapshot's own time does not.
    then = [entry for entry in table.metadata.snapshot_log if entry.timestamp_ms <= until]
    return table.snapshot_by_id(then[-1].snapshot_id) if then else None


def _files_of(table: Table, snapshot: Snapshot) -> Iterator[DataFile]:
    for manifest in snapshot.manifests(table.io):
        for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=True):
            yield entry.data_file
