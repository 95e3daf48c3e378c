"""Carrying a plan out: files into places of this attempt alone, counted, nothing visible yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from pyspark.sql import SparkSession

from lake.commit import Commit, PartitionWrite, Source, Stamp
from lake.conversion import ConversionTask, Converted, Target, convert_all
from lake.errors import AccountingError
from lake.planning import Plan, PlannedObject, PlannedPartition
from lake.schema import Schema
from lake.store import line_count, parquet_rows
from wires.object_ledger import ObjectOutcome, ObjectStatus
from wires.quarantine import PREFIX as QUARANTINE


@dataclass(frozen=True, kw_only=True)
class Places:
    """The buckets of the data path."""

    raw_bucket: str
    processed_bucket: str
    quality_bucket: str
    assets_bucket: str


@dataclass(frozen=True, kw_only=True)
class Writer:
    """Writes partitions for one attempt of one load."""

    spark: SparkSession
    places: Places
    stamp: Stamp
    attempt: str
    """Names the folders of this attempt; nobody else writes there."""
    target_bytes: int
    max_ratio: int

    def write(self, plan: Plan) -> Commit:
        """Write all partitions of a plan.

        Raises AccountingError unless each object's rows, as its survey counted them, are
        those that were published and quarantined, and the files in the buckets hold
        exactly as many.
        """
        packed = [(p, self._tasks_of(p)) for p in plan.partitions]
        found = iter(convert_all(self.spark, [task for _, tasks in packed for task in tasks]))
        outcomes, writes = list(plan.settled), []
        for partition, tasks in packed:
            converted = [next(found) for _ in tasks]
            check_files(converted)
            outcomes += divided(partition, converted)
            writes.append(_partition_write(partition, converted))
        return Commit(
            load_id=self.stamp.load_id,
            job=self.stamp.processing_job,
            processed_at=self.stamp.processed_at,
            outcomes=tuple(outcomes),
            partitions=tuple(writes),
        )

    def rewrite(self, write: PartitionWrite, schema: Schema, stamp: Stamp) -> PartitionWrite:
        """Make a partition again from its originals, in `schema`, in a new place.

        `stamp` is that of the load that the partition belongs to. Raises AccountingError if
        the partition does not come out with the rows that it had.
        """
        folder = load_folder(write.dataset, write.values, stamp.load_id)
        prefix = f"{folder}for-{self.stamp.load_id}-{self.attempt}/"
        tasks = self._tasks(write.sources, schema, stamp, self._target(prefix, ""))
        converted = convert_all(self.spark, tasks)
        check_files(converted)
        rows = sum(item.published for item in converted)
        if rows != write.rows:
            raise AccountingError(
                f"{write.prefix} came out with {rows} rows when it was rebuilt, it had "
                f"{write.rows}: nothing was changed"
            )
        return replace(write, schema=schema, prefix=prefix)

    def _tasks_of(self, partition: PlannedPartition) -> list[ConversionTask]:
        folder = load_folder(partition.dataset, partition.values, self.stamp.load_id)
        target = self._target(
            f"{folder}{self.attempt}/", f"{QUARANTINE}rows/dataset={folder}{self.attempt}/"
        )
        sources = [item.source for item in partition.objects]
        return self._tasks(sources, partition.schema, self.stamp, target)

    def _tasks(
        self, sources: Iterable[Source], schema: Schema, stamp: Stamp, target: Target
    ) -> list[ConversionTask]:
        return [
            ConversionTask(
                part=part,
                sources=batch,
                schema=schema,
                stamp=stamp,
                target=target,
                max_ratio=self.max_ratio,
            )
            for part, batch in enumerate(pack(sources, target_bytes=self.target_bytes))
        ]

    def _target(self, prefix: str, quarantine_prefix: str) -> Target:
        return Target(
            raw_bucket=self.places.raw_bucket,
            processed_bucket=self.places.processed_bucket,
            prefix=prefix,
            quality_bucket=self.places.quality_bucket,
            quarantine_prefix=quarantine_prefix,
        )


def load_folder(dataset: str, values: Sequence[str], load_id: str) -> str:
    """`orders/year=2026/month=01/day=31/load=…/`"""
    year, month, day = values
    return f"{dataset}/year={year}/month={month}/day={day}/load={load_id}/"


def pack(sources: Iterable[Source], *, target_bytes: int) -> Iterator[tuple[Source, ...]]:
    """Which originals share an output file: in order of key, up to `target_bytes` as stored."""
    batch: list[Source] = []
    size = 0
    for source in sorted(sources, key=lambda source: source.version):
        if batch and size + source.version.size > target_bytes:
            yield tuple(batch)
            batch, size = [], 0
        batch.append(source)
        size += source.version.size
    if batch:
        yield tuple(batch)


def check_files(converted: Iterable[Converted]) -> None:
    """Raises AccountingError unless the files in the buckets hold what their tasks reported."""
    for item in converted:
        target = item.task.target
        rows = parquet_rows(target.processed_bucket, item.file) if item.file else 0
        if rows != item.published:
            raise AccountingError(f"{item.file} holds {rows} rows, its task wrote {item.published}")
        if target.quarantine_prefix:
            file = item.quarantine_file
            lines = line_count(target.quality_bucket, file) if file else 0
            if lines != item.quarantined:
                raise AccountingError(
                    f"{file} holds {lines} rows, its task wrote {item.quarantined}"
                )


def divided(partition: PlannedPartition, converted: Iterable[Converted]) -> list[ObjectOutcome]:
    """How each object's rows were divided. Raises AccountingError where one is missing."""
    tallies = {tally.version: tally for item in converted for tally in item.tallies}
    outcomes = []
    for item in partition.objects:
        tally = tallies[item.source.version]
        if tally.published + tally.quarantined != item.survey.rows_in:
            raise AccountingError(
                f"{tally.version.key}: {item.survey.rows_in} rows in, {tally.published} to publish "
                f"and {tally.quarantined} to quarantine: nothing of the load is published"
            )
        outcomes.append(_outcome(item, partition.dataset, tally.published, tally.quarantined))
    return outcomes


def _outcome(item: PlannedObject, dataset: str, published: int, quarantined: int) -> ObjectOutcome:
    status, reason = ObjectStatus.PUBLISHED, ""
    if quarantined:
        reason = f"{quarantined} of {item.survey.rows_in} rows quarantined; {item.survey.first_bad}"
    if not published:
        status = ObjectStatus.REJECTED
        reason = f"not one row can be read; {item.survey.first_bad}"
    layout = item.survey.layout
    return ObjectOutcome(
        key=item.source.version.key,
        version_id=item.source.version.version_id,
        status=status,
        reason=reason,
        dataset=dataset,
        rows_in=item.survey.rows_in,
        rows_published=published,
        rows_quarantined=quarantined,
        details={
            "compression": layout.compression,
            "encoding": layout.encoding,
            "delimiter": layout.delimiter,
            "header": layout.header,
            "columns": len(layout.columns),
            "digest": item.survey.digest,
        },
    )


def _partition_write(partition: PlannedPartition, converted: Sequence[Converted]) -> PartitionWrite:
    target = converted[0].task.target
    return PartitionWrite(
        dataset=partition.dataset,
        day=partition.day,
        schema=partition.schema,
        prefix=target.prefix,
        rows=sum(item.published for item in converted),
        sources=tuple(item.source for item in partition.objects),
        quarantine_prefix=target.quarantine_prefix,
        rows_quarantined=sum(item.quarantined for item in converted),
    )
