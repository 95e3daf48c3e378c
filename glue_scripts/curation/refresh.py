"""A refresh: the output of one run from new loads, for one table or dataset. Kept as JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from lake.store import client
from wires.layout import Values, refresh_records
from wires.typed_json import TypedJson

Seen = Mapping[str, tuple[str, ...]]
"""Partitions of each dataset, `2026/01/15/<load>`, that a refresh includes: the watermark."""


@dataclass(frozen=True, kw_only=True)
class StagedFile:
    """A Parquet file in the curated bucket, with the counts of the task that wrote it."""

    key: str
    rows: int
    values: int
    """Values that are not null."""


@dataclass(frozen=True, kw_only=True)
class DayWrite:
    """The files that a table is to have for one day."""

    day: str
    """ISO date; "" for all rows of a table without days."""
    files: tuple[StagedFile, ...] = ()
    """Empty if no rows are left."""

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self.files)

    @property
    def values(self) -> int:
        return sum(file.values for file in self.files)


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Outcomes for the rows of new loads of one dataset.

    `rows_in` is the sum of `current`, `superseded`, `quarantined` and `deleted`.
    """

    rows_in: int = 0
    current: int = 0
    """With a key: the rows that were inserted, updated or unchanged."""
    superseded: int = 0
    """Rows replaced by a later row of the same key."""
    quarantined: int = 0
    """Rows quarantined because they break a rule."""
    inserted: int = 0
    """Rows with a key that was not there."""
    updated: int = 0
    unchanged: int = 0
    """Rows that are the latest of their key, and the same as the one before."""
    deleted: int = 0
    """Rows that say that their key is deleted."""


@dataclass(frozen=True, kw_only=True)
class Refresh:
    """New content of one model: staged, then published as it is."""

    model: str
    refresh_id: str
    definition: str
    """Digest of everything that the contract says about the model."""
    seen: Seen
    code_version: str
    made_at: str
    """ISO 8601, UTC."""
    table: str = ""
    """Name in the curated database; "" for a dataset without a key."""
    columns: tuple[tuple[str, str], ...] = ()
    """Name and Glue type of each column."""
    meant: tuple[tuple[str, str, bool], ...] = ()
    """For each data column of a table of latest rows: its name, its source name, and a flag.

    The source name is that of its files, or of the contract if no file has had the column yet; the
    flag says which of the two it is.
    """
    by_day: bool = False
    """Whether the table is partitioned by days."""
    after: str = ""
    """Key of the refresh that readers had when this was made: it fits no other state."""
    whole: bool = True
    """Whether `days` replace the whole table; otherwise other days stay as they are."""
    days: tuple[DayWrite, ...] = ()
    gone: tuple[str, ...] | None = None
    """Locations of the files that these replace; None: all files of these days."""
    sorted_by: tuple[str, ...] = ()
    """Columns whose least and greatest value files record, so that few have to be read."""
    counts: Counts = Counts()
    quarantine: Values | None = None
    """Partition of the table of quarantined rows, for rows quarantined here."""
    quarantine_prefix: str = ""

    @property
    def rows(self) -> int:
        return sum(item.rows for item in self.days)

    @property
    def values(self) -> int:
        """Values that are not null, in the rows of these days."""
        return sum(item.values for item in self.days)

    @property
    def files(self) -> list[StagedFile]:
        return [file for item in self.days for file in item.files]

    @property
    def key(self) -> str:
        """Key of the record in the assets bucket."""
        return f"{refresh_records(self.model, self.refresh_id)}{digest_of(asdict(self))}.json"

    def save(self, bucket: str) -> str:
        """Write the record, and return its key. The same refresh is stored once."""
        body = json.dumps(asdict(self), ensure_ascii=False).encode()
        client("s3").put_object(Bucket=bucket, Key=self.key, Body=body)
        return self.key


def load_refresh(bucket: str, key: str) -> Refresh:
    body = client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    # A record of an earlier version has another key than its own, by which it is known.
    return TypedJson(lenient=True).read(Refresh, json.loads(body))


def refresh_id_of(model: str, definition: str, seen: Seen) -> str:
    """Return the id, which is always the same for the same contract over the same loads."""
    return digest_of([model, definition, {name: sorted(loads) for name, loads in seen.items()}])


def digest_of(content: Any) -> str:
    """Return a digest of 16 hexadecimal digits."""
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def day_writes(
    files: Mapping[date | None, Sequence[StagedFile]], days: Iterable[date]
) -> tuple[DayWrite, ...]:
    """Return one item for each day that was written, and for each of `days` without rows."""
    every = {*files, *days}
    return tuple(
        DayWrite(day=day.isoformat() if day else "", files=tuple(files.get(day, ())))
        for day in sorted(every, key=lambda day: day or date.min)
    )
