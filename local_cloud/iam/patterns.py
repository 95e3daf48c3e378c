"""Patterns of policies: wildcards, escaped signs, and variables such as `${aws:username}`.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Lookup = Callable[[str], str | None]
"""Returns the value of a policy variable; None if the request has none, or several."""

_TOKEN = re.compile(r"\$\{(?P<name>[^}]*)\}|(?P<sign>[*?:])|(?P<text>[^*?:$]+|\$)", re.DOTALL)
_ESCAPED = frozenset("*?$")
_ARN_COLONS = 5
"""Colons before the last part of an ARN, which may have colons of its own."""


@dataclass(frozen=True)
class _Variable:
    name: str
    default: str | None


_Piece = str | _Variable
"""A regular expression, or a variable whose value stands for itself."""


@dataclass(frozen=True)
class Pattern:
    """A text of a policy to which texts of a request are compared, with regard to case."""

    text: str
    _pieces: tuple[_Piece, ...]
    _whole: re.Pattern[str] | None
    """The expression, for a pattern without variables."""

    def matches(self, found: str, lookup: Lookup) -> bool:
        expression = self._whole or self._filled(lookup)
        return expression is not None and expression.fullmatch(found) is not None

    def _filled(self, lookup: Lookup) -> re.Pattern[str] | None:
        """Return the expression with values for variables; None if a variable has no value."""
        filled: list[str] = []
        for piece in self._pieces:
            if isinstance(piece, str):
                filled.append(piece)
                continue
            value = lookup(piece.name)
            value = piece.default if value is None else value
            if value is None:
                return None
            filled.append(re.escape(value))
        return re.compile("".join(filled), re.DOTALL)


def exact(text: str, *, variables: bool = True) -> Pattern:
    """Return a pattern without wildcards."""
    return _pattern(text, _tokens(text, variables=variables), lambda sign, *_: re.escape(sign))


def like(text: str, *, variables: bool = True) -> Pattern:
    """Return a pattern in which `*` stands for any signs, and `?` for any one."""
    wild = {"*": ".*", "?": "."}
    return _pattern(
        text,
        _tokens(text, variables=variables),
        lambda sign, *_: wild.get(sign, re.escape(sign)),
    )


def action(text: str) -> Pattern:
    """Return a pattern of actions, which compare without regard to case: give them in lower."""
    return like(text.lower(), variables=False)


def resource(text: str, *, variables: bool = True) -> Pattern:
    """Return a pattern of ARNs in a statement's `Resource`.

    A wildcard stays within its part of the ARN, except at the end of a part.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    """

    def sign(sign: str, colons: int, following: str) -> str:
        if sign == "*":
            return ".*" if colons >= _ARN_COLONS or following in ("", ":") else "[^:]*"
        if sign == "?":
            return "." if colons >= _ARN_COLONS else "[^:]"
        return re.escape(sign)

    return _pattern(text, _tokens(text, variables=variables), sign)


def arn(text: str, *, variables: bool = True) -> Pattern:
    """Return a pattern of the operators `ArnLike` and `ArnEquals`, which mean the same.

    Each part of an ARN is compared on its own.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN
    """

    def sign(sign: str, colons: int, _: str) -> str:
        any_one = "." if colons >= _ARN_COLONS else "[^:]"
        return {"*": f"{any_one}*", "?": any_one}.get(sign, re.escape(sign))

    return _pattern(text, _tokens(text, variables=variables), sign)


def _tokens(text: str, *, variables: bool) -> list[tuple[str, str]]:
    """Return kinds and texts of a pattern's parts: `name`, `sign` or `text`."""
    found = [(str(m.lastgroup), m[str(m.lastgroup)]) for m in _TOKEN.finditer(text)]
    if variables:
        return found
    plain: list[tuple[str, str]] = []
    for kind, value in found:
        # Without variables a dollar and braces are signs like others.
        plain += _tokens_of_no_variable(value) if kind == "name" else [(kind, value)]
    return plain


def _tokens_of_no_variable(name: str) -> Iterator[tuple[str, str]]:
    yield "text", "${"
    yield from ((str(m.lastgroup), m[str(m.lastgroup)]) for m in _TOKEN.finditer(name))
    yield "text", "}"


def _pattern(
    text: str, tokens: list[tuple[str, str]], sign: Callable[[str, int, str], str]
) -> Pattern:
    pieces: list[_Piece] = []
    colons = 0
    for place, (kind, value) in enumerate(tokens):
        if kind == "sign":
            following = tokens[place + 1][1] if place + 1 < len(tokens) else ""
            pieces.append(sign(value, colons, following))
            colons += value == ":"
        elif kind == "text" or value in _ESCAPED:
            pieces.append(re.escape(value))
        else:
            pieces.append(_variable(value))
    plain = [piece for piece in pieces if isinstance(piece, str)]
    is_plain = len(plain) == len(pieces)
    whole = re.compile("".join(plain), re.DOTALL) if is_plain else None
    return Pattern(text, tuple(pieces), whole)


def _variable(inside: str) -> _Variable:
    """Parse the inside of `${aws:username, 'nobody'}`."""
    name, comma, default = inside.partition(",")
    return _Variable(name.strip().lower(), default.strip().strip("'") if comma else None)
