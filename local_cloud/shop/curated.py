"""The curated tables in pure Python: the expected results of the contracts' SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from local_cloud.shop.current import Current
from local_cloud.shop.orders import CANCELLED
from local_cloud.shop.records import Customer, Order, OrderLine, Product, Return

_UNKNOWN = "unknown"
"""Country and category of sales with an unknown customer or product: they are sales, too."""
_NOTHING = Decimal("0.00")
_SHARE = Decimal("0.0001")


@dataclass(frozen=True, kw_only=True)
class DailySales:
    ordered_on: date
    country: str
    category: str
    orders: int
    """Orders with a line of the category; an order may count in several."""
    units: int
    gross: Decimal
    units_returned: int
    net: Decimal


@dataclass(frozen=True, kw_only=True)
class CustomerValue:
    customer_id: int
    name: str
    country: str
    first_order: date | None
    last_order: date | None
    orders: int
    gross: Decimal
    share_returned: Decimal | None
    """Share of the units; None where there are none."""


@dataclass(frozen=True, kw_only=True)
class _Sold:
    """A line of an order that counts."""

    order: Order
    line: OrderLine
    returned: int


def daily_sales(current: Current) -> tuple[DailySales, ...]:
    countries = {customer.customer_id: customer.country for customer in current.every(Customer)}
    categories = {product.product_id: product.category for product in current.every(Product)}
    groups: defaultdict[tuple[date, str, str], list[_Sold]] = defaultdict(list)
    for sold in _sold(current):
        country = countries.get(sold.order.customer_id, _UNKNOWN)
        category = categories.get(sold.line.product_id, _UNKNOWN)
        groups[sold.order.ordered_on, country, category].append(sold)
    return tuple(_sales(*group, groups[group]) for group in sorted(groups))


def customer_value(current: Current) -> tuple[CustomerValue, ...]:
    """Return a row for each customer, also for those who have ordered nothing."""
    orders: defaultdict[int, list[Order]] = defaultdict(list)
    for order in _counting(current):
        orders[order.customer_id].append(order)
    bought: defaultdict[int, list[_Sold]] = defaultdict(list)
    for sold in _sold(current):
        bought[sold.order.customer_id].append(sold)
    return tuple(
        _value(customer, orders[customer.customer_id], bought[customer.customer_id])
        for customer in current.every(Customer)
    )


def _counting(current: Current) -> Iterator[Order]:
    return (order for order in current.every(Order) if order.status != CANCELLED)


def _sold(current: Current) -> Iterator[_Sold]:
    orders = {order.order_id: order for order in _counting(current)}
    returned: defaultdict[tuple[int, int], int] = defaultdict(int)
    for back in current.every(Return):
        returned[back.order_id, back.line] += back.quantity
    for line in current.every(OrderLine):
        if line.order_id in orders:
            yield _Sold(
                order=orders[line.order_id],
                line=line,
                returned=returned[line.order_id, line.line],
            )


def _sales(day: date, country: str, category: str, sold: list[_Sold]) -> DailySales:
    return DailySales(
        ordered_on=day,
        country=country,
        category=category,
        orders=len({item.order.order_id for item in sold}),
        units=sum(item.line.quantity for item in sold),
        gross=_gross(sold),
        units_returned=sum(item.returned for item in sold),
        net=_gross(sold) - sum((item.returned * item.line.price for item in sold), _NOTHING),
    )


def _value(customer: Customer, orders: list[Order], bought: list[_Sold]) -> CustomerValue:
    days = sorted(order.ordered_on for order in orders)
    units = sum(item.line.quantity for item in bought)
    returned = Decimal(sum(item.returned for item in bought))
    return CustomerValue(
        customer_id=customer.customer_id,
        name=customer.name,
        country=customer.country,
        first_order=days[0] if days else None,
        last_order=days[-1] if days else None,
        orders=len(orders),
        gross=_gross(bought),
        share_returned=(returned / units).quantize(_SHARE, ROUND_HALF_UP) if units else None,
    )


def _gross(sold: list[_Sold]) -> Decimal:
    return sum((item.line.quantity * item.line.price for item in sold), _NOTHING)
