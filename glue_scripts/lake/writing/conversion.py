"""Writing of parts of objects as Parquet, one file per task, with findings on the way."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path

import pyarrow as pa
from pyspark.sql import SparkSession

from iceberg.field_ids import FieldIds, with_field_ids
from lake.columns.fitting import fit
from lake.columns.observing import convert, observe
from lake.columns.schema import CONSTANT_COLUMNS, Schema
from lake.columns.typed import recast
from lake.columns.types import NOTHING, TEXT, ColumnType
from lake.errors import InputRefused
from lake.planning.commit import Source, Stamp
from lake.reading.findings import ABOVE, Findings, nothing_found
from lake.reading.formats import PieceReading
from lake.reading.originals import Span
from lake.reading.pieces import Chunk
from lake.running.isolation import Blame, Budget, Fault, Guarded, fault_of, within
from lake.running.parallel_map import parallel_map_guarded, start_workers
from lake.store import StoredOriginal, client, put_file
from lake.writing.row_groups import RowGroups
from lake.writing.value_account import ValueAccount
from wires.layout import Values
from wires.manifest import ObjectVersion
from wires.quarantine import QuarantinedRow

_INDEX = pa.int32()


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where a task writes, and for which table. A prefix ends with `/`."""

    raw_bucket: str
    processed_bucket: str
    prefix: str
    partition: Values
    """Values of the partition columns."""
    field_ids: FieldIds


@dataclass(frozen=True)
class Piece:
    """A part of an original."""

    source: Source
    span: Span

    @property
    def size(self) -> int:
        return self.span.end - self.span.start


def versions_of(pieces: Iterable[Piece]) -> frozenset[ObjectVersion]:
    """Return the objects that pieces are parts of."""
    return frozenset(piece.source.version for piece in pieces)


@dataclass(frozen=True, kw_only=True)
class ConversionTask:
    """Some pieces that become one Parquet file."""

    part: int
    pieces: tuple[Piece, ...]
    schema: Schema
    stamp: Stamp
    target: Target
    max_ratio: int
    look: bool
    """Whether the schema is only presumed, and types are to be observed."""
    replaces: bool = False
    """Whether there is an earlier file that must not stay: if need be, an empty one takes its
    place."""

    @property
    def size(self) -> int:
        """Bytes as stored."""
        return sum(piece.size for piece in self.pieces)

    @cached_property
    def columns(self) -> pa.Schema:
        """Columns of the file; text that is constant within an object as dictionaries."""
        fields = [
            field.with_type(pa.dictionary(_INDEX, field.type))
            if field.name in CONSTANT_COLUMNS and pa.types.is_string(field.type)
            else field
            for field in self.schema.arrow
        ]
        return with_field_ids(pa.schema(fields), self.target.field_ids)


@dataclass(frozen=True, kw_only=True)
class Converted:
    """The file that a task has stored, and its findings for each of its pieces."""

    task: ConversionTask
    file: str
    """Key of the Parquet file; "" if there was no row."""
    published: tuple[int, ...]
    """Number of rows of each piece."""
    findings: tuple[Findings, ...]
    values: tuple[Mapping[str, int], ...]
    """For each piece, the number of values in each column, as the reader has cut them."""
    misfit: bool = False
    """Whether a value did not fit the presumed schema. Then there is no file, and the findings have
    the types that would fit."""
    refused: tuple[str, ...]
    """For each piece, why it cannot be read, or "". If one cannot, there is no file either."""
    failed: tuple[str, ...]
    """For each piece, why reading it failed regardless of its content, or ""."""


def start_converters(spark: SparkSession) -> None:
    """Start on every core what a first task would wait for: Python, Arrow, a client of S3."""
    start_workers(spark, partial(client, "s3"))


def convert_all(
    spark: SparkSession, tasks: Sequence[ConversionTask], budget: Budget
) -> list[Converted | Fault]:
    """Run the tasks; return results in their order. Running a task twice writes the same key."""
    guarded = Guarded(partial(_convert, budget), partial(_seconds, budget))
    return parallel_map_guarded(spark, guarded, tasks, weight=lambda task: task.size)


@dataclass(frozen=True, kw_only=True)
class QuarantineTask:
    """Some pieces whose bad records become one file of JSON Lines."""

    pieces: tuple[Piece, ...]
    lines: tuple[int, ...]
    """Line of each piece's first record, from 1."""
    stamp: Stamp
    raw_bucket: str
    quality_bucket: str
    key: str
    max_ratio: int

    @property
    def size(self) -> int:
        return sum(piece.size for piece in self.pieces)


@dataclass(frozen=True, kw_only=True)
class Quarantined:
    """How many records of each piece an aside task has written."""

    key: str
    rows: tuple[int, ...]


def quarantine_all(
    spark: SparkSession, tasks: Sequence[QuarantineTask], budget: Budget
) -> list[Quarantined | Fault]:
    """Run the tasks; results in their order."""
    guarded = Guarded(_quarantine, partial(_seconds, budget))
    return parallel_map_guarded(spark, guarded, tasks, weight=lambda task: task.size)


def _seconds(budget: Budget, task: ConversionTask | QuarantineTask) -> float:
    """Return the seconds for a task; each of its pieces also has a limit while it is read."""
    return sum(budget.seconds(piece.size) for piece in task.pieces) + budget.least_seconds


def typed(chunk: Chunk, schema: Schema) -> dict[str, pa.ChunkedArray]:
    """Return the values of each column in the types of `schema`, which hold all of them."""
    values = {}
    for number, source in enumerate(chunk.rows.column_names):
        if chunk.rows.num_rows or source in schema.by_source:
            column, target = chunk.rows.column(number), schema.by_source[source]
            kind = chunk.types[number] if chunk.types else TEXT
            values[target.name] = (
                recast(column, kind, target.type) if chunk.types else convert(column, target.type)
            )
    return values


def _table(
    task: ConversionTask, piece: Piece, values: Mapping[str, pa.ChunkedArray], size: int
) -> pa.Table:
    """Return a table with the file's columns in order, null where there are no values."""
    stamp = task.stamp
    columns = [
        values[column.name]
        if column.name in values
        else pa.chunked_array([pa.nulls(size, column.type.arrow)])
        for column in task.schema.columns
    ]
    processed_at = pa.scalar(
        datetime.fromisoformat(stamp.processed_at), pa.timestamp("us", tz="UTC")
    )
    constants = (
        processed_at,
        piece.source.version.key,
        stamp.processing_job,
        stamp.load_id,
        *task.target.partition,
    )
    columns += [pa.chunked_array([_repeated(constant, size)]) for constant in constants]
    return pa.table(columns, schema=task.columns)


def _repeated(value: pa.Scalar | str, size: int) -> pa.Array:
    """Repeat a value; text becomes a dictionary of one entry, as in the file, to save time."""
    if isinstance(value, pa.Scalar):
        return pa.repeat(value, size)
    indices = pa.repeat(pa.scalar(0, _INDEX), size)
    return pa.DictionaryArray.from_arrays(indices, pa.array([value]))


@dataclass(frozen=True, kw_only=True)
class _Written:
    """The result of writing a piece."""

    published: int
    findings: Findings
    values: Mapping[str, int] = field(default_factory=dict)
    refused: str = ""
    failed: str = ""


def _convert(budget: Budget, task: ConversionTask) -> Converted:
    key = f"{task.target.prefix}part-{task.part:05d}.snappy.parquet"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rows")
        with RowGroups(path, task.columns, samples=True) as rows:
            results = [_try_piece(budget, task, piece, rows) for piece in task.pieces]
        if task.replaces or (not rows.misfit and any(result.published for result in results)):
            put_file(path, task.target.processed_bucket, key)
        else:
            key = ""
    return Converted(
        task=task,
        file=key,
        published=tuple(result.published for result in results),
        findings=tuple(result.findings for result in results),
        values=tuple(result.values for result in results),
        misfit=rows.misfit,
        refused=tuple(result.refused for result in results),
        failed=tuple(result.failed for result in results),
    )


def _try_piece(budget: Budget, task: ConversionTask, piece: Piece, rows: RowGroups) -> _Written:
    """Write a piece; one that cannot be read does not keep the other objects from being written."""
    refused = failed = ""
    try:
        with within(budget.seconds(piece.size)):
            return _write_piece(task, piece, rows)
    except InputRefused as refusal:
        refused = str(refusal)
    except Exception as error:
        fault = fault_of(error)
        if fault.blame is not Blame.ITEM:
            raise
        failed = fault.reason
    rows.add(None)
    nothing = nothing_found(piece.span, piece.source.layout.fields)
    return _Written(published=0, findings=nothing, refused=refused, failed=failed)


def _write_piece(task: ConversionTask, piece: Piece, rows: RowGroups) -> _Written:
    texts = frozenset(s for s, column in task.schema.by_source.items() if column.type == TEXT)
    reading = reading_of(piece, task.target.raw_bucket, task.max_ratio, texts)
    types = dict.fromkeys(piece.source.layout.fields, NOTHING)
    account = ValueAccount(task.schema)
    published = 0
    for chunk in reading:
        if task.look:
            shaped, seen = _shaped(task, piece, chunk, types)
            types |= {name: types.get(name, NOTHING).join(kind) for name, kind in seen.items()}
        else:
            shaped = _table(task, piece, typed(chunk, task.schema), chunk.rows.num_rows)
        if shaped is not None:
            account.add(chunk, shaped)
        rows.add(shaped)
        published += chunk.rows.num_rows
    found = replace(reading.findings, names=tuple(types), types=tuple(types.values()))
    return _Written(published=published, findings=found, values=account.values)


def _shaped(
    task: ConversionTask, piece: Piece, chunk: Chunk, known: Mapping[str, ColumnType]
) -> tuple[pa.Table | None, Mapping[str, ColumnType]]:
    """Return the rows to be written, or None if they do not fit, and the types that they have."""
    seen: dict[str, ColumnType] = {}
    values: dict[str, pa.ChunkedArray] = {}
    fits, fixed = True, bool(piece.source.rules.types)
    for number, source in enumerate(chunk.rows.column_names):
        column, kind = chunk.rows.column(number), chunk.types[number] if chunk.types else None
        target = task.schema.by_source.get(source)
        if target and target.type == TEXT == known.get(source) and kind is None:
            # A column that is known to be text stays text, whatever else comes.
            seen[source], fitted = TEXT, column
        else:
            wanted = target.type if target else None
            seen[source], fitted = _fitted(column, kind, wanted, fixed=fixed)
        if fitted is None or target is None:
            fits = False
        else:
            values[target.name] = fitted
    if not fits:
        return None, seen
    return _table(task, piece, values, chunk.rows.num_rows), seen


def _fitted(
    column: pa.ChunkedArray, kind: ColumnType | None, target: ColumnType | None, *, fixed: bool
) -> tuple[ColumnType, pa.ChunkedArray | None]:
    """Return a column's type and its values as `target`; None if they do not fit.

    A column without a `target` has come up only now, and does not fit either. `kind` is the type of
    a column that came with one; `fixed` says whether a contract determines the types.
    """
    if target is None:
        return (observe(column) if kind is None else kind), None
    if kind is None:
        return fit(column, target)
    if target.holds(kind):
        return kind, recast(column, kind, target)
    return fit(column, target) if fixed and pa.types.is_string(column.type) else (kind, None)


def reading_of(
    piece: Piece, bucket: str, max_ratio: int, texts: frozenset[str] = frozenset()
) -> PieceReading:
    """Return the reading of a piece; `texts` are the columns that are wanted as text."""
    original = StoredOriginal(bucket, piece.source.version)
    source = piece.source
    return PieceReading(
        original, source.layout, piece.span, max_ratio, look=False, rules=source.rules, texts=texts
    )


def _quarantine(task: QuarantineTask) -> Quarantined:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rows")
        with path.open("w", encoding="utf-8") as file:
            counts = []
            for piece, line in zip(task.pieces, task.lines, strict=True):
                rows = list(_quarantined_rows(task, piece, line))
                file.writelines(f"{row.to_json()}\n" for row in rows)
                counts.append(len(rows))
        put_file(path, task.quality_bucket, task.key)
    return Quarantined(key=task.key, rows=tuple(counts))


def _quarantined_rows(task: QuarantineTask, piece: Piece, line: int) -> Iterator[QuarantinedRow]:
    version, layout = piece.source.version, piece.source.layout

    def row(at: int, raw: bytes, reason: str) -> QuarantinedRow:
        return QuarantinedRow(
            source_file=version.key,
            version_id=version.version_id,
            line=at,
            reason=reason,
            raw=_readable(raw, layout.encoding),
            load_id=task.stamp.load_id,
            quarantined_at=task.stamp.processed_at,
        )

    if piece.span.start == 0:
        for at, text in layout.before:
            yield row(at, text.encode("latin-1"), ABOVE)
    for chunk in reading_of(piece, task.raw_bucket, task.max_ratio):
        for record in chunk.bad:
            yield row(line + record.line, record.raw, record.reason)


def _readable(raw: bytes, encoding: str) -> str:
    """Return bytes as text; those that are not text become backslash escapes."""
    return raw.decode("cp1252" if encoding == "cp1252" else "utf-8", "backslashreplace")
