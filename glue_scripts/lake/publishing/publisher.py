"""From a commit to what readers see. Every step can be repeated, in part or in full.

The rows that a load brings to a dataset, and the table's earlier rows that must be written in other
types for them, become visible in one snapshot. The object ledger comes last, so an object is
'published' only when its rows can be read.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
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
from lake.columns.schema import Schema
from lake.columns.table_columns import NO_TABLE, TableColumns
from lake.errors import LakeError, LoadLost, OriginalGone
from lake.planning.commit import Commit, Move, PartitionWrite
from lake.publishing.processed_tables import (
    LoadedFile,
    OtherTable,
    ProcessedTable,
    ProcessedTables,
    comments,
    spell_columns,
)
from lake.publishing.quarantine_catalog import QuarantineCatalog
from lake.running.isolation import fault_of, reason_of
from lake.running.waiting import each
from lake.store import client, supersede
from lake.writing.partitions import Places, Writer, ids_of
from wires.alerts import send_alert
from wires.layout import Values, quarantined_rows_folder, table_folder
from wires.load_ledger import LoadLedger
from wires.object_ledger import ObjectLedger, ObjectOutcome, ObjectStatus
from wires.quarantine import KEPT_AT, quarantine_object

_FINAL = frozenset({"InvalidInputException", "ValidationException"})
"""The catalog's errors for a table that it will never accept."""
_ROUNDS = 3
_MOST_TOLD = 20
"""Failed objects that an alert names."""
_KEPT_UNPUBLISHED = timedelta(hours=20)
"""Maintenance leaves files alone for a day at least."""
KeepLease = Callable[[str], None]
"""Called between long steps with the dataset at work. Raises LoadLost if its lease is gone."""
logger = logging.getLogger(__name__)


class TableChanged(LakeError):
    """A table's columns or files are not those that a publication was made for."""


@dataclass(frozen=True, order=True)
class LoadedPart:
    """The rows that a load has brought to a dataset for one day."""

    dataset: str
    partition: Values
    load_id: str


@dataclass(frozen=True)
class Moves:
    """The moves that a commit needs before it is published, and the datasets where they failed."""

    moves: tuple[Move, ...]
    hindered: Mapping[str, str]
    """Reason why a dataset cannot be published, by dataset."""


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
    """Facts about the run, for the snapshots' summaries."""

    def prepare_moves(self, commit: Commit) -> Moves:
        """Write rows again whose files are too narrow for what the commit brings."""
        moves: list[Move] = []
        hindered: dict[str, str] = {}
        for dataset in commit.datasets:
            try:
                moves += self._moves(commit, dataset)
            except (LoadLost, BotoCoreError, ClientError):
                raise
            except Exception as error:  # noqa: BLE001 - fails the dataset's objects of this load
                hindered[dataset] = fault_of(error).reason
        return Moves(tuple(moves), hindered)

    def publish(self, commit: Commit, *, again: bool) -> Mapping[str, str]:
        """Make everything in the commit visible and final; return each dataset's snapshot id.

        `again` says that an earlier attempt may have done so. Datasets for which no snapshot was
        made have no id.
        """
        refused: dict[str, str] = {}
        snapshots: dict[str, str] = {}

        def publish_one(dataset: str) -> None:
            try:
                if again and self._is_published(commit, dataset):
                    # All of it, and final: what is refused from now on is not about this load.
                    snapshots[dataset] = ""
                    return
                # First: where it is refused, the dataset's table must have nothing of this load,
                # because its uploads then count as failed, and may come again in another one.
                self._publish_quarantine(commit, dataset)
                if any(write.rows for write in commit.writes[dataset]):
                    snapshots[dataset] = self._publish_table(commit, dataset, again=again)
            except ClientError as error:
                if error.response["Error"]["Code"] not in _FINAL:
                    raise
                refused[dataset] = f"the Glue catalog refuses the table: {reason_of(error)}"
            except OF_OTHER_KIND:
                refused[dataset] = f"table {dataset} has been made by somebody else a moment ago"
            except (ForeignDeletes, OtherPartitions, OtherTable) as error:
                # Caused by somebody else, so that no attempt succeeds; other datasets go on.
                refused[dataset] = reason_of(error)

        each(publish_one, commit.datasets)
        outcomes = each(self._kept, [_ended(outcome, refused) for outcome in commit.outcomes])
        self._tell_of_failed(commit.load_id, outcomes)
        finished_at = datetime.now(UTC).isoformat()
        self.ledger.finish_all(outcomes, load_id=commit.load_id, finished_at=finished_at)
        return snapshots

    def _tell_of_failed(self, load_id: str, outcomes: Iterable[ObjectOutcome]) -> None:
        """Tell people of objects that failed; one alert for all of the load.

        Before they are final in the ledger: telling twice is better than not at all.
        """
        failed = [outcome for outcome in outcomes if outcome.status is ObjectStatus.FAILED]
        if not failed:
            return
        more = [f"… and {len(failed) - _MOST_TOLD} more"] if len(failed) > _MOST_TOLD else []
        send_alert(
            client("sns"),
            self.alerts_topic_arn,
            "Uploads failed",
            f"{len(failed)} uploads of load {load_id} could not be processed. They are 'failed' in "
            "the object ledger, and kept in the bucket as they were uploaded: remove the reason, "
            "then redrive them.",
            *(
                f"s3://{self._places.raw_bucket}/{outcome.key} (version {outcome.version_id}): "
                f"{outcome.reason}"
                for outcome in failed[:_MOST_TOLD]
            ),
            *more,
        )

    def clean_up(self, commit: Commit) -> None:
        """Tag quarantined rows of dead attempts for removal by the bucket's lifecycle.

        Files that these attempts have left below tables are found by maintenance, which knows what
        snapshots use.
        """
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
        """Write a part again in wider types."""
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

    def _is_published(self, commit: Commit, dataset: str) -> bool:
        """Whether an earlier attempt has published a dataset: its rows are the last to appear."""
        table = self.tables.open(dataset)
        return table is not None and _is_in(table, commit, dataset)

    def _publish_table(self, commit: Commit, dataset: str, *, again: bool) -> str:
        """Publish a dataset; return the snapshot's id."""
        changed: LakeError | None = None
        for attempt in range(_ROUNDS):
            table = self.tables.open(dataset, anew=attempt > 0)
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
        """Return the publication of a dataset's rows, even if its table has no data column.

        `anew` says that files are so old that maintenance may have given them up.
        """
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
            folder=table_folder(dataset),
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
        """Return the write, written again if it does not fit the table any more.

        That happens only if an earlier attempt died after its commit and the table changed since.
        """
        if not anew and write.schema.stored_as_in(wider) and write.field_ids.items() <= ids.items():
            return write
        return self.writer.rewrite(write, write.schema.retyped(wider), ids, commit.stamp)

    def _moved(
        self, prepared: Sequence[Move], part: LoadedPart, wider: Schema, ids: FieldIds
    ) -> Move:
        """Return a part's move as prepared, or made again if the table has changed since."""
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

    def _kept(self, outcome: ObjectOutcome) -> ObjectOutcome:
        """Keep the object if it was rejected; return the outcome with the place where it is."""
        if outcome.status is not ObjectStatus.REJECTED:
            return outcome
        kept_at = quarantine_object(
            s3=client("s3"),
            sns=client("sns"),
            raw_bucket=self._places.raw_bucket,
            quality_bucket=self._places.quality_bucket,
            alerts_topic_arn=self.alerts_topic_arn,
            version=self.ledger.version(outcome.key, outcome.version_id),
            reason=outcome.reason,
        )
        return replace(outcome, details={**(outcome.details or {}), KEPT_AT: kept_at})


def _ids(
    columns: TableColumns, wider: Schema, writes: Sequence[PartitionWrite]
) -> tuple[FieldIds, bool]:
    """Return field ids for the columns of `wider`, and whether files must be written again.

    Files already carry ids for new columns, which another writer may have taken meanwhile.
    """
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
    """Return the parts in files with columns that are named or stored differently in `wider`."""
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
    """Return the files that the publication replaces. Raises TableChanged."""
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
    """Whether maintenance may take the commit's files for ones that nobody will publish."""
    age = datetime.now(UTC) - datetime.fromisoformat(commit.processed_at)
    return age > _KEPT_UNPUBLISHED


def _is_in(table: ProcessedTable, commit: Commit, dataset: str) -> bool:
    """Whether the table has the load's rows, which appear all at once or not at all."""
    days = {write.values for write in commit.writes[dataset] if write.rows}
    return any(commit.load_id in file.loads for file in table.files(days))


def _told(commit: Commit, dataset: str) -> dict[str, str]:
    """Return the load's facts for the snapshot's summary."""
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
    """Return properties with the new columns, and with the old schema's in case of a rollback."""
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
    """Return the object's outcome, failed if its table was refused."""
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
