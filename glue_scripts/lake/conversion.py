"""Writing parts of objects as Parquet, one file per task, with what was seen on the way."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyspark.sql import SparkSession

from iceberg.field_ids import FieldIds, with_field_ids
from lake.column_types import NOTHING, TEXT, ColumnType
from lake.commit import Source, Stamp
from lake.errors import InputRefused
from lake.findings import ABOVE, Findings, nothing_found
from lake.fitting import fit
from lake.isolation import Blame, Budget, Fault, Guarded, fault_of, within
from lake.observing import convert, observe
from lake.originals import Span
from lake.pieces import Chunk
from lake.reading import PieceReading
from lake.schema import CONSTANT_COLUMNS, Schema
from lake.spreading import spread_guarded, start_workers
from lake.store import StoredOriginal, client, put_file
from lake.typed import recast
from lake.value_account import ValueAccount
from wires.layout import Values
from wires.manifest import ObjectVersion
from wires.quarantine import QuarantinedRow

_SAMPLED_ROWS = 20_000
_INDEX = pa.int32()
_ROW_GROUP_BYTES = 128 * 1024 * 1024
"""Arrow memory that is collected before a row group is written."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where a task writes, and for which table. A prefix ends with `/`."""

    raw_bucket: str
    processed_bucket: str
    prefix: str
    partition: Values
    """Of the partition columns."""
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
    """The objects that pieces are of."""
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
    """Whether there is a file already, which must not stay: an empty one takes its place."""

    @property
    def size(self) -> int:
        """Bytes as stored."""
        return sum(piece.size for piece in self.pieces)

    @cached_property
    def columns(self) -> pa.Schema:
        """Of the file; text that is the same in all rows of an object as dictionaries."""
        fields = [
            field.with_type(pa.dictionary(_INDEX, field.type))
            if field.name in CONSTANT_COLUMNS and pa.types.is_string(field.type)
            else field
            for field in self.schema.arrow
        ]
        return with_field_ids(pa.schema(fields), self.target.field_ids)


@dataclass(frozen=True, kw_only=True)
class Converted:
    """What a task has put into the bucket, and what it saw in each of its pieces."""

    task: ConversionTask
    file: str
    """Key of the Parquet file; "" where there was not one row."""
    published: tuple[int, ...]
    """Rows of each piece."""
    findings: tuple[Findings, ...]
    values: tuple[Mapping[str, int], ...]
    """Of each piece how many values it has in each column, as the reader has cut them."""
    misfit: bool = False
    """A value did not fit the presumed schema: there is no file, the findings say what would."""
    refused: tuple[str, ...]
    """Of each piece why it cannot be read, or "": then there is no file either."""
    failed: tuple[str, ...]
    """Of each piece why it could not be read, whatever is in it, or ""."""


def start_converters(spark: SparkSession) -> None:
    """Have on every core what a first task would wait for: Python, Arrow, a client of S3."""
    start_workers(spark, partial(client, "s3"))


def convert_all(
    spark: SparkSession, tasks: Sequence[ConversionTask], budget: Budget
) -> list[Converted | Fault]:
    """Run the tasks; results in their order. A task that is run twice writes the same key."""
    guarded = Guarded(partial(_convert, budget), partial(_seconds, budget))
    return spread_guarded(spark, guarded, tasks, weight=lambda task: task.size)


@dataclass(frozen=True, kw_only=True)
class AsideTask:
    """Some pieces whose records that are no rows become one file of JSON Lines."""

    pieces: tuple[Piece, ...]
    lines: tuple[int, ...]
    """Of each the line of its first record, from 1."""
    stamp: Stamp
    raw_bucket: str
    quality_bucket: str
    key: str
    max_ratio: int

    @property
    def size(self) -> int:
        return sum(piece.size for piece in self.pieces)


@dataclass(frozen=True, kw_only=True)
class PutAside:
    """How many records of each piece an aside task has written."""

    key: str
    rows: tuple[int, ...]


def put_all_aside(
    spark: SparkSession, tasks: Sequence[AsideTask], budget: Budget
) -> list[PutAside | Fault]:
    """Run the tasks; results in their order."""
    guarded = Guarded(_put_aside, partial(_seconds, budget))
    return spread_guarded(spark, guarded, tasks, weight=lambda task: task.size)


def _seconds(budget: Budget, task: ConversionTask | AsideTask) -> float:
    """What its pieces may take together; each has a fence of its own while it is read."""
    return sum(budget.seconds(piece.size) for piece in task.pieces) + budget.least_seconds


def typed(chunk: Chunk, schema: Schema) -> dict[str, pa.ChunkedArray]:
    """The values of each column in the types of `schema`, which hold all of them."""
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
    """In the order of the file, null where there are no values."""
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
    """Text as a dictionary of one, which the file has as well: it is not looked at row by row."""
    if isinstance(value, pa.Scalar):
        return pa.repeat(value, size)
    indices = pa.repeat(pa.scalar(0, _INDEX), size)
    return pa.DictionaryArray.from_arrays(indices, pa.array([value]))


@dataclass(frozen=True, kw_only=True)
class _Written:
    """What became of a piece in a task."""

    published: int
    findings: Findings
    values: Mapping[str, int] = field(default_factory=dict)
    refused: str = ""
    failed: str = ""


def _convert(budget: Budget, task: ConversionTask) -> Converted:
    key = f"{task.target.prefix}part-{task.part:05d}.snappy.parquet"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rows")
        with _RowGroups(path, task.columns) as rows:
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


def _try_piece(budget: Budget, task: ConversionTask, piece: Piece, rows: _RowGroups) -> _Written:
    """What cannot be read does not keep the other objects of the load from being written."""
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


def _write_piece(task: ConversionTask, piece: Piece, rows: _RowGroups) -> _Written:
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
    """The rows as they are written, None if they do not fit; and what types they have."""
    seen: dict[str, ColumnType] = {}
    values: dict[str, pa.ChunkedArray] = {}
    fits, fixed = True, bool(piece.source.rules.types)
    for number, source in enumerate(chunk.rows.column_names):
        column, kind = chunk.rows.column(number), chunk.types[number] if chunk.types else None
        target = task.schema.by_source.get(source)
        if target and target.type == TEXT == known.get(source) and kind is None:
            # What is known to be text stays that, whatever else comes.
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
    """The type of a column and its values as `target`: None if they do not fit, or if the column
    has come up only now. `kind` is its type where that came with it; `fixed`, whether a contract
    has the last word."""
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
    """The rows of a piece; `texts` are the columns that are wanted as text."""
    original = StoredOriginal(bucket, piece.source.version)
    source = piece.source
    return PieceReading(
        original, source.layout, piece.span, max_ratio, look=False, rules=source.rules, texts=texts
    )


def _put_aside(task: AsideTask) -> PutAside:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rows")
        with path.open("w", encoding="utf-8") as file:
            counts = []
            for piece, line in zip(task.pieces, task.lines, strict=True):
                rows = list(_rows_aside(task, piece, line))
                file.writelines(f"{row.to_json()}\n" for row in rows)
                counts.append(len(rows))
        put_file(path, task.quality_bucket, task.key)
    return PutAside(key=task.key, rows=tuple(counts))


def _rows_aside(task: AsideTask, piece: Piece, line: int) -> Iterator[QuarantinedRow]:
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
    """As text; bytes that are none are shown as backslash escapes."""
    return raw.decode("cp1252" if encoding == "cp1252" else "utf-8", "backslashreplace")


class _RowGroups:
    """A Parquet file whose row groups are written when enough rows have come together."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.misfit = False
        """Rows came that do not fit; what is in the file is of no use."""
        self._path = path
        self._schema = schema
        self._writer: pq.ParquetWriter | None = None
        self._waiting: list[pa.Table] = []
        self._size = 0

    def __enter__(self) -> _RowGroups:
        return self

    def __exit__(self, *error: object) -> None:
        self._flush()
        if self._writer is None:
            self._open(self._schema.empty_table())
        assert self._writer is not None  # noqa: S101 - it has just been opened
        self._writer.close()

    def add(self, table: pa.Table | None) -> None:
        """None stands for rows that do not fit."""
        if table is None or self.misfit:
            self.misfit = True
            self._waiting = []
            return
        if table.num_rows:
            self._waiting.append(table)
            self._size += table.nbytes
        if self._size >= _ROW_GROUP_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._waiting:
            group = pa.concat_tables(self._waiting).unify_dictionaries()
            writer = self._writer or self._open(group)
            writer.write_table(group, row_group_size=group.num_rows)
        self._waiting, self._size = [], 0

    def _open(self, first: pa.Table) -> pq.ParquetWriter:
        """Dictionaries only where values repeat: elsewhere they cost time and are given up."""
        sample = first.slice(0, _SAMPLED_ROWS)
        repeating = [
            name
            for name, column in zip(sample.column_names, sample.columns, strict=True)
            if name in CONSTANT_COLUMNS or pc.count_distinct(column).as_py() * 4 < _SAMPLED_ROWS
        ]
        self._writer = pq.ParquetWriter(
            self._path,
            self._schema,
            compression="snappy",
            store_decimal_as_integer=True,
            # Readers are to find plain text, whatever it was in memory.
            store_schema=False,
            use_dictionary=repeating,
        )
        return self._writer
