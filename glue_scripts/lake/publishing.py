"""From a commit to what readers see. Every step can be done again, in part or in full.

Order matters: partitions that need wider types are moved first, then the table gets its
columns, then the new partitions appear, each in one call. The object ledger comes last, so
an object is 'published' only when its rows can be read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from botocore.exceptions import BotoCoreError, ClientError

from lake.catalog import Catalog, Partition, QuarantineCatalog
from lake.commit import Commit, Move, PartitionWrite
from lake.errors import LoadLost, OriginalGone
from lake.isolation import fault_of, reason_of
from lake.schema import Schema
from lake.store import client, supersede
from lake.waiting import each
from lake.writing import Places, Writer, load_folder
from wires.object_ledger import ObjectLedger, ObjectOutcome, ObjectStatus
from wires.quarantine import PREFIX, put_aside

_FINAL = frozenset({"InvalidInputException", "ValidationException"})
"""What the catalog says of a table that it will never take."""
KeepLease = Callable[[str], None]
"""Called between long steps with the dataset at work. Raises LoadLost if its lease is gone."""


@dataclass(frozen=True)
class Moves:
    """What has to move before a commit is published, and what keeps datasets from it."""

    moves: tuple[Move, ...]
    hindered: Mapping[str, str]
    """The reason, by dataset."""


@dataclass(frozen=True, kw_only=True)
class Publisher:
    """Publishes for one attempt. Its caller holds the leases of all datasets that it touches."""

    catalog: Catalog
    quarantine: QuarantineCatalog
    ledger: ObjectLedger
    writer: Writer
    alerts_topic_arn: str
    keep_lease: KeepLease

    def prepare_moves(self, commit: Commit) -> Moves:
        """Rebuild the partitions whose files are too narrow for what the commit brings."""
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

    def publish(self, commit: Commit, *, commit_key: str) -> None:
        """Make everything that the commit holds visible and final."""
        refused: dict[str, str] = {}

        def publish_one(dataset: str) -> None:
            try:
                self._publish_dataset(commit, dataset, commit_key)
            except ClientError as error:
                if error.response["Error"]["Code"] not in _FINAL:
                    raise
                refused[dataset] = f"the Glue catalog refuses the table: {reason_of(error)}"

        each(publish_one, commit.datasets)
        outcomes = [_ended(outcome, refused) for outcome in commit.outcomes]
        each(self._put_aside, [o for o in outcomes if o.status is ObjectStatus.REJECTED])
        finished_at = datetime.now(UTC).isoformat()
        self.ledger.finish_all(outcomes, load_id=commit.load_id, finished_at=finished_at)

    def clean_up(self, commit: Commit) -> None:
        """Give to the buckets' lifecycle what no table points at: of dead attempts, and moved."""
        for move in commit.moves:
            supersede(self._places.processed_bucket, _key_of(move.from_location))
        each(partial(self._clean_up, commit.load_id), commit.partitions)

    def _clean_up(self, load_id: str, write: PartitionWrite) -> None:
        folder = load_folder(write.dataset, write.values, load_id)
        standing = self.catalog.partition(write.dataset, (*write.values, load_id))
        kept = _key_of(standing.location) if standing else write.prefix
        supersede(self._places.processed_bucket, folder, but=kept)
        rows = f"{PREFIX}rows/dataset={folder}"
        supersede(self._places.quality_bucket, rows, but=write.quarantine_prefix)

    @property
    def _places(self) -> Places:
        return self.writer.places

    def _moves(self, commit: Commit, dataset: str) -> Iterator[Move]:
        table = self.catalog.schema(dataset)
        if table is None:
            return
        wider = _wider(commit, dataset, table)
        if not table.stored_as_in(wider):
            for partition in self.catalog.partitions(dataset):
                if not partition.schema.stored_as_in(wider):
                    yield self._rebuild(dataset, partition, wider)
                    self.keep_lease(dataset)

    def _publish_dataset(self, commit: Commit, dataset: str, commit_key: str) -> None:
        for move in commit.moves:
            if move.write.dataset == dataset:
                self._move(move)
        writes = commit.writes[dataset]
        table = self._put_table(commit, dataset) if any(w.rows for w in writes) else Schema()
        for write in writes:
            self.keep_lease(dataset)
            self._add(commit, write, table, commit_key)

    def _rebuild(self, dataset: str, partition: Partition, wider: Schema) -> Move:
        key = partition.parameters["commit"]
        body = client("s3").get_object(Bucket=self._places.assets_bucket, Key=key)["Body"]
        before = Commit.from_json(body.read())
        write = next(
            write
            for write in before.partitions
            if write.dataset == dataset and write.values == partition.values[:3]
        )
        try:
            rebuilt = self.writer.rewrite(write, partition.schema.retyped(wider), before.stamp)
        except OriginalGone as gone:
            raise OriginalGone(
                f"table {dataset} cannot be widened: partition {'/'.join(partition.values)} would "
                f"have to be rebuilt from its originals, but {gone}"
            ) from gone
        return Move(
            write=rebuilt, load_id=before.load_id, commit=key, from_location=partition.location
        )

    def _move(self, move: Move) -> None:
        partition = self._partition(move.write, move.load_id, move.commit)
        standing = self.catalog.partition(move.write.dataset, partition.values)
        # A later load may have moved it on since the commit was made: that one knows better.
        if standing and standing.location == move.from_location:
            self.catalog.move_partition(move.write.dataset, partition)

    def _put_table(self, commit: Commit, dataset: str) -> Schema:
        """A table may have no column of its own: its rows are there all the same."""
        standing = self.catalog.schema(dataset)
        wider = _wider(commit, dataset, standing)
        if standing != wider:
            location = f"s3://{self._places.processed_bucket}/{dataset}/"
            exists = standing is not None
            self.catalog.put_table(dataset, wider, location=location, exists=exists)
        return wider

    def _add(self, commit: Commit, write: PartitionWrite, table: Schema, commit_key: str) -> None:
        if write.rows:
            fitting = write
            if not write.schema.stored_as_in(table):
                # Only when an earlier attempt died after its commit and the table went on.
                fitting = self.writer.rewrite(write, write.schema.retyped(table), commit.stamp)
            partition = self._partition(fitting, commit.load_id, commit_key)
            self.catalog.add_partition(write.dataset, partition)
        if write.rows_quarantined:
            values = (write.dataset, *write.values, commit.load_id)
            location = f"s3://{self._places.quality_bucket}/{write.quarantine_prefix}"
            self.quarantine.add_partition(values, location)

    def _partition(self, write: PartitionWrite, load_id: str, commit_key: str) -> Partition:
        return Partition(
            values=(*write.values, load_id),
            location=f"s3://{self._places.processed_bucket}/{write.prefix}",
            schema=write.schema,
            parameters={
                "commit": commit_key,
                "rows": str(write.rows),
                "values": str(sum(sum(filled.values()) for filled in write.filled)),
            },
        )

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


def _key_of(location: str) -> str:
    return location.removeprefix("s3://").split("/", 1)[1]
