"""From a commit to what readers see. Every step can be done again, in part or in full.

Order matters: partitions that need wider types are moved first, then the table gets its
columns, then the new partitions appear, each in one call. The object ledger comes last, so
an object is 'published' only when its rows can be read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from lake.catalog import Catalog, Partition, QuarantineCatalog
from lake.commit import Commit, Move, PartitionWrite
from lake.errors import LakeError, OriginalGone
from lake.schema import Schema
from lake.store import client, supersede
from lake.writing import Places, Writer, load_folder
from wires.object_ledger import ObjectLedger, ObjectOutcome, ObjectStatus
from wires.quarantine import PREFIX, put_aside

KeepLease = Callable[[str], None]
"""Called between long steps with the dataset at work. Raises LoadLost if its lease is gone."""


@dataclass(frozen=True, kw_only=True)
class Publisher:
    """Publishes for one attempt. Its caller holds the leases of all datasets that it touches."""

    catalog: Catalog
    quarantine: QuarantineCatalog
    ledger: ObjectLedger
    writer: Writer
    alerts_topic_arn: str
    keep_lease: KeepLease

    def prepare_moves(self, commit: Commit) -> tuple[Move, ...]:
        """Rebuild the partitions whose files are too narrow for what the commit brings."""
        moves = []
        for dataset in commit.datasets:
            wider = self._wider(commit, dataset)
            table = self.catalog.schema(dataset)
            if table is not None and not table.stored_as_in(wider):
                for partition in self.catalog.partitions(dataset):
                    if not partition.schema.stored_as_in(wider):
                        moves.append(self._rebuild(dataset, partition, wider))
                        self.keep_lease(dataset)
        return tuple(moves)

    def publish(self, commit: Commit, *, commit_key: str) -> None:
        """Make everything that the commit holds visible and final."""
        for move in commit.moves:
            self._move(move)
        for dataset in commit.datasets:
            self._put_table(commit, dataset)
        for write in commit.partitions:
            self.keep_lease(write.dataset)
            self._add(commit, write, commit_key)
        for outcome in commit.outcomes:
            self._finish(commit, outcome)

    def clean_up(self, commit: Commit) -> None:
        """Give to the buckets' lifecycle what no table points at: of dead attempts, and moved."""
        for move in commit.moves:
            supersede(self._places.processed_bucket, _key_of(move.from_location))
        for write in commit.partitions:
            folder = load_folder(write.dataset, write.values, commit.load_id)
            standing = self.catalog.partition(write.dataset, (*write.values, commit.load_id))
            kept = _key_of(standing.location) if standing else write.prefix
            supersede(self._places.processed_bucket, folder, but=kept)
            rows = f"{PREFIX}rows/dataset={folder}"
            supersede(self._places.quality_bucket, rows, but=write.quarantine_prefix)

    @property
    def _places(self) -> Places:
        return self.writer.places

    def _wider(self, commit: Commit, dataset: str) -> Schema:
        schema = self.catalog.schema(dataset) or Schema()
        for write in commit.partitions:
            if write.dataset == dataset and write.rows:
                schema = schema.merge(write.schema)
        return schema

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

    def _put_table(self, commit: Commit, dataset: str) -> None:
        standing = self.catalog.schema(dataset)
        wider = self._wider(commit, dataset)
        if standing == wider or not wider.columns:
            return
        location = f"s3://{self._places.processed_bucket}/{dataset}/"
        self.catalog.put_table(dataset, wider, location=location, exists=standing is not None)

    def _add(self, commit: Commit, write: PartitionWrite, commit_key: str) -> None:
        if write.rows:
            table = self.catalog.schema(write.dataset)
            if table is None:
                raise LakeError(f"table {write.dataset} has gone while it was published to")
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
            parameters={"commit": commit_key, "rows": str(write.rows)},
        )

    def _finish(self, commit: Commit, outcome: ObjectOutcome) -> None:
        if outcome.status is ObjectStatus.REJECTED:
            version = self.ledger.version(outcome.key, outcome.version_id)
            put_aside(
                s3=client("s3"),
                sns=client("sns"),
                raw_bucket=self._places.raw_bucket,
                quality_bucket=self._places.quality_bucket,
                alerts_topic_arn=self.alerts_topic_arn,
                version=version,
                reason=outcome.reason,
            )
        self.ledger.finish(
            outcome, load_id=commit.load_id, finished_at=datetime.now(UTC).isoformat()
        )


def _key_of(location: str) -> str:
    return location.removeprefix("s3://").split("/", 1)[1]
