"""Principals of resource-based policies.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from local_cloud.iam.conditions import values_of
from local_cloud.iam.requests import Caller


class Named(IntEnum):
    """How closely a policy names a caller."""

    NOT = 0
    ACCOUNT = 1
    """By its account, which leaves the decision to the account's own policies."""
    EVERYBODY = 2
    ROLE = 3
    SESSION = 4
    """As this session, which no implicit deny of other policies limits."""
    SERVICE = 5


@dataclass(frozen=True)
class Principals:
    """The `Principal` of a statement, or its `NotPrincipal`."""

    aws: frozenset[str]
    services: frozenset[str]
    are_excepted: bool = False

    @classmethod
    def of(cls, given: Any, *, are_excepted: bool = False) -> Principals:
        if given == "*":
            return cls(frozenset("*"), frozenset("*"), are_excepted)
        named: Mapping[str, Any] = given
        return cls(
            frozenset(_aws(values_of(named.get("AWS", [])))),
            frozenset(values_of(named.get("Service", []))),
            are_excepted,
        )

    def name(self, caller: Caller) -> Named:
        """Return how the element names the caller, and `NOT` if it does not apply to it."""
        if self.are_excepted:
            return Named.NOT if self._excepts(caller) else Named.EVERYBODY
        if caller.service:
            is_named = bool(self.services & {caller.service, "*"})
            return Named.SERVICE if is_named else Named.NOT
        return self._name_of_session(caller)

    def _name_of_session(self, caller: Caller) -> Named:
        if caller.arn in self.aws:
            return Named.SESSION
        if caller.role_arn in self.aws:
            return Named.ROLE
        if "*" in self.aws:
            return Named.EVERYBODY
        return Named.ACCOUNT if caller.account in self.aws else Named.NOT

    def _excepts(self, caller: Caller) -> bool:
        """Whether all the caller's identities are listed: one that is missing is not excepted.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
        """
        if caller.service:
            return bool(self.services & {caller.service, "*"})
        account, *others = caller.identities()
        return "*" in self.aws or (
            caller.account in self.aws and self.aws.issuperset(others) and bool(account)
        )


def _aws(values: Iterable[str]) -> Iterable[str]:
    """Yield principals with an account as its number, however it is written."""
    for value in values:
        parts = value.split(":")
        is_root = len(parts) == 6 and parts[2] == "iam" and parts[5] == "root"
        yield parts[4] if is_root else value
