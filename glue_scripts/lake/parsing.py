"""Well-formed records to columns of text, by Arrow's parser."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
from pyarrow import csv

from lake.records import Dialect, without_escapes


def parse(
    records: bytes,
    dialect: Dialect,
    encoding: str,
    columns: Sequence[str],
    *,
    size: int | None = None,
) -> pa.Table:
    """Well-formed records of the right width, the first `size` bytes, as a table of text.

    Null where a field is empty and unquoted, "" where it is quoted. Raises ArrowInvalid if
    the records are not what was said, or hold bytes that are no characters.
    """
    text = _in_utf8(records, dialect, encoding, size)
    if not text.size:
        return pa.table({name: pa.array([], pa.string()) for name in columns})
    return csv.read_csv(
        pa.BufferReader(text),
        read_options=csv.ReadOptions(
            column_names=list(columns), use_threads=False, block_size=text.size + 1
        ),
        parse_options=csv.ParseOptions(
            delimiter=dialect.delimiter.decode("latin-1"),
            quote_char=dialect.quote.decode("latin-1"),
            newlines_in_values=True,
        ),
        convert_options=csv.ConvertOptions(
            column_types=dict.fromkeys(columns, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )


def _in_utf8(records: bytes, dialect: Dialect, encoding: str, size: int | None) -> pa.Buffer:
    """What Arrow is to read; the records themselves, uncopied, where nothing has to be changed."""
    if encoding != "cp1252" and not dialect.escape:
        return pa.py_buffer(records).slice(0, size)
    text = without_escapes(records[:size], dialect)
    if encoding == "cp1252":
        text = text.decode("cp1252", "surrogateescape").encode("utf-8", "surrogateescape")
    return pa.py_buffer(text)
