"""The shop's uploads as objects, each with what must become of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from local_cloud.shop.arrivals import Arrival, QuarantinedRow, arrivals
from local_cloud.shop.files import png
from local_cloud.shop.records import DAYS, Dataset
from wires.object_ledger import ObjectStatus


@dataclass(frozen=True, kw_only=True)
class ShopObject:
    """An object to upload, and how its ingestion must end."""

    key: str
    day: date
    dataset: str
    about: str
    """Description for people."""
    content: bytes
    status: ObjectStatus
    rows_in: int = 0
    published: int = 0
    quarantined: int = 0
    quarantined_rows: tuple[QuarantinedRow, ...] = ()


def shop_uploads() -> tuple[ShopObject, ...]:
    """Return the objects in the order of upload, with the same bytes at every call."""
    objects = [*map(_of_records, arrivals()), _nothing(), _picture()]
    return tuple(sorted(objects, key=lambda made: made.day))


def _of_records(arrival: Arrival) -> ShopObject:
    sent = arrival.delivery
    return ShopObject(
        key=_key(sent.day, sent.dataset, sent.file),
        day=sent.day,
        dataset=sent.dataset.value,
        about=sent.about,
        content=sent.write(sent.rows),
        status=ObjectStatus.PUBLISHED,
        rows_in=len(sent.rows) + len(sent.broken),
        published=len(arrival.published),
        quarantined=len(arrival.quarantined),
        quarantined_rows=arrival.quarantined,
    )


def _nothing() -> ShopObject:
    return ShopObject(
        key=_key(DAYS[1], Dataset.RETURNS, "returns.orc"),
        day=DAYS[1],
        dataset=Dataset.RETURNS.value,
        about="0 bytes: nobody has returned anything yet",
        content=b"",
        status=ObjectStatus.EMPTY,
    )


def _picture() -> ShopObject:
    return ShopObject(
        key=_key(DAYS[2], Dataset.PRODUCTS, "products.json"),
        day=DAYS[2],
        dataset=Dataset.PRODUCTS.value,
        about="a PNG image that is named like data",
        content=png(),
        status=ObjectStatus.REJECTED,
    )


def _key(day: date, dataset: Dataset, file: str) -> str:
    return f"data/incoming/{day:%Y/%m/%d}/{dataset.value}/{file}"
