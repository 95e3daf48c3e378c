"""Rows in = rows published + rows quarantined, each counted on its own, or nothing is published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lake.commit import PartitionWrite, Stamp
from lake.conversion import AsideTask, Piece, PutAside
from lake.errors import AccountingError
from lake.findings import Findings
from lake.planning import PlannedObject
from lake.store import line_count
from lake.writing import WrittenPartition, load_folder
from wires.manifest import ObjectVersion
from wires.object_ledger import ObjectOutcome, ObjectStatus
from wires.quarantine import PREFIX as QUARANTINE


@dataclass(frozen=True, kw_only=True)
class Aside:
    """Where and how the records of a load that are no rows are written."""

    raw_bucket: str
    quality_bucket: str
    stamp: Stamp
    attempt: str
    target_bytes: int
    max_ratio: int

    def prefix(self, written: WrittenPartition) -> str:
        folder = load_folder(written.plan.dataset, written.plan.values, self.stamp.load_id)
        return f"{QUARANTINE}rows/dataset={folder}{self.attempt}/"

    def tasks(self, written: WrittenPartition) -> Iterator[AsideTask]:
        """One for each few pieces that have such records; the others are not read again."""
        batch: list[tuple[Piece, int]] = []
        number = size = 0
        for piece, line in _bad_pieces(written):
            if batch and size + piece.size > self.target_bytes:
                yield self._task(written, batch, number)
                batch, size, number = [], 0, number + 1
            batch.append((piece, line))
            size += piece.size
        if batch:
            yield self._task(written, batch, number)

    def _task(
        self, written: WrittenPartition, pieces: Sequence[tuple[Piece, int]], number: int
    ) -> AsideTask:
        return AsideTask(
            pieces=tuple(pieces),
            stamp=self.stamp,
            raw_bucket=self.raw_bucket,
            quality_bucket=self.quality_bucket,
            key=f"{self.prefix(written)}part-{number:05d}.jsonl",
            max_ratio=self.max_ratio,
        )


def account(
    written: WrittenPartition,
    asides: Sequence[tuple[AsideTask, PutAside]],
    *,
    processed_bucket: str,
    quality_bucket: str,
    quarantine_prefix: str,
) -> tuple[PartitionWrite, list[ObjectOutcome]]:
    """What a partition publishes, and how its objects end.

    Raises AccountingError unless the rows of each object, as they were cut, are those that
    were published and quarantined, and the files in the buckets hold exactly as many.
    """
    rows = written.check_files(processed_bucket)
    quarantined: dict[tuple[str, str], int] = {}
    for task, done in asides:
        lines = line_count(quality_bucket, done.key)
        if lines != sum(done.rows):
            raise AccountingError(f"{done.key} holds {lines} rows, its task wrote {sum(done.rows)}")
        for (piece, _), count in zip(task.pieces, done.rows, strict=True):
            name = (piece.source.version.key, piece.source.version.version_id)
            quarantined[name] = quarantined.get(name, 0) + count
    outcomes = []
    published = written.published
    for item in written.plan.objects:
        version = item.source.version
        aside = quarantined.get((version.key, version.version_id), 0)
        if published[version] + aside != item.survey.rows_in:
            raise AccountingError(
                f"{version.key}: {item.survey.rows_in} rows in, {published[version]} to publish "
                f"and {aside} to quarantine: nothing of the load is published"
            )
        outcomes.append(_outcome(item, written.plan.dataset, published[version], aside))
    write = PartitionWrite(
        dataset=written.plan.dataset,
        day=written.plan.day,
        schema=written.plan.schema,
        prefix=written.prefix,
        rows=rows,
        sources=tuple(item.source for item in written.plan.objects),
        quarantine_prefix=quarantine_prefix,
        rows_quarantined=sum(quarantined.values()),
    )
    return write, outcomes


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
            "columns": len(layout.columns),
            "columns_discarded": item.source.rules.left_out(layout.columns),
            "digest": item.survey.digest,
        },
    )
