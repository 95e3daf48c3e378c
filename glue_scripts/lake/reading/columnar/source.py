"""Readers of files that have types of their own: Parquet, ORC and Avro.

A file is read from a copy that is made while its bytes are digested. Its rows are numbered from 1,
in place of a text's lines.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from lake.columns.totals import totals_in
from lake.columns.typed import is_bytes, plain, plain_type, type_of, values_of
from lake.columns.types import ColumnType
from lake.errors import InputRefused
from lake.reading.budgets import check_values, step_bytes, too_much
from lake.reading.columnar.avro import AvroFile
from lake.reading.columnar.orc import OrcFile
from lake.reading.columnar.parquet import ParquetFile
from lake.reading.compression import decompress
from lake.reading.contents import Content, copied, stored
from lake.reading.originals import BlockDigests, Original, read_on
from lake.reading.pieces import BadRecord, Chunk, Origin
from lake.reading.refusals import TITLES, is_absurd, told_of
from lake.reading.soundness import flaws, shown
from lake.reading.tallies import tallies_in
from lake.running.memory import within_memory

_SURPLUS_ROWS = 1_000_000
"""Rows to read beyond the number that a file claims, to report how many there are."""
_NO_PLACE = (
    (pa.types.is_map, "a map"),
    (pa.types.is_struct, "a struct"),
    (pa.types.is_union, "a union of several types"),
    (pa.types.is_nested, "a list"),
    (pa.types.is_duration, "a duration"),
)


class _File(Protocol):
    @property
    def schema(self) -> pa.Schema: ...

    @property
    def words(self) -> Mapping[str, str]:
        """Words for unsupported types of columns, where Arrow's type does not show them."""
        ...

    @property
    def rows(self) -> int:
        """Number of rows according to the file's index, independent of what is read."""
        ...

    def batches(self) -> Iterable[pa.RecordBatch]: ...

    def culprit(self) -> str:
        """Return the column that cannot be read; "" if that is not known."""
        ...


@dataclass(frozen=True)
class Columns:
    """The columns of a file, by the file's names."""

    types: Mapping[str, ColumnType]
    untold: tuple[str, ...]
    """Columns of bytes that the file does not declare as text."""


def columns_in(original: Original, name: str, *, compression: str, max_ratio: int) -> Columns:
    """Return a file's columns. Raises InputRefused, naming the column, for an unsupported type."""
    if compression:
        plain_bytes = decompress(
            read_on(original, 0, original.size), compression, max_ratio=max_ratio
        )
        with copied(plain_bytes) as content:
            return _columns(content, name)
    return _columns(stored(original), name)


def untold(column: str) -> str:
    """Return why a column of bytes is not published."""
    return (
        f"the column '{column}' is bytes, which the file does not call text, and which may be "
        "anything: write it as text, or declare it as 'string' in the contract of its dataset, "
        "and what is UTF-8 is published"
    )


def _columns(content: Content, name: str) -> Columns:
    with told_of(name, lambda: 0, str):
        file = _opened(content, name)
        types = {field.name: _type(field, file.words) for field in file.schema}
    if not types:
        raise InputRefused(f"the {TITLES[name]} file has no column")
    return Columns(types, tuple(field.name for field in file.schema if is_bytes(field.type)))


@dataclass
class ColumnarReader:
    """Iterates over the chunks of a file; has `position` and `lines` like `PieceReader`."""

    original: Original
    layout: str
    compression: str
    max_ratio: int
    digest: BlockDigests
    only: Collection[str] = ()
    """Columns in which a value must be valid for its type; if empty, all."""
    texts: Collection[str] = ()
    """Columns whose bytes are text, although the file does not declare it."""
    lines: int = 0

    @property
    def position(self) -> int:
        return self.original.size

    @property
    def shapes(self) -> Mapping[str, bool]:
        return {}

    def __iter__(self) -> Iterator[Chunk]:
        with self._content() as content:
            with told_of(self.layout, lambda: 0, str):
                file = _opened(content, self.layout)
                for field in file.schema:
                    _type(field, file.words)
                self._check_untold(file.schema)
            with told_of(self.layout, lambda: self.lines, file.culprit):
                yield from self._chunks(file, content.size)

    def _check_untold(self, schema: pa.Schema) -> None:
        for field in schema:
            is_wanted = not self.only or field.name in self.only
            if is_bytes(field.type) and is_wanted and field.name not in self.texts:
                raise InputRefused(untold(field.name))

    @contextmanager
    def _content(self) -> Iterator[Content]:
        taken = self.digest.over(read_on(self.original, 0, self.original.size))
        with copied(decompress(taken, self.compression, max_ratio=self.max_ratio)) as content:
            yield content

    def _chunks(self, file: _File, size: int) -> Iterator[Chunk]:
        title = TITLES[self.layout]
        held = 0
        batches = iter(file.batches())
        while (found := self._next(batches, size)) is not None:
            chunk, taken = found
            held += taken
            check_values(title, held, size)
            yield chunk
            self.lines += chunk.records
            if self.lines > file.rows + _SURPLUS_ROWS:
                break
        if self.lines != file.rows:
            count = f"more than {file.rows:,}" if self.lines > file.rows else f"{self.lines:,}"
            raise InputRefused(
                f"the {title} file is damaged, or its writer miscounts: it says that it has "
                f"{file.rows:,} rows, and holds {count}. Write and upload it again"
            )

    def _next(self, batches: Iterator[pa.RecordBatch], size: int) -> tuple[Chunk, int] | None:
        """Return the next chunk and the bytes of its values, within the memory that it may take."""
        try:
            with within_memory(step_bytes(size)):
                batch = next(batches, None)
                if batch is None:
                    return None
                rows = _plain(batch)
                return _chunk(rows, self.lines, self.only), rows.nbytes
        except MemoryError as error:
            if is_absurd(error):
                raise
            raise too_much(TITLES[self.layout], self.lines, size) from error


def _plain(batch: pa.RecordBatch) -> pa.RecordBatch:
    return pa.record_batch([plain(array) for array in batch.columns], names=batch.schema.names)


def _chunk(batch: pa.RecordBatch, line: int, only: Collection[str]) -> Chunk:
    reasons = flaws(batch.select([name for name in batch.schema.names if name in only or not only]))
    bad = [BadRecord(line + row, _raw(batch, row), reason) for row, reason in reasons.items()]
    kept = np.setdiff1d(np.arange(batch.num_rows), list(reasons)) if reasons else None
    sound = batch if kept is None else batch.take(pa.array(kept))
    table = pa.Table.from_batches([sound])
    tallies = tallies_in(table)
    typed = [values_of(column) for column in table.columns]
    return Chunk(
        rows=pa.table([values for _, values in typed], names=table.column_names),
        bad=bad,
        records=batch.num_rows,
        origin=lambda: _origin(sound, line, kept),
        types=tuple(kind for kind, _ in typed),
        tallies=tallies,
        totals=totals_in(table),
    )


def _origin(batch: pa.RecordBatch, line: int, kept: Any) -> Origin:
    lines: Sequence[int] | Any = range(line, line + batch.num_rows) if kept is None else line + kept
    return Origin(lines, lambda row: _raw(batch, row))


def _raw(batch: pa.RecordBatch, row: int) -> bytes:
    """Return a row as JSON, because the file itself is not text."""
    return json.dumps(shown(batch, row), default=str, ensure_ascii=False).encode()


def _opened(content: Content, name: str) -> _File:
    try:
        with within_memory(step_bytes(content.size)):
            file = _KINDS[name](content)
            names = Counter(file.schema.names)
    except MemoryError as error:
        if is_absurd(error):
            raise
        raise too_much(TITLES[name], 0, content.size) from error
    twice = sorted(found for found, times in names.items() if times > 1)
    if twice:
        raise InputRefused(
            f"two columns have one name, '{twice[0]}', expected a name of its own for each: a "
            "value cannot be told by it"
        )
    return file


def _type(field: pa.Field, words: Mapping[str, str]) -> ColumnType:
    kind = type_of(field.type)
    if kind is None or field.name in words:
        what = words.get(field.name) or _in_words(plain_type(field.type))
        advice = (
            "flatten it before the upload" if pa.types.is_nested(field.type) else "write it as text"
        )
        raise InputRefused(
            f"the column '{field.name}' is {what}, expected plain values (text, numbers, truth "
            f"values, dates, times): {advice}"
        )
    return kind


def _in_words(kind: pa.DataType) -> str:
    return next((words for holds, words in _NO_PLACE if holds(kind)), f"of the type {kind}")


_KINDS: Mapping[str, Callable[[Content], _File]] = {
    "parquet": ParquetFile,
    "orc": OrcFile,
    "avro": AvroFile,
}
