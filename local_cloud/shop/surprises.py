"""Faults in the orders' files, and rows out of turn, each with one known consequence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from local_cloud.shop.orders import CANCELLED, DIGITS, SHIPPED, OrderBook
from local_cloud.shop.records import DAYS, Order, chance_of, moment

_SENT_AGAIN = 40
UNKNOWN_STATUSES = ("on hold", "lost")


def order_files(book: OrderBook) -> Mapping[date, tuple[Order, ...]]:
    """Return the rows of each day's file."""
    files = {day: (*book.changed[day], *book.new[day]) for day in DAYS}
    nameless, on_hold = book.untouched(DAYS[1])[:2]
    changes = {
        nameless: replace(nameless, order_id=None),
        on_hold: replace(on_hold, status=UNKNOWN_STATUSES[0]),
    }
    files[DAYS[1]] = tuple(changes.get(order, order) for order in files[DAYS[1]])
    files[DAYS[2]] = (*files[DAYS[2]], _repeated(book))
    files[DAYS[3]] = (*files[DAYS[3]], _lost(book), _cancelled(book))
    return files


def sent_again(book: OrderBook) -> tuple[Order, ...]:
    """Return orders of the first day to be sent again as they were; later changes must stay."""
    return book.new[DAYS[0]][:_SENT_AGAIN]


def cancelled_after_return(book: OrderBook) -> Order:
    """Return an order that was shipped, partly returned and at last cancelled with its return."""
    return next(order for order in book.changed[DAYS[1]] if order.status == SHIPPED)


def _repeated(book: OrderBook) -> Order:
    """Return a later state of an order of the same file, by its own date."""
    order = book.untouched(DAYS[2])[0]
    return replace(order, status=CANCELLED, updated_at=order.updated_at + timedelta(minutes=5))


def _lost(book: OrderBook) -> Order:
    """Return an order with a status that does not exist: the order must stay as it was."""
    order = book.untouched(DAYS[0])[0]
    return replace(order, status=UNKNOWN_STATUSES[1], updated_at=_on_the_last_day("losses"))


def _cancelled(book: OrderBook) -> Order:
    order = cancelled_after_return(book)
    return replace(order, status=CANCELLED, updated_at=_on_the_last_day("cancellations"))


def _on_the_last_day(what: str) -> datetime:
    return moment(chance_of(what), DAYS[3], digits=DIGITS[DAYS[3]])
