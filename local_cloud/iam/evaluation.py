"""Decisions about requests, by all the policies that apply to them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from local_cloud.iam.policies import Policy, Statement
from local_cloud.iam.principals import Named
from local_cloud.iam.requests import Request


class Kind(Enum):
    """Kinds of policies, as AWS names them in its messages."""

    IDENTITY = "identity-based policy"
    RESOURCE = "resource-based policy"
    BOUNDARY = "permissions boundary"
    SESSION = "session policy"


@dataclass(frozen=True, kw_only=True)
class Policies:
    """The policies of the caller, and those of the resource."""

    identity: tuple[Policy, ...] | None = ()
    """None for a caller whose account is not played: its own account allows everything."""
    resource: tuple[Policy, ...] = ()
    boundary: tuple[Policy, ...] | None = None
    """None without a permissions boundary; an empty boundary allows nothing."""
    session: tuple[Policy, ...] | None = None
    resource_must_allow: bool = False
    """Whether nothing is allowed unless the resource's policy says so: for keys and roles."""

    def of_kinds(self) -> Iterator[tuple[Kind, tuple[Policy, ...]]]:
        yield Kind.IDENTITY, self.identity or ()
        yield Kind.RESOURCE, self.resource
        yield Kind.BOUNDARY, self.boundary or ()
        yield Kind.SESSION, self.session or ()


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Whether a request is allowed, and what decided."""

    is_allowed: bool
    kind: Kind
    """Kind of the policy that decided, or that lacks a statement."""
    statement: Statement | None = None
    """The deciding statement; None if it is denied because no statement allows it."""


def evaluate(request: Request, policies: Policies) -> Decision:
    """Return the decision about a request. An explicit deny in any policy wins."""
    for kind, several in policies.of_kinds():
        for statement in _applying(several, request):
            if not statement.allows:
                return Decision(is_allowed=False, kind=kind, statement=statement)
    granted = _granted(request, policies)
    if not granted.is_allowed or _is_named_itself(granted, request):
        return granted
    return _limited(request, policies) or granted


def grants(request: Request, policies: Policies) -> list[Statement]:
    """Return all statements that grant what is asked; boundaries and sessions grant nothing."""
    found = _applying((*(policies.identity or ()), *policies.resource), request)
    return [statement for statement in found if statement.allows]


def _granted(request: Request, policies: Policies) -> Decision:
    """Decide by identity and resource alone: in one account, either is enough."""
    by_identity = _allow(policies.identity or (), request)
    by_resource = max(
        (one for one in _applying(policies.resource, request) if one.allows),
        key=lambda one: one.name(request.caller),
        default=None,
    )
    named = by_resource.name(request.caller) if by_resource else Named.NOT
    if request.caller.service:
        return _decision(by_resource, Kind.RESOURCE)
    is_foreign = request.caller.account != request.account
    if (is_foreign or policies.resource_must_allow) and named is Named.NOT:
        return Decision(is_allowed=False, kind=Kind.RESOURCE)
    if is_foreign and policies.identity is not None and by_identity is None:
        return Decision(is_allowed=False, kind=Kind.IDENTITY)
    # An account that is named decides by its own policies; here they are identity-based.
    if named > Named.ACCOUNT or is_foreign:
        return _decision(by_resource, Kind.RESOURCE)
    return _decision(by_identity, Kind.IDENTITY)


def _limited(request: Request, policies: Policies) -> Decision | None:
    """Return a refusal by a boundary or a session policy that does not allow the request."""
    for kind, limit in ((Kind.BOUNDARY, policies.boundary), (Kind.SESSION, policies.session)):
        if limit is not None and _allow(limit, request) is None:
            return Decision(is_allowed=False, kind=kind)
    return None


def _is_named_itself(granted: Decision, request: Request) -> bool:
    """Whether a resource's policy allows this very session, or a service.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
    """
    return (
        granted.kind is Kind.RESOURCE
        and granted.statement is not None
        and granted.statement.name(request.caller) >= Named.SESSION
    )


def _decision(allowed_by: Statement | None, kind: Kind) -> Decision:
    return Decision(is_allowed=allowed_by is not None, kind=kind, statement=allowed_by)


def _allow(policies: Iterable[Policy], request: Request) -> Statement | None:
    return next((one for one in _applying(policies, request) if one.allows), None)


def _applying(policies: Iterable[Policy], request: Request) -> Iterator[Statement]:
    return (statement for policy in policies for statement in policy.applying(request))
