"""The rows that count: the latest of each key, without rows that break a rule.

Pure Python that shares no code with the platform, whose results are compared with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from local_cloud.shop.arrivals import Arrival, Key, key_of
from local_cloud.shop.orders import CANCELLED, PLACED, SHIPPED
from local_cloud.shop.records import Customer, Dataset, Order, Product, Record

Kind = TypeVar("Kind", bound=Record)
_Dated = Customer | Product | Order
RULES: Mapping[Dataset, Mapping[str, Callable[[Any], bool]]] = {
    Dataset.CUSTOMERS: {"country_is_a_code": lambda row: len(row.country) == 2},
    Dataset.PRODUCTS: {"unit_price_is_positive": lambda row: row.unit_price > 0},
    Dataset.ORDERS: {"status_is_known": lambda row: row.status in (PLACED, SHIPPED, CANCELLED)},
    Dataset.ORDER_LINES: {
        "quantity_is_positive": lambda row: row.quantity > 0,
        "price_is_not_negative": lambda row: row.price >= 0,
    },
    Dataset.RETURNS: {"quantity_is_positive": lambda row: row.quantity > 0},
}
"""Rules by the names that the contracts give them."""


@dataclass(frozen=True, kw_only=True)
class Current:
    """The rows that count after some files have arrived."""

    rows: Mapping[Dataset, tuple[Record, ...]]
    """Rows in the order of their primary keys."""
    quarantine_object: Mapping[Dataset, Mapping[str, int]]
    """How many rows broke each rule, whether they would have counted or not."""

    def every(self, kind: type[Kind]) -> list[Kind]:
        return [row for rows in self.rows.values() for row in rows if isinstance(row, kind)]


def current(arrived: Iterable[Arrival]) -> Current:
    """Return the rows that count; `arrived` is in the order of upload."""
    rows: dict[Dataset, dict[Key, Record]] = {dataset: {} for dataset in Dataset}
    broken: Counter[tuple[Dataset, str]] = Counter()
    for arrival in arrived:
        dataset = arrival.delivery.dataset
        for row in arrival.published:
            names = [name for name, keeps_to in RULES[dataset].items() if not keeps_to(row)]
            broken.update((dataset, name) for name in names)
            if not names:
                key = key_of(dataset, row)
                rows[dataset][key] = _later(rows[dataset].get(key), row)
    return Current(
        rows={
            dataset: tuple(by_key[key] for key in sorted(by_key))
            for dataset, by_key in rows.items()
        },
        quarantine_object={
            dataset: {name: broken[dataset, name] for name in rules}
            for dataset, rules in RULES.items()
        },
    )


def _later(known: Record | None, uploaded: Record) -> Record:
    """Return the row that was uploaded later, unless it says itself that it is older."""
    if isinstance(known, _Dated) and isinstance(uploaded, _Dated):
        return uploaded if uploaded.updated_at >= known.updated_at else known
    return uploaded
