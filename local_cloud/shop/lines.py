"""The lines of the shop's orders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from random import Random

from local_cloud.shop import products
from local_cloud.shop.orders import OrderBook, numbered
from local_cloud.shop.records import DAYS, OrderLine, Product, chance_of

_LINES = ((1, 2, 3, 4, 5), (20, 34, 25, 14, 7))
_PIECES = ((1, 2, 3, 4, 6), (52, 26, 12, 6, 4))
_CORRECTED = 5
_WRONG_QUANTITIES = {DAYS[0]: 0, DAYS[2]: -1, DAYS[3]: 0}

LineDays = Mapping[date, tuple[OrderLine, ...]]


def line_days(book: OrderBook) -> LineDays:
    """Return the lines of each day's new orders; on some days the last one's quantity is wrong."""
    chance = chance_of("order lines")
    return {day: _with_wrong_quantity(day, _lines(chance, book, day)) for day in DAYS}


def corrections(days: LineDays) -> tuple[OrderLine, ...]:
    """Return corrections of lines reported with one piece too few: the later report counts."""
    chance = chance_of("corrections of order lines")
    wrong = chance.sample([*days[DAYS[0]][:-1], *days[DAYS[1]]], _CORRECTED)
    ordered = sorted(wrong, key=lambda line: (line.order_id, line.line))
    return tuple(replace(line, quantity=line.quantity + 1) for line in ordered)


def _lines(chance: Random, book: OrderBook, day: date) -> list[OrderLine]:
    wares = {on: _price_list(on) for on in DAYS}
    return [
        line
        for number, order in numbered(book.new[day]).items()
        for line in _lines_of(chance, number, wares[order.ordered_on])
    ]


def _lines_of(chance: Random, order: int, wares: list[Product]) -> list[OrderLine]:
    [count] = chance.choices(*_LINES)
    return [
        OrderLine(
            order_id=order,
            line=number,
            product_id=product.product_id,
            quantity=chance.choices(*_PIECES)[0],
            price=product.unit_price,
        )
        for number, product in enumerate(chance.sample(wares, count), 1)
    ]


def _price_list(day: date) -> list[Product]:
    changed = products.changes() if day == DAYS[-1] else ()
    newest = {product.product_id: product for product in (*products.first_list(), *changed)}
    return list(newest.values())


def _with_wrong_quantity(day: date, lines: list[OrderLine]) -> tuple[OrderLine, ...]:
    if day not in _WRONG_QUANTITIES:
        return tuple(lines)
    return (*lines[:-1], replace(lines[-1], quantity=_WRONG_QUANTITIES[day]))
