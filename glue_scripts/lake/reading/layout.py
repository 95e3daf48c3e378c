"""Layout of a file, as far as its start shows: enough to read all of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from lake.columns.types import ColumnType, Kind
from lake.reading.csv.record_grammar import Dialect
from wires.contracts import ONE_BYTE_ENCODINGS

CSV = "csv"
_BEHIND = "\N{SYMBOL FOR UNIT SEPARATOR}"


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The layout of a file. Bytes are kept as Latin-1 text, so that a layout fits into JSON."""

    format: str = CSV
    compression: str = ""
    encoding: str = "utf-8"
    mark: str = ""
    """The byte order mark."""
    fields: tuple[str, ...] = ()
    """Column names in the file, in its order. If empty, the file has no record at all."""
    nested: tuple[str, ...] = ()
    """Columns that hold objects and lists, as JSON text."""
    unshaped: tuple[str, ...] = ()
    """Columns for which that is not known, because no value has been seen."""
    untold: tuple[str, ...] = ()
    """Columns of bytes that the file does not declare as text: they are read as text if a contract
    says so."""
    delimiter: str = ""
    quote: str = ""
    escape: str = ""
    padding: str = ""
    """Follows a delimiter and is not part of the field."""
    cr_ends: bool = True
    """Whether a CR without LF ends a line."""
    strict_quotes: bool = False
    """Whether a quote inside an unquoted field makes a record malformed."""
    header: str = ""
    """The header record as it is in the file, without its line end; "" if there is none."""
    ends_blank: bool = False
    """Whether each row ends with a delimiter that the header lacks, and no value after it."""
    comments: bool = False
    """Whether a row is a comment if its first value begins like one, because the column's other
    values are numbers, dates, …"""
    body: int = 0
    """Where the rows begin, in bytes of the text after the byte order mark."""
    body_line: int = 1
    """Line on which the rows begin, from 1."""
    before: tuple[tuple[int, str], ...] = ()
    """Line and text of each record above the header: not rows, but accounted for."""

    @property
    def parsed(self) -> tuple[str, ...]:
        """Names of fields for parsing: the columns and, if rows end so, the empty last field."""
        return (*self.fields, _BEHIND) if self.ends_blank else self.fields

    @property
    def shapes(self) -> dict[str, bool]:
        """Whether each column, by the file's names, holds objects and lists, if that is known."""
        known = (name for name in self.fields if name not in self.unshaped)
        return {name: name in self.nested for name in known}

    def with_fields(self, fields: Mapping[str, ColumnType]) -> Layout:
        """Return the layout with these columns, by the file's names."""
        nested = (name for name, kind in fields.items() if kind.kind is Kind.JSON)
        return replace(self, fields=tuple(fields), nested=tuple(nested))

    def with_shapes(self, shapes: Mapping[str, bool]) -> Layout:
        """Return the layout, in which these columns are known to hold objects and lists, or not."""
        return replace(
            self,
            nested=tuple(name for name in self.fields if shapes.get(name)),
            unshaped=tuple(name for name in self.fields if name not in shapes),
        )

    @property
    def dialect(self) -> Dialect:
        return Dialect(
            delimiter=self.delimiter.encode("latin-1"),
            quote=self.quote.encode("latin-1"),
            escape=self.escape.encode("latin-1"),
            padding=self.padding.encode("latin-1"),
            cr_ends=self.cr_ends,
            strict_quotes=self.strict_quotes,
        )

    @property
    def splittable(self) -> bool:
        """Whether reading can begin in the middle, because each stored byte is a byte of text."""
        by_line = self.format in (CSV, "json_lines")
        cut_as_it_is = self.encoding == "utf-8" or self.encoding in ONE_BYTE_ENCODINGS
        return by_line and not self.compression and cut_as_it_is
