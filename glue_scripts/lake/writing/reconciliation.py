"""Rows in = rows published + rows quarantined, and values in = values published.

Each is counted on its own; an object for which that does not hold is not published.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lake.planning.commit import PartitionWrite, Stamp
from lake.planning.plan import PlannedObject
from lake.reading.findings import Findings
from lake.running.isolation import Fault
from lake.store import line_count
from lake.writing.audit import audit
from lake.writing.partitions import WrittenPartition, values_by_object, written_files
from lake.writing.quarantining import Quarantined, QuarantineTask
from lake.writing.tasks import Piece, versions_of
from wires.layout import quarantined_rows_folder
from wires.manifest import ObjectVersion
from wires.object_ledger import ObjectOutcome, ObjectStatus


@dataclass(frozen=True, kw_only=True)
class Quarantining:
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

    def tasks(self, written: WrittenPartition) -> Iterator[QuarantineTask]:
        """Yield tasks for the pieces that have bad records; the others are not read again."""
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
    ) -> QuarantineTask:
        return QuarantineTask(
            pieces=tuple(piece for piece, _ in pieces),
            lines=tuple(line for _, line in pieces),
            stamp=self.stamp,
            raw_bucket=self.raw_bucket,
            quality_bucket=self.quality_bucket,
            key=f"{self.prefix(written)}part-{number:05d}.jsonl",
            max_ratio=self.max_ratio,
        )


@dataclass(frozen=True, kw_only=True)
class Reconciled:
    """A partition as it is published, the outcomes of its objects, and what does not add up."""

    write: PartitionWrite
    outcomes: tuple[ObjectOutcome, ...]
    suspects: Mapping[frozenset[ObjectVersion], str]
    """Objects of which at least one was not written as it was read, with the difference."""


def reconcile(
    written: WrittenPartition,
    quarantines: Sequence[tuple[QuarantineTask, Quarantined | Fault]],
    *,
    processed_bucket: str,
    quality_bucket: str,
    quarantine_prefix: str,
) -> Reconciled:
    """Rows of each object, as they were cut, are those that were published and quarantined; rows
    and values in the buckets are those that were read. Where they are not, it says so."""
    audited = audit(processed_bucket, written.converted)
    suspects = {
        versions_of(written.converted[n].task.pieces): why for n, why in audited.wrong.items()
    }
    quarantined: Counter[ObjectVersion] = Counter()
    uncounted: set[ObjectVersion] = set()
    for task, done in quarantines:
        if why := _wrong_quarantine(done, quality_bucket):
            suspects[versions_of(task.pieces)] = why
            uncounted |= versions_of(task.pieces)
        elif isinstance(done, Quarantined):
            for piece, count in zip(task.pieces, done.rows, strict=True):
                quarantined[piece.source.version] += count
    outcomes = []
    published, values = written.published, values_by_object(written.converted)
    for item in written.plan.objects:
        version = item.source.version
        rows, aside = published.get(version, 0), quarantined[version]
        # Of whom a task has failed nothing is known yet: which of its objects it was is found out.
        if version not in uncounted and rows + aside != item.inspection.rows_in:
            suspects.setdefault(
                frozenset([version]),
                f"{item.inspection.rows_in} rows were read, {rows} are to be published and {aside} "
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
    return Reconciled(write=write, outcomes=tuple(outcomes), suspects=suspects)


def _wrong_quarantine(done: Quarantined | Fault, bucket: str) -> str:
    if isinstance(done, Fault):
        return done.reason
    lines = line_count(bucket, done.key)
    if lines == sum(done.rows):
        return ""
    return f"{sum(done.rows)} rows were put aside and {lines} are in {done.key}"


def _bad_pieces(written: WrittenPartition) -> Iterator[tuple[Piece, int]]:
    """Yield the pieces with bad records, each with the line of its first record."""
    read = _pieces_read(written)
    for item in written.plan.objects:
        line = item.source.layout.body_line
        for number, (piece, findings) in enumerate(read[item.source.version]):
            above = item.source.layout.before if number == 0 else ()
            if findings.bad or above:
                yield piece, line
            line += findings.lines


def _pieces_read(written: WrittenPartition) -> dict[ObjectVersion, list[tuple[Piece, Findings]]]:
    """Return each object's pieces in order, as finally read: with the starts that proved right."""
    read: dict[ObjectVersion, list[tuple[Piece, Findings]]] = {}
    for item in written.converted:
        for piece, findings in zip(item.task.pieces, item.findings, strict=True):
            read.setdefault(piece.source.version, []).append((piece, findings))
    return read


def _outcome(item: PlannedObject, dataset: str, published: int, quarantined: int) -> ObjectOutcome:
    status, reason = ObjectStatus.PUBLISHED, ""
    if quarantined:
        found = item.inspection
        reason = f"{quarantined} of {found.rows_in} rows quarantined; {found.first_bad}"
    if not published:
        status = ObjectStatus.REJECTED
        reason = f"not one row can be read; {item.inspection.first_bad}"
    layout = item.inspection.layout
    return ObjectOutcome(
        key=item.source.version.key,
        version_id=item.source.version.version_id,
        status=status,
        reason=reason,
        dataset=dataset,
        rows_in=item.inspection.rows_in,
        rows_published=published,
        rows_quarantined=quarantined,
        details={
            **layout.told,
            "columns_discarded": item.source.rules.left_out(layout.fields),
            "digest": item.inspection.digest,
        },
    )
