"""The orders as they really were: what was placed on each day, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from random import Random

from local_cloud.shop.customers import LISTED, NEWCOMERS
from local_cloud.shop.records import DAYS, Order, chance_of, moment

PLACED, SHIPPED, CANCELLED = "placed", "shipped", "cancelled"
NEVER_ORDERS = (20, 40, 60)
"""Customers who never order, so their value is nothing."""
_FIRST_NUMBER = 1001
_NEW = dict(zip(DAYS, (110, 105, 95, 84), strict=True))
_LATE = 6
DIGITS = dict(zip(DAYS, (6, 3, 6, 6), strict=True))
"""Digits after the second, in the files of each day."""


@dataclass(frozen=True, kw_only=True)
class OrderBook:
    """New and changed orders, by the day on which the shop's till reported them."""

    new: Mapping[date, tuple[Order, ...]]
    changed: Mapping[date, tuple[Order, ...]]

    def state(self, day: date) -> dict[int, Order]:
        """Return every order by its number, as it is when the day ends."""
        state: dict[int, Order] = {}
        for earlier in DAYS[: DAYS.index(day) + 1]:
            state |= numbered((*self.new[earlier], *self.changed[earlier]))
        return state

    def untouched(self, day: date) -> list[Order]:
        """Return those of a day's new orders that stay as they were placed."""
        end = self.state(DAYS[-1])
        found = (order for number, order in numbered(self.new[day]).items() if end[number] is order)
        return [order for order in found if order.status == PLACED]


def numbered(orders: Sequence[Order]) -> dict[int, Order]:
    return {order.order_id: order for order in orders if order.order_id is not None}


def order_book() -> OrderBook:
    chance = chance_of("orders")
    book = OrderBook(new={}, changed={})
    known: dict[int, Order] = {}
    for day in DAYS:
        changed = _changes(chance, day, known)
        known |= numbered(changed)
        new = _new(chance, day, _FIRST_NUMBER + len(known))
        known |= numbered(new)
        book = replace(book, new={**book.new, day: new}, changed={**book.changed, day: changed})
    return book


def _changes(chance: Random, day: date, known: Mapping[int, Order]) -> tuple[Order, ...]:
    waiting = [order for order in known.values() if order.status == PLACED]
    return tuple(
        replace(
            order,
            status=CANCELLED if chance.random() < 0.15 else SHIPPED,
            updated_at=moment(chance, day, digits=DIGITS[day]),
        )
        for order in waiting
        if chance.random() < 0.45
    )


def _new(chance: Random, day: date, first: int) -> tuple[Order, ...]:
    """Return a day's new orders; on the last day also late ones of days without connection."""
    late = [chance.choice(DAYS[:2]) for _ in range(_LATE if day == DAYS[-1] else 0)]
    days = [day] * _NEW[day] + late
    return tuple(_order(chance, number, on, day) for number, on in enumerate(days, first))


def _order(chance: Random, number: int, on: date, reported: date) -> Order:
    known = LISTED + (NEWCOMERS if on >= DAYS[2] else 0)
    customers = [number for number in range(1, known + 1) if number not in NEVER_ORDERS]
    return Order(
        order_id=number,
        customer_id=chance.choice(customers),
        ordered_on=on,
        status=chance.choices((PLACED, SHIPPED, CANCELLED), (86, 10, 4))[0],
        updated_at=moment(chance, on, digits=DIGITS[reported]),
    )
