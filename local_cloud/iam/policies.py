"""Policies, compiled once to be asked often."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from local_cloud.iam import patterns
from local_cloud.iam.conditions import Condition, conditions_of, values_of
from local_cloud.iam.errors import PolicyError
from local_cloud.iam.patterns import Pattern
from local_cloud.iam.principals import Named, Principals
from local_cloud.iam.requests import Caller, Request

Document = Mapping[str, Any]
_WITH_VARIABLES = "2012-10-17"
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html"""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement of a policy."""

    policy: str
    sid: str
    allows: bool
    actions: tuple[Pattern, ...]
    are_actions_excepted: bool
    resources: tuple[Pattern, ...]
    are_resources_excepted: bool
    principals: Principals | None
    conditions: tuple[Condition, ...]

    def is_about(self, action: str) -> bool:
        """Whether it is about an action, which is given in lower case."""
        is_listed = any(pattern.matches(action, _no_variables) for pattern in self.actions)
        return is_listed is not self.are_actions_excepted

    def applies(self, request: Request) -> bool:
        """Whether it applies to a request of an action that it is about."""
        return (
            self._names(request)
            and self.name(request.caller) is not Named.NOT
            and all(holds(request.context) for holds in self.conditions)
        )

    def name(self, caller: Caller) -> Named:
        """Return how it names the caller; a policy without principals is the caller's own."""
        return Named.SESSION if self.principals is None else self.principals.name(caller)

    def _names(self, request: Request) -> bool:
        lookup = request.context.single
        is_listed = any(one.matches(request.resource, lookup) for one in self.resources)
        return is_listed is not self.are_resources_excepted


@dataclass(frozen=True)
class Policy:
    """A policy document."""

    name: str
    statements: tuple[Statement, ...]
    _by_action: dict[str, tuple[Statement, ...]] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, document: Document | str, *, name: str = "") -> Policy:
        """Compile a document or its JSON text. Raises PolicyError for what AWS would refuse."""
        content: Document = json.loads(document) if isinstance(document, str) else document
        given = content.get("Statement", [])
        statements = given if isinstance(given, list) else [given]
        variables = content.get("Version") == _WITH_VARIABLES
        return cls(name, tuple(_statement(one, name, variables=variables) for one in statements))

    def applying(self, request: Request) -> Iterator[Statement]:
        """Yield the statements that apply to a request."""
        action = request.action.lower()
        if action not in self._by_action:
            about = tuple(one for one in self.statements if one.is_about(action))
            self._by_action[action] = about
        return (one for one in self._by_action[action] if one.applies(request))


def _statement(given: Document, policy: str, *, variables: bool) -> Statement:
    effect = given.get("Effect")
    if effect not in ("Allow", "Deny"):
        raise PolicyError(f"policy {policy}: expected Effect Allow or Deny, got {effect!r}")
    actions, are_actions_excepted = _listed(given, "Action", policy)
    resources, are_resources_excepted = _listed(given, "Resource", policy, default="*")
    return Statement(
        policy=policy,
        sid=str(given.get("Sid", "")),
        allows=effect == "Allow",
        actions=tuple(patterns.action(one) for one in actions),
        are_actions_excepted=are_actions_excepted,
        resources=tuple(patterns.resource(one, variables=variables) for one in resources),
        are_resources_excepted=are_resources_excepted,
        principals=_principals(given),
        conditions=conditions_of(given.get("Condition", {}), variables=variables),
    )


def _listed(
    given: Document, element: str, policy: str, *, default: str = ""
) -> tuple[Sequence[str], bool]:
    """Return the values of `Action` or `NotAction`, and whether it is the latter."""
    excepted = f"Not{element}"
    if element in given and excepted in given:
        raise PolicyError(f"policy {policy}: expected {element} or {excepted}, got both")
    if excepted in given:
        return values_of(given[excepted]), True
    if element not in given and not default:
        raise PolicyError(f"policy {policy}: expected {element} or {excepted}, got neither")
    return values_of(given.get(element, default)), False


def _principals(given: Document) -> Principals | None:
    if "NotPrincipal" in given:
        return Principals.of(given["NotPrincipal"], are_excepted=True)
    return Principals.of(given["Principal"]) if "Principal" in given else None


def _no_variables(_: str) -> None:
    """Return no value: actions have no variables."""
