"""Conditions of statements.

All operators and keys of a block must hold; of a key's values, one must.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from local_cloud.iam.condition_operators import Matcher, operator_of
from local_cloud.iam.errors import PolicyError
from local_cloud.iam.patterns import Lookup
from local_cloud.iam.requests import Context

Condition = Callable[[Context], bool]
_IF_EXISTS = "IfExists"
_ALL, _ANY = "ForAllValues", "ForAnyValue"


def conditions_of(block: Mapping[str, Any], *, variables: bool) -> tuple[Condition, ...]:
    """Return the conditions of a `Condition` element. Raises PolicyError."""
    return tuple(
        _condition(name, key.lower(), values_of(values), variables=variables)
        for name, keys in block.items()
        for key, values in keys.items()
    )


def values_of(given: Any) -> list[str]:
    """Return one value or several as texts, as policies may have either."""
    several = given if isinstance(given, (list, tuple)) else [given]
    return [str(one).lower() if isinstance(one, bool) else str(one) for one in several]


def _condition(name: str, key: str, values: list[str], *, variables: bool) -> Condition:
    quantifier, colon, plain = name.rpartition(":")
    if colon and quantifier not in (_ALL, _ANY):
        raise PolicyError(f"{name!r}: expected {_ALL}: or {_ANY}: before an operator")
    if plain == "Null":
        return _Absence(key, tuple(value.lower() == "true" for value in values)).holds
    kind = operator_of(plain.removesuffix(_IF_EXISTS))
    return _Comparison(
        key=key,
        quantifier=quantifier,
        is_negated=kind.is_negated,
        holds_without_key=plain.endswith(_IF_EXISTS),
        matchers=tuple(kind.matcher(value, variables) for value in values),
    ).holds


@dataclass(frozen=True)
class _Absence:
    """`Null`: whether the request lacks a key."""

    key: str
    wanted: tuple[bool, ...]

    def holds(self, context: Context) -> bool:
        return (not context.get(self.key)) in self.wanted


@dataclass(frozen=True, kw_only=True)
class _Comparison:
    """An operator, applied to a key and the policy's values."""

    key: str
    quantifier: str
    is_negated: bool
    holds_without_key: bool
    matchers: tuple[Matcher, ...]

    def holds(self, context: Context) -> bool:
        """Whether the condition holds.

        Without the key, or with no values, `ForAllValues` holds and `ForAnyValue` does not; other
        operators hold if they are negated or end with `IfExists`.
        """
        found = context.get(self.key)
        if self.quantifier == _ALL:
            return all(self._holds_for(found or (), context.single))
        if not found:
            return self.holds_without_key or (self.is_negated and not self.quantifier)
        if self.quantifier or not self.is_negated:
            return any(self._holds_for(found, context.single))
        return all(self._holds_for(found, context.single))

    def _holds_for(self, found: Iterable[str], lookup: Lookup) -> Iterable[bool]:
        return (
            any(matches(value, lookup) for matches in self.matchers) is not self.is_negated
            for value in found
        )
