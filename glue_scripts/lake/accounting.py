"""Rows in = rows published + rows quarantined, values in = values published, each counted on its
own; an object of which that is not so is not published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lake.audit import audit
from lake.commit import PartitionWrite, Stamp
from lake.conversion import AsideTask, Piece, PutAside, versions_of
from lake.findings import Findings
from lake.isolation import Fault
from lake.planning import PlannedObject
from lake.store import line_count
from lake.writing import WrittenPartition, values_by_object, written_files
from wires.layout import quarantined_rows_folder
from wires.manifest import ObjectVersion
from wires.object_ledger import ObjectOutcome, ObjectStatus


@dataclass(frozen=True, kw_only=True)
class Aside:
    """Where and how the records of a load that are no rows are written."""

    raw_bucket: str
    quality_bucket: str
    stamp: Stamp
    attempt: str
    target_bytes: int
    max_ratio: int
    alone: frozenset[ObjectVersion] = frozenset()
    """Objects that share no task with others."""

    def prefix(self, written: WrittenPartition) -> str:
        plan = written.plan
        folder = quarantined_rows_folder(plan.dataset, plan.values, self.stamp.load_id)
        return f"{folder}{self.attempt}/"

    def tasks(self, written: WrittenPartition) -> Iterator[AsideTask]:
        """One for each few pieces that have such records; the others are not read again."""
        batch: list[tuple[Piece, int]] = []
        number = size = 0
        for piece, line in _bad_pieces(written):
            apart = batch and self._apart(batch[-1][0], piece)
            if batch and (apart or size + piece.size > self.target_bytes):
                yield self._task(written, batch, number)
                batch, size, number = [], 0, number + 1
            batch.append((piece, line))
            size += piece.size
        if batch:
            yield self._task(written, batch, number)

    def _apart(self, one: Piece, other: Piece) -> bool:
        versions = {one.source.version, other.source.version}
        return len(versions) > 1 and not versions.isdisjoint(self.alone)

    def _task(
        self, written: WrittenPartition, pieces: Sequence[tuple[Piece, int]], number: int
    ) -> AsideTask:
        return AsideTask(
            pieces=tuple(piece for piece, _ in pieces),
            lines=tuple(line for _, line in pieces),
            stamp=self.stamp,
            raw_bucket=self.raw_bucket,
            quality_bucket=self.quality_bucket,
            key=f"{self.prefix(written)}part-{number:05d}.jsonl",
            max_ratio=self.max_ratio,
        )


@dataclass(frozen=True, kw_only=True)
class Accounts:
    """Of a partition: what it publishes and how its objects end, unless something is wrong."""

    write: PartitionWrite
    outcomes: tuple[ObjectOutcome, ...]
    suspects: Mapping[frozenset[ObjectVersion], str]
    """Objects of which one at least is not what was read of it, with the difference."""


def account(
    written: WrittenPartition,
    asides: Sequence[tuple[AsideTask, PutAside | Fault]],
    *,
    processed_bucket: str,
    quality_bucket: str,
    quarantine_prefix: str,
) -> Accounts:
    """Rows of each object, as they were cut, are those that were published and quarantined; rows
    and values in the buckets are those that were read. Where they are not, it says so."""
    audited = audit(processed_bucket, written.converted)
    suspects = {
        versions_of(written.converted[n].task.pieces): why for n, why in audited.wrong.items()
    }
    quarantined: Counter[ObjectVersion] = Counter()
    for task, done in asides:
        if why := _wrong_aside(done, quality_bucket):
            suspects[versions_of(task.pieces)] = why
        elif isinstance(done, PutAside):
            for piece, count in zip(task.pieces, done.rows, strict=True):
                quarantined[piece.source.version] += count
    outcomes = []
    published, values = written.published, values_by_object(written.converted)
    for item in written.plan.objects:
        version = item.source.version
        rows, aside = published.get(version, 0), quarantined[version]
        if rows + aside != item.survey.rows_in:
            suspects.setdefault(
                frozenset([version]),
                f"{item.survey.rows_in} rows were read, {rows} are to be published and {aside} "
                "to be quarantined: nothing of the file is published",
            )
        outcomes.append(_outcome(item, written.plan.dataset, rows, aside))
    write = PartitionWrite(
        dataset=written.plan.dataset,
        day=written.plan.day,
        schema=written.plan.schema,
        field_ids=written.field_ids,
        files=written_files(written.converted),
        rows=audited.rows,
        sources=tuple(item.source for item in written.plan.objects),
        filled=tuple(values.get(item.source.version, {}) for item in written.plan.objects),
        quarantine_prefix=quarantine_prefix,
        rows_quarantined=sum(quarantined.values()),
    )
    return Accounts(write=write, outcomes=tuple(outcomes), suspects=suspects)


def _wrong_aside(done: PutAside | Fault, bucket: str) -> str:
    if isinstance(done, Fault):
        return done.reason
    lines = line_count(bucket, done.key)
    if lines == sum(done.rows):
        return ""
    return f"{sum(done.rows)} rows were put aside and {lines} are in {done.key}"


def _bad_pieces(written: WrittenPartition) -> Iterator[tuple[Piece, int]]:
    """Pieces with records that are no rows, each with the line of its first record."""
    read = _pieces_read(written)
    for item in written.plan.objects:
        line = item.source.layout.body_line
        for number, (piece, findings) in enumerate(read[item.source.version]):
            above = item.source.layout.before if number == 0 else ()
            if findings.bad or above:
                yield piece, line
            line += findings.lines


def _pieces_read(written: WrittenPartition) -> dict[ObjectVersion, list[tuple[Piece, Findings]]]:
    """Of each object, in order, as they were read in the end: with the starts that proved right."""
    read: dict[ObjectVersion, list[tuple[Piece, Findings]]] = {}
    for item in written.converted:
        for piece, findings in zip(item.task.pieces, item.findings, strict=True):
            read.setdefault(piece.source.version, []).append((piece, findings))
    return read


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
            "format": layout.format,
            "compression": layout.compression,
            "encoding": layout.encoding,
            "delimiter": layout.delimiter,
            "quote": layout.quote,
            "escape": layout.escape,
            "header": bool(layout.header),
            "columns": len(layout.fields),
            "columns_discarded": item.source.rules.left_out(layout.fields),
            "digest": item.survey.digest,
        },
    )
