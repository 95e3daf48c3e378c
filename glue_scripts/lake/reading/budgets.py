"""Limits of what a file may claim to hold, by its size.

Formats that pack values can hold very many in a few bytes, and honest files do: a column of one
value takes some bytes for a hundred thousand rows. A file that claims more is damaged, or made to
keep its reader busy.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from lake.errors import InputRefused

BATCH_ROWS = 65_536
"""Rows that are read at once, unless they are wide."""
BATCH_BYTES = 64 * 1024 * 1024
"""Values that are read at once."""
_STEP_BYTES = 768 * 1024 * 1024
"""Memory that reading one batch may take in all; several times of what an honest one does."""
PART_BYTES = 256 * 1024 * 1024
"""Largest unpacked page of a Parquet file; writers make them of about a megabyte."""
_PARTS_BYTES = 512 * 1024 * 1024
"""Pages and blocks that are in memory at once."""
_MOST_FOR_SIZE = 1024 * 1024 * 1024
"""What a large file may take in addition: a wide one has a page of each column in memory."""
_LEAST_WIDTH = 16
"""Bytes per value, whatever its type: for what is made of it on the way."""

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


def rows_at_once(widths: Iterable[float]) -> int:
    """Return how many rows are read at once, by the bytes that a value of each column takes."""
    width = sum(max(_LEAST_WIDTH, own) for own in widths)
    return max(1, min(BATCH_ROWS, math.floor(BATCH_BYTES / max(1, width))))


def check_parts(title: str, parts: str, held: int, size: int) -> None:
    """Raise InputRefused if parts of a file that are unpacked together are too large for memory."""
    limit = _PARTS_BYTES + _for_size(size)
    if held > limit:
        raise InputRefused(
            f"the {title} file of {size:,} bytes unpacks to {held:,} bytes of {parts} at once, "
            f"expected {limit:,} at most: write smaller ones, or fewer columns"
        )


def step_bytes(size: int) -> int:
    """Return the memory that reading a batch of a file of so many bytes may take."""
    return _STEP_BYTES + _for_size(size)


def too_much(title: str, rows: int, size: int) -> InputRefused:
    """Return the refusal of a file of which a few rows take too much memory."""
    return InputRefused(
        f"the {title} file takes more than {step_bytes(size):,} bytes of memory at once behind row "
        f"{rows:,}, expected about {BATCH_BYTES:,} bytes of values: shorten the values there, or "
        "write smaller pages, blocks or stripes"
    )


def _for_size(size: int) -> int:
    return min(2 * size, _MOST_FOR_SIZE)


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
