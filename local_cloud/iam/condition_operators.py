"""Operators of conditions: how one value of a request is compared to one of a policy.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import ipaddress
import operator as signs
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from local_cloud.iam import patterns
from local_cloud.iam.errors import PolicyError
from local_cloud.iam.patterns import Lookup

Matcher = Callable[[str, Lookup], bool]
"""Compares a value of a request to the value of the policy for which it was made."""
_Parse = Callable[[str], Any]


@dataclass(frozen=True)
class Operator:
    """A comparison, and whether a condition wants it to fail."""

    matcher: Callable[[str, bool], Matcher]
    """Makes a matcher from a policy's value, and whether the policy may have variables."""
    is_negated: bool = False


def operator_of(name: str) -> Operator:
    """Return the operator of a name. Raises PolicyError for an unknown one."""
    if name not in _OPERATORS:
        raise PolicyError(f"{name!r} is no condition operator; expected {', '.join(_OPERATORS)}")
    return _OPERATORS[name]


def _pattern(make: Callable[..., patterns.Pattern]) -> Callable[[str, bool], Matcher]:
    return lambda value, variables: make(value, variables=variables).matches


def _ignoring_case(value: str, variables: bool) -> Matcher:
    pattern = patterns.exact(value.lower(), variables=variables)

    def matches(found: str, lookup: Lookup) -> bool:
        return pattern.matches(found.lower(), lambda name: (lookup(name) or "").lower() or None)

    return matches


def _compared(parse: _Parse, compare: Callable[[Any, Any], bool]) -> Callable[[str, bool], Matcher]:
    def make(value: str, _: bool) -> Matcher:
        try:
            wanted = parse(value)
        except ValueError as error:
            raise PolicyError(f"{value!r} cannot be compared: {error}") from error

        def matches(found: str, _: Lookup) -> bool:
            try:
                return compare(parse(found), wanted)
            except ValueError:
                return False

        return matches

    return make


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise ValueError(f"{text!r} is no number") from error


def _moment(text: str) -> datetime:
    """Parse ISO 8601, or seconds since 1970."""
    if text.replace(".", "", 1).isdigit() and "-" not in text and len(text) > 4:
        return datetime.fromtimestamp(float(text), UTC)
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _in_network(address: Any, network: Any) -> bool:
    return bool(address.version == network.version and address.subnet_of(network))


def _network(text: str) -> Any:
    return ipaddress.ip_network(text, strict=False)


_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": signs.eq,
    "LessThan": signs.lt,
    "LessThanEquals": signs.le,
    "GreaterThan": signs.gt,
    "GreaterThanEquals": signs.ge,
}
_string = _pattern(patterns.exact)
_string_like = _pattern(patterns.like)
_arn = _pattern(patterns.arn)
_address = _compared(_network, _in_network)
_OPERATORS: dict[str, Operator] = {
    "StringEquals": Operator(_string),
    "StringNotEquals": Operator(_string, is_negated=True),
    "StringEqualsIgnoreCase": Operator(_ignoring_case),
    "StringNotEqualsIgnoreCase": Operator(_ignoring_case, is_negated=True),
    "StringLike": Operator(_string_like),
    "StringNotLike": Operator(_string_like, is_negated=True),
    "ArnEquals": Operator(_arn),
    "ArnLike": Operator(_arn),
    "ArnNotEquals": Operator(_arn, is_negated=True),
    "ArnNotLike": Operator(_arn, is_negated=True),
    "Bool": Operator(_compared(str.lower, signs.eq)),
    "BinaryEquals": Operator(_compared(str, signs.eq)),
    "IpAddress": Operator(_address),
    "NotIpAddress": Operator(_address, is_negated=True),
    **{
        f"{kind}{order}": Operator(_compared(parse, compare))
        for kind, parse in (("Numeric", _number), ("Date", _moment))
        for order, compare in _ORDERS.items()
    },
    **{
        f"{kind}NotEquals": Operator(_compared(parse, signs.eq), is_negated=True)
        for kind, parse in (("Numeric", _number), ("Date", _moment))
    },
}
