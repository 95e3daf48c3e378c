"""Limits of what a file may claim to hold, by its size.

Formats that pack values can hold very many in a few bytes, and honest files do: a column of one
value takes some bytes for a hundred thousand rows. A file that claims more is damaged, or made to
keep its reader busy.
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
    """Raise InputRefused for more rows and columns than `size` bytes can plausibly hold."""
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
    """Raise InputRefused if the values read take more bytes than `size` can account for."""
    limit = _FREE_BYTES + _CELLS_PER_BYTE * size
    if held > limit:
        raise InputRefused(
            f"the {title} file of {size:,} bytes unpacks to more than {limit:,} bytes of values: "
            "if that is meant, split it"
        )


def check_records(title: str, rows: int, size: int) -> None:
    """Raise InputRefused for too many records, in formats that are slowly read one by one."""
    limit = _FREE_RECORDS + _RECORDS_PER_BYTE * size
    if rows > limit:
        raise InputRefused(
            f"the {title} file says that it holds {rows:,} records in {size:,} bytes, expected "
            f"{limit:,} at most in a file of that size: if it is not damaged, split it"
        )


def check_empty_records(title: str, rows: int, size: int) -> None:
    """Raise InputRefused for too many records of no bytes, whose number nothing else bounds."""
    limit = max(_FREE_EMPTY_RECORDS, size)
    if rows > limit:
        raise InputRefused(
            f"the {title} file says that it holds {rows:,} records, none of which takes a byte, in "
            f"{size:,} bytes: expected {limit:,} of such at most"
        )
