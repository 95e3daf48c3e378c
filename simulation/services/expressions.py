"""DynamoDB's expressions: conditions, key conditions and updates, compiled once for each text.

Attribute values are as they travel: `{"S": "text"}`, `{"N": "1"}`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from simulation.services.answers import NotPlayed, Refused

Item = dict[str, Any]
Names = Mapping[str, str]
Values = Mapping[str, Any]
Operand = Callable[[Item, Names, Values], Any]
Condition = Callable[[Item, Names, Values], bool]
_TOKEN = re.compile(r"\s*(<>|<=|>=|[=<>(),+\-]|:\w+|#\w+|[A-Za-z_]\w*)")
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: bool(a < b),
    "<=": lambda a, b: bool(a <= b),
    ">": lambda a, b: bool(a > b),
    ">=": lambda a, b: bool(a >= b),
}


@dataclass(frozen=True)
class Update:
    """A compiled update expression."""

    set: tuple[tuple[str, Operand], ...]
    removed: tuple[str, ...]

    def applied(self, item: Item, names: Names, values: Values) -> Item:
        """Return the item after the update; all operands see the item as it was."""
        found = dict(item)
        for name, operand in self.set:
            value = operand(item, names, values)
            if value is None:
                raise _invalid("The provided expression refers to an attribute that does not exist")
            found[_real(name, names)] = value
        for name in self.removed:
            found.pop(_real(name, names), None)
        return found


@cache
def condition(text: str) -> Condition:
    """Compile a condition or key condition."""
    parser = _Parser(text)
    found = parser.either()
    parser.end()
    return found


@cache
def update(text: str) -> Update:
    """Compile an update expression of SET and REMOVE clauses."""
    return _Parser(text).update()


@cache
def used(text: str) -> frozenset[str]:
    """Return the placeholders in an expression."""
    return frozenset(token for token in _tokens(text) if token[0] in "#:")


def check_placeholders(names: Names, values: Values, *texts: str) -> None:
    """Refuse placeholders that no expression uses, and such that are not defined."""
    wanted = frozenset[str]().union(*(used(text) for text in texts if text))
    for what, given, sign in (("Names", names, "#"), ("Values", values, ":")):
        if idle := sorted(given.keys() - wanted):
            raise _invalid(
                f"Value provided in ExpressionAttribute{what} unused in expressions: keys: "
                f"{{{', '.join(idle)}}}"
            )
        if missing := sorted({one for one in wanted if one[0] == sign} - given.keys()):
            raise _invalid(f"an expression attribute is not defined: {', '.join(missing)}")


def plain(value: Mapping[str, Any]) -> Any:
    """Return an attribute value as one that can be ordered among those of its type."""
    [(kind, content)] = value.items()
    return Decimal(content) if kind == "N" else content


def same(one: Any, other: Any) -> bool:
    """Whether two attribute values are equal; numbers by their value."""
    if one is None or other is None:
        return False
    if "N" in one and "N" in other:
        return bool(Decimal(one["N"]) == Decimal(other["N"]))
    return bool(one == other)


def _ordered(sign: str, one: Any, other: Any) -> bool:
    if one is None or other is None or one.keys() != other.keys():
        return False
    return _COMPARISONS[sign](plain(one), plain(other))


def _real(name: str, names: Names) -> str:
    return names[name] if name.startswith("#") else name


def _invalid(message: str) -> Refused:
    return Refused("ValidationException", message)


def _tokens(text: str) -> list[str]:
    found, place = [], 0
    stripped = text.rstrip()
    while place < len(stripped):
        match = _TOKEN.match(stripped, place)
        if match is None:
            raise NotPlayed(f"expression {text!r} at {stripped[place:]!r}")
        found.append(match[1])
        place = match.end()
    return found


class _Parser:
    """Recursive descent over the grammar of
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _tokens(text)
        self._place = 0

    def end(self) -> None:
        if self._place < len(self._tokens):
            raise NotPlayed(f"expression {self._text!r} at {self._tokens[self._place]!r}")

    def either(self) -> Condition:
        parts = [self._both()]
        while self._takes("OR"):
            parts.append(self._both())
        if len(parts) == 1:
            return parts[0]
        return lambda item, names, values: any(part(item, names, values) for part in parts)

    def update(self) -> Update:
        sets: list[tuple[str, Operand]] = []
        removed: list[str] = []
        while self._place < len(self._tokens):
            if self._takes("SET"):
                sets += self._listed(self._assignment)
            elif self._takes("REMOVE"):
                removed += self._listed(self._next)
            else:
                raise NotPlayed(f"update {self._text!r} at {self._tokens[self._place]!r}")
        return Update(tuple(sets), tuple(removed))

    def _both(self) -> Condition:
        parts = [self._single()]
        while self._takes("AND"):
            parts.append(self._single())
        if len(parts) == 1:
            return parts[0]
        return lambda item, names, values: all(part(item, names, values) for part in parts)

    def _single(self) -> Condition:
        if self._takes("NOT"):
            inner = self._single()
            return lambda item, names, values: not inner(item, names, values)
        if self._takes("("):
            inner = self.either()
            self._expect(")")
            return inner
        if self._peek() in ("attribute_exists", "attribute_not_exists", "begins_with"):
            return self._function()
        return self._comparison()

    def _function(self) -> Condition:
        function = self._next()
        self._expect("(")
        path = self._next()
        if function == "begins_with":
            self._expect(",")
            start = self._operand()
            self._expect(")")
            return lambda item, names, values: _begins(
                item.get(_real(path, names)), start(item, names, values)
            )
        self._expect(")")
        if function == "attribute_exists":
            return lambda item, names, _values: _real(path, names) in item
        return lambda item, names, _values: _real(path, names) not in item

    def _comparison(self) -> Condition:
        left = self._operand()
        sign = self._next()
        if sign.upper() == "IN":
            self._expect("(")
            options = self._listed(self._operand)
            self._expect(")")
            return lambda item, names, values: any(
                same(left(item, names, values), option(item, names, values)) for option in options
            )
        if sign.upper() == "BETWEEN":
            low = self._operand()
            self._expect("AND")
            high = self._operand()
            return lambda item, names, values: (
                _ordered(">=", left(item, names, values), low(item, names, values))
                and _ordered("<=", left(item, names, values), high(item, names, values))
            )
        right = self._operand()
        if sign == "=":
            return lambda i, n, v: same(left(i, n, v), right(i, n, v))
        if sign == "<>":
            return lambda i, n, v: not same(left(i, n, v), right(i, n, v))
        if sign not in _COMPARISONS:
            raise NotPlayed(f"expression {self._text!r} at {sign!r}")
        return lambda i, n, v: _ordered(sign, left(i, n, v), right(i, n, v))

    def _assignment(self) -> tuple[str, Operand]:
        name = self._next()
        self._expect("=")
        value = self._value()
        while self._peek() in ("+", "-"):
            value = _sum(value, self._next(), self._value())
        return name, value

    def _value(self) -> Operand:
        if not self._takes("if_not_exists"):
            return self._operand()
        self._expect("(")
        path = self._next()
        self._expect(",")
        fallback = self._value()
        self._expect(")")
        return lambda item, names, values: (
            item[_real(path, names)]
            if _real(path, names) in item
            else fallback(item, names, values)
        )

    def _operand(self) -> Operand:
        token = self._next()
        if token.startswith(":"):
            return lambda _item, _names, values: values[token]
        if token in ("size", "contains", "attribute_type", "list_append"):
            raise NotPlayed(f"function {token} in {self._text!r}")
        return lambda item, names, _values: item.get(_real(token, names))

    def _listed(self, one: Callable[[], Any]) -> list[Any]:
        found = [one()]
        while self._takes(","):
            found.append(one())
        return found

    def _peek(self) -> str:
        return self._tokens[self._place] if self._place < len(self._tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        if not token:
            raise NotPlayed(f"expression {self._text!r} ends early")
        self._place += 1
        return token

    def _takes(self, token: str) -> bool:
        found = self._peek().upper() == token.upper()
        self._place += found
        return found

    def _expect(self, token: str) -> None:
        if not self._takes(token):
            raise NotPlayed(f"expression {self._text!r}: expected {token!r}, got {self._peek()!r}")


def _begins(value: Any, start: Any) -> bool:
    return value is not None and "S" in value and value["S"].startswith(start["S"])


def _sum(one: Operand, sign: str, other: Operand) -> Operand:
    def operand(item: Item, names: Names, values: Values) -> Any:
        left, right = one(item, names, values), other(item, names, values)
        if left is None or "N" not in left or "N" not in right:
            raise _invalid("an operand of an addition is no number")
        total = Decimal(left["N"]) + (Decimal(right["N"]) if sign == "+" else -Decimal(right["N"]))
        return {"N": str(total)}

    return operand
