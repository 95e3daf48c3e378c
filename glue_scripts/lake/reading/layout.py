"""Layouts of files, as far as their starts show: enough to read all of them. One class a format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from lake.columns.types import ColumnType, Kind
from lake.reading.csv.record_grammar import Dialect
from wires.contracts import ONE_BYTE_ENCODINGS
from wires.errors import UnexpectedJson
from wires.typed_json import TypedJson

CSV = "csv"
LINES, LIST, DOCUMENTS = "json_lines", "json_list", "json_documents"
JSON_FORMATS = (LINES, LIST, DOCUMENTS)
COLUMNAR_FORMATS = ("parquet", "orc", "avro")
_BEHIND = "\N{SYMBOL FOR UNIT SEPARATOR}"


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The layout of a file in any format."""

    format: str
    compression: str = ""
    fields: tuple[str, ...] = ()
    """Column names in the file, in its order. If empty, the file has no record at all."""
    nested: tuple[str, ...] = ()
    """Columns that hold objects and lists, as JSON text."""
    unshaped: tuple[str, ...] = ()
    """Columns for which that is not known, because no value has been seen."""

    @property
    def shapes(self) -> dict[str, bool]:
        """Whether each column, by the file's names, holds objects and lists, if that is known."""
        known = (name for name in self.fields if name not in self.unshaped)
        return {name: name in self.nested for name in known}

    def with_fields(self, fields: Mapping[str, ColumnType]) -> Self:
        """Return the layout with these columns, by the file's names."""
        nested = (name for name, kind in fields.items() if kind.kind is Kind.JSON)
        return replace(self, fields=tuple(fields), nested=tuple(nested))

    def with_shapes(self, shapes: Mapping[str, bool]) -> Self:
        """Return the layout, in which these columns are known to hold objects and lists, or not."""
        return replace(
            self,
            nested=tuple(name for name in self.fields if shapes.get(name)),
            unshaped=tuple(name for name in self.fields if name not in shapes),
        )

    @property
    def is_headed(self) -> bool:
        """Whether the file itself names its columns."""
        return bool(self.fields)

    @property
    def splittable(self) -> bool:
        """Whether reading can begin in the middle, because each stored byte is a byte of text."""
        return False

    @property
    def encoding(self) -> str:
        """Encoding of its texts."""
        return "utf-8"

    @property
    def body_line(self) -> int:
        """Line on which the rows begin, from 1."""
        return 1

    @property
    def before(self) -> tuple[tuple[int, str], ...]:
        """Line and text of each record above the header: not rows, but accounted for."""
        return ()

    @property
    def untold(self) -> tuple[str, ...]:
        """Columns of bytes that the file does not declare as text: they are read as text if a
        contract says so."""
        return ()

    @property
    def told(self) -> dict[str, Any]:
        """What people are told of it: the same names for all formats."""
        return {
            "format": self.format,
            "compression": self.compression,
            "encoding": self.encoding,
            "delimiter": "",
            "quote": "",
            "escape": "",
            "header": False,
            "columns": len(self.fields),
        }


@dataclass(frozen=True, kw_only=True)
class TextLayout(Layout):
    """The layout of a text. Bytes are kept as Latin-1 text, so that a layout fits into JSON."""

    encoding: str = "utf-8"
    mark: str = ""
    """The byte order mark."""

    @property
    def splittable(self) -> bool:
        is_cut_as_stored = self.encoding == "utf-8" or self.encoding in ONE_BYTE_ENCODINGS
        return is_cut_as_stored and not self.compression


@dataclass(frozen=True, kw_only=True)
class CsvLayout(TextLayout):
    """The layout of a CSV file."""

    format: str = CSV
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
    before: tuple[tuple[int, str], ...] = ()

    @property
    def parsed(self) -> tuple[str, ...]:
        """Names of fields for parsing: the columns and, if rows end so, the empty last field."""
        return (*self.fields, _BEHIND) if self.ends_blank else self.fields

    @property
    def is_headed(self) -> bool:
        return bool(self.fields and self.header)

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
    def told(self) -> dict[str, Any]:
        return super().told | {
            "delimiter": self.delimiter,
            "quote": self.quote,
            "escape": self.escape,
            "header": bool(self.header),
        }


@dataclass(frozen=True, kw_only=True)
class JsonLayout(TextLayout):
    """The layout of a JSON file: lines, a list, or documents one after the other."""

    @property
    def splittable(self) -> bool:
        return self.format == LINES and super().splittable


@dataclass(frozen=True, kw_only=True)
class ColumnarLayout(Layout):
    """The layout of a file that has types of its own: Parquet, ORC or Avro."""

    untold: tuple[str, ...] = ()


_KINDS: Mapping[str, type[Layout]] = {
    CSV: CsvLayout,
    **dict.fromkeys(JSON_FORMATS, JsonLayout),
    **dict.fromkeys(COLUMNAR_FORMATS, ColumnarLayout),
}
_JSON = TypedJson(lenient=True)


def _read(plain: Any) -> Layout:
    named = str(plain.get("format")) if isinstance(plain, Mapping) else ""
    if named not in _KINDS:
        raise UnexpectedJson(f"Layout: expected a format of {', '.join(_KINDS)}, got {named!r}")
    return _JSON.read(_KINDS[named], plain)


_Spelling = tuple[Callable[[Any], Any], Callable[[Any], Any]]
LAYOUTS_IN_JSON: Mapping[type, _Spelling] = dict.fromkeys(
    (Layout, *_KINDS.values()), (_JSON.plain, _read)
)
"""How `TypedJson` writes and reads layouts: their format says what they are."""
