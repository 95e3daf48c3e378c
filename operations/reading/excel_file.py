"""Answers as Excel workbooks, a row at a time, so that memory does not grow with them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from operations.errors import OperationError
from operations.reading.answer import Answer
from operations.reading.texts import plain

ROWS_OF_A_SHEET = 1_048_576
COLUMNS_OF_A_SHEET = 16_384
LONGEST_TEXT = 32_767
"""Excel's limits: https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3"""
_EXACT = 15
"""Digits that Excel keeps of a number."""
_FIRST_DAY = date(1900, 3, 1)
"""Excel counts a 29 February 1900, which there was not: days before it come out one off."""
_WIDEST = 60
_FORMATS: Mapping[str, str] = {
    "date": "yyyy-mm-dd",
    "timestamp": "yyyy-mm-dd hh:mm:ss.000",
    "integer": "0",
}
_Write = Callable[[Worksheet, int, int, Any], object]


def write_excel(
    answer: Answer, file: BinaryIO, *, say: Callable[[str], None], scratch: Path
) -> None:
    """Write the answer with its types, a frozen header, and as many sheets as its rows need.

    No cell is a formula or a link. What Excel would change is text: numbers of more than 15 digits,
    what is no finite number, days before March 1900. Sheets wait in `scratch` until all are whole.
    Raises OperationError for a text that Excel cannot hold, and for too many columns.
    """
    if len(answer.schema) > COLUMNS_OF_A_SHEET:
        raise OperationError(
            f"expected at most {COLUMNS_OF_A_SHEET:,} columns, as Excel has, got "
            f"{len(answer.schema):,}: ask for fewer, or export as csv or parquet"
        )
    with closing(_Book(answer.schema, file, say, scratch)) as book:
        for batch in answer.batches:
            book.write(batch)
        book.finish()


class _Book:
    def __init__(
        self, schema: pa.Schema, file: BinaryIO, say: Callable[[str], None], scratch: Path
    ) -> None:
        self._book = xlsxwriter.Workbook(
            file, {"constant_memory": True, "use_zip64": True, "tmpdir": str(scratch)}
        )
        self._schema, self._say = schema, say
        self._header = self._book.add_format({"bold": True, "bottom": 1})
        self._formats: dict[str, Any] = {}
        self._writes = [_writer(field, self._format) for field in schema]
        self._widths = [min(_WIDEST, len(name) + 2) for name in schema.names]
        self._sheets = 0
        self._begin()

    def write(self, batch: pa.RecordBatch) -> None:
        self._widen(batch.slice(0, 100))
        for values in zip(*map(_values, batch.columns), strict=True):
            if self._row == ROWS_OF_A_SHEET:
                self._finish()
                self._begin()
            for place, value in enumerate(values):
                if value is not None:
                    self._writes[place](self._sheet, self._row, place, value)
            self._row += 1

    def finish(self) -> None:
        """Put the sheets into the file."""
        self._finish()
        if self._sheets > 1:
            self._say(
                f"Excel has {ROWS_OF_A_SHEET:,} rows in a sheet: the rows are in {self._sheets} "
                "sheets, each with the header"
            )
        self._book.close()

    def close(self) -> None:
        """Let go of what sheets are made of, also if they did not become whole."""
        for sheet in self._book.worksheets():
            sheet.row_data_fh.close()

    def _format(self, shown: str) -> Any:
        if shown not in self._formats:
            self._formats[shown] = self._book.add_format({"num_format": shown})
        return self._formats[shown]

    def _begin(self) -> None:
        self._sheets += 1
        name = "Rows" if self._sheets == 1 else f"Rows {self._sheets}"
        self._sheet = self._book.add_worksheet(name)
        self._sheet.freeze_panes(1, 0)
        for place, name in enumerate(self._schema.names):
            _write_text(name, self._header)(self._sheet, 0, place, name)
        self._row = 1

    def _finish(self) -> None:
        for place, width in enumerate(self._widths):
            self._sheet.set_column(place, place, width)
        self._sheet.autofilter(0, 0, max(0, self._row - 1), max(0, len(self._widths) - 1))

    def _widen(self, some: pa.RecordBatch) -> None:
        if self._row > 1000 or self._sheets > 1:
            return
        for place, column in enumerate(some.columns):
            longest = max((len(text or "") for text in plain(column).to_pylist()), default=0)
            self._widths[place] = min(_WIDEST, max(self._widths[place], longest + 2))


def _values(column: pa.Array) -> Sequence[Any]:
    is_cell = (
        pa.types.is_integer(column.type)
        or pa.types.is_floating(column.type)
        or pa.types.is_decimal(column.type)
        or pa.types.is_boolean(column.type)
        or pa.types.is_date(column.type)
        or (pa.types.is_timestamp(column.type) and column.type.tz is None)
    )
    found: Sequence[Any] = (column if is_cell else plain(column)).to_pylist()
    return found


def _writer(field: pa.Field, form: Callable[[str], Any]) -> _Write:
    kind, text = field.type, _write_text(field.name)
    if pa.types.is_boolean(kind):
        return lambda sheet, row, place, value: sheet.write_boolean(row, place, value)
    if pa.types.is_integer(kind):
        return _number(text, form(_FORMATS["integer"]), lambda value: abs(value) < 10**_EXACT)
    if pa.types.is_floating(kind):
        return _number(text, None, math.isfinite)
    if pa.types.is_decimal(kind):
        places = f".{'0' * kind.scale}" if kind.scale > 0 else ""
        return _number(text, form(f"0{places}"), _is_exact)
    if pa.types.is_date(kind):
        return _moment(text, form(_FORMATS["date"]))
    if pa.types.is_timestamp(kind) and kind.tz is None:
        return _moment(text, form(_FORMATS["timestamp"]))
    return text


def _number(text: _Write, form: Any, fits: Callable[[Any], bool]) -> _Write:
    def write(sheet: Worksheet, row: int, place: int, value: Any) -> object:
        if fits(value):
            return sheet.write_number(row, place, value, form)
        return text(sheet, row, place, f"{value:f}" if isinstance(value, Decimal) else str(value))

    return write


def _moment(text: _Write, form: Any) -> _Write:
    def write(sheet: Worksheet, row: int, place: int, value: Any) -> object:
        day = value.date() if isinstance(value, datetime) else value
        if day >= _FIRST_DAY:
            return sheet.write_datetime(row, place, value, form)
        return text(sheet, row, place, str(value))

    return write


def _write_text(column: str, form: Any = None) -> _Write:
    def write(sheet: Worksheet, row: int, place: int, value: str) -> object:
        if len(value.encode("utf-16-le")) // 2 > LONGEST_TEXT:
            raise OperationError(
                f"expected texts of at most {LONGEST_TEXT:,} letters, as Excel has in a cell, got "
                f"{len(value):,} in column {column}: ask for substr({column}, 1, {LONGEST_TEXT}), "
                "or export as csv, json or parquet"
            )
        return sheet.write_string(row, place, value, form)

    return write


def _is_exact(value: Decimal) -> bool:
    """Whether Excel keeps all digits; zeros at the end count as none."""
    digits = "".join(map(str, value.as_tuple().digits))
    return len(digits.rstrip("0")) <= _EXACT
