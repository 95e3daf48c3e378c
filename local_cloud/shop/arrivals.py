"""The expected ingestion of each file, in pure Python that shares no code with the platform."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from local_cloud.shop.deliveries import Delivery, deliveries
from local_cloud.shop.records import DATED, PRIMARY_KEYS, Dataset, Record

Key = tuple[object, ...]


@dataclass(frozen=True, kw_only=True)
class QuarantinedRow:
    """A row that is put aside as it arrives."""

    line: int
    """Number of the line, from 1; of the row in a file that is not text."""
    reason: str


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """A file after its ingestion."""

    delivery: Delivery
    published: tuple[Record, ...]
    quarantined: tuple[QuarantinedRow, ...]


def arrivals() -> tuple[Arrival, ...]:
    """Return the files in the order of upload."""
    return tuple(map(_arrival, deliveries()))


def key_of(dataset: Dataset, row: Record) -> Key:
    return tuple(getattr(row, column) for column in PRIMARY_KEYS[dataset])


def _arrival(delivery: Delivery) -> Arrival:
    published: list[Record] = []
    seen: set[Key] = set()
    aside = [QuarantinedRow(line=row.line, reason=row.reason) for row in delivery.broken]
    for number, row in enumerate(delivery.rows, 1):
        key = key_of(delivery.dataset, row)
        # A dataset whose rows are dated may bring several states of a key in one file.
        repeated = key in seen and delivery.dataset not in DATED
        reason = _fault(PRIMARY_KEYS[delivery.dataset], key, repeated=repeated)
        if reason:
            aside.append(QuarantinedRow(line=number, reason=reason))
        else:
            seen.add(key)
            published.append(row)
    return Arrival(delivery=delivery, published=tuple(published), quarantined=tuple(aside))


def _fault(columns: Sequence[str], key: Key, *, repeated: bool) -> str:
    """Return the fault in the words of the ingestion; "" if there is none."""
    for name, value in zip(columns, key, strict=True):
        if value is None:
            return f"{name} has no value, expected one in every row"
    return f"the {', '.join(columns)} of a row before it in the file" if repeated else ""
