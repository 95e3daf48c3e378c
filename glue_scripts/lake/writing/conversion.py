"""Writing of parts of objects as Parquet, one file per task, with findings on the way."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, partial
from itertools import accumulate, islice
from pathlib import Path
from threading import Thread
from typing import TypeVar

import numpy as np
import pyarrow as pa
from pyspark.sql import SparkSession

from iceberg.field_ids import FieldIds, with_field_ids
from lake.columns.fitting import fit_all
from lake.columns.observing import convert, observe
from lake.columns.schema import CONSTANT_COLUMNS, Schema
from lake.columns.typed import recast
from lake.columns.types import NOTHING, TEXT, ColumnType
from lake.errors import InputRefused
from lake.planning.commit import Source, Stamp
from lake.reading.findings import ABOVE, Findings, nothing_found
from lake.reading.formats import PieceReading
from lake.reading.layout import CsvLayout
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

logger = logging.getLogger(__name__)
Done = TypeVar("Done")
_INDEX = pa.int32()
_SMALL_BYTES = 256 * 1024
"""Size of a piece up to which its conversion takes steps rather than bytes."""
_TOGETHER_BYTES = 2 * 1024 * 1024
"""Size of pieces that are converted together: by then, the steps hardly count."""
_MOST_TOGETHER = 200
"""Number of pieces that are converted together, however small they are."""


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


def start_converters(spark: SparkSession) -> Thread:
    """Start on every core what a first task would wait for: Python, Arrow, a client of S3.

    The driver goes on; the thread ends when all is there.
    """
    return start_workers(spark, partial(client, "s3"))


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
    task: ConversionTask, parts: Sequence[_Part], values: Mapping[str, pa.ChunkedArray]
) -> pa.Table:
    """Return a table with the file's columns in order, null where there are no values."""
    stamp = task.stamp
    sizes = [part.size for part in parts]
    size = sum(sizes)
    columns = [
        values[column.name]
        if column.name in values
        else pa.chunked_array([pa.nulls(size, column.type.arrow)])
        for column in task.schema.columns
    ]
    processed_at = pa.scalar(
        datetime.fromisoformat(stamp.processed_at), pa.timestamp("us", tz="UTC")
    )
    sources = pa.array([part.piece.source.version.key for part in parts])
    numbers = np.repeat(np.arange(len(parts), dtype=np.int32), sizes)
    constants = [
        pa.repeat(processed_at, size),
        pa.DictionaryArray.from_arrays(numbers, sources),
        _repeated(stamp.processing_job, size),
        _repeated(stamp.load_id, size),
        *(_repeated(value, size) for value in task.target.partition),
    ]
    columns += [pa.chunked_array([constant]) for constant in constants]
    return pa.table(columns, schema=task.columns)


def _repeated(value: str, size: int) -> pa.DictionaryArray:
    """Repeat a text as a dictionary of one entry, as in the file, to save time."""
    return pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, _INDEX), size), pa.array([value]))


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
            results = list(_pieces_written(budget, task, rows))
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


def _pieces_written(budget: Budget, task: ConversionTask, rows: RowGroups) -> Iterator[_Written]:
    """Write the pieces in order; one that cannot be read does not keep others from being written.

    Small ones are converted together, as many as are alike.
    """
    waiting: list[_Read] = []
    for piece in task.pieces:
        if not _is_small(task, piece):
            yield from _write_together(budget, task, waiting, rows)
            waiting = []
            yield _fenced(budget, piece, rows, partial(_write_piece, task, piece, rows))
            continue
        read = _fenced(budget, piece, rows, partial(_read, task, piece))
        if isinstance(read, _Written) or not read.goes_with(waiting):
            yield from _write_together(budget, task, waiting, rows)
            waiting = []
        if isinstance(read, _Written):
            yield read
        else:
            waiting.append(read)
    yield from _write_together(budget, task, waiting, rows)


def _fenced(
    budget: Budget, piece: Piece, rows: RowGroups, work: Callable[[], Done]
) -> Done | _Written:
    """Do something with a piece; if that cannot be done, return why, and spoil the file.

    Raises what is not the piece's fault.
    """
    refused = failed = ""
    try:
        with within(budget.seconds(piece.size)):
            return work()
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


@dataclass(frozen=True)
class _Part:
    """Consecutive rows of a piece."""

    piece: Piece
    chunk: Chunk

    @property
    def size(self) -> int:
        """Number of rows."""
        return int(self.chunk.rows.num_rows)


@dataclass(frozen=True)
class _Read:
    """A small piece, read and not converted yet."""

    piece: Piece
    reading: PieceReading
    chunks: Sequence[Chunk]

    @property
    def names(self) -> Sequence[str]:
        """The columns' names in the file, in order, without those that a contract discards."""
        fields = self.piece.source.layout.fields
        return self.chunks[0].rows.column_names if self.chunks else fields

    def goes_with(self, others: Sequence[_Read]) -> bool:
        """Whether it can be converted with others: it has the same columns, and there is room."""
        size = sum(other.piece.size for other in others)
        alike = not others or sorted(self.names) == sorted(others[0].names)
        has_room = len(others) < _MOST_TOGETHER and size + self.piece.size <= _TOGETHER_BYTES
        return alike and has_room

    def parts(self, names: Sequence[str]) -> list[_Part]:
        """Return its rows with the columns in this order."""
        rows = [chunk.rows.select(names) for chunk in self.chunks]
        return [
            _Part(self.piece, replace(chunk, rows=own))
            for chunk, own in zip(self.chunks, rows, strict=True)
        ]


def _is_small(task: ConversionTask, piece: Piece) -> bool:
    """Whether a piece can be held in memory with others until it is converted."""
    layout = piece.source.layout
    plain = isinstance(layout, CsvLayout) and not layout.compression
    return task.look and plain and piece.size <= _SMALL_BYTES


def _read(task: ConversionTask, piece: Piece) -> _Read:
    reading = _reading_for(task, piece)
    return _Read(piece, reading, list(reading))


def _reading_for(task: ConversionTask, piece: Piece) -> PieceReading:
    texts = frozenset(s for s, column in task.schema.by_source.items() if column.type == TEXT)
    return reading_of(piece, task.target.raw_bucket, task.max_ratio, texts)


def _write_together(
    budget: Budget, task: ConversionTask, reads: Sequence[_Read], rows: RowGroups
) -> list[_Written]:
    """Convert and write pieces together; if one makes that fail, each by itself."""
    if len(reads) > 1:
        try:
            with within(max(budget.seconds(read.piece.size) for read in reads)):
                return _convert_together(task, reads, rows)
        except Exception as error:
            # Whose fault it is shows with each by itself.
            logger.warning("%d pieces are converted one by one", len(reads), exc_info=error)
    return [
        done
        for read in reads
        for done in _as_list(
            _fenced(budget, read.piece, rows, partial(_convert_together, task, [read], rows))
        )
    ]


def _as_list(done: list[_Written] | _Written) -> list[_Written]:
    return [done] if isinstance(done, _Written) else done


def _convert_together(
    task: ConversionTask, reads: Sequence[_Read], rows: RowGroups
) -> list[_Written]:
    parts = [part for read in reads for part in read.parts(reads[0].names)]
    shaped, seen = _shaped(task, parts, {}) if parts else (None, [])
    begins = accumulate((part.size for part in parts), initial=0)
    placed = iter(list(zip(parts, begins, seen, strict=False)))
    written = []
    for read in reads:
        types = dict.fromkeys(read.piece.source.layout.fields, NOTHING)
        account = ValueAccount(task.schema)
        published = 0
        for part, begin, kinds in islice(placed, len(read.chunks)):
            types |= {name: types.get(name, NOTHING).join(kind) for name, kind in kinds.items()}
            if shaped is not None:
                account.add(part.chunk, shaped.slice(begin, part.size))
            published += part.size
        found = replace(read.reading.findings, names=tuple(types), types=tuple(types.values()))
        written.append(_Written(published=published, findings=found, values=account.values))
    if parts:
        rows.add(shaped)
    return written


def _write_piece(task: ConversionTask, piece: Piece, rows: RowGroups) -> _Written:
    reading = _reading_for(task, piece)
    types = dict.fromkeys(piece.source.layout.fields, NOTHING)
    account = ValueAccount(task.schema)
    published = 0
    for chunk in reading:
        part = _Part(piece, chunk)
        if task.look:
            shaped, [seen] = _shaped(task, [part], types)
            types |= {name: types.get(name, NOTHING).join(kind) for name, kind in seen.items()}
        else:
            shaped = _table(task, [part], typed(chunk, task.schema))
        if shaped is not None:
            account.add(chunk, shaped)
        rows.add(shaped)
        published += chunk.rows.num_rows
    found = replace(reading.findings, names=tuple(types), types=tuple(types.values()))
    return _Written(published=published, findings=found, values=account.values)


def _shaped(
    task: ConversionTask, parts: Sequence[_Part], known: Mapping[str, ColumnType]
) -> tuple[pa.Table | None, Sequence[Mapping[str, ColumnType]]]:
    """Return the rows of all parts to be written, or None if some do not fit, and the types that
    each part's columns have.

    All parts have the same columns in the same order; `known` are the types of their piece so far.
    """
    seen: list[dict[str, ColumnType]] = [{} for _ in parts]
    values: dict[str, pa.ChunkedArray] = {}
    kinds: Sequence[ColumnType]
    first = parts[0]
    fits, fixed = True, bool(first.piece.source.rules.types)
    for number, source in enumerate(first.chunk.rows.column_names):
        columns = [part.chunk.rows.column(number) for part in parts]
        kind = first.chunk.types[number] if first.chunk.types else None
        target = task.schema.by_source.get(source)
        if target and target.type == TEXT == known.get(source) and kind is None:
            # A column that is known to be text stays text, whatever else comes.
            [fitted], kinds = columns, [TEXT]
        else:
            wanted = target.type if target else None
            kinds, fitted = _fitted(columns, kind, wanted, fixed=fixed)
        for own, found in zip(seen, kinds, strict=True):
            own[source] = found
        if fitted is None or target is None:
            fits = False
        else:
            values[target.name] = fitted
    return (_table(task, parts, values) if fits else None), seen


def _fitted(
    columns: Sequence[pa.ChunkedArray],
    kind: ColumnType | None,
    target: ColumnType | None,
    *,
    fixed: bool,
) -> tuple[Sequence[ColumnType], pa.ChunkedArray | None]:
    """Return a column's type in each part, and its values as `target`; None if they do not fit.

    A column without a `target` has come up only now, and does not fit either. `kind` is the type of
    a column that came with one, in a single part; `fixed` says whether a contract determines the
    types.
    """
    if target is None:
        return [observe(column) if kind is None else kind for column in columns], None
    if kind is None:
        return fit_all(columns, target)
    [column] = columns
    if target.holds(kind):
        return [kind], recast(column, kind, target)
    if fixed and pa.types.is_string(column.type):
        return fit_all(columns, target)
    return [kind], None


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
