"""How a file is written, as far as its start tells: enough to read all of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lake.column_types import NOTHING, TEXT, ColumnType, Kind
from lake.decoding import decodes
from lake.dialect import find_reading, has_header
from lake.errors import InputRefused
from lake.fitting import presume
from lake.names import column_names
from lake.parsing import parse
from lake.records import MALFORMED, Cut, Dialect, Positions, cut_records, split_fields
from wires.contracts import CsvDemands

CSV = "csv"


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How a file is written. Bytes are kept as Latin-1 text, so that a layout fits into JSON."""

    format: str = CSV
    compression: str = ""
    encoding: str = "utf-8"
    mark: str = ""
    """The byte order mark."""
    columns: tuple[str, ...] = ()
    """SQL-safe names, in the file's order. None: the file has no record at all."""
    fields: tuple[str, ...] = ()
    """The columns' names as the file spells them, in formats that read by name."""
    nested: tuple[str, ...] = ()
    """Those of them that hold objects and lists, as JSON text."""
    delimiter: str = ""
    quote: str = ""
    escape: str = ""
    header: str = ""
    """The header record as it stands, without its line end; "" if there is none."""
    body: int = 0
    """Where the rows begin, in bytes of the text behind the byte order mark."""
    body_line: int = 1
    """The line of that, from 1."""
    before: tuple[tuple[int, str], ...] = ()
    """Line and text of each record above the header: not rows, but accounted for."""

    @property
    def source_names(self) -> tuple[str, ...]:
        """What the columns are called while they are read."""
        return self.fields or self.columns

    @property
    def names(self) -> dict[str, str]:
        """The column of each of those."""
        return dict(zip(self.source_names, self.columns, strict=True))

    @property
    def shapes(self) -> dict[str, bool]:
        """Which of the columns, by the file's names, hold objects and lists."""
        return {name: name in self.nested for name in self.fields}

    def with_fields(self, fields: Mapping[str, ColumnType]) -> Layout:
        """The same file with these columns, by the file's names."""
        nested = (name for name, kind in fields.items() if kind.kind is Kind.JSON)
        return replace(
            self,
            fields=tuple(fields),
            nested=tuple(nested),
            columns=tuple(column_names(list(fields))),
        )

    @property
    def dialect(self) -> Dialect:
        parts = (self.delimiter, self.quote, self.escape)
        return Dialect(*(part.encode("latin-1") for part in parts))

    @property
    def splittable(self) -> bool:
        """Whether reading can begin in the middle: one byte is one byte of text."""
        by_line = self.format in (CSV, "json_lines")
        return by_line and not self.compression and self.encoding in ("utf-8", "cp1252")


_TITLE_LINES = 20
_TYPED_RECORDS = 500
"""Records from which the types are presumed: enough for the header, and mostly for the rest."""


def find_layout(
    sample: bytes,
    *,
    whole_file: bool,
    compression: str,
    encoding: str,
    mark: bytes,
    demands: CsvDemands,
) -> tuple[Layout, list[ColumnType]]:
    """The layout, and the column types of the first records.

    `sample` is the start of the text, in an encoding that has ASCII's delimiters. Raises
    InputRefused where it can be read in two ways.
    """
    if whole_file and sample and not sample.endswith((b"\n", b"\r")):
        sample += b"\n"
    dialect, cut, first = _table_in(sample, demands, whole_file=whole_file)
    if first is None:
        return _layout(compression, encoding, mark, dialect), []
    record = sample[cut.starts[first] : cut.ends[first]].rstrip(b"\r\n")
    cells = [_text(field, encoding) for field in split_fields(record, dialect)]
    named = column_names(cells)
    last = min(first + _TYPED_RECORDS, len(cut.ends) - 1)
    body = sample[cut.ends[first] : cut.ends[last]]
    below = _types(body, dialect, encoding, named, header=record)
    is_header = has_header(cells, below) if demands.header is None else demands.header
    if not is_header:
        named = [f"column_{position}" for position in range(1, len(cells) + 1)]
        below = _types(sample[cut.starts[first] : cut.ends[last]], dialect, encoding, named)
    if first and demands.header is None and any(cut.fields[:first]):
        _refuse_doubtful_title(len(cells), below)
    begin = int(cut.ends[first] if is_header else cut.starts[first])
    layout = _layout(
        compression,
        encoding,
        mark,
        dialect,
        header=record if is_header else b"",
        columns=named,
        body=begin,
        body_line=1 + _lines(sample[:begin]),
        before=_before(sample, cut, first),
    )
    return layout, below


def _table_in(
    sample: bytes, demands: CsvDemands, *, whole_file: bool
) -> tuple[Dialect, Cut, int | None]:
    """Dialect, the sample's records, and which of them is the first of the table."""
    fixed = _demanded(demands, Dialect()) if demands.delimiter else None
    reading = find_reading(sample, whole_file=whole_file, fixed=fixed)
    dialect = _demanded(demands, reading.dialect)
    cut = cut_records(sample, dialect, at_end=whole_file)
    if not reading.width and MALFORMED in cut.fields:
        raise InputRefused(
            "not one record is well-formed: in each a quoted field is not closed, or text "
            "follows its closing quote"
        )
    wide = np.flatnonzero((cut.fields == reading.width) & (cut.fields > 0))
    if not len(wide):
        return dialect, cut, None
    return dialect, cut, int(wide[_padded_titles(sample, cut, dialect, wide)])


def _padded_titles(sample: bytes, cut: Cut, dialect: Dialect, wide: Positions) -> int:
    """How many records at the top are titles that a spreadsheet has padded with empty cells."""
    for number, i in enumerate(wide[:_TITLE_LINES]):
        record = sample[cut.starts[i] : cut.ends[i]]
        filled = sum(bool(field.strip()) for field in split_fields(record, dialect))
        if filled > 1 or cut.fields[i] <= 2:
            return number
    return 0


def _demanded(demands: CsvDemands, found: Dialect) -> Dialect:
    return Dialect(
        demands.delimiter.encode("latin-1") or found.delimiter,
        demands.quote.encode("latin-1") or found.quote,
        demands.escape.encode("latin-1") or found.escape,
    )


def _refuse_doubtful_title(width: int, below: Sequence[ColumnType]) -> None:
    """Two columns of text below a single line may as well be one column with delimiters in it."""
    if width == 2 and all(kind in (TEXT, NOTHING) for kind in below):
        raise InputRefused(
            "every row but the first can be split into two columns: either the first line is a "
            "title, or the file has one column whose values contain the delimiter. Remove the "
            "title, put quotes around the values, or fix the delimiter in a contract"
        )


def _before(sample: bytes, cut: Cut, first: int) -> tuple[tuple[int, str], ...]:
    return tuple(
        (
            int(cut.lines[i]) + 1,
            sample[cut.starts[i] : cut.ends[i]].rstrip(b"\r\n").decode("latin-1"),
        )
        for i in range(first)
        if cut.fields[i]
    )


def _layout(
    compression: str,
    encoding: str,
    mark: bytes,
    dialect: Dialect,
    *,
    header: bytes = b"",
    columns: Sequence[str] = (),
    body: int = 0,
    body_line: int = 1,
    before: tuple[tuple[int, str], ...] = (),
) -> Layout:
    return Layout(
        compression=compression,
        encoding=encoding,
        mark=mark.decode("latin-1"),
        delimiter=dialect.delimiter.decode("latin-1"),
        quote=dialect.quote.decode("latin-1"),
        escape=dialect.escape.decode("latin-1"),
        header=header.decode("latin-1"),
        columns=tuple(columns),
        body=body,
        body_line=body_line,
        before=before,
    )


def types_of(text: bytes, layout: Layout) -> list[ColumnType]:
    """The types of the whole rows in a text that starts with one and may end in the middle."""
    return _types(
        text,
        layout.dialect,
        layout.encoding,
        layout.columns,
        header=layout.header.encode("latin-1"),
        at_end=False,
    )


def _types(
    body: bytes,
    dialect: Dialect,
    encoding: str,
    columns: Sequence[str],
    *,
    header: bytes = b"",
    at_end: bool = True,
) -> list[ColumnType]:
    """What is going to be no row is passed over: malformed, stray bytes, the header once more."""
    cut = cut_records(body, dialect, at_end=at_end)
    good = np.flatnonzero(cut.fields == len(columns))
    rows = [body[cut.starts[i] : cut.ends[i]] for i in good]
    if header in body:
        rows = [row for row in rows if row.rstrip(b"\r\n") != header]
    text = b"".join(rows)
    characters = encoding if encoding == "cp1252" else "utf-8"
    if not decodes(text, characters):
        text = b"".join(row for row in rows if decodes(row, characters))
    table = parse(text, dialect, encoding, columns)
    return [presume(column) for column in table.columns]


def _text(field: bytes, encoding: str) -> str:
    return field.decode(encoding if encoding == "cp1252" else "utf-8", "replace")


def _lines(text: bytes) -> int:
    return text.count(b"\n") + text.count(b"\r") - text.count(b"\r\n")
