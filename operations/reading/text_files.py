"""Answers as CSV and as JSON: rows are put together by columns, a batch at a time."""

from __future__ import annotations

import json
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from operations.reading.answer import Answer
from operations.reading.texts import as_json, plain

_BEGINS_A_FORMULA = r"^[=+\-@\t\r]"
"""https://owasp.org/www-community/attacks/CSV_Injection"""


def write_csv(answer: Answer, file: BinaryIO, *, spreadsheet_safe: bool = False) -> None:
    """Write RFC 4180 in UTF-8: text is quoted, empty text is `""`, null is nothing.

    With `spreadsheet_safe`, text that spreadsheets would compute begins with an apostrophe.
    """
    names = pa.array(answer.schema.names, pa.string())
    file.write(",".join(_quoted(names, spreadsheet_safe).to_pylist()).encode() + b"\n")
    for batch in answer.batches:
        fields = [_field(column, spreadsheet_safe) for column in batch.columns]
        _write_lines(file, pc.binary_join_element_wise(*fields, ","), b"\n", after=True)


def write_json(answer: Answer, file: BinaryIO) -> None:
    """Write one array with an object for each row."""
    names = [f"{json.dumps(name, ensure_ascii=False)}: " for name in answer.schema.names]
    file.write(b"[")
    begin: bytes = b"\n"
    for batch in answer.batches:
        if not batch.num_rows:
            continue
        fields = [
            pc.binary_join_element_wise(name, as_json(column), "")
            for name, column in zip(names, batch.columns, strict=True)
        ]
        objects = pc.binary_join_element_wise(*fields, ", ")
        file.write(begin)
        _write_lines(file, pc.binary_join_element_wise("{", objects, "}", ""), b",\n", after=False)
        begin = b",\n"
    file.write(b"\n]\n")


def _field(column: pa.Array, spreadsheet_safe: bool) -> pa.Array:
    texts = plain(column)
    if pa.types.is_nested(column.type) or not _stands_bare(column.type):
        texts = _quoted(texts, spreadsheet_safe)
    return pc.fill_null(texts, "")


def _quoted(texts: pa.Array, spreadsheet_safe: bool) -> pa.Array:
    if spreadsheet_safe:
        is_formula = pc.match_substring_regex(texts, _BEGINS_A_FORMULA)
        texts = pc.if_else(is_formula, pc.binary_join_element_wise("'", texts, ""), texts)
    doubled = pc.replace_substring(texts, '"', '""')
    return pc.binary_join_element_wise('"', doubled, '"', "")


def _stands_bare(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_decimal(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_temporal(kind)
    )


def _write_lines(file: BinaryIO, lines: pa.Array, end: bytes, *, after: bool) -> None:
    if len(lines):
        [joined] = pc.binary_join(pa.ListArray.from_arrays([0, len(lines)], lines), end.decode())
        file.write(joined.as_buffer())
        file.write(end if after else b"")
