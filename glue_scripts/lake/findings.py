"""What was seen while objects were read, piece by piece, and what that adds up to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lake.column_types import NOTHING, ColumnType
from lake.layout import Layout
from lake.originals import Span
from lake.pieces import BadRecord

ABOVE = "a line above the header"


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What was seen while a piece was read."""

    first: int
    """Where its first record starts, in bytes as stored; 0 for what is read as a stream."""
    following: int
    """Where the next piece's first record must start."""
    records: int
    """As the cutter counts them, good and bad."""
    bad: int
    first_bad: BadRecord | None
    lines: int
    names: tuple[str, ...]
    """Of the columns, as the file spells them: more than the layout has, if some came up late."""
    types: tuple[ColumnType, ...]
    digests: bytes
    """SHA-256 of each DIGEST_BLOCK of the piece, one after the other."""
    stray: bool
    """Whether there were bytes that are no characters."""
    shapes: tuple[tuple[str, bool], ...] = ()
    """Of columns of JSON that have a value: whether they hold objects and lists, as the piece's
    first value does, or the file's where that was known."""


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What a file holds, counted and typed over all of it."""

    layout: Layout
    types: tuple[ColumnType, ...]
    rows_in: int
    """Records, good and bad, and those above the header."""
    rows_bad: int
    first_bad: str
    """For people: where and why the first record that is no row is none."""
    digest: str
    """SHA-256 over the SHA-256 of each 8 MiB of the object as stored."""
    settled: bool = True
    """Whether all pieces took each column for what the first piece with a value did: otherwise
    the object has to be read again, with the layout that is known now."""


def nothing_found(span: Span, names: Sequence[str]) -> Findings:
    """For a piece that cannot be read."""
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


def put_together(layout: Layout, pieces: Iterable[Findings]) -> Survey:
    """The survey of an object from the findings of all its pieces, in order."""
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
    return Survey(
        layout=_learned(layout, types, shapes if any(p.shapes for p in pieces) else {}, settled),
        types=tuple(types.values()),
        rows_in=rows_in,
        rows_bad=rows_bad,
        first_bad=first_bad,
        digest=digest.hexdigest(),
        settled=settled,
    )


def _shapes_of(layout: Layout, pieces: Sequence[Findings]) -> dict[str, bool]:
    """What each column's first value in the file says."""
    shapes = layout.shapes
    for piece in pieces:
        shapes = {**dict(piece.shapes), **shapes}
    return shapes


def _of_other_shape(piece: Findings, shapes: Mapping[str, bool]) -> set[str]:
    return {name for name, is_nested in piece.shapes if shapes[name] != is_nested}


def _learned(
    layout: Layout, types: Mapping[str, ColumnType], shapes: Mapping[str, bool], settled: bool
) -> Layout:
    """The layout stays as it is where it was right: then what was read with it stays right."""
    is_complete = tuple(types) == layout.fields
    if not is_complete:
        layout = layout.with_fields(types)
    return layout.with_shapes(shapes) if shapes and not (is_complete and settled) else layout
