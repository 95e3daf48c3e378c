"""From a commit to what readers see. Every step can be done again, in part or in full.

What a load brings to a dataset, and what stands in its table already and has to be written in other
types for it, become visible by one snapshot. The object ledger comes last, so an object is
'published' only when its rows can be read.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial

from botocore.exceptions import BotoCoreError, ClientError
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table

from iceberg.errors import ForeignDeletes, MadeForOtherColumns, OtherPartitions
from iceberg.field_ids import FieldIds
from iceberg.publishing import Publication, publish
from iceberg.tables import COLUMNS, OF_OTHER_KIND
from lake.catalog import QuarantineCatalog
from lake.commit import Commit, Move, PartitionWrite
from lake.errors import LakeError, LoadLost, OriginalGone
from lake.isolation import fault_of, reason_of
from lake.schema import Schema
from lake.store import client, supersede
from lake.table_columns import NO_TABLE, TableColumns
from lake.tables import (
    LoadedFile,
    OtherTable,
    ProcessedTable,
    ProcessedTables,
    comments,
    spell_columns,
)
from lake.waiting import each
from lake.writing import Places, Writer, ids_of
from wires.layout import Values, quarantined_rows_folder
from wires.load_ledger import LoadLedger
from wires.object_ledger import ObjectLedger, ObjectOutcome, ObjectStatus
from wires.quarantine import put_aside

_FINAL = frozenset({"InvalidInputException", "ValidationException"})
"""What the catalog says of a table that it will never take."""
_ROUNDS = 3
_KEPT_UNPUBLISHED = timedelta(hours=20)
"""Maintenance leaves files alone for a day at least."""
KeepLease = Callable[[str], None]
"""Called between long steps with the dataset at work. Raises LoadLost if its lease is gone."""
logger = logging.getLogger(__name__)


class TableChanged(LakeError):
    """A table's columns, or its files, are not those that a publication was made for."""


@dataclass(frozen=True, order=True)
class LoadedPart:
    """What a load has brought to a dataset for a day."""

    dataset: str
    partition: Values
    load_id: str


@dataclass(frozen=True)
class Moves:
    """What has to move before a commit is published, and what keeps datasets from it."""

    moves: tuple[Move, ...]
    hindered: Mapping[str, str]
    """The reason, by dataset."""


@dataclass(frozen=True, kw_only=True)
class Publisher:
    """Publishes for one attempt. Its caller holds the leases of all datasets that it touches."""

    tables: ProcessedTables
    quarantine: QuarantineCatalog
    ledger: ObjectLedger
    loads: LoadLedger
    writer: Writer
    alerts_topic_arn: str
    keep_lease: KeepLease
    facts: Mapping[str, str] = field(default_factory=dict)
    """About the run, for the snapshots."""

    def prepare_moves(self, commit: Commit) -> Moves:
        """Write again what stands in files that are too narrow for what the commit brings."""
        moves: list[Move] = []
        hindered: dict[str, str] = {}
        for dataset in commit.datasets:
            try:
                moves += self._moves(commit, dataset)
            except (LoadLost, BotoCoreError, ClientError):
                raise
            except Exception as error:  # noqa: BLE001 - costs the dataset's objects of this load
                hindered[dataset] = fault_of(error).reason
        return Moves(tuple(moves), hindered)

    def publish(self, commit: Commit, *, again: bool) -> Mapping[str, str]:
        """Make everything that the commit holds visible and final; `again` where an earlier
        attempt may have done so. Returns the id of each dataset's snapshot, where one was made."""
        refused: dict[str, str] = {}
        snapshots: dict[str, str] = {}

        def publish_one(dataset: str) -> None:
            try:
                if any(write.rows for write in commit.writes[dataset]):
                    snapshots[dataset] = self._publish_table(commit, dataset, again=again)
                self._publish_quarantine(commit, dataset)
            except ClientError as error:
                if error.response["Error"]["Code"] not in _FINAL:
                    raise
                refused[dataset] = f"the Glue catalog refuses the table: {reason_of(error)}"
            except OF_OTHER_KIND:
                refused[dataset] = f"table {dataset} has been made by somebody else a moment ago"
            except (ForeignDeletes, OtherPartitions, OtherTable) as error:
                # Somebody else's doing, which no attempt gets past; other datasets go on.
                refused[dataset] = reason_of(error)

        each(publish_one, commit.datasets)
        outcomes = [_ended(outcome, refused) for outcome in commit.outcomes]
        each(self._put_aside, [o for o in outcomes if o.status is ObjectStatus.REJECTED])
        finished_at = datetime.now(UTC).isoformat()
        self.ledger.finish_all(outcomes, load_id=commit.load_id, finished_at=finished_at)
        return snapshots

    def clean_up(self, commit: Commit) -> None:
        """Give quarantined rows of dead attempts to the bucket's lifecycle. What these have left
        below tables is found by maintenance, which knows what snapshots use."""
        each(partial(self._clean_up, commit.load_id), commit.partitions)

    def _clean_up(self, load_id: str, write: PartitionWrite) -> None:
        rows = quarantined_rows_folder(write.dataset, write.values, load_id)
        supersede(self._places.quality_bucket, rows, but=write.quarantine_prefix)

    @property
    def _places(self) -> Places:
        return self.writer.places

    def _moves(self, commit: Commit, dataset: str) -> Iterator[Move]:
        table = self.tables.open(dataset)
        if table is None:
            return
        wider = _wider(commit, dataset, table.schema)
        ids, _ = _ids(table.columns, wider, commit.writes[dataset])
        for part in sorted(_stale(table, wider)):
            self.keep_lease(dataset)
            yield self._rebuilt(part, wider, ids)

    def _rebuilt(self, part: LoadedPart, wider: Schema, ids: FieldIds) -> Move:
        """In wider types."""
        before = self._commit_of(part.load_id)
        write = next(
            write
            for write in before.partitions
            if (write.dataset, write.values) == (part.dataset, part.partition)
        )
        try:
            rebuilt = self.writer.rewrite(write, write.schema.retyped(wider), ids, before.stamp)
        except OriginalGone as gone:
            raise OriginalGone(
                f"table {part.dataset} cannot be widened: {'/'.join(part.partition)} would "
                f"have to be rebuilt from its originals, but {gone}"
            ) from gone
        return Move(write=rebuilt, load_id=part.load_id)

    def _commit_of(self, load_id: str) -> Commit:
        key = self.loads.get(load_id).commit
        body = client("s3").get_object(Bucket=self._places.assets_bucket, Key=key)["Body"]
        return Commit.from_json(body.read())

    def _publish_table(self, commit: Commit, dataset: str, *, again: bool) -> str:
        """Id of the snapshot; "" where an earlier attempt has published, and that is long ago."""
        changed: LakeError | None = None
        for attempt in range(_ROUNDS):
            table = self.tables.open(dataset, anew=attempt > 0)
            if again and table and _is_in(table, commit, dataset):
                return ""
            try:
                anew = again and _is_old(commit)
                publication = self._publication(commit, dataset, table, anew=anew)
                return str(publish(self.tables.database, publication).snapshot_id)
            except (TableChanged, MadeForOtherColumns) as error:
                logger.info("%s; it is looked at anew", error)
                changed = error
        raise LakeError(f"table {dataset} changed {_ROUNDS} times: {changed}") from changed

    def _publication(
        self, commit: Commit, dataset: str, table: ProcessedTable | None, *, anew: bool
    ) -> Publication:
        """A table may have no column of its own: its rows are there all the same. `anew` if files
        are so old that maintenance may have given them up."""
        columns = table.columns if table else NO_TABLE
        wider = _wider(commit, dataset, columns.schema)
        ids, fresh = _ids(columns, wider, commit.writes[dataset])
        own = [
            self._fitting(write, wider, ids, commit, anew=anew or fresh)
            for write in commit.writes[dataset]
            if write.rows
        ]
        stale = _stale(table, wider) if table else set()
        prepared = () if anew else commit.moves
        moved = [self._moved(prepared, part, wider, ids).write for part in sorted(stale)]
        before = table.spelled if table else ""

        def replaced(now: Table) -> Sequence[DataFile]:
            self.keep_lease(dataset)
            return _replaced(ProcessedTable(now), before, stale)

        return Publication(
            table=dataset,
            bucket=self._places.processed_bucket,
            folder=f"{dataset}/",
            columns=wider.catalogued,
            docs=comments(wider),
            ids=ids,
            commit_id=commit.load_id,
            files=[file for write in (*own, *moved) for file in write.files],
            replaced=replaced,
            summary={**self.facts, **_told(commit, dataset)},
            properties=_properties(table, wider),
            known=table.iceberg if table else None,
        )

    def _fitting(
        self, write: PartitionWrite, wider: Schema, ids: FieldIds, commit: Commit, *, anew: bool
    ) -> PartitionWrite:
        """Written again only when an earlier attempt died after its commit and the table went
        on."""
        if not anew and write.schema.stored_as_in(wider) and write.field_ids.items() <= ids.items():
            return write
        return self.writer.rewrite(write, write.schema.retyped(wider), ids, commit.stamp)

    def _moved(
        self, prepared: Sequence[Move], part: LoadedPart, wider: Schema, ids: FieldIds
    ) -> Move:
        """As it was prepared; anew if the table has gone on since."""
        for move in prepared:
            write = move.write
            if (
                LoadedPart(write.dataset, write.values, move.load_id) == part
                and write.schema.stored_as_in(wider)
                and write.field_ids == ids_of(write.schema, ids)
            ):
                return move
        return self._rebuilt(part, wider, ids)

    def _publish_quarantine(self, commit: Commit, dataset: str) -> None:
        for write in commit.writes[dataset]:
            if write.rows_quarantined:
                values = (write.dataset, *write.values, commit.load_id)
                location = f"s3://{self._places.quality_bucket}/{write.quarantine_prefix}"
                self.quarantine.add_partition(values, location)

    def _put_aside(self, outcome: ObjectOutcome) -> None:
        put_aside(
            s3=client("s3"),
            sns=client("sns"),
            raw_bucket=self._places.raw_bucket,
            quality_bucket=self._places.quality_bucket,
            alerts_topic_arn=self.alerts_topic_arn,
            version=self.ledger.version(outcome.key, outcome.version_id),
            reason=outcome.reason,
        )


def _ids(
    columns: TableColumns, wider: Schema, writes: Sequence[PartitionWrite]
) -> tuple[FieldIds, bool]:
    """Field ids of a table with the columns of `wider`, and whether files have to be written again
    for them: the files have ids for new columns already, which somebody else may have taken."""
    own = columns.field_ids(wider)
    kept = {name: number for name, number in own.items() if number <= columns.last_id}
    given: dict[str, int] = {}
    for write in writes:
        given |= write.field_ids if write.rows else {}
    new = {name: number for name, number in given.items() if name in own and name not in kept}
    ids = {**own, **new}
    fits = all(number > columns.last_id for number in new.values())
    if fits and len(set(ids.values())) == len(ids):
        return ids, False
    return own, True


def _stale(table: ProcessedTable, wider: Schema) -> set[LoadedPart]:
    """What stands in files with columns that are called or stored otherwise in `wider`."""
    standing = table.schema
    if standing.stored_as_in(wider):
        return set()
    pairs = zip(standing.columns, standing.retyped(wider).columns, strict=True)
    changed = {
        table.columns.ids[mine.name]
        for mine, theirs in pairs
        if mine.name != theirs.name or not mine.type.stored_as(theirs.type)
    }
    return {
        part
        for file in table.files()
        if not changed.isdisjoint(file.file.value_counts or {})
        for part in _parts(table, file)
    }


def _parts(table: ProcessedTable, file: LoadedFile) -> set[LoadedPart]:
    name = table.iceberg.name()[-1]
    return {LoadedPart(name, file.partition, load) for load in file.loads}


def _replaced(now: ProcessedTable, before: str, stale: Set[LoadedPart]) -> list[DataFile]:
    """Files that what is published takes the place of. Raises TableChanged."""
    name = now.iceberg.name()[-1]
    if now.spelled != before:
        raise TableChanged(f"table {name} has other columns than a moment ago")
    if not stale:
        return []
    standing = now.files({part.partition for part in stale})
    files = [file for file in standing if not stale.isdisjoint(_parts(now, file))]
    if any(not _parts(now, file) <= stale for file in files):
        raise TableChanged(f"files of table {name} were merged a moment ago")
    return [file.file for file in files]


def _is_old(commit: Commit) -> bool:
    """Whether its files may look to maintenance as if nobody were going to publish them."""
    age = datetime.now(UTC) - datetime.fromisoformat(commit.processed_at)
    return age > _KEPT_UNPUBLISHED


def _is_in(table: ProcessedTable, commit: Commit, dataset: str) -> bool:
    """Whether the table has rows of the load, which come all at once or not at all."""
    days = {write.values for write in commit.writes[dataset] if write.rows}
    return any(commit.load_id in file.loads for file in table.files(days))


def _told(commit: Commit, dataset: str) -> dict[str, str]:
    """For the snapshot."""
    writes = commit.writes[dataset]
    published = sum(write.rows for write in writes)
    quarantined = sum(write.rows_quarantined for write in writes)
    return {
        "load-id": commit.load_id,
        "rows-in": str(published + quarantined),
        "rows-published": str(published),
        "rows-quarantined": str(quarantined),
        "values-published": str(sum(sum(n.values()) for write in writes for n in write.filled)),
    }


def _properties(table: ProcessedTable | None, wider: Schema) -> dict[str, str]:
    """The columns as they are from now on, and those of the schema before, should a rollback bring
    it back."""
    if table is None:
        return {COLUMNS: spell_columns(wider)}
    if table.schema == wider:
        return {}
    earlier = f"{COLUMNS}.{table.iceberg.metadata.current_schema_id}"
    return {COLUMNS: spell_columns(wider), earlier: table.spelled}


def _wider(commit: Commit, dataset: str, standing: Schema | None) -> Schema:
    schema = standing or Schema()
    for write in commit.writes[dataset]:
        if write.rows:
            schema = schema.merge(write.schema)
    return schema


def _ended(outcome: ObjectOutcome, refused: Mapping[str, str]) -> ObjectOutcome:
    """What came of an object whose table cannot be."""
    reason = refused.get(outcome.dataset)
    if not reason or outcome.status is not ObjectStatus.PUBLISHED:
        return outcome
    return replace(
        outcome,
        status=ObjectStatus.FAILED,
        reason=reason,
        rows_in=0,
        rows_published=0,
        rows_quarantined=0,
    )
