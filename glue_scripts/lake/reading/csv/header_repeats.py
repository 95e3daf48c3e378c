"""Detection of rows that repeat the header, as it is or in another spelling."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lake.reading.csv.record_boundaries import Flags, Octets, Positions
from lake.reading.csv.record_grammar import header_cells
from lake.reading.decoding import shown
from lake.reading.layout import CsvLayout

_JUDGED_COLUMNS = 16
_MANY = 2000
"""If more rows than this begin alike, only those that differ in case are found."""


class HeaderRepeats:
    """Finds repeated headers in columns of text.

    Cells are compared without regard to case, blanks and signs. Nearly all rows are excluded by the
    first byte of one value: in the column in which the fewest values begin like its name.
    """

    def __init__(self, header: Sequence[str]) -> None:
        self._names = list(header)
        self._cells = [bare(cell) for cell in header]
        self._exact = list(header) if len(header) == 1 else None
        self._named = [i for i, cell in enumerate(self._cells) if cell][:_JUDGED_COLUMNS]
        self._key: int | None = None
        self._first_bytes: Flags | None = None

    def rows(self, table: pa.Table) -> Positions:
        """Return the numbers of rows that are the header."""
        if not self._named or not table.num_rows:
            return np.empty(0, np.int64)
        if self._key is None:
            self._key = self._telling_column(table)
        found = [row for row in self._alike(table, self._key) if self._is_header(table, int(row))]
        return np.array(found, np.int64)

    def _telling_column(self, table: pa.Table) -> int:
        """Return the column in which the fewest values begin like its name: mostly none."""
        fewest = table.num_rows + 1
        best = self._named[0]
        for column in self._named:
            count = len(self._begun_alike(table, column))
            if count < fewest:
                fewest, best = count, column
            if not count:
                break
        return best

    def _alike(self, table: pa.Table, column: int) -> Positions:
        """Return rows whose value may be the column's name."""
        rows = self._begun_alike(table, column)
        if not len(rows):
            return rows
        values = table.column(column).take(pa.array(rows))
        if len(rows) > _MANY:
            lowered = pc.utf8_lower(pc.utf8_trim_whitespace(values))
            same = pc.equal(lowered, self._names[column].strip().lower()).fill_null(False)
            return rows[np.asarray(same, np.bool_)]
        name = self._cells[column]
        alike = (value is not None and bare(value) == name for value in values.to_pylist())
        return rows[np.fromiter(alike, np.bool_, len(rows))]

    def _begun_alike(self, table: pa.Table, column: int) -> Positions:
        begun: list[Positions] = []
        before = 0
        flags = self._flags(column)
        lettered = max(self._cells[column]) > ":"
        for chunk in table.column(column).chunks:
            if not (lettered and _has_no_letter(chunk)):
                begun.append(np.flatnonzero(flags[_first_byte_of_each(chunk)]) + before)
            before += len(chunk)
        return np.concatenate(begun) if begun else np.empty(0, np.int64)

    def _flags(self, column: int) -> Flags:
        if column != self._key:
            return _first_bytes(self._names[column])
        if self._first_bytes is None:
            self._first_bytes = _first_bytes(self._names[column])
        return self._first_bytes

    def _is_header(self, table: pa.Table, row: int) -> bool:
        cells = [column[row].as_py() or "" for column in table.columns]
        if self._exact:
            return cells == self._exact
        return all(bare(cell) == own for cell, own in zip(cells, self._cells, strict=True))


def header_repeats(layout: CsvLayout) -> HeaderRepeats:
    """Return the detector for a file with this layout."""
    header = layout.header.encode("latin-1")
    cells = header_cells(header, layout.dialect, len(layout.fields)) if header else []
    return HeaderRepeats(
        [shown(cell, layout.encoding).decode("utf-8", "replace") for cell in cells]
    )


def bare(cell: str) -> str:
    """Return a name without case, blanks and signs; one that consists of signs keeps them."""
    folded = cell.casefold()
    if folded.isalnum():
        return folded
    return "".join(filter(str.isalnum, folded)) or folded.strip(" \t\"'")


def _first_bytes(name: str) -> Flags:
    """Return, for each byte, whether a spelling of the name may begin with it."""
    start = next((char for char in name if char.isalnum()), name.lstrip(" \t\"'")[:1])
    flags = np.zeros(256, np.bool_)
    for spelled in (start, start.lower(), start.upper(), start.casefold()):
        flags[spelled.encode("utf-8", "replace")[0]] = True
    flags[list(b" \t_\"'([{<#*-.")] = True
    return flags


def _has_no_letter(values: pa.StringArray) -> bool:
    """Whether values consist of digits and their signs, by one look at all bytes together."""
    data = values.buffers()[2]
    return data is None or not data.size or int(np.frombuffer(data, np.uint8).max()) <= ord(":")


def _first_byte_of_each(values: pa.StringArray) -> Octets:
    """Return the first byte of each value; for an empty one, the byte that follows it."""
    _, offsets, data = values.buffers()
    if data is None or not data.size:
        return np.zeros(len(values), np.uint8)
    borders = np.frombuffer(offsets, np.int32)[values.offset : values.offset + len(values)]
    firsts: Octets = np.frombuffer(data, np.uint8)[np.minimum(borders, data.size - 1)]
    return firsts
