"""Sorts records into what lands and what does not, and makes a file of what does."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterable
from dataclasses import dataclass

from .quarantine import Poison
from .records import Record
from .rows import NoRow, RowMaker

_LEVEL = 6


@dataclass(frozen=True, kw_only=True)
class Sorted:
    """Records, sorted."""

    body: bytes
    """The rows as compressed JSON Lines; empty if there are none."""
    rows: int
    records: int
    """Records that the rows are of."""
    poison: tuple[Poison, ...]


def sort(records: Iterable[Record], maker: RowMaker) -> Sorted:
    """Sort records. Only their compressed rows are in memory beside them."""
    buffer = io.BytesIO()
    poison: list[Poison] = []
    rows = landed = 0
    # Without a time in it, the same rows are the same bytes.
    with gzip.GzipFile(
        filename="", mode="wb", fileobj=buffer, compresslevel=_LEVEL, mtime=0
    ) as out:
        for record in records:
            try:
                lines = maker.rows_of(record)
            except NoRow as error:
                poison.append(Poison(record=record, reason=str(error)))
                continue
            out.write(b"".join(line + b"\n" for line in lines))
            rows += len(lines)
            landed += 1
    body = buffer.getvalue() if rows else b""
    return Sorted(body=body, rows=rows, records=landed, poison=tuple(poison))
