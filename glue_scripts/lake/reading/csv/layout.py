"""Layout of a CSV file: its dialect, where its table begins, its header and first types."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa

from lake.columns.fitting import presume
from lake.columns.types import ColumnType
from lake.errors import InputRefused
from lake.reading.csv.candidate_readings import Reading
from lake.reading.csv.dialect import find_reading
from lake.reading.csv.header_repeats import header_repeats
from lake.reading.csv.parsing import parse
from lake.reading.csv.record_boundaries import Cut, Positions, cut_records
from lake.reading.csv.record_grammar import MARK, Dialect, header_cells, line_ends_in, why_malformed
from lake.reading.csv.table_start import find_start
from lake.reading.decoding import SINGLE_BYTE_ENCODINGS, Encoding, decodes, is_foreign, shown
from lake.reading.layout import CsvLayout
from lake.reading.presumption import Presumptions
from wires.column_names import source_names
from wires.contracts import CsvDemands, QuotesInFields

_TYPED_RECORDS = 500
"""Records from which the types are presumed: enough for the header, and mostly for the rest."""
_SEPARATOR_LINE = re.compile(rb"\"?sep=([^\r\n])\"?(?:\r\n|\n|\r)", re.IGNORECASE)
"""First line that tells a spreadsheet the delimiter."""


@dataclass(frozen=True)
class Sample:
    """The start of a file's text, in an encoding that has ASCII's delimiters."""

    text: bytes
    whole_file: bool
    compression: str
    encoding: Encoding
    is_other: bool = False
    """Whether the text is not in the presumed encoding."""


def find_layout(
    sample: Sample, demands: CsvDemands, presumptions: Presumptions | None = None
) -> tuple[CsvLayout, list[ColumnType]]:
    """Return the layout, and the types of the first records or those presumed for them.

    Raises InputRefused if the sample can be read in two ways.
    """
    text = sample.text
    if sample.whole_file and text and not text.endswith((b"\n", b"\r")):
        text += b"\n"
    told = _SEPARATOR_LINE.match(text)
    skipped = text[: told.end()] if told else b""
    fixed = _fixed(demands, told[1] if told else b"")
    reading = _reading(text[len(skipped) :], sample, fixed)
    if told and not reading.splits and not demands.delimiter:
        _refuse_untrue_separator(reading, sample, demands)
    if not reading.width:
        _refuse_malformed(reading)
        return _layout(sample, reading.dialect), []
    start = find_start(reading, demands.header)
    record = reading.raw(start.record)
    names = _names(record, sample.encoding, reading) if start.is_header else []
    row = reading.rows[start.record]
    begin = int(reading.cut.ends[row] if start.is_header else reading.cut.starts[row])
    layout = _layout(
        sample,
        reading.dialect,
        header=record if start.is_header else b"",
        fields=source_names(names) if names else _numbered(reading.width),
        ends_blank=start.is_header and reading.widths[start.record] == len(names) < reading.width,
        comments=start.is_header and reading.begins_typed,
        body=len(skipped) + begin,
        body_line=1 + line_ends_in(skipped + reading.sample[:begin], reading.dialect),
        before=_before(reading, start.record, sample.encoding, 1 if skipped else 0),
    )
    look = partial(_first_types, reading, row + start.is_header, layout)
    has_rows = reading.records > start.record + start.is_header
    if presumptions and sample.whole_file and has_rows:
        return layout, presumptions.types(layout, look)
    return layout, look()


def _reading(text: bytes, sample: Sample, fixed: Dialect) -> Reading:
    return find_reading(
        text, encoding=sample.encoding.name, whole_file=sample.whole_file, fixed=fixed
    )


def _refuse_untrue_separator(told: Reading, sample: Sample, demands: CsvDemands) -> None:
    """Raise InputRefused if the separator of the first line splits nothing, but another does."""
    other = _reading(told.sample, sample, _fixed(demands, b""))
    if other.splits:
        raise InputRefused(
            f"the first line says that {told.dialect.delimiter.decode('latin-1')!r} separates the "
            f"values, but the records are split by {other.name}: correct that line, or declare "
            "the delimiter in the contract of the dataset (csv)"
        )


def types_of(text: bytes, layout: CsvLayout) -> list[ColumnType]:
    """Return the types of whole rows in a text that starts with one and may end inside one."""
    cut = cut_records(text, layout.dialect, at_end=False)
    return _types(text, cut, np.flatnonzero(cut.fields == len(layout.parsed)), layout)


def _first_types(reading: Reading, first: int, layout: CsvLayout) -> list[ColumnType]:
    some = slice(first, first + _TYPED_RECORDS)
    rows = np.flatnonzero(reading.cut.fields[some] == reading.width) + first
    return _types(reading.sample, reading.cut, rows, layout)


def _types(text: bytes, cut: Cut, rows: Positions, layout: CsvLayout) -> list[ColumnType]:
    """Return the types of rows without bad ones: stray bytes, repeated headers."""
    joined = _joined(text, cut, rows)
    if not (joined.isascii() or (MARK not in joined and _is_read(joined, layout.encoding))):
        records = [text[cut.starts[i] : cut.ends[i]] for i in rows]
        records = [record.removeprefix(MARK) for record in records]
        joined = b"".join(record for record in records if _is_read(record, layout.encoding))
    table = parse(joined, layout.dialect, layout.encoding, layout.parsed)
    table = table.select(range(len(layout.fields)))
    repeated = header_repeats(layout).rows(table)
    if len(repeated):
        kept = np.ones(table.num_rows, np.bool_)
        kept[repeated] = False
        table = table.filter(pa.array(kept))
    return [presume(column) for column in table.columns]


def _joined(text: bytes, cut: Cut, rows: Positions) -> bytes:
    if len(rows) and rows[-1] - rows[0] == len(rows) - 1:
        return text[cut.starts[rows[0]] : cut.ends[rows[-1]]]
    return b"".join(text[cut.starts[i] : cut.ends[i]] for i in rows)


def _is_read(record: bytes, encoding: str) -> bool:
    if encoding in SINGLE_BYTE_ENCODINGS:
        return decodes(record, encoding) and not is_foreign(record)
    return decodes(record, "utf-8")


def _fixed(demands: CsvDemands, told: bytes) -> Dialect:
    return Dialect(
        demands.delimiter.encode("latin-1") or told,
        demands.quote.encode("latin-1"),
        demands.escape.encode("latin-1"),
        strict_quotes=demands.quotes_in_fields is QuotesInFields.QUARANTINE,
    )


def _refuse_malformed(reading: Reading) -> None:
    if reading.widths:
        reason = why_malformed(reading.raw(0), reading.dialect)
        raise InputRefused(f"not one record is well-formed; in the first is {reason}")


def _names(record: bytes, encoding: Encoding, reading: Reading) -> list[str]:
    cells = header_cells(record, reading.dialect, reading.width)
    return [shown(cell, encoding.name).decode("utf-8", "replace") for cell in cells]


def _numbered(width: int) -> list[str]:
    return [f"column_{position}" for position in range(1, width + 1)]


def _before(
    reading: Reading, first: int, encoding: Encoding, skipped_lines: int
) -> tuple[tuple[int, str], ...]:
    return tuple(
        (
            int(reading.cut.lines[reading.rows[i]]) + 1 + skipped_lines,
            shown(reading.raw(i), encoding.name).decode("latin-1"),
        )
        for i in range(first)
    )


def _layout(
    sample: Sample,
    dialect: Dialect,
    *,
    header: bytes = b"",
    fields: Sequence[str] = (),
    ends_blank: bool = False,
    comments: bool = False,
    body: int = 0,
    body_line: int = 1,
    before: tuple[tuple[int, str], ...] = (),
) -> CsvLayout:
    return CsvLayout(
        compression=sample.compression,
        encoding=sample.encoding.name,
        mark=sample.encoding.mark.decode("latin-1"),
        delimiter=dialect.delimiter.decode("latin-1"),
        quote=dialect.quote.decode("latin-1"),
        escape=dialect.escape.decode("latin-1"),
        padding=dialect.padding.decode("latin-1"),
        cr_ends=dialect.cr_ends,
        strict_quotes=dialect.strict_quotes,
        header=header.decode("latin-1"),
        fields=tuple(fields),
        ends_blank=ends_blank,
        comments=comments,
        body=body,
        body_line=body_line,
        before=before,
    )
