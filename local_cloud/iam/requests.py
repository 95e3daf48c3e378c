"""Requests as policies see them: who asks for what, on which resource, under which conditions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

Values = tuple[str, ...]
"""Values of a condition key; most keys have one."""


class Context:
    """Condition keys of a request, whose names are compared without regard to case."""

    def __init__(
        self,
        values: Mapping[str, Values] | None = None,
        *,
        later: Callable[[str], Values | None] | None = None,
    ) -> None:
        """Take values by key. `later` finds those that are looked up only if a policy asks."""
        self._values = {key.lower(): tuple(found) for key, found in (values or {}).items()}
        self._later = later

    def get(self, key: str) -> Values | None:
        """Return the values of a key in lower case; None if the request has no such key."""
        found = self._values.get(key)
        if found is None and self._later is not None:
            found = self._later(key)
        return found

    def single(self, key: str) -> str | None:
        """Return the value of a key that has exactly one, as policy variables need it."""
        found = self.get(key)
        return found[0] if found is not None and len(found) == 1 else None


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Principal of a request: a session of a role, or a service of AWS."""

    account: str
    arn: str
    """ARN of the session, as messages have it; the name of a service for a service."""
    role_arn: str = ""
    service: str = ""
    """Name of a service, such as `events.amazonaws.com`."""

    def identities(self) -> Iterator[str]:
        """Yield the ARNs under which policies may name the caller, most general first."""
        if not self.service:
            partition = self.arn.split(":")[1]
            yield f"arn:{partition}:iam::{self.account}:root"
            if self.role_arn:
                yield self.role_arn
            yield self.arn


@dataclass(frozen=True, kw_only=True)
class Request:
    """One action on one resource. An API call may be several of them."""

    caller: Caller
    action: str
    resource: str
    account: str
    """Account to which the resource belongs."""
    context: Context = field(default_factory=Context)
