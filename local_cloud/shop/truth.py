"""The expected results of the shop's uploads on any day, computed from its records alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from local_cloud.shop.arrivals import Arrival, arrivals
from local_cloud.shop.curated import customer_value, daily_sales
from local_cloud.shop.current import Current, current
from local_cloud.shop.records import DAYS, Customer, Order, OrderLine, Product, Return

Rows = tuple[Mapping[str, Any], ...]
"""Rows with values by column name, in the order of the key."""
DAILY_SALES = "shop_daily_sales"
CUSTOMER_VALUE = "shop_customer_value"


@dataclass(frozen=True, kw_only=True)
class Truth:
    """Expected results as plain values, by the names that contracts and catalog have."""

    quarantined: Mapping[str, int]
    """How many rows were put aside as they arrived, by reason."""
    quarantine_object: Mapping[str, Mapping[str, int]]
    """How many of the others break each business rule, by dataset and rule."""
    current: Mapping[str, Rows]
    """Rows by dataset: the latest of each primary key, of those that break no rule."""
    dangling: Mapping[str, int]
    """How many current rows name a row that is not there, by `dataset(columns)`."""
    curated: Mapping[str, Rows]
    """Rows by table."""


def truth(until: date = DAYS[-1]) -> Truth:
    """Return the expected results after the uploads of all days up to that one."""
    arrived = [arrival for arrival in arrivals() if arrival.delivery.day <= until]
    now = current(arrived)
    return Truth(
        quarantined=_reasons(arrived),
        quarantine_object={
            dataset.value: rules for dataset, rules in now.quarantine_object.items()
        },
        current={dataset.value: _plain(rows) for dataset, rows in now.rows.items()},
        dangling=dict(_dangling(now)),
        curated={
            DAILY_SALES: _plain(daily_sales(now)),
            CUSTOMER_VALUE: _plain(customer_value(now)),
        },
    )


def _plain(rows: Iterable[Any]) -> Rows:
    return tuple(map(asdict, rows))


def _reasons(arrived: Iterable[Arrival]) -> Mapping[str, int]:
    return Counter(row.reason for arrival in arrived for row in arrival.quarantined)


def _dangling(now: Current) -> Iterator[tuple[str, int]]:
    customers = {customer.customer_id for customer in now.every(Customer)}
    products = {product.product_id for product in now.every(Product)}
    orders, sold, back = now.every(Order), now.every(OrderLine), now.every(Return)
    known = {order.order_id for order in orders}
    lines = {(line.order_id, line.line) for line in sold}
    yield "shop_orders(customer_id)", sum(order.customer_id not in customers for order in orders)
    yield "shop_order_lines(order_id)", sum(line.order_id not in known for line in sold)
    yield "shop_order_lines(product_id)", sum(line.product_id not in products for line in sold)
    yield "shop_returns(order_id)", sum(row.order_id not in known for row in back)
    yield "shop_returns(order_id, line)", sum((row.order_id, row.line) not in lines for row in back)
