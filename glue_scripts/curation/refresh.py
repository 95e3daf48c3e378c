"""A refresh: what one run has made of new loads, for one table or one dataset. Kept as JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from lake.store import client
from wires.layout import Values, refresh_records

Seen = Mapping[str, tuple[str, ...]]
"""Partitions of each dataset, `2026/01/15/<load>`, that a refresh has taken in: the watermark."""


@dataclass(frozen=True, kw_only=True)
class StagedFile:
    """A Parquet file in the curated bucket, as the task that wrote it tells."""

    key: str
    rows: int
    values: int
    """Those that are not null."""


@dataclass(frozen=True, kw_only=True)
class DayWrite:
    """What a table is to have for one day."""

    day: str
    """ISO date; "" for a table that is made anew as a whole."""
    files: tuple[StagedFile, ...] = ()
    """None where no rows are left."""

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self.files)

    @property
    def values(self) -> int:
        return sum(file.values for file in self.files)


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Of the rows of new loads of one dataset: `rows_in` is the sum of the others."""

    rows_in: int = 0
    current: int = 0
    """Where there are keys: those that were inserted, updated, or found unchanged."""
    superseded: int = 0
    """A later row of the same key counts instead."""
    quarantined: int = 0
    """Put aside, because they break a rule."""
    inserted: int = 0
    """Of a key that was not there."""
    updated: int = 0
    unchanged: int = 0
    """The latest of its key, and the same as the one before."""
    deleted: int = 0
    """They say that their key is there no more."""


@dataclass(frozen=True, kw_only=True)
class Refresh:
    """Staged, then published as it is."""

    unit: str
    refresh_id: str
    definition: str
    """Digest of everything that the contract says about it."""
    seen: Seen
    code_version: str
    made_at: str
    """ISO 8601, UTC."""
    table: str = ""
    """Of the curated database; "" for a dataset without a key."""
    columns: tuple[tuple[str, str], ...] = ()
    """Name and Glue type of each."""
    meant: tuple[tuple[str, str, bool], ...] = ()
    """Of a table of latest rows: of each column of the data what its files call it, or, if none has
    had it yet, its contract, and which of both that is."""
    by_day: bool = False
    """Partitioned by days."""
    after: str = ""
    """The refresh that the table was of when this was made: it fits to no other."""
    whole: bool = True
    """Every day of the table is among `days`; others are left as they are otherwise."""
    days: tuple[DayWrite, ...] = ()
    gone: tuple[str, ...] | None = None
    """Locations of the files that these take the place of; None: whatever there is of the days."""
    sorted_by: tuple[str, ...] = ()
    """Columns of which files tell least and greatest value, so that few need to be looked into."""
    counts: Counts = Counts()
    quarantine: Values | None = None
    """Partition of the table of quarantined rows, and where it is, for rows put aside here."""
    quarantine_prefix: str = ""

    @property
    def rows(self) -> int:
        return sum(item.rows for item in self.days)

    @property
    def values(self) -> int:
        """Those that are not null, of the rows of these days."""
        return sum(item.values for item in self.days)

    @property
    def files(self) -> list[StagedFile]:
        return [file for item in self.days for file in item.files]

    @property
    def key(self) -> str:
        """In the assets bucket."""
        return f"{refresh_records(self.unit, self.refresh_id)}{digest_of(asdict(self))}.json"

    def save(self, bucket: str) -> str:
        """Returns its key. The same refresh is kept once."""
        body = json.dumps(asdict(self), ensure_ascii=False).encode()
        client("s3").put_object(Bucket=bucket, Key=self.key, Body=body)
        return self.key


def load_refresh(bucket: str, key: str) -> Refresh:
    item = json.loads(client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
    quarantine = item["quarantine"]
    return Refresh(
        **{
            **item,
            "seen": {name: tuple(loads) for name, loads in item["seen"].items()},
            "columns": tuple((name, kind) for name, kind in item["columns"]),
            "days": tuple(map(_day_write, item["days"])),
            "gone": None if item.get("gone") is None else tuple(item["gone"]),
            "sorted_by": tuple(item.get("sorted_by", ())),
            "meant": tuple((name, what, held) for name, what, held in item.get("meant", ())),
            "counts": Counts(**item["counts"]),
            "quarantine": None if quarantine is None else tuple(quarantine),
        }
    )


def refresh_id_of(unit: str, definition: str, seen: Seen) -> str:
    """The same contract over the same loads always has the same id."""
    return digest_of([unit, definition, {name: sorted(loads) for name, loads in seen.items()}])


def digest_of(content: Any) -> str:
    """16 hexadecimal digits."""
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def day_writes(
    files: Mapping[date | None, Sequence[StagedFile]], days: Iterable[date]
) -> tuple[DayWrite, ...]:
    """One for each day that was written, and for each that was to be and has no rows."""
    every = {*files, *days}
    return tuple(
        DayWrite(day=day.isoformat() if day else "", files=tuple(files.get(day, ())))
        for day in sorted(every, key=lambda day: day or date.min)
    )


def _day_write(item: Mapping[str, Any]) -> DayWrite:
    # Earlier versions had folders in place of files; such a record has another key than its own.
    files = tuple(StagedFile(**file) for file in item.get("files", ()))
    return DayWrite(day=item["day"], files=files)
