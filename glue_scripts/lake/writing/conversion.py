"""Writing of parts of objects as Parquet, one file per task, with findings on the way."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import accumulate
from pathlib import Path
from threading import Thread
from typing import TypeVar

import pyarrow as pa
from pyspark.sql import SparkSession

from lake.columns.types import NOTHING, TEXT, ColumnType
from lake.errors import InputRefused
from lake.reading.findings import Findings, nothing_found
from lake.reading.formats import PieceReading
from lake.reading.layout import CsvLayout
from lake.reading.pieces import Chunk
from lake.running.isolation import Blame, Budget, Fault, Guarded, fault_of, within
from lake.running.parallel_map import parallel_map_guarded, start_workers
from lake.store import client, put_file
from lake.writing.row_groups import RowGroups
from lake.writing.shaping import Part, as_table, shaped, typed
from lake.writing.tasks import ConversionTask, Piece, reading_of, seconds_for
from lake.writing.value_account import ValueAccount

logger = logging.getLogger(__name__)
Done = TypeVar("Done")
ONE_BY_ONE = "%d pieces are converted one by one"
"""Warning in a worker's log, with the number of pieces: converting them together has failed."""
_SMALL_BYTES = 256 * 1024
"""Size of a piece up to which its conversion takes steps rather than bytes."""
_TOGETHER_BYTES = 2 * 1024 * 1024
"""Size of pieces that are converted together: by then, the steps hardly count."""
_MOST_TOGETHER = 200
"""Number of pieces that are converted together, however small they are."""


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
    guarded = Guarded(partial(_convert, budget), partial(seconds_for, budget))
    return parallel_map_guarded(spark, guarded, tasks, weight=lambda task: task.size)


@dataclass(frozen=True, kw_only=True)
class _Written:
    """The result of writing a piece."""

    published: int
    findings: Findings
    values: Mapping[str, int] = field(default_factory=dict)
    refused: str = ""
    failed: str = ""


class _Tally:
    """What is found of a piece while its rows are written, chunk by chunk."""

    def __init__(self, task: ConversionTask, piece: Piece) -> None:
        self.types = dict.fromkeys(piece.source.layout.fields, NOTHING)
        self._account = ValueAccount(task.schema)
        self._published = 0

    def add(self, chunk: Chunk, rows: pa.Table | None, seen: Mapping[str, ColumnType]) -> None:
        """Take down a chunk, its rows as the file gets them, and the types of its columns. Raises
        AccountingError if the rows have other values than the chunk."""
        self.types |= {name: self.types.get(name, NOTHING).join(own) for name, own in seen.items()}
        if rows is not None:
            self._account.add(chunk, rows)
        self._published += chunk.rows.num_rows

    def written(self, findings: Findings) -> _Written:
        types = self.types
        return _Written(
            published=self._published,
            findings=replace(findings, names=tuple(types), types=tuple(types.values())),
            values=self._account.values,
        )


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

    def parts(self, names: Sequence[str]) -> list[Part]:
        """Return its rows with the columns in this order."""
        rows = [chunk.rows.select(names) for chunk in self.chunks]
        return [
            Part(self.piece, replace(chunk, rows=own))
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
            logger.warning(ONE_BY_ONE, len(reads), exc_info=error)
    return [
        _fenced(budget, read.piece, rows, partial(_convert_alone, task, read, rows))
        for read in reads
    ]


def _convert_alone(task: ConversionTask, read: _Read, rows: RowGroups) -> _Written:
    [written] = _convert_together(task, [read], rows)
    return written


def _convert_together(
    task: ConversionTask, reads: Sequence[_Read], rows: RowGroups
) -> list[_Written]:
    """Convert all rows at once; what is found is found for each piece."""
    parts = [part for read in reads for part in read.parts(reads[0].names)]
    together, seen = shaped(task, parts, {}) if parts else (None, [])
    begins = accumulate((part.size for part in parts), initial=0)
    tallies = {id(read.piece): _Tally(task, read.piece) for read in reads}
    for part, begin, kinds in zip(parts, begins, seen, strict=False):
        own = None if together is None else together.slice(begin, part.size)
        tallies[id(part.piece)].add(part.chunk, own, kinds)
    if parts:
        rows.add(together)
    return [tallies[id(read.piece)].written(read.reading.findings) for read in reads]


def _write_piece(task: ConversionTask, piece: Piece, rows: RowGroups) -> _Written:
    reading = _reading_for(task, piece)
    tally = _Tally(task, piece)
    for chunk in reading:
        part = Part(piece, chunk)
        seen: Mapping[str, ColumnType] = {}
        if task.look:
            own, [seen] = shaped(task, [part], tally.types)
        else:
            own = as_table(task, [part], typed(chunk, task.schema))
        tally.add(chunk, own, seen)
        rows.add(own)
    return tally.written(reading.findings)
