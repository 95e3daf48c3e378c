"""Makes files whose every row has an id of its own, so that lost and doubled rows are seen."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import orc

Row = Mapping[str, Any]
_AVRO = {
    "type": "record",
    "name": "row",
    "fields": [
        {"name": "id", "type": "string"},
        {"name": "account", "type": "long"},
        {"name": "seq", "type": "long"},
        {"name": "note", "type": "string"},
    ],
}
_COLUMNS = ("id", "account", "seq", "note")


@dataclass(frozen=True, kw_only=True)
class Made:
    """A file, and what has to become of its rows."""

    key: str
    content: bytes
    good: frozenset[str]
    """Ids of rows that have to be published."""
    bad: frozenset[str] = frozenset()
    """Ids of rows that have to be in quarantine."""
    is_broken: bool = False
    """Whether the file is damaged as a whole, so that its rows may also be refused together."""
    rows: tuple[Row, ...] = ()
    """The good rows, for whoever computes the latest ones."""


def rows_of(prefix: str, count: int, *, account: int = 0, seq: int = 0) -> list[Row]:
    """Return rows with the ids `<prefix>-00000` and so on, one of each account."""
    return [
        {
            "id": f"{prefix}-{number:05d}",
            "account": account + number,
            "seq": seq,
            "note": f"note of {prefix} {number}",
        }
        for number in range(count)
    ]


def as_csv(rows: Sequence[Row]) -> bytes:
    lines = [",".join(_COLUMNS), *(",".join(str(row[n]) for n in _COLUMNS) for row in rows)]
    return "".join(f"{line}\n" for line in lines).encode()


def as_gzip(rows: Sequence[Row]) -> bytes:
    return gzip.compress(as_csv(rows), mtime=0)


def as_json(rows: Sequence[Row]) -> bytes:
    return "".join(f"{json.dumps(dict(row))}\n" for row in rows).encode()


def as_parquet(rows: Sequence[Row]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([dict(row) for row in rows]), sink)
    return sink.getvalue()


def as_orc(rows: Sequence[Row]) -> bytes:
    sink = io.BytesIO()
    orc.write_table(pa.Table.from_pylist([dict(row) for row in rows]), sink)
    return sink.getvalue()


def as_avro(rows: Sequence[Row]) -> bytes:
    sink = io.BytesIO()
    fastavro.writer(sink, _AVRO, [dict(row) for row in rows], codec="deflate")
    return sink.getvalue()


WRITERS: Mapping[str, Callable[[Sequence[Row]], bytes]] = {
    "csv": as_csv,
    "csv.gz": as_gzip,
    "json": as_json,
    "parquet": as_parquet,
    "orc": as_orc,
    "avro": as_avro,
}
"""By the end of the key."""


def made(key: str, rows: Sequence[Row], *, ragged: Sequence[Row] = ()) -> Made:
    """Return a file in the format that its key ends with.

    `ragged` are rows with a field too many, for CSV alone: they belong into quarantine.
    """
    ending = next(end for end in sorted(WRITERS, key=len, reverse=True) if key.endswith(f".{end}"))
    content = WRITERS[ending](rows)
    for row in ragged:
        fields = [*(str(row[name]) for name in _COLUMNS), "one too many"]
        content += f"{','.join(fields)}\n".encode()
    return Made(
        key=key,
        content=content,
        good=frozenset(str(row["id"]) for row in rows),
        bad=frozenset(str(row["id"]) for row in ragged),
        rows=tuple(rows),
    )
