"""How much a file may say that it holds, judged by its size.

Formats that pack values can hold very many in a few bytes, and honest files do: a column of one
value takes some bytes for a hundred thousand rows. What says more than that is damaged, or made
to keep its reader busy.
"""

from __future__ import annotations

from lake.errors import InputRefused

_FREE_CELLS = 100_000_000
_CELLS_PER_BYTE = 4096
_FREE_BYTES = 4 * 1024**3
_FREE_RECORDS = 5_000_000
_RECORDS_PER_BYTE = 20
MAX_COLUMNS = 10_000
_FREE_EMPTY_RECORDS = 100_000


def check_promise(title: str, rows: int, columns: int, size: int) -> None:
    """Raises InputRefused for more rows and columns than `size` bytes can be meant to hold."""
    if columns > MAX_COLUMNS:
        raise InputRefused(
            f"the {title} file has {columns:,} columns, expected {MAX_COLUMNS:,} at most"
        )
    if rows < 0:
        raise InputRefused(f"the {title} file is damaged: it says that it has {rows:,} rows")
    limit = _FREE_CELLS + _CELLS_PER_BYTE * size
    if rows * columns > limit:
        raise InputRefused(
            f"the {title} file says that it holds {rows:,} rows of {columns:,} columns in "
            f"{size:,} bytes, expected {limit:,} values at most in a file of that size: if it is "
            "not damaged, split it"
        )


def check_values(title: str, held: int, size: int) -> None:
    """Raises InputRefused where what was read takes more bytes than `size` can stand for."""
    limit = _FREE_BYTES + _CELLS_PER_BYTE * size
    if held > limit:
        raise InputRefused(
            f"the {title} file of {size:,} bytes unpacks to more than {limit:,} bytes of values: "
            "if that is meant, split it"
        )


def check_records(title: str, rows: int, size: int) -> None:
    """For formats that are read record by record, which takes longer."""
    limit = _FREE_RECORDS + _RECORDS_PER_BYTE * size
    if rows > limit:
        raise InputRefused(
            f"the {title} file says that it holds {rows:,} records in {size:,} bytes, expected "
            f"{limit:,} at most in a file of that size: if it is not damaged, split it"
        )


def check_empty_records(title: str, rows: int, size: int) -> None:
    """For records that take no byte each, so that nothing else bounds their number."""
    limit = max(_FREE_EMPTY_RECORDS, size)
    if rows > limit:
        raise InputRefused(
            f"the {title} file says that it holds {rows:,} records, none of which takes a byte, in "
            f"{size:,} bytes: expected {limit:,} of such at most"
        )
