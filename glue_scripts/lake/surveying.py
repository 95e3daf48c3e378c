"""Looking at the objects of a load, spread over Spark's tasks.

The start of each is looked at, of a large one some places inside too. Layout and types are
presumed from that, and confirmed or corrected while the object is written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from pyspark.sql import SparkSession

from lake.column_types import NOTHING
from lake.csv_source import is_single_byte, may_be_single_byte
from lake.decoding import SINGLE_BYTE
from lake.errors import InputRefused, OriginalGone
from lake.findings import Findings, Survey, put_together
from lake.isolation import Budget, Fault, Guarded
from lake.layout import CSV
from lake.originals import DIGEST_BLOCK, Original, Span
from lake.presumption import Presumptions
from lake.reading import PieceReading, examine, survey
from lake.row_rules import RowRules
from lake.schema import Schema
from lake.spreading import spread_guarded
from lake.store import StoredOriginal
from wires.contracts import CsvDemands, DatasetContract
from wires.lanes import TAKEN_ELSEWHERE, incoming_path
from wires.manifest import ObjectVersion

_NO_CONTRACT = DatasetContract(name="")
SMALL_BYTES = 8 * 1024 * 1024
_SMALLEST_PIECE = 32 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Surveyed:
    """What was found in one object: a survey, or why there is none."""

    version: ObjectVersion
    survey: Survey | None = None
    sure: bool = False
    """Whether the survey is of every byte, and not presumed from some."""
    spans: tuple[Span, ...] = ()
    """The pieces in which the object is read."""
    refused: str = ""
    """Reason for the uploader: the content is at fault."""
    failed: str = ""
    """Reason for the operator: reading failed, whatever the content."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """How objects are looked at."""

    bucket: str
    contracts: Mapping[str, DatasetContract]
    """By key."""
    max_ratio: int
    target_bytes: int
    """Size of a piece, about."""
    parallelism: int
    """Tasks that can run at once: a large object is cut into as many pieces at least."""
    budget: Budget
    presumptions: defaultdict[str, Presumptions] = field(
        default_factory=partial(defaultdict, Presumptions), compare=False
    )
    """By folder, of one task."""


def survey_objects(
    spark: SparkSession, versions: Sequence[ObjectVersion], look: Look
) -> list[Surveyed | Fault]:
    """One result per version, in the given order."""
    found = spread_guarded(
        spark,
        Guarded(partial(_look, look), partial(_seconds_to_look, look)),
        versions,
        weight=lambda version: min(version.size, SMALL_BYTES),
    )
    return [_in_pieces(item, look) for item in found]


def confirmed(before: Surveyed, pieces: Sequence[Findings]) -> Surveyed:
    """What is sure after all pieces of an object have been read."""
    assert before.survey is not None, "an object without a survey is not read"  # noqa: S101
    spans = tuple(
        replace(span, first=found.first) for span, found in zip(before.spans, pieces, strict=True)
    )
    found = put_together(before.survey.layout, pieces)
    return replace(before, survey=found, sure=found.settled, spans=spans)


def recoded(
    spark: SparkSession, doubtful: Sequence[Surveyed], look: Look
) -> list[Surveyed | Fault]:
    """Objects whose presumed encoding met bytes that it does not have: looked at again.

    Those that are in a one-byte encoding come back presumed anew; the others as they were.
    """
    found = spread_guarded(
        spark,
        Guarded(partial(_recode, look), partial(_seconds_to_recode, look)),
        doubtful,
        weight=lambda item: item.version.size,
    )
    return [_in_pieces(item, look) for item in found]


def _in_pieces(item: Surveyed | Fault, look: Look) -> Surveyed | Fault:
    """An object that has been looked at anew; what is known of another's pieces stays known."""
    if isinstance(item, Fault) or item.survey is None or item.spans:
        return item
    splittable = item.survey.layout.splittable
    return replace(item, spans=spans_of(item.version.size, splittable=splittable, look=look))


def spans_of(size: int, *, splittable: bool, look: Look) -> tuple[Span, ...]:
    """Pieces of about equal size, which start at multiples of DIGEST_BLOCK."""
    if not splittable or size <= SMALL_BYTES:
        return (Span(0, size),)
    count = max(-(-size // look.target_bytes), min(look.parallelism, size // _SMALLEST_PIECE), 1)
    if look.parallelism < count < 8 * look.parallelism:
        # Whole rounds, so that no core waits for the last piece.
        count = -(-count // look.parallelism) * look.parallelism
    step = -(-size // (count * DIGEST_BLOCK)) * DIGEST_BLOCK
    return tuple(Span(start, min(size, start + step)) for start in range(0, size, step))


def _look(look: Look, version: ObjectVersion) -> Surveyed:
    try:
        return _looked_at(look, version, _contract(look, version).csv)
    except InputRefused as refusal:
        return Surveyed(version=version, refused=str(refusal))
    except OriginalGone as gone:
        return Surveyed(version=version, failed=str(gone))


def _seconds_to_look(look: Look, version: ObjectVersion) -> float:
    return look.budget.seconds(version.size)


def _seconds_to_recode(look: Look, item: Surveyed) -> float:
    return look.budget.seconds(item.version.size)


def _looked_at(look: Look, version: ObjectVersion, demands: CsvDemands) -> Surveyed:
    original: Original = StoredOriginal(look.bucket, version)
    layout, types = examine(
        original,
        max_ratio=look.max_ratio,
        demands=demands,
        name=version.key,
        presumptions=look.presumptions[version.key.rpartition("/")[0]],
    )
    if layout.format != CSV and incoming_path(version.key) is None:
        found = layout.format.replace("_", " ")
        raise InputRefused(f"the content is {found}, expected CSV text: {TAKEN_ELSEWHERE}")
    presumed = Survey(
        layout=layout, types=tuple(types), rows_in=1, rows_bad=0, first_bad="", digest=""
    )
    if version.size <= SMALL_BYTES and not any(kind != NOTHING for kind in types):
        # Perhaps there is not one row: then it is better known before anything is written.
        whole = survey(original, max_ratio=look.max_ratio, demands=demands, name=version.key)
        if not whole.rows_in:
            read = (Span(0, version.size),)
            return Surveyed(version=version, survey=whole, sure=True, spans=read)
        presumed = replace(presumed, layout=whole.layout, types=whole.types)
    return Surveyed(version=version, survey=presumed)


def first_offender(look: Look, item: Surveyed, schema: Schema) -> str:
    """Line and value of the first that is none of its column's type in `schema`, for people."""
    assert item.survey is not None, "an object without a survey has no values"  # noqa: S101
    layout = item.survey.layout
    original = StoredOriginal(look.bucket, item.version)
    rules = RowRules(types=tuple((c.source, c.type.spell()) for c in schema.columns if c.source))
    whole = Span(0, original.size)
    as_text = RowRules(texts=layout.untold)
    for chunk in PieceReading(original, layout, whole, look.max_ratio, look=False, rules=as_text):
        for record in rules.applied(chunk).bad:
            if record not in chunk.bad:
                return f"line {layout.body_line + record.line}: {record.reason}"
    return ""


def _contract(look: Look, version: ObjectVersion) -> DatasetContract:
    contract = look.contracts.get(version.key, _NO_CONTRACT)
    if contract.refused:
        raise InputRefused(contract.refused)
    return contract


def _recode(look: Look, item: Surveyed) -> Surveyed:
    original: Original = StoredOriginal(look.bucket, item.version)
    assert item.survey is not None, "an object without a survey is not read"  # noqa: S101
    layout = item.survey.layout
    if may_be_single_byte(layout) and is_single_byte(original, layout, look.max_ratio):
        demands = _contract(look, item.version).csv
        return _looked_at(look, item.version, replace(demands, encoding=SINGLE_BYTE.name))
    return item
