"""A table's columns, and how a file's columns join them. Pure.

A column is identified by its name in the files, by which columns of two schemas are matched. Its
name in the table follows from the source names of all the table's columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import pyarrow as pa

from lake.columns.types import NOTHING, ColumnType
from wires.column_names import METADATA_COLUMNS, column_name_of, column_names
from wires.layout import BY_DAY

METADATA_TYPES = {
    "processed_at": (pa.timestamp("us", tz="UTC"), "timestamp"),
    "source_file": (pa.string(), "string"),
    "processing_job": (pa.string(), "string"),
    "load_id": (pa.string(), "string"),
}
"""Arrow and Glue types of the columns that every table has after its data columns."""
CONSTANT_COLUMNS = frozenset((*METADATA_COLUMNS, *BY_DAY.columns))
"""Columns that have the same values in all rows of one object and load."""


@dataclass(frozen=True)
class Column:
    """A data column."""

    name: str
    """SQL-safe name in the table."""
    type: ColumnType
    source: str | None
    """Name in the files; None for a declared column that no file has had yet."""
    declared: str = ""
    """Name in a contract, if it is there."""

    @property
    def identity(self) -> tuple[str, bool]:
        return (self.declared, False) if self.source is None else (self.source, True)


@dataclass(frozen=True)
class Schema:
    """The data columns of a table or of one partition, in order."""

    columns: tuple[Column, ...] = ()

    @classmethod
    def of(cls, sources: Sequence[str], types: Sequence[ColumnType]) -> Schema:
        """Return the schema of a file's columns."""
        return _of(tuple(sources), tuple(types))

    @classmethod
    def declared(cls, types: Iterable[tuple[str, ColumnType]]) -> Schema:
        """Return the schema that a contract declares, by source names or by column names."""
        return _named(Column("", kind, None, declared=name) for name, kind in types)

    def merge(self, other: Schema) -> Schema:
        """Return the columns of both, wide enough for both: those of self, then new ones."""
        if all(self._has(column) for column in other.columns):
            return self
        return _named((*self.columns, *other.columns))

    def retyped(self, wider: Schema) -> Schema:
        """Return the columns of self with their types and names in `wider`."""
        return Schema(tuple(map(wider.of_column, self.columns)))

    def only(self, sources: Iterable[str]) -> Schema:
        """Return the columns that have one of these names in files."""
        kept = set(sources)
        return Schema(tuple(column for column in self.columns if column.source in kept))

    def of_column(self, column: Column) -> Column:
        """Return the same column in this schema. Raises KeyError if it is missing."""
        found = self._by_identity.get(column.identity) or (
            self.called(column.declared) if column.source is None else None
        )
        if found is None:
            raise KeyError(column)
        return found

    def called(self, name: str) -> Column | None:
        """Return the column that a contract means: by its name in files, else by its name here."""
        return self._by_identity.get((name, True)) or self._by_name.get(column_name_of(name))

    @cached_property
    def by_source(self) -> dict[str, Column]:
        """Columns by their names in files."""
        return {c.source: c for c in self.columns if c.source is not None}

    def stored_as_in(self, wider: Schema) -> bool:
        """Whether files of self fit into a table of `wider` as they are."""
        pairs = zip(self.columns, self.retyped(wider).columns, strict=True)
        return all(
            mine.name == theirs.name and mine.type.stored_as(theirs.type) for mine, theirs in pairs
        )

    def changes(self, wider: Schema) -> list[str]:
        """Return the changes that a reader of the table would notice, in words for people."""
        notes = []
        for column in wider.columns:
            known = self._by_identity.get(column.identity)
            if known is None and column.declared:
                known = self._by_identity.get((column.declared, False))
            if known is None:
                notes.append(f"column '{column.name}' is not in the table")
            elif known.name != column.name:
                notes.append(f"column '{known.name}' would have to be called '{column.name}'")
            elif not known.type.stored_as(column.type) and known.type != NOTHING:
                notes.append(
                    f"column '{column.name}' holds values that are no {known.type.shown} "
                    f"and would make it {column.type.shown}"
                )
        return notes

    @cached_property
    def arrow(self) -> pa.Schema:
        """The schema of files: the data, then the metadata columns, then the day."""
        data = [pa.field(column.name, column.type.arrow) for column in self.columns]
        metadata = [pa.field(name, METADATA_TYPES[name][0]) for name in METADATA_COLUMNS]
        day = [pa.field(name, pa.string()) for name in BY_DAY.columns]
        return pa.schema(data + metadata + day)

    @property
    def catalogued(self) -> list[tuple[str, str]]:
        """Name and type of each column in the table, including metadata and day."""
        data = [(column.name, column.type.iceberg) for column in self.columns]
        metadata = [(name, METADATA_TYPES[name][1]) for name in METADATA_COLUMNS]
        return [*data, *metadata, *((name, "string") for name in BY_DAY.columns)]

    def spell(self) -> list[list[str | None]]:
        """Return the columns in a form that JSON can hold."""
        return [[c.name, c.type.spell(), c.source, c.declared] for c in self.columns]

    @classmethod
    def read(cls, spelled: Sequence[Sequence[str | None]]) -> Schema:
        """Undo `spell`."""
        return cls(
            tuple(
                Column(str(name), ColumnType.read(str(kind)), source, str(declared))
                for name, kind, source, declared in spelled
            )
        )

    @cached_property
    def _by_identity(self) -> dict[tuple[str, bool], Column]:
        return {column.identity: column for column in self.columns}

    @cached_property
    def _by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    def _has(self, column: Column) -> bool:
        mine = self._by_identity.get(column.identity)
        return (
            mine is not None
            and mine.declared == column.declared
            and mine.type.join(column.type) == mine.type
        )


@lru_cache(maxsize=1_000)
def _of(sources: tuple[str, ...], types: tuple[ColumnType, ...]) -> Schema:
    """Return the schema of a file's columns; cached, since a dataset's files are mostly alike."""
    return _named(Column("", kind, name) for name, kind in zip(sources, types, strict=True))


def _named(columns: Iterable[Column]) -> Schema:
    """Join columns to one per source name, and one per declared name that no file has had.

    A contract's name means the column with this name in files, else the one with this name in the
    table.
    """
    every = list(columns)
    names = column_names(dict.fromkeys(c.source for c in every if c.source is not None))
    meant = _meant({c.declared: None for c in every if c.declared}, names)
    declared = {source: name for name, source in meant.items() if source is not None}
    merged: dict[tuple[str, bool], Column] = {}
    for column in every:
        source = meant[column.declared] if column.source is None else column.source
        own = (
            Column(column_name_of(column.declared), column.type, None, column.declared)
            if source is None
            else Column(names[source], column.type, source, declared.get(source, ""))
        )
        known = merged.get(own.identity)
        merged[own.identity] = replace(own, type=known.type.join(own.type)) if known else own
    return Schema(tuple(merged.values()))


def _meant(declared: Iterable[str], names: Mapping[str, str]) -> dict[str, str | None]:
    """Return the source name of the column that each contract name means, None if it is missing."""
    sources = {name: source for source, name in names.items()}
    return {name: name if name in names else sources.get(column_name_of(name)) for name in declared}
