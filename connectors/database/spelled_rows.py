"""Rows in the server's own spelling become Arrow batches, whose values are those that it spelled.

Server and Arrow meet in CSV because both say exactly what a value is: a null is nothing, an empty
text is `""`, and a value that its column's type does not hold is an error of the reader, never
another value.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.csv as pc

from connectors.errors import ValueUnfit

_COLUMN = re.compile(r"In CSV column #(\d+): (.*)", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a result."""

    name: str
    type: pa.DataType
    """Its type in Parquet."""
    expression: str
    """What is selected for it."""
    server_type: str
    """As people know it."""


def batch_of(spelled: bytes | bytearray, columns: Sequence[Column]) -> pa.RecordBatch:
    """Return lines of CSV as one batch.

    Raises ValueUnfit for a value that its column's type does not hold.
    """
    numbers = [str(number) for number in range(len(columns))]
    types = {number: column.type for number, column in zip(numbers, columns, strict=True)}
    try:
        table = pc.read_csv(
            pa.BufferReader(pa.py_buffer(spelled)),
            # One block, in which a row may be as long as it is.
            pc.ReadOptions(column_names=numbers, use_threads=False, block_size=len(spelled) + 1),
            pc.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
            pc.ConvertOptions(
                column_types=types,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
                true_values=["t"],
                false_values=["f"],
            ),
        )
    except pa.ArrowInvalid as error:
        raise _unfit(str(error), columns) from None
    arrays = [one.combine_chunks() for one in table.itercolumns()]
    return pa.RecordBatch.from_arrays(
        arrays, schema=pa.schema([(column.name, column.type) for column in columns])
    )


def _unfit(said: str, columns: Sequence[Column]) -> ValueUnfit:
    found = _COLUMN.match(said)
    if not found:
        return ValueUnfit(f"expected rows of {len(columns)} columns; {said[:200]}")
    column = columns[int(found[1])]
    return ValueUnfit(
        f"column {column.name} ({column.server_type}) has a value that {column.type} does not "
        f"hold: {found[2][:120]}; put {column.name} into database.as_text, and it lands as the "
        "server spells it"
    )
