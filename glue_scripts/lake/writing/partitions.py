"""Writing of partitions to folders of this attempt alone, counted and not visible yet."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pyspark.sql import SparkSession

from iceberg.field_ids import FieldIds
from iceberg.written_file import WrittenFile
from lake.columns.schema import Schema
from lake.errors import AccountingError, LakeError
from lake.planning.commit import PartitionWrite, Source, Stamp
from lake.planning.plan import PlannedObject, PlannedPartition
from lake.reading.findings import Findings
from lake.running.isolation import USUAL_BUDGET, Budget, Fault
from lake.writing.audit import audit, total
from lake.writing.conversion import Converted, convert_all
from lake.writing.tasks import ConversionTask, Piece, Target
from wires.column_names import METADATA_COLUMNS
from wires.layout import load_folder
from wires.manifest import ObjectVersion

_WORK_FOR_ANY = 200_000
"""Cost of beginning with any object, as bytes of a large one that are read in the same time."""
_WORTH_A_FILE = 32 * 1024 * 1024
"""Work that justifies another file, so that another core can share it."""


@dataclass(frozen=True, kw_only=True)
class Places:
    """The buckets of the data path."""

    raw_bucket: str
    processed_bucket: str
    quality_bucket: str
    assets_bucket: str


@dataclass(frozen=True, kw_only=True)
class WrittenPartition:
    """A planned partition as it has been written, with the findings on the way."""

    plan: PlannedPartition
    field_ids: FieldIds
    """Field ids of the files' columns."""
    converted: tuple[Converted, ...]
    faults: tuple[tuple[ConversionTask, Fault], ...] = ()
    """Tasks that did not complete."""

    def is_right_for(self, plan: PlannedPartition, field_ids: FieldIds) -> bool:
        """Whether the files match a later plan, which knows more."""
        return (
            not self.faults
            and self.field_ids.items() <= field_ids.items()
            and not any(item.misfit for item in self.converted)
            and [c.identity for c in self.plan.schema.columns]
            == [c.identity for c in plan.schema.columns]
            and self.plan.schema.stored_as_in(plan.schema)
            and [_reading_of(item) for item in self.plan.objects]
            == [_reading_of(item) for item in plan.objects]
        )

    @property
    def findings(self) -> Mapping[ObjectVersion, list[Findings]]:
        """The findings of each object's pieces, in order."""
        found: dict[ObjectVersion, list[Findings]] = {}
        for item in self.converted:
            for piece, findings in zip(item.task.pieces, item.findings, strict=True):
                found.setdefault(piece.source.version, []).append(findings)
        return found

    @property
    def refused(self) -> Mapping[ObjectVersion, str]:
        """Objects that could not be read to their end, each with the first reason."""
        return self._reasons(lambda item: item.refused)

    @property
    def failed(self) -> Mapping[ObjectVersion, str]:
        """Objects whose reading failed regardless of their content, each with the first reason."""
        return self._reasons(lambda item: item.failed)

    def _reasons(self, of: Callable[[Converted], Sequence[str]]) -> Mapping[ObjectVersion, str]:
        reasons: dict[ObjectVersion, str] = {}
        for item in self.converted:
            for piece, reason in zip(item.task.pieces, of(item), strict=True):
                if reason:
                    reasons.setdefault(piece.source.version, reason)
        return reasons

    @property
    def published(self) -> Mapping[ObjectVersion, int]:
        """Number of rows that the tasks have written, by object."""
        rows: dict[ObjectVersion, int] = {}
        for item in self.converted:
            for piece, count in zip(item.task.pieces, item.published, strict=True):
                version = piece.source.version
                rows[version] = rows.get(version, 0) + count
        return rows


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
    budget: Budget = USUAL_BUDGET
    alone: frozenset[ObjectVersion] = frozenset()
    """Objects that share no task with others, because one of several has spoiled their task."""

    def write(
        self, partitions: Sequence[tuple[PlannedPartition, FieldIds]]
    ) -> list[WrittenPartition]:
        """Write planned partitions, each with the field ids of its table.

        Every record that starts in an object is written once, however the object is cut into
        pieces.
        """
        packed = [(plan, ids, self._tasks_of(plan, ids)) for plan, ids in partitions]
        found = iter(self._convert([task for _, _, tasks in packed for task in tasks]))
        return [
            _written(plan, ids, tasks, [next(found) for _ in tasks]) for plan, ids, tasks in packed
        ]

    def rewrite(
        self, write: PartitionWrite, schema: Schema, field_ids: FieldIds, stamp: Stamp
    ) -> PartitionWrite:
        """Write a load's rows of a day again from its originals, in `schema`, in a new place.

        `stamp` is that of the load. Raises AccountingError if the result does not have the rows
        that it had.
        """
        folder = load_folder(write.dataset, write.values, stamp.load_id)
        target = Target(
            raw_bucket=self.places.raw_bucket,
            processed_bucket=self.places.processed_bucket,
            prefix=f"{folder}for-{self.stamp.load_id}-{self.attempt}/",
            partition=write.values,
            field_ids=ids_of(schema, field_ids),
        )
        tasks = self._tasks(write.sources, schema, stamp, target, look=False)
        done = self._convert(tasks)
        for fault in (item for item in done if isinstance(item, Fault)):
            raise LakeError(f"{folder} cannot be rebuilt: {fault.reason}")
        converted = [item for item in done if isinstance(item, Converted)]
        audits = audit(self.places.processed_bucket, converted)
        reasons = [*audits.wrong.values(), *(r for i in converted for r in (*i.refused, *i.failed))]
        for reason in filter(None, reasons):
            raise AccountingError(f"{folder} cannot be rebuilt: {reason}")
        if audits.rows != write.rows:
            raise AccountingError(
                f"{folder} came out with {audits.rows} rows when it was rebuilt, it had "
                f"{write.rows}: nothing was changed"
            )
        counted = values_by_object(converted)
        filled = tuple(counted.get(source.version, {}) for source in write.sources)
        return replace(
            write,
            schema=schema,
            field_ids=target.field_ids,
            files=written_files(converted),
            filled=filled,
        )

    def _convert(self, tasks: Sequence[ConversionTask]) -> list[Converted | Fault]:
        """Run tasks until the pieces of every object join without a gap or an overlap.

        A piece that starts in the middle of a file presumes where its first record starts. If the
        piece before has not ended there, it is read again from where that ended.
        """
        found = convert_all(self.spark, tasks, self.budget)
        while wrong := _disjointed(tasks, found):
            again = [_from(tasks[i], first) for i, first in wrong.items()]
            for i, item in zip(wrong, convert_all(self.spark, again, self.budget), strict=True):
                found[i] = item
        return found

    def _tasks_of(self, partition: PlannedPartition, field_ids: FieldIds) -> list[ConversionTask]:
        folder = load_folder(partition.dataset, partition.values, self.stamp.load_id)
        sources = [item.source for item in partition.objects]
        target = Target(
            raw_bucket=self.places.raw_bucket,
            processed_bucket=self.places.processed_bucket,
            prefix=f"{folder}{self.attempt}/",
            partition=partition.values,
            field_ids=ids_of(partition.schema, field_ids),
        )
        look = not all(item.sure for item in partition.objects)
        return self._tasks(sources, partition.schema, self.stamp, target, look=look)

    def _tasks(
        self,
        sources: Iterable[Source],
        schema: Schema,
        stamp: Stamp,
        target: Target,
        *,
        look: bool,
    ) -> list[ConversionTask]:
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
            for part, pieces in enumerate(
                pack(
                    sources,
                    target_bytes=self.target_bytes,
                    parallelism=self.spark.sparkContext.defaultParallelism,
                    alone=self.alone,
                )
            )
        ]


def values_by_object(
    converted: Iterable[Converted],
) -> Mapping[ObjectVersion, Mapping[str, int]]:
    """Return how many values each object has brought to each column."""
    found: dict[ObjectVersion, list[Mapping[str, int]]] = {}
    for item in converted:
        for piece, values in zip(item.task.pieces, item.values, strict=True):
            found.setdefault(piece.source.version, []).append(values)
    return {version: dict(total(values)) for version, values in found.items()}


def ids_of(schema: Schema, table: FieldIds) -> FieldIds:
    """Return the field ids of a file's columns, from those of its table."""
    return {name: table[name] for name in schema.arrow.names}


def written_files(converted: Iterable[Converted]) -> tuple[WrittenFile, ...]:
    """Return the files that have rows, with the readers' counts for them."""
    return tuple(map(_written_file, (c for c in converted if c.file and any(c.published))))


def _written_file(item: Converted) -> WrittenFile:
    rows = sum(item.published)
    return WrittenFile(
        key=item.file,
        rows=rows,
        # Each row has all metadata.
        values=sum(total(item.values).values()) + rows * len(METADATA_COLUMNS),
        partition=item.task.target.partition,
    )


def _reading_of(item: PlannedObject) -> tuple[object, ...]:
    """Return all that determines which rows an object gives."""
    source = item.source
    repeats = [(span.start, span.repeats) for span in source.spans if span.repeats]
    return source.version, source.layout, source.rules, repeats


def pack(
    sources: Iterable[Source],
    *,
    target_bytes: int,
    parallelism: int = 1,
    alone: Collection[ObjectVersion] = (),
) -> Iterator[tuple[Piece, ...]]:
    """Group pieces that share an output file.

    Whole objects share files in order of key, up to `target_bytes` as stored, in about equal
    shares. Each piece of a larger object has a file of its own, and so has an object in `alone`. If
    it is worth another file, there is a share for each core.
    """
    shared: list[Piece] = []
    for source in sorted(sources, key=lambda source: source.version):
        if len(source.spans) > 1 or source.version in alone:
            yield from ((Piece(source, span),) for span in source.spans)
        else:
            shared.append(Piece(source, source.spans[0]))
    work = sum(map(_work, shared))
    shares = max(
        -(-sum(piece.size for piece in shared) // target_bytes),
        min(parallelism, work // _WORTH_A_FILE),
        1,
    )
    yield from _in_shares(shared, work / shares, target_bytes)


def _in_shares(
    pieces: Iterable[Piece], share: float, target_bytes: int
) -> Iterator[tuple[Piece, ...]]:
    batch: list[Piece] = []
    size = done = 0
    for piece in pieces:
        if batch and (done >= share or size + piece.size > target_bytes):
            yield tuple(batch)
            batch, size, done = [], 0, 0
        batch.append(piece)
        size += piece.size
        done += _work(piece)
    if batch:
        yield tuple(batch)


def _work(piece: Piece) -> int:
    """Return the work for a piece, in bytes of a large object."""
    return piece.size + _WORK_FOR_ANY


def _disjointed(
    tasks: Sequence[ConversionTask], found: Sequence[Converted | Fault]
) -> dict[int, int]:
    """Return tasks whose only piece does not start where the one before ends, and where that is.

    Only the first such piece of each object: those after it may be right once it is.
    """
    wrong: dict[int, int] = {}
    ends: dict[ObjectVersion, int] = {}
    broken: set[ObjectVersion] = set()
    for i, (task, item) in enumerate(zip(tasks, found, strict=True)):
        if isinstance(item, Fault):
            broken |= {piece.source.version for piece in task.pieces}
            continue
        pieces = zip(item.task.pieces, item.findings, item.refused, item.failed, strict=True)
        for piece, findings, refused, failed in pieces:
            version = piece.source.version
            if refused or failed:
                broken.add(version)
            if version in ends and version not in broken and findings.first != ends[version]:
                wrong[i] = ends[version]
                broken.add(version)
            ends[version] = findings.following
    return wrong


def _written(
    partition: PlannedPartition,
    field_ids: FieldIds,
    tasks: Sequence[ConversionTask],
    found: Sequence[Converted | Fault],
) -> WrittenPartition:
    pairs = list(zip(tasks, found, strict=True))
    return WrittenPartition(
        plan=partition,
        field_ids=ids_of(partition.schema, field_ids),
        converted=tuple(item for item in found if isinstance(item, Converted)),
        faults=tuple((task, item) for task, item in pairs if isinstance(item, Fault)),
    )


def _from(task: ConversionTask, first: int) -> ConversionTask:
    [piece] = task.pieces
    exact = replace(piece, span=replace(piece.span, first=first))
    # The file of the first try has to be replaced, by an empty one if need be.
    return replace(task, pieces=(exact,), replaces=True)
