"""Findings from reading an object piece by piece, and their combination."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lake.columns.types import NOTHING, ColumnType
from lake.reading.layout import Layout
from lake.reading.originals import Span
from lake.reading.pieces import BadRecord

ABOVE = "a line above the header"


@dataclass(frozen=True, kw_only=True)
class Findings:
    """The findings from reading a piece."""

    first: int
    """Where its first record starts, in bytes as stored; 0 for a piece that is read as a stream."""
    following: int
    """Where the next piece's first record must start."""
    records: int
    """Number of records, good and bad, as the cutter counts them."""
    bad: int
    first_bad: BadRecord | None
    lines: int
    names: tuple[str, ...]
    """Column names, as the file spells them: more than the layout has, if some came up late."""
    types: tuple[ColumnType, ...]
    digests: bytes
    """SHA-256 of each DIGEST_BLOCK of the piece, one after the other."""
    stray: bool
    """Whether there were bytes that are invalid in the encoding."""
    shapes: tuple[tuple[str, bool], ...] = ()
    """For JSON columns that have a value: whether they hold objects and lists, by the piece's first
    value, or by the file's if that was known."""


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """The counts and types of a whole file."""

    layout: Layout
    types: tuple[ColumnType, ...]
    rows_in: int
    """Number of records, good and bad, including those above the header."""
    rows_bad: int
    first_bad: str
    """Line and fault of the first record that is not a row, for people."""
    digest: str
    """SHA-256 over the SHA-256 of each 8 MiB of the object as stored."""
    settled: bool = True
    """Whether all pieces agreed on each column's shape with the first piece that has a value of it.
    If not, the object has to be read again, with the layout that is known now."""


def nothing_found(span: Span, names: Sequence[str]) -> Findings:
    """Return findings for a piece that cannot be read."""
    return Findings(
        first=span.start if span.first is None else span.first,
        following=span.end,
        records=0,
        bad=0,
        first_bad=None,
        lines=0,
        names=tuple(names),
        types=(NOTHING,) * len(names),
        digests=b"",
        stray=False,
    )


def put_together(layout: Layout, pieces: Iterable[Findings]) -> Inspection:
    """Return the inspection of an object from the findings of all its pieces, in order."""
    pieces = list(pieces)
    shapes = _shapes_of(layout, pieces)
    types = dict.fromkeys(layout.fields, NOTHING)
    rows_in = rows_bad = len(layout.before)
    first_bad = f"line {layout.before[0][0]}: {ABOVE}" if layout.before else ""
    digest = hashlib.sha256()
    line = layout.body_line
    for piece in pieces:
        others = _of_other_shape(piece, shapes)
        for name, kind in zip(piece.names, piece.types, strict=True):
            types[name] = types.get(name, NOTHING).join(NOTHING if name in others else kind)
        rows_in += piece.records
        rows_bad += piece.bad
        if piece.first_bad and not first_bad:
            first_bad = f"line {line + piece.first_bad.line}: {piece.first_bad.reason}"
        line += piece.lines
        digest.update(piece.digests)
    settled = not any(_of_other_shape(piece, shapes) for piece in pieces)
    return Inspection(
        layout=_learned(layout, types, shapes if any(p.shapes for p in pieces) else {}, settled),
        types=tuple(types.values()),
        rows_in=rows_in,
        rows_bad=rows_bad,
        first_bad=first_bad,
        digest=digest.hexdigest(),
        settled=settled,
    )


def _shapes_of(layout: Layout, pieces: Sequence[Findings]) -> dict[str, bool]:
    """Return each column's shape, by its first value in the file."""
    shapes = layout.shapes
    for piece in pieces:
        shapes = {**dict(piece.shapes), **shapes}
    return shapes


def _of_other_shape(piece: Findings, shapes: Mapping[str, bool]) -> set[str]:
    return {name for name, is_nested in piece.shapes if shapes[name] != is_nested}


def _learned(
    layout: Layout, types: Mapping[str, ColumnType], shapes: Mapping[str, bool], settled: bool
) -> Layout:
    """Return the layout with all that is known now.

    A layout that was right stays as it is, so that what was read with it stays right.
    """
    is_complete = tuple(types) == layout.fields
    if not is_complete:
        layout = layout.with_fields(types)
    return layout.with_shapes(shapes) if shapes and not (is_complete and settled) else layout
