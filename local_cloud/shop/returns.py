"""The pieces that customers sent back, on the last two days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from random import Random

from local_cloud.shop.lines import LineDays, corrections
from local_cloud.shop.orders import SHIPPED, OrderBook
from local_cloud.shop.records import DAYS, OrderLine, Return, chance_of
from local_cloud.shop.surprises import cancelled_after_return

NOBODYS_ORDER = 9001
_A_DAY = 10
_REASONS = ("broken", "too late", "not as shown", None)


def return_files(book: OrderBook, lines: LineDays) -> Mapping[date, tuple[Return, ...]]:
    """Return the returns of both days, with their special cases.

    Of one line a piece comes back on each day; one return is reported again with another reason;
    one is of an order that does not exist.
    """
    chance = chance_of("returns")
    early = _shipped_lines(book, lines, before=DAYS[2])
    cancelled = cancelled_after_return(book).order_id
    of_cancelled = next(line for line in early if line.order_id == cancelled)
    twice = next(line for line in early if line.quantity == 2 and line.order_id != cancelled)
    chosen = [twice, of_cancelled, *_others(chance, early, [twice, of_cancelled])]
    late = _others(chance, _shipped_lines(book, lines, before=DAYS[3]), chosen)
    first = _returns(chance, 1, DAYS[2], chosen)
    second = _returns(chance, len(first) + 1, DAYS[3], [twice, *late])
    told_again = replace(first[-1], reason="not ordered")
    nobodys = replace(second[-1], return_id=len(first + second) + 1, order_id=NOBODYS_ORDER)
    return {DAYS[2]: first, DAYS[3]: (*second, told_again, nobodys)}


def _shipped_lines(book: OrderBook, lines: LineDays, *, before: date) -> list[OrderLine]:
    """Return the lines of shipped orders with a right quantity and without a later correction."""
    earlier = DAYS[: DAYS.index(before)]
    shipped = {n for n, order in book.state(earlier[-1]).items() if order.status == SHIPPED}
    corrected = {(line.order_id, line.line) for line in corrections(lines)}
    return [
        line
        for day in earlier
        for line in lines[day]
        if line.order_id in shipped
        and line.quantity > 0
        and (line.order_id, line.line) not in corrected
    ]


def _others(chance: Random, lines: list[OrderLine], taken: list[OrderLine]) -> list[OrderLine]:
    return chance.sample([line for line in lines if line not in taken], _A_DAY)


def _returns(chance: Random, first: int, day: date, lines: list[OrderLine]) -> tuple[Return, ...]:
    """Return lines partly, where they have several pieces: the others may come back later."""
    return tuple(
        Return(
            return_id=number,
            order_id=line.order_id,
            line=line.line,
            returned_on=day,
            quantity=chance.randint(1, max(1, line.quantity - 1)),
            reason=chance.choice(_REASONS),
        )
        for number, line in enumerate(lines, first)
    )
