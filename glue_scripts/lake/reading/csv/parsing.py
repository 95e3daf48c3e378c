"""Parsing of well-formed records to columns of text, with Arrow."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
import pyarrow as pa
from pyarrow import csv

from lake.reading.csv.record_grammar import Dialect, plain_records
from lake.reading.decoding import SINGLE_BYTE_ENCODINGS


def parse(
    records: bytes,
    dialect: Dialect,
    encoding: str,
    columns: Sequence[str],
    *,
    start: int = 0,
    ends: Sequence[int] = (),
) -> pa.Table:
    """Parse well-formed records of the right width to a table of text.

    They begin at `start` and are parsed in parts, if `ends` of records are given, the last of which
    ends the text. An empty field is null if it is unquoted, "" if it is quoted. Raises ArrowInvalid
    if the records are not well-formed, or hold bytes that are no characters.
    """
    tables = [
        _parse(_in_utf8(records, dialect, encoding, slice(*part)), dialect, columns)
        for part in pairwise((start, *(ends or (len(records),))))
    ]
    return pa.concat_tables(tables) if len(tables) > 1 else tables[0]


def _parse(text: pa.Buffer, dialect: Dialect, columns: Sequence[str]) -> pa.Table:
    if not text.size:
        return pa.table({name: pa.array([], pa.string()) for name in columns})
    _check_characters(text)
    return csv.read_csv(
        pa.BufferReader(text),
        read_options=csv.ReadOptions(
            # Never in blocks: if a quoted CRLF lies across a border, Arrow loses the LF.
            column_names=list(columns),
            use_threads=False,
            block_size=text.size + 1,
        ),
        parse_options=csv.ParseOptions(
            delimiter=dialect.delimiter.decode("latin-1"),
            quote_char=dialect.quote.decode("latin-1"),
            newlines_in_values=True,
        ),
        convert_options=_as_text(tuple(columns)),
    )


@lru_cache(maxsize=64)
def _as_text(columns: tuple[str, ...]) -> csv.ConvertOptions:
    return csv.ConvertOptions(
        check_utf8=False,
        column_types=dict.fromkeys(columns, pa.string()),
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )


def _check_characters(text: pa.Buffer) -> None:
    """Raise ArrowInvalid if the text is not UTF-8.

    One check of the whole text takes a fraction of the time of checking each value. Fields end at
    ASCII bytes, so they are UTF-8 if the text is.
    """
    borders = pa.py_buffer(np.array([0, text.size], np.int64))
    pa.Array.from_buffers(pa.large_string(), 1, [None, borders, text]).validate(full=True)


def _in_utf8(records: bytes, dialect: Dialect, encoding: str, part: slice) -> pa.Buffer:
    """Return the text for Arrow to read, uncopied if nothing has to be changed."""
    coded = encoding in SINGLE_BYTE_ENCODINGS
    if not (coded or dialect.escape or dialect.padding):
        return pa.py_buffer(records)[part]
    text = plain_records(records[part], dialect)
    if coded and not text.isascii():
        text = text.decode(encoding, "surrogateescape").encode("utf-8", "surrogateescape")
    return pa.py_buffer(text)
