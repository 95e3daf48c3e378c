"""Writing partitions into places of this attempt alone: counted, and not visible yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pyspark.sql import SparkSession

from lake.commit import PartitionWrite, Source, Stamp
from lake.conversion import ConversionTask, Converted, Piece, Target, convert_all
from lake.errors import AccountingError
from lake.findings import Findings
from lake.planning import PlannedObject, PlannedPartition
from lake.schema import Schema
from lake.store import parquet_rows
from wires.manifest import ObjectVersion


@dataclass(frozen=True, kw_only=True)
class Places:
    """The buckets of the data path."""

    raw_bucket: str
    processed_bucket: str
    quality_bucket: str
    assets_bucket: str


@dataclass(frozen=True, kw_only=True)
class WrittenPartition:
    """A planned partition as it has been written, and what was seen meanwhile."""

    plan: PlannedPartition
    prefix: str
    converted: tuple[Converted, ...]

    def is_right_for(self, plan: PlannedPartition) -> bool:
        """Whether the files are what a later plan, which knows more, asks for."""
        return (
            not any(item.misfit for item in self.converted)
            and [c.name for c in self.plan.schema.columns] == [c.name for c in plan.schema.columns]
            and self.plan.schema.stored_as_in(plan.schema)
            and [_reading_of(item) for item in self.plan.objects]
            == [_reading_of(item) for item in plan.objects]
        )

    @property
    def findings(self) -> Mapping[ObjectVersion, list[Findings]]:
        """Of each object's pieces, in order."""
        found: dict[ObjectVersion, list[Findings]] = {}
        for item in self.converted:
            for piece, findings in zip(item.task.pieces, item.findings, strict=True):
                found.setdefault(piece.source.version, []).append(findings)
        return found

    @property
    def refused(self) -> Mapping[ObjectVersion, str]:
        """Objects that could not be read to their end, each with the first reason."""
        reasons: dict[ObjectVersion, str] = {}
        for item in self.converted:
            for piece, reason in zip(item.task.pieces, item.refused, strict=True):
                if reason:
                    reasons.setdefault(piece.source.version, reason)
        return reasons

    @property
    def published(self) -> Mapping[ObjectVersion, int]:
        """Rows of each object that the tasks have written."""
        rows: dict[ObjectVersion, int] = {}
        for item in self.converted:
            for piece, count in zip(item.task.pieces, item.published, strict=True):
                version = piece.source.version
                rows[version] = rows.get(version, 0) + count
        return rows

    def check_files(self, bucket: str) -> int:
        """Rows in the bucket. Raises AccountingError unless they are what the tasks reported."""
        for item in self.converted:
            rows = parquet_rows(bucket, item.file) if item.file else 0
            if rows != sum(item.published):
                raise AccountingError(
                    f"{item.file or self.prefix} holds {rows} rows, "
                    f"its task wrote {sum(item.published)}"
                )
        return sum(self.published.values())


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

    def write(self, partitions: Sequence[PlannedPartition]) -> list[WrittenPartition]:
        """Write planned partitions: every record that starts in an object once, whatever the
        pieces that it was cut into."""
        packed = [(p, self._tasks_of(p)) for p in partitions]
        found = iter(self._convert([task for _, tasks in packed for task in tasks]))
        return [
            WrittenPartition(
                plan=partition,
                prefix=tasks[0].target.prefix,
                converted=tuple(next(found) for _ in tasks),
            )
            for partition, tasks in packed
        ]

    def rewrite(self, write: PartitionWrite, schema: Schema, stamp: Stamp) -> PartitionWrite:
        """Make a partition again from its originals, in `schema`, in a new place.

        `stamp` is that of the load that the partition belongs to. Raises AccountingError if
        the partition does not come out with the rows that it had.
        """
        folder = load_folder(write.dataset, write.values, stamp.load_id)
        prefix = f"{folder}for-{self.stamp.load_id}-{self.attempt}/"
        tasks = self._tasks(write.sources, schema, stamp, prefix, look=False)
        rows = 0
        for item in self._convert(tasks):
            stored = parquet_rows(self.places.processed_bucket, item.file) if item.file else 0
            if stored != sum(item.published):
                raise AccountingError(f"{item.file} does not hold the rows that its task wrote")
            rows += stored
        if rows != write.rows:
            raise AccountingError(
                f"{write.prefix} came out with {rows} rows when it was rebuilt, it had "
                f"{write.rows}: nothing was changed"
            )
        return replace(write, schema=schema, prefix=prefix)

    def _convert(self, tasks: Sequence[ConversionTask]) -> list[Converted]:
        """Run tasks until the pieces of every object join without a gap or an overlap.

        A piece that starts in the middle of a file presumes where its first record starts.
        Where that is not where the piece before has ended, it is read again from there.
        """
        found = convert_all(self.spark, tasks)
        while wrong := _disjointed(found):
            again = [_from(found[i].task, first) for i, first in wrong.items()]
            for i, item in zip(wrong, convert_all(self.spark, again), strict=True):
                found[i] = item
        return found

    def _tasks_of(self, partition: PlannedPartition) -> list[ConversionTask]:
        folder = load_folder(partition.dataset, partition.values, self.stamp.load_id)
        sources = [item.source for item in partition.objects]
        prefix = f"{folder}{self.attempt}/"
        look = not all(item.sure for item in partition.objects)
        return self._tasks(sources, partition.schema, self.stamp, prefix, look=look)

    def _tasks(
        self,
        sources: Iterable[Source],
        schema: Schema,
        stamp: Stamp,
        prefix: str,
        *,
        look: bool,
    ) -> list[ConversionTask]:
        target = Target(
            raw_bucket=self.places.raw_bucket,
            processed_bucket=self.places.processed_bucket,
            prefix=prefix,
        )
        return [
            ConversionTask(
                part=part,
                pieces=pieces,
                schema=schema,
                stamp=stamp,
                target=target,
                max_ratio=self.max_ratio,
                look=look,
            )
            for part, pieces in enumerate(pack(sources, target_bytes=self.target_bytes))
        ]


def _reading_of(item: PlannedObject) -> tuple[object, ...]:
    """What decides which rows an object gives."""
    source = item.source
    repeats = [(span.start, span.repeats) for span in source.spans if span.repeats]
    return source.version, source.layout, source.rules, repeats


def load_folder(dataset: str, values: Sequence[str], load_id: str) -> str:
    """`orders/year=2026/month=01/day=31/load=…/`"""
    year, month, day = values
    return f"{dataset}/year={year}/month={month}/day={day}/load={load_id}/"


def pack(sources: Iterable[Source], *, target_bytes: int) -> Iterator[tuple[Piece, ...]]:
    """Which pieces share an output file: whole objects in order of key, up to `target_bytes` as
    stored; each piece of a larger object has a file of its own."""
    batch: list[Piece] = []
    size = 0
    for source in sorted(sources, key=lambda source: source.version):
        if len(source.spans) > 1:
            yield from ((Piece(source, span),) for span in source.spans)
            continue
        piece = Piece(source, source.spans[0])
        if batch and size + piece.size > target_bytes:
            yield tuple(batch)
            batch, size = [], 0
        batch.append(piece)
        size += piece.size
    if batch:
        yield tuple(batch)


def _disjointed(found: Sequence[Converted]) -> dict[int, int]:
    """Tasks whose only piece does not start where the piece before ends, and where that is.

    Of each object the first such piece alone: what follows it may be right once it is.
    """
    wrong: dict[int, int] = {}
    ends: dict[ObjectVersion, int] = {}
    broken: set[ObjectVersion] = set()
    for i, item in enumerate(found):
        pieces = zip(item.task.pieces, item.findings, item.refused, strict=True)
        for piece, findings, refused in pieces:
            version = piece.source.version
            if refused:
                broken.add(version)
            if version in ends and version not in broken and findings.first != ends[version]:
                wrong[i] = ends[version]
                broken.add(version)
            ends[version] = findings.following
    return wrong


def _from(task: ConversionTask, first: int) -> ConversionTask:
    [piece] = task.pieces
    exact = replace(piece, span=replace(piece.span, first=first))
    # The file of the first try has to be replaced, by an empty one if need be.
    return replace(task, pieces=(exact,), replaces=True)
