"""Parts of objects, and the tasks that write them as Parquet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import pyarrow as pa

from iceberg.field_ids import FieldIds, with_field_ids
from lake.columns.schema import CONSTANT_COLUMNS, Schema
from lake.planning.commit import Source, Stamp
from lake.reading.formats import PieceReading
from lake.reading.originals import Span
from lake.running.isolation import Budget
from lake.store import StoredOriginal
from wires.layout import Values
from wires.manifest import ObjectVersion

INDEX = pa.int32()
"""Type of the indices of columns that are dictionaries."""


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
            field.with_type(pa.dictionary(INDEX, field.type))
            if field.name in CONSTANT_COLUMNS and pa.types.is_string(field.type)
            else field
            for field in self.schema.arrow
        ]
        return with_field_ids(pa.schema(fields), self.target.field_ids)


class _OfPieces(Protocol):
    @property
    def pieces(self) -> tuple[Piece, ...]: ...


def seconds_for(budget: Budget, task: _OfPieces) -> float:
    """Return the seconds for a task; each of its pieces also has a limit while it is read."""
    return sum(budget.seconds(piece.size) for piece in task.pieces) + budget.least_seconds


def reading_of(
    piece: Piece, bucket: str, max_ratio: int, texts: frozenset[str] = frozenset()
) -> PieceReading:
    """Return the reading of a piece; `texts` are the columns that are wanted as text."""
    original = StoredOriginal(bucket, piece.source.version)
    source = piece.source
    return PieceReading(
        original, source.layout, piece.span, max_ratio, look=False, rules=source.rules, texts=texts
    )
