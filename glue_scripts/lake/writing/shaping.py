"""Rows of parts of objects, as the columns of the file that they are written to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa

from lake.columns.fitting import fit_all
from lake.columns.observing import convert, observe
from lake.columns.schema import Schema
from lake.columns.typed import recast
from lake.columns.types import TEXT, ColumnType
from lake.reading.pieces import Chunk
from lake.writing.tasks import INDEX, ConversionTask, Piece


@dataclass(frozen=True)
class Part:
    """Consecutive rows of a piece."""

    piece: Piece
    chunk: Chunk

    @property
    def size(self) -> int:
        """Number of rows."""
        return int(self.chunk.rows.num_rows)


def shaped(
    task: ConversionTask, parts: Sequence[Part], known: Mapping[str, ColumnType]
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
    return (as_table(task, parts, values) if fits else None), seen


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


def as_table(
    task: ConversionTask, parts: Sequence[Part], values: Mapping[str, pa.ChunkedArray]
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
    return pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, INDEX), size), pa.array([value]))
