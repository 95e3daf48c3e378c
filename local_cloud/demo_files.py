"""CSV files that somebody drops anywhere, with the dirt that such files have."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from local_cloud.shop.records import DAYS
from local_cloud.shop.uploads import ShopObject
from wires.object_ledger import ObjectStatus

_SEED = 2026
_PLACES = (
    ("01067", "Dresden"),
    ("04109", "Leipzig"),
    ("20095", "Hamburg"),
    ("50667", "Köln"),
    ("80331", "München"),
    ("90402", "Nürnberg"),
)
_NAMES = ("Jäger", "Müller", "Özdemir", "Schröder", "Weiß", "O'Neill", "Großmann", "Böhm")


def dropped_files() -> list[ShopObject]:
    """Return the files, the same at every call."""
    chance = random.Random(_SEED)  # noqa: S311 - made-up data
    day = datetime(2026, 1, 13, tzinfo=UTC)
    return [_customers(chance), _messy_orders(_orders(chance, start=1, count=300, day=day))]


def _customers(chance: random.Random) -> ShopObject:
    rows: list[Sequence[str]] = [("Customer ID", "Name", "PLZ", "City", "Phone")]
    for number in range(1, 61):
        code, city = chance.choice(_PLACES)
        phone = f"+49 {chance.randint(30, 999)} {chance.randint(10000, 99999)}"
        rows.append((str(number), chance.choice(_NAMES), code, city, phone))
    return _dropped(
        "customers.csv",
        _text(rows, delimiter=";").decode().encode("cp1252"),
        "semicolons, Windows encoding, postal codes that start with 0",
        dataset="customers",
        published=60,
    )


def _orders(chance: random.Random, *, start: int, count: int, day: datetime) -> list[Sequence[str]]:
    rows: list[Sequence[str]] = [("order_id", "customer_id", "ordered_at", "discount")]
    for number in range(start, start + count):
        moment = day + timedelta(seconds=chance.randint(0, 86399))
        discount = chance.choice(("", "", "0.05", "0.1"))
        customer = chance.randint(1, 60)
        rows.append((str(number), str(customer), f"{moment:%Y-%m-%dT%H:%M:%SZ}", discount))
    return rows


def _messy_orders(rows: list[Sequence[str]]) -> ShopObject:
    lines = _text(rows).decode().split("\n")
    lines.insert(10, "9001,12")
    lines.insert(50, '9002,13,"2026-01-13T10:00:00Z,0.05')
    lines.insert(90, "9003,14,2026-01-13T11:00:00Z,0.05,extra")
    return _dropped(
        "orders/2026-01-13.csv",
        "\n".join(lines).encode(),
        "300 orders, and three rows that are none",
        dataset="orders",
        published=300,
        quarantined=3,
    )


def _dropped(
    key: str, content: bytes, about: str, *, dataset: str, published: int, quarantined: int = 0
) -> ShopObject:
    return ShopObject(
        key=key,
        day=DAYS[0],
        dataset=dataset,
        about=about,
        content=content,
        status=ObjectStatus.PUBLISHED,
        rows_in=published + quarantined,
        published=published,
        quarantined=quarantined,
    )


def _text(rows: Iterable[Sequence[str]], *, delimiter: str = ",") -> bytes:
    target = io.StringIO()
    csv.writer(target, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return target.getvalue().encode()
