"""Policies for CloudFormation in an account, made from what its handlers call."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from config.account import Account
from operations.account_policies.deployed import NEVER, TYPES, Purpose, unused_properties
from operations.account_policies.handlers import actions_of
from operations.account_policies.places import Place, Places

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
MOST_CHARACTERS = 6144
MOST_POLICIES_OF_A_ROLE = 10

Statement = Mapping[str, Any]

# Called for a template as a whole: for the bootstrap's version, a parameter of all templates of
# the CDK, and for Fn::GetAZs. Triggers are started and stopped beside what their handlers list.
_BESIDES: Mapping[Purpose, frozenset[str]] = MappingProxyType(
    {
        Purpose.PIPELINE: frozenset({"ssm:GetParameters"}),
        Purpose.ENVIRONMENT: frozenset(
            {"glue:StartTrigger", "glue:StopTrigger", "ssm:GetParameters"}
        ),
        # The data source's role.
        Purpose.DASHBOARDS: frozenset({"iam:PassRole"}),
        Purpose.NETWORK: frozenset({"ec2:DescribeAvailabilityZones"}),
    }
)
_FRAME = len(json.dumps({"Version": "2012-10-17", "Statement": []}, separators=(",", ":")))


def actions_for(purpose: Purpose) -> frozenset[str]:
    """Return the actions that CloudFormation needs for all types of a purpose."""
    called = (
        action
        for kind in TYPES[purpose]
        for action in actions_of(kind)
        if action not in NEVER and not any(unused_properties(kind, action))
    )
    return frozenset(called) | _BESIDES.get(purpose, frozenset())


def policy_documents(
    project: str, purposes: Sequence[Purpose], account: Account
) -> tuple[str, ...]:
    """Return as many policies for all purposes as IAM's limit of characters makes necessary.

    They are JSON without spaces, as IAM counts.
    """
    documents: list[list[Statement]] = [[]]
    for statement in (
        statement
        for purpose in purposes
        for statement in _statements(Places(project=project, account=account, purpose=purpose))
    ):
        if documents[-1] and _length([*documents[-1], statement]) > MOST_CHARACTERS:
            documents.append([])
        documents[-1].append(statement)
    return tuple(_compact({"Version": "2012-10-17", "Statement": one}) for one in documents)


def _statements(places: Places) -> Iterator[Statement]:
    """Yield one statement for each service and place, cut where it alone would be too long."""
    found: dict[tuple[str, str], tuple[Place, list[str]]] = {}
    for action in sorted(actions_for(places.purpose)):
        for place in places.of(action):
            key = (action.partition(":")[0], repr(place))
            found.setdefault(key, (place, []))[1].append(action)
    for place, actions in found.values():
        yield {
            "Effect": "Allow",
            "Action": actions,
            "Resource": list(place.resources),
            **({"Condition": place.condition} if place.condition else {}),
        }


def _length(statements: list[Statement]) -> int:
    return _FRAME + len(_compact(statements)) - len("[]")


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
