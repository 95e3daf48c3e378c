"""Finds conditions that nothing can fulfil, which are slips of the pen, before data is read."""

from __future__ import annotations

from decimal import Decimal
from math import ceil, floor

from dqdl.conditions import Limits, as_comparable
from dqdl.rule_types import Range
from dqdl.syntax import Between, Comparison, Condition, Membership, Operator


def contradiction(condition: Condition, limits: Limits | None) -> str | None:
    """Return why nothing can fulfil the condition; None if something can or it is unknown yet."""
    if isinstance(condition, Between):
        wrong_order = _wrong_order(condition)
        if wrong_order:
            return wrong_order
    if limits is None or _can_hold(condition, limits.range):
        return None
    return f"{limits.subject} is always {_described(limits.range)}: this can never hold"


def _wrong_order(condition: Between) -> str | None:
    low, high = as_comparable(condition.low), as_comparable(condition.high)
    if low is None or high is None or type(low) is not type(high):
        return None
    if low > high:  # type: ignore[operator]  # they are of one type
        return "expected the lower bound first: 'between low and high'"
    if low == high and not condition.negated:
        return "expected two different bounds: 'between' leaves both out, so nothing is between"
    return None


def _can_hold(condition: Condition, possible: Range) -> bool:
    if isinstance(condition, Comparison):
        value = as_comparable(condition.operand)
        return not isinstance(value, Decimal) or _compares(condition.operator, value, possible)
    if isinstance(condition, Membership):
        values = [as_comparable(operand) for operand in condition.operands]
        return condition.negated or any(
            not isinstance(value, Decimal) or _holds(value, possible) for value in values
        )
    if isinstance(condition, Between):
        low, high = as_comparable(condition.low), as_comparable(condition.high)
        if isinstance(low, Decimal) and isinstance(high, Decimal):
            return _leaves_room(low, high, possible, outside=condition.negated)
    return True


def _holds(value: Decimal, possible: Range) -> bool:
    whole = not possible.whole or value == floor(value)
    return whole and possible.low <= value <= possible.high


def _compares(operator: Operator, value: Decimal, possible: Range) -> bool:
    return {
        Operator.EQUAL: _holds(value, possible),
        Operator.UNEQUAL: True,
        Operator.GREATER: possible.high > value,
        Operator.GREATER_OR_EQUAL: possible.high >= value,
        Operator.LESS: possible.low < value,
        Operator.LESS_OR_EQUAL: possible.low <= value,
    }[operator]


def _leaves_room(low: Decimal, high: Decimal, possible: Range, *, outside: bool) -> bool:
    if outside:
        return possible.low <= low or possible.high >= high
    if possible.whole:
        return max(floor(low) + 1, possible.low) <= min(ceil(high) - 1, possible.high)
    return low < possible.high and high > possible.low


def _described(possible: Range) -> str:
    kind = "a whole number" if possible.whole else "a number"
    if possible.high == float("inf"):
        return f"{kind} from {possible.low:g} on"
    return f"{kind} from {possible.low:g} to {possible.high:g}"
