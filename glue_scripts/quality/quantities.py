"""Measured numbers and what they are compared with.

Counts, sums of whole numbers and decimals, and ratios of them are exact: fractions. So 93 of 100
is not more than 0.93, whatever a float would make of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import isfinite
from operator import eq, ge, gt, le, lt, ne
from statistics import fmean, median, pstdev

from dqdl.spelling import spell, spell_operand
from dqdl.syntax import (
    Arithmetic,
    Between,
    Call,
    Comparison,
    Condition,
    Last,
    Membership,
    Number,
    Operand,
    Operator,
)
from quality.errors import CannotJudge

Quantity = Fraction | float
Past = Callable[[], Sequence[float]]
"""The values of the metric in earlier runs, newest last."""

COMPARES: dict[Operator, Callable[[Quantity, Quantity], object]] = {
    Operator.EQUAL: eq,
    Operator.UNEQUAL: ne,
    Operator.GREATER: gt,
    Operator.GREATER_OR_EQUAL: ge,
    Operator.LESS: lt,
    Operator.LESS_OR_EQUAL: le,
}


def exact(value: Decimal | int | float | None) -> Quantity | None:
    """A number from Spark; None where it has none, or has something that is no number."""
    if value is None:
        return None
    if isinstance(value, float):
        return value if isfinite(value) else None
    return Fraction(value) if Decimal(value).is_finite() else None


def holds(value: Quantity, condition: Condition, past: Past) -> bool:
    """Whether a number fulfils a condition."""
    if isinstance(condition, Comparison):
        return bool(COMPARES[condition.operator](*_alike(value, resolved(condition.operand, past))))
    if isinstance(condition, Between):
        low, high = resolved(condition.low, past), resolved(condition.high, past)
        inside = bool(gt(*_alike(value, low)) and lt(*_alike(value, high)))
        return inside != condition.negated
    if isinstance(condition, Membership):
        members = [resolved(operand, past) for operand in condition.operands]
        found = any(eq(*_alike(value, member)) for member in members)
        return found != condition.negated
    raise TypeError(f"a number does not match {condition}")


def _alike(left: Quantity, right: Quantity) -> tuple[Quantity, Quantity]:
    """Two fractions, or two floats where one of them is one."""
    if isinstance(left, Fraction) and isinstance(right, Fraction):
        return left, right
    return float(left), float(right)


def resolved(operand: Operand, past: Past) -> Quantity:
    """The number that an operand is."""
    if isinstance(operand, Number):
        return Fraction(operand.value)
    if isinstance(operand, Last):
        return _last(operand, past)[-1]
    if isinstance(operand, Call):
        return _called(operand, past)
    if isinstance(operand, Arithmetic):
        return _calculated(operand, past)
    raise TypeError(f"{operand} is no number")


def _last(operand: Last, past: Past) -> Sequence[float]:
    """As many as there are, as AWS has it; but none are none, where AWS takes 0."""
    values = past()[-operand.count :]
    if not values:
        raise CannotJudge(
            f"history too short for last({operand.count}): the metric has no earlier value; "
            "the rule can be judged from the second run on"
        )
    return values


def _called(call: Call, past: Past) -> float:
    if call.function == "index":
        return _indexed(call, past)
    numbers: list[float] = []
    arguments = call.arguments[:1] if call.function == "percentile" else call.arguments
    for argument in arguments:
        if isinstance(argument, Last):
            numbers += _last(argument, past)
        else:
            numbers.append(float(resolved(argument, past)))
    if call.function == "percentile":
        return _percentile(numbers, float(resolved(call.arguments[1], past)))
    return _FUNCTIONS[call.function](numbers)


_FUNCTIONS: dict[str, Callable[[Sequence[float]], float]] = {
    "abs": lambda numbers: abs(numbers[0]),
    "avg": fmean,
    "max": max,
    "median": median,
    "min": min,
    "std": pstdev,
    "sum": sum,
}


def _indexed(call: Call, past: Past) -> float:
    last, position = call.arguments
    if not isinstance(last, Last):
        raise TypeError(f"index takes what last gives, not {last}")
    values = _last(last, past)
    back = int(resolved(position, past))
    if back >= len(values):
        raise CannotJudge(
            f"history too short for index(last({last.count}), {back}): there are only "
            f"{len(values)} earlier values"
        )
    return values[-1 - back]


def _percentile(numbers: Sequence[float], percent: float) -> float:
    """Between the two values that are next to it, in proportion."""
    ordered = sorted(numbers)
    position = (len(ordered) - 1) * percent / 100
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


def _calculated(operand: Arithmetic, past: Past) -> float:
    left, right = float(resolved(operand.left, past)), float(resolved(operand.right, past))
    if operand.operator == "/" and not right:
        raise CannotJudge("a value of earlier runs that the rule divides by is 0")
    results: dict[str, Callable[[], float]] = {
        "+": lambda: left + right,
        "-": lambda: left - right,
        "*": lambda: left * right,
        "/": lambda: left / right,
    }
    return results[operand.operator]()


@dataclass(frozen=True)
class Wording:
    """Conditions for people, with the numbers that history made of their operands."""

    past: Past

    def condition(self, condition: Condition) -> str:
        if isinstance(condition, Comparison):
            return f"{condition.operator} {self.operand(condition.operand)}"
        if isinstance(condition, Between):
            edges = "both included" if condition.negated else "both excluded"
            low, high = self.operand(condition.low), self.operand(condition.high)
            return f"{'not ' if condition.negated else ''}between {low} and {high} ({edges})"
        return spell(condition)

    def operand(self, operand: Operand) -> str:
        """`118.7, which is avg(last(10))`."""
        if not isinstance(operand, Last | Call | Arithmetic):
            return spell_operand(operand)
        return f"{shown(resolved(operand, self.past))}, which is {spell_operand(operand)}"


def shown(value: Quantity) -> str:
    """A number for people: `1,000`, `0.93`."""
    if isinstance(value, Fraction) and value.denominator == 1:
        return f"{value.numerator:,}"
    return f"{float(value):,.12g}"
