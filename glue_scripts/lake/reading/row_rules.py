"""A contract's rules for each row; a row that breaks one is quarantined with the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lake.columns.observing import kind_of_value, observe
from lake.columns.totals import without
from lake.columns.typed import spelled
from lake.columns.types import NOTHING, TEXT, ColumnType
from lake.reading.csv.record_boundaries import Positions
from lake.reading.pieces import BadRecord, Chunk, Origin
from lake.reading.tallies import tallies_in, tallies_of

Flags = npt.NDArray[np.bool_]
_SHOWN_LETTERS = 60
Finding = tuple[Flags, Callable[[int], str]]
"""Which rows break a rule, and the reason for a row that does."""


@dataclass(frozen=True, kw_only=True)
class RowRules:
    """Rules for rows, with columns by their names in the file. By default there are none."""

    required: tuple[str, ...] = ()
    """Columns that must have a value."""
    types: tuple[tuple[str, str], ...] = ()
    """Types that values must have, by column, as `ColumnType.spell` spells them."""
    only: tuple[str, ...] = ()
    """Columns to keep; if empty, all."""
    texts: tuple[str, ...] = ()
    """Columns that are text, even if a file has bytes that it does not declare as text."""
    unique: tuple[str, ...] = ()
    """Columns whose combined values must be unique in a file."""

    def applied(self, chunk: Chunk) -> Chunk:
        """Return the chunk with the rows that break a rule moved to its bad records."""
        chunk = self._without_others(chunk)
        columns = {name: i for i, name in enumerate(chunk.rows.column_names)}
        broken = np.zeros(chunk.rows.num_rows, np.bool_)
        reasons: dict[int, str] = {}
        for flags, reason in self._findings(chunk, columns):
            for row in np.flatnonzero(flags & ~broken):
                reasons[int(row)] = reason(int(row))
            broken |= flags
        return without_rows(chunk, broken, reasons) if reasons else chunk

    def left_out(self, columns: Sequence[str]) -> list[str]:
        """Return those columns that are not kept."""
        return [name for name in columns if self.only and name not in self.only]

    def _without_others(self, chunk: Chunk) -> Chunk:
        names = chunk.rows.column_names
        kept = [number for number, name in enumerate(names) if name in self.only]
        if not self.only or len(kept) == len(names):
            return chunk
        types = chunk.types and tuple(chunk.types[number] for number in kept)
        tallies = {names[number]: tallies_of(chunk)[names[number]] for number in kept}
        return replace(chunk, rows=chunk.rows.select(kept), types=types, tallies=tallies)

    def _findings(self, chunk: Chunk, columns: dict[str, int]) -> Iterator[Finding]:
        for name in self.required:
            column = chunk.rows.column(columns[name]) if name in columns else None
            yield _missing(column, chunk.rows.num_rows, name)
        for name, spelled_type in self.types:
            if name in columns:
                number, kind = columns[name], ColumnType.read(spelled_type)
                known = chunk.types[number] if chunk.types else None
                found = _of_other_type(chunk.rows.column(number), known, name, kind)
                if found:
                    yield found


NO_RULES = RowRules()


def without_rows(chunk: Chunk, flags: Flags, reasons: Mapping[int, str]) -> Chunk:
    """Return the chunk with the flagged rows moved to its bad records, each with its reason."""
    origin = chunk.origin()
    bad = [
        BadRecord(line=int(origin.lines[row]), raw=origin.raw(row), reason=reasons[row])
        for row in sorted(reasons)
    ]
    kept = np.flatnonzero(~flags)
    rows = chunk.rows.take(pa.array(kept))
    others = chunk.rows.take(pa.array(np.flatnonzero(flags)))
    aside = tallies_in(others)
    return replace(
        chunk,
        rows=rows,
        bad=sorted([*chunk.bad, *bad], key=lambda record: record.line),
        origin=partial(_some_of, chunk.origin, kept),
        types=_retyped(rows, chunk.types),
        tallies={name: tally - aside[name] for name, tally in tallies_of(chunk).items()},
        totals=without(chunk.totals, others),
    )


def _some_of(origin: Callable[[], Origin], kept: Sequence[int] | Positions) -> Origin:
    whole = origin()
    return Origin([whole.lines[row] for row in kept], lambda row: whole.raw(int(kept[row])))


def _missing(column: pa.ChunkedArray | None, rows: int, name: str) -> Finding:
    flags = np.ones(rows, np.bool_)
    if column is not None:
        empty = pc.is_null(column)
        if pa.types.is_string(column.type):
            empty = pc.or_(empty, pc.fill_null(pc.equal(column, ""), True))
        flags = empty.to_numpy()
    return flags, lambda _: f"{name} has no value, expected one in every row"


def _of_other_type(
    column: pa.ChunkedArray, known: ColumnType | None, name: str, kind: ColumnType
) -> Finding | None:
    whole = known if known is not None else observe(column)
    if kind.admits(whole):
        return None
    texts = column if pa.types.is_string(column.type) else spelled(column)
    values = texts.combine_chunks().dictionary_encode()
    values = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    alien = np.array(
        [not kind.admits(kind_of_value(value)) for value in values.dictionary.to_pylist()] + [False]
    )
    flags: Flags = alien[values.indices.fill_null(len(alien) - 1).to_numpy(zero_copy_only=False)]

    def reason(row: int) -> str:
        shown = texts[row].as_py()
        shown = shown if len(shown) <= _SHOWN_LETTERS else f"{shown[:_SHOWN_LETTERS]}…"
        return f"{name} is '{shown}', expected {kind.shown}"

    return flags, reason


def _retyped(rows: pa.Table, types: Sequence[ColumnType] | None) -> tuple[ColumnType, ...] | None:
    """Return the columns' types after rows were removed.

    A column left without values has the type NOTHING, unless it is text.
    """
    if types is None:
        return None
    return tuple(
        NOTHING if kind != TEXT and column.null_count == len(column) else kind
        for kind, column in zip(types, rows.columns, strict=True)
    )
