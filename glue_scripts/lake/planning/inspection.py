"""Inspection of a load's objects, spread over Spark's tasks.

The start of each object is read, and some places inside large ones. Layout and types are presumed
from that, and confirmed or corrected while the object is written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from pyspark.sql import SparkSession

from lake.columns.schema import Schema
from lake.columns.types import NOTHING
from lake.errors import InputRefused, OriginalGone
from lake.reading.csv.source import is_single_byte, may_be_single_byte
from lake.reading.decoding import SINGLE_BYTE
from lake.reading.findings import Findings, Inspection, put_together
from lake.reading.formats import PieceReading, examine, inspect_whole
from lake.reading.layout import CsvLayout
from lake.reading.originals import DIGEST_BLOCK, Original, Span
from lake.reading.presumption import Presumptions
from lake.reading.row_rules import RowRules
from lake.running.isolation import Budget, Fault, Guarded
from lake.running.parallel_map import parallel_map_guarded
from lake.store import StoredOriginal
from wires.contracts import CsvDemands, DatasetContract
from wires.manifest import ObjectVersion
from wires.object_ledger import ObjectStatus
from wires.routes import TAKEN_ELSEWHERE, incoming_path

_NO_CONTRACT = DatasetContract(name="")
SMALL_BYTES = 8 * 1024 * 1024
_SMALLEST_PIECE = 32 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Inspected:
    """An object that can be read."""

    version: ObjectVersion
    inspection: Inspection
    sure: bool = False
    """Whether the inspection covers every byte, and is not presumed from some."""
    spans: tuple[Span, ...] = ()
    """The pieces in which the object is read."""


@dataclass(frozen=True, kw_only=True)
class Unread:
    """An object that brings no rows, and why."""

    version: ObjectVersion
    status: ObjectStatus
    reason: str

    @classmethod
    def rejected(cls, version: ObjectVersion, reason: str) -> Unread:
        """An object whose content is at fault: the reason is for its uploader."""
        return cls(version=version, status=ObjectStatus.REJECTED, reason=reason)

    @classmethod
    def failed(cls, version: ObjectVersion, reason: str) -> Unread:
        """An object that could not be read, whatever its content: the reason is for operators."""
        return cls(version=version, status=ObjectStatus.FAILED, reason=reason)


InspectedObject = Inspected | Unread


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Limits of how much of an object is read at once, and of its cost."""

    bucket: str
    contracts: Mapping[str, DatasetContract]
    """Contracts by object key."""
    max_ratio: int
    target_bytes: int
    """Approximate size of a piece."""
    parallelism: int
    """Tasks that can run at once: a large object is cut into at least as many pieces."""
    budget: Budget
    presumptions: defaultdict[str, Presumptions] = field(
        default_factory=partial(defaultdict, Presumptions), compare=False
    )
    """Presumptions of one task, by folder."""


def inspect_objects(
    spark: SparkSession, versions: Sequence[ObjectVersion], limits: Limits
) -> list[InspectedObject | Fault]:
    """Inspect objects; return one result per version, in the given order."""
    found = parallel_map_guarded(
        spark,
        Guarded(partial(_inspect, limits), partial(_seconds_to_inspect, limits)),
        versions,
        weight=lambda version: min(version.size, SMALL_BYTES),
    )
    return [_in_pieces(item, limits) for item in found]


def confirmed(before: Inspected, pieces: Sequence[Findings]) -> Inspected:
    """An object after all of its pieces have been read."""
    spans = tuple(
        replace(span, first=found.first) for span, found in zip(before.spans, pieces, strict=True)
    )
    found = put_together(before.inspection.layout, pieces)
    return replace(before, inspection=found, sure=found.settled, spans=spans)


def recoded(
    spark: SparkSession, doubtful: Sequence[Inspected], limits: Limits
) -> list[InspectedObject | Fault]:
    """Inspect objects again in which some bytes are invalid in the presumed encoding.

    Objects in a one-byte encoding come back with a new inspection, the others unchanged.
    """
    found = parallel_map_guarded(
        spark,
        Guarded(partial(_recode, limits), partial(_seconds_to_recode, limits)),
        doubtful,
        weight=lambda item: item.version.size,
    )
    return [_in_pieces(item, limits) for item in found]


def _in_pieces(item: InspectedObject | Fault, limits: Limits) -> InspectedObject | Fault:
    """An object that has been looked at anew; what is known of another's pieces stays known."""
    if not isinstance(item, Inspected) or item.spans:
        return item
    splittable = item.inspection.layout.splittable
    return replace(item, spans=spans_of(item.version.size, splittable=splittable, limits=limits))


def spans_of(size: int, *, splittable: bool, limits: Limits) -> tuple[Span, ...]:
    """Return spans of about equal size, which start at multiples of DIGEST_BLOCK."""
    if not splittable or size <= SMALL_BYTES:
        return (Span(0, size),)
    count = max(
        -(-size // limits.target_bytes), min(limits.parallelism, size // _SMALLEST_PIECE), 1
    )
    if limits.parallelism < count < 8 * limits.parallelism:
        # Whole rounds, so that no core waits for the last piece.
        count = -(-count // limits.parallelism) * limits.parallelism
    step = -(-size // (count * DIGEST_BLOCK)) * DIGEST_BLOCK
    return tuple(Span(start, min(size, start + step)) for start in range(0, size, step))


def _inspect(limits: Limits, version: ObjectVersion) -> InspectedObject:
    try:
        return _inspected(limits, version, _contract(limits, version).csv)
    except InputRefused as refusal:
        return Unread.rejected(version, str(refusal))
    except OriginalGone as gone:
        return Unread.failed(version, str(gone))


def _seconds_to_inspect(limits: Limits, version: ObjectVersion) -> float:
    return limits.budget.seconds(version.size)


def _seconds_to_recode(limits: Limits, item: Inspected) -> float:
    return limits.budget.seconds(item.version.size)


def _inspected(limits: Limits, version: ObjectVersion, demands: CsvDemands) -> Inspected:
    original: Original = StoredOriginal(limits.bucket, version)
    layout, types = examine(
        original,
        max_ratio=limits.max_ratio,
        demands=demands,
        name=version.key,
        presumptions=limits.presumptions[version.key.rpartition("/")[0]],
    )
    if not isinstance(layout, CsvLayout) and incoming_path(version.key) is None:
        found = layout.format.replace("_", " ")
        raise InputRefused(f"the content is {found}, expected CSV text: {TAKEN_ELSEWHERE}")
    presumed = Inspection(
        layout=layout, types=tuple(types), rows_in=1, rows_bad=0, first_bad="", digest=""
    )
    if version.size <= SMALL_BYTES and not any(kind != NOTHING for kind in types):
        # There may be no row at all, which is better known before anything is written.
        whole = inspect_whole(
            original, max_ratio=limits.max_ratio, demands=demands, name=version.key
        )
        if not whole.rows_in:
            read = (Span(0, version.size),)
            return Inspected(version=version, inspection=whole, sure=True, spans=read)
        presumed = replace(presumed, layout=whole.layout, types=whole.types)
    return Inspected(version=version, inspection=presumed)


def first_offender(limits: Limits, item: Inspected, schema: Schema) -> str:
    """Line and value of the first that is none of its column's type in `schema`, for people."""
    layout = item.inspection.layout
    original = StoredOriginal(limits.bucket, item.version)
    rules = RowRules(types=tuple((c.source, c.type.spell()) for c in schema.columns if c.source))
    whole = Span(0, original.size)
    as_text = RowRules(texts=layout.untold)
    for chunk in PieceReading(original, layout, whole, limits.max_ratio, look=False, rules=as_text):
        for record in rules.applied(chunk).bad:
            if record not in chunk.bad:
                return f"line {layout.body_line + record.line}: {record.reason}"
    return ""


def _contract(limits: Limits, version: ObjectVersion) -> DatasetContract:
    contract = limits.contracts.get(version.key, _NO_CONTRACT)
    if contract.refused:
        raise InputRefused(contract.refused)
    return contract


def _recode(limits: Limits, item: Inspected) -> InspectedObject:
    original: Original = StoredOriginal(limits.bucket, item.version)
    layout = item.inspection.layout
    if may_be_single_byte(layout) and is_single_byte(original, layout, limits.max_ratio):
        demands = _contract(limits, item.version).csv
        return _inspected(limits, item.version, replace(demands, encoding=SINGLE_BYTE.name))
    return item
