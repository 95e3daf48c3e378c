"""Operands: numbers, texts, times, and arithmetic with the results of earlier runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Literal

from lark import Tree

from dqdl.context import Context, Node, place_of, token, tree, unquoted
from dqdl.parsing import ParseTree
from dqdl.syntax import (
    Arithmetic,
    Call,
    Duration,
    Keyword,
    Last,
    Moment,
    Number,
    NumberOperand,
    Operand,
    Text,
)

_UNITS = ("days", "hours", "minutes")
_REDUCING = frozenset({"avg", "max", "median", "min", "std", "sum"})
_FUNCTIONS = _REDUCING | {"abs", "index", "percentile"}
_KEYWORDS = {spelling for keyword in Keyword for spelling in (keyword.value, keyword.lower())}
_SPELLINGS = {"average": "avg"}


def operand(context: Context, node: Node) -> Operand:
    """Return any operand; its value is calculated if it does not depend on earlier runs."""
    part = tree(node)
    return _READERS[part.data](context, part)


def number(context: Context, node: Node) -> NumberOperand:
    """Return an operand that has to be one number."""
    found = numbers(context, node)
    if isinstance(found, Last) and found.count > 1:
        raise context.error(
            place_of(node),
            f"last({found.count}) is a list: expected one number, "
            f"for example avg(last({found.count}))",
        )
    return found


def numbers(context: Context, node: Node) -> NumberOperand:
    """Return an operand that has to be a number, or the list that `last` gives."""
    found = operand(context, node)
    if isinstance(found, Text):
        found = as_number(found) or found
    if isinstance(found, Number | Last | Call | Arithmetic):
        return found
    raise context.error(place_of(node), f"expected a number, got {context.written(tree(node))}")


def as_number(text: Text) -> Number | None:
    """Return the number that a text spells, None if it spells none."""
    try:
        value = Decimal(text.value)
    except InvalidOperation:
        return None
    return Number(value) if value.is_finite() else None


def _number(_: Context, part: ParseTree) -> Operand:
    return Number(Decimal(token(part.children[0])))


def _quantity(context: Context, part: ParseTree) -> Operand:
    amount, unit = (token(child) for child in part.children)
    if unit not in _UNITS:
        raise context.error(place_of(unit), f"expected days, hours or minutes, got '{unit}'")
    length = float(amount)
    if unit == "days":
        return Duration(timedelta(days=length))
    return Duration(timedelta(hours=length) if unit == "hours" else timedelta(minutes=length))


def _word(context: Context, part: ParseTree) -> Operand:
    word = token(part.children[0])
    if word in _KEYWORDS:
        return Keyword(word.upper())
    raise context.error(
        place_of(word),
        f"expected a value, got '{word}': text stands in double quotes, and keywords are "
        "NULL, EMPTY and WHITESPACES_ONLY",
    )


def _text(_: Context, part: ParseTree) -> Operand:
    return Text(unquoted(token(part.children[0])))


def _constant(context: Context, part: ParseTree) -> Operand:
    return Text(context.text_of(part))


def _negative(context: Context, part: ParseTree) -> Operand:
    found = operand(context, part.children[1])
    if isinstance(found, Duration):
        return Duration(-found.length)
    return _calculated("-", Number(Decimal(0)), number(context, part.children[1]), context, part)


def _sum(context: Context, part: ParseTree) -> Operand:
    left, sign, right = part.children
    first, second = operand(context, left), operand(context, right)
    if isinstance(first, Moment | Duration) and isinstance(second, Duration):
        length = second.length if token(sign).type == "PLUS" else -second.length
        if isinstance(first, Moment):
            return Moment(first.offset + length)
        return Duration(first.length + length)
    operator: Literal["+", "-"] = "+" if token(sign).type == "PLUS" else "-"
    return _calculated(operator, number(context, left), number(context, right), context, part)


def _product(context: Context, part: ParseTree) -> Operand:
    left, sign, right = part.children
    operator: Literal["*", "/"] = "*" if token(sign).type == "TIMES" else "/"
    return _calculated(operator, number(context, left), number(context, right), context, part)


def _calculated(
    operator: Literal["+", "-", "*", "/"],
    left: NumberOperand,
    right: NumberOperand,
    context: Context,
    part: ParseTree,
) -> NumberOperand:
    if not (isinstance(left, Number) and isinstance(right, Number)):
        return Arithmetic(operator, left, right)
    if operator == "/" and not right.value:
        raise context.error(place_of(part), "expected a divisor other than 0, got 0")
    results: dict[str, Callable[[], Decimal]] = {
        "+": lambda: left.value + right.value,
        "-": lambda: left.value - right.value,
        "*": lambda: left.value * right.value,
        "/": lambda: left.value / right.value,
    }
    return Number(results[operator]())


def _call(context: Context, part: ParseTree) -> Operand:
    name = token(part.children[0])
    arguments = [child for child in part.children if isinstance(child, Tree)]
    function = _SPELLINGS.get(name, str(name))
    if function == "now":
        if arguments:
            raise context.error(place_of(arguments[0]), "expected ')': now() takes nothing")
        return Moment()
    if function == "last":
        return Last(_run_count(context, arguments))
    if function not in _FUNCTIONS:
        known = ", ".join(sorted(_FUNCTIONS | {"last", "now"}))
        raise context.error(place_of(name), f"expected a function ({known}), got '{name}'")
    return _function(context, part, function, arguments)


def _run_count(context: Context, arguments: Sequence[ParseTree]) -> int:
    if not arguments:
        return 1
    count = operand(context, arguments[0])
    if len(arguments) == 1 and isinstance(count, Number) and _is_natural(count) and count.value:
        return int(count.value)
    raise context.error(
        place_of(arguments[-1]),
        f"expected last() or last(n) with a whole number of runs, from 1, got "
        f"'{context.written(arguments[-1])}'",
    )


def _function(
    context: Context, part: ParseTree, function: str, arguments: Sequence[ParseTree]
) -> Call:
    found = tuple(numbers(context, argument) for argument in arguments)
    if function in _REDUCING and found:
        return Call(function, found)
    if function == "abs" and len(found) == 1:
        return Call(function, (number(context, arguments[0]),))
    if function in {"index", "percentile"} and len(found) == 2 and isinstance(found[0], Last):
        _check_second(context, arguments[1], function, found[0], found[1])
        return Call(function, found)
    usage = {
        "abs": "abs(number)",
        "index": "index(last(n), i)",
        "percentile": "percentile(last(n), p)",
    }.get(function, f"{function}(last(n))")
    raise context.error(place_of(part), f"expected {usage}, got {context.written(part)}")


def _check_second(
    context: Context, node: ParseTree, function: str, last: Last, second: NumberOperand
) -> None:
    place, written = place_of(node), context.written(node)
    if function == "index":
        if isinstance(second, Number) and _is_natural(second) and second.value < last.count:
            return
        raise context.error(
            place,
            f"expected a whole number from 0, the newest of last({last.count}), to "
            f"{last.count - 1}, the oldest, got '{written}'",
        )
    if not (isinstance(second, Number) and 0 <= second.value <= 100):
        raise context.error(place, f"expected a percentage from 0 to 100, got '{written}'")


def _is_natural(number: Number) -> bool:
    return number.value >= 0 and number.value == number.value.to_integral_value()


_READERS: dict[str, Callable[[Context, ParseTree], Operand]] = {
    "number": _number,
    "quantity": _quantity,
    "call": _call,
    "word": _word,
    "text": _text,
    "constant_name": _constant,
    "negative": _negative,
    "sum": _sum,
    "product": _product,
}
