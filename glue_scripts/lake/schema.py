"""A table's columns, and how a file's columns join them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from lake.column_types import NOTHING, ColumnType
from lake.names import METADATA_COLUMNS

METADATA_TYPES = {
    "processed_at": (pa.timestamp("us", tz="UTC"), "timestamp"),
    "source_file": (pa.string(), "string"),
    "processing_job": (pa.string(), "string"),
    "load_id": (pa.string(), "string"),
}
"""Arrow and Glue types of the columns that every table ends with."""


@dataclass(frozen=True)
class Column:
    """A data column: SQL-safe name and observed type."""

    name: str
    type: ColumnType


@dataclass(frozen=True)
class Schema:
    """The data columns of a table or of one partition, in order."""

    columns: tuple[Column, ...] = ()

    @classmethod
    def of(cls, names: Sequence[str], types: Sequence[ColumnType]) -> Schema:
        return cls(tuple(Column(*pair) for pair in zip(names, types, strict=True)))

    def merge(self, other: Schema) -> Schema:
        """Every column of both, wide enough for both; the order of self, then what is new."""
        theirs = {column.name: column.type for column in other.columns}
        mine = {column.name for column in self.columns}
        widened = (
            Column(column.name, column.type.join(theirs.get(column.name, NOTHING)))
            for column in self.columns
        )
        return Schema((*widened, *(c for c in other.columns if c.name not in mine)))

    def retyped(self, wider: Schema) -> Schema:
        """The columns of self with the types that they have in `wider`."""
        types = {column.name: column.type for column in wider.columns}
        return Schema(tuple(Column(c.name, types[c.name]) for c in self.columns))

    def stored_as_in(self, wider: Schema) -> bool:
        """Whether files of self can stand in a table of `wider` as they are."""
        pairs = zip(self.columns, self.retyped(wider).columns, strict=True)
        return all(mine.type.stored_as(theirs.type) for mine, theirs in pairs)

    def changes(self, wider: Schema) -> list[str]:
        """What a reader of the table would notice, for people."""
        types = {column.name: column.type for column in self.columns}
        notes = []
        for column in wider.columns:
            known = types.get(column.name)
            if known is None:
                notes.append(f"column '{column.name}' is not in the table")
            elif not known.stored_as(column.type) and known != NOTHING:
                notes.append(
                    f"column '{column.name}' holds values that are no {known.glue} "
                    f"and would make it {column.type.glue}"
                )
        return notes

    @property
    def arrow(self) -> pa.Schema:
        """With the metadata columns at the end."""
        data = [pa.field(column.name, column.type.arrow) for column in self.columns]
        metadata = [pa.field(name, METADATA_TYPES[name][0]) for name in METADATA_COLUMNS]
        return pa.schema(data + metadata)

    def spell(self) -> list[list[str]]:
        """For JSON."""
        return [[column.name, column.type.spell()] for column in self.columns]

    @classmethod
    def read(cls, spelled: Sequence[Sequence[str]]) -> Schema:
        """Undo `spell`."""
        return cls(tuple(Column(name, ColumnType.read(kind)) for name, kind in spelled))
