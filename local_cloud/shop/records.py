"""The records that the shop keeps; each field is a column of that dataset's files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from random import Random

DAYS = (date(2026, 1, 12), date(2026, 1, 13), date(2026, 1, 14), date(2026, 1, 15))


class Dataset(StrEnum):
    """The shop's datasets, in the order in which a day's files arrive."""

    CUSTOMERS = "shop_customers"
    PRODUCTS = "shop_products"
    ORDERS = "shop_orders"
    ORDER_LINES = "shop_order_lines"
    RETURNS = "shop_returns"


PRIMARY_KEYS: Mapping[Dataset, tuple[str, ...]] = {
    Dataset.CUSTOMERS: ("customer_id",),
    Dataset.PRODUCTS: ("product_id",),
    Dataset.ORDERS: ("order_id",),
    Dataset.ORDER_LINES: ("order_id", "line"),
    Dataset.RETURNS: ("return_id",),
}

DATED = frozenset({Dataset.CUSTOMERS, Dataset.PRODUCTS, Dataset.ORDERS})
"""Datasets whose rows say when they were written; the latest counts, whatever the files' order."""


@dataclass(frozen=True, kw_only=True)
class Customer:
    customer_id: int
    name: str
    email: str | None
    city: str
    country: str
    updated_at: datetime
    newsletter: bool | None = None
    """Only the second file has it."""


@dataclass(frozen=True, kw_only=True)
class Product:
    product_id: int
    name: str
    category: str
    unit_price: Decimal
    updated_at: datetime


@dataclass(frozen=True, kw_only=True)
class Order:
    order_id: int | None
    """None only in a file, where it is dirt."""
    customer_id: int
    ordered_on: date
    status: str
    updated_at: datetime


@dataclass(frozen=True, kw_only=True)
class OrderLine:
    order_id: int
    line: int
    product_id: int
    quantity: int
    price: Decimal
    """Price of one piece, on the day of the order."""


@dataclass(frozen=True, kw_only=True)
class Return:
    return_id: int
    order_id: int
    line: int
    returned_on: date
    quantity: int
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class BrokenRow:
    """A line of text in the place of a record that it is not."""

    line: int
    """Number of the line in the file, from 1."""
    text: str
    reason: str
    """Reason in the words of the ingestion."""


Record = Customer | Product | Order | OrderLine | Return


def chance_of(what: str) -> Random:
    """Return a random source for one part, so that changing it leaves other parts as they are."""
    return Random(f"a small shop's {what}")  # noqa: S311 - made-up data


def moment(chance: Random, day: date, *, digits: int = 0) -> datetime:
    """Return a moment while the shop is open, with that many digits after the second."""
    opened = datetime(day.year, day.month, day.day, 7, tzinfo=UTC)
    micros = chance.randrange(10**digits) * 10 ** (6 - digits)
    return opened + timedelta(seconds=chance.randrange(14 * 3600), microseconds=micros)
