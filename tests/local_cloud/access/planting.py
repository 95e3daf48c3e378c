"""Gaps that are planted into synthesized templates: a right less in a policy."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from local_cloud.assembly import Stack

Statement = dict[str, Any]
Plant = Callable[[Sequence[Stack]], list[Stack]]


def a_role_without(action: str, *, role: str) -> Plant:
    """Take an action from all statements of the role whose logical id has this in it."""

    def edit(name: str, resource: Statement) -> Iterator[Statement]:
        if resource["Type"] == "AWS::IAM::Policy" and role in json.dumps(_roles(name, resource)):
            yield from resource["Properties"]["PolicyDocument"]["Statement"]

    return lambda stacks: _planted(stacks, edit, action)


def a_policy_without(action: str, *, kind: str, service: str) -> Plant:
    """Take from resources' policies of a kind what they allow a service."""

    def edit(_: str, resource: Statement) -> Iterator[Statement]:
        if resource["Type"] == kind:
            properties = resource["Properties"]
            document = next(
                properties[part]
                for part in ("PolicyDocument", "KeyPolicy", "AssumeRolePolicyDocument")
                if part in properties
            )
            for statement in document["Statement"]:
                if service in json.dumps(statement.get("Principal", "")):
                    yield statement

    return lambda stacks: _planted(stacks, edit, action)


def _roles(name: str, resource: Statement) -> list[Any]:
    return [name, resource["Properties"].get("Roles", [])]


def _planted(
    stacks: Sequence[Stack],
    edit: Callable[[str, Statement], Iterator[Statement]],
    action: str,
) -> list[Stack]:
    """The stacks without the action. Fails if no statement has it."""
    changed = 0
    planted = []
    for stack in stacks:
        template = copy.deepcopy(dict(stack.template))
        for name, resource in template["Resources"].items():
            for statement in edit(name, resource):
                actions = statement["Action"]
                listed = [actions] if isinstance(actions, str) else actions
                changed += action in listed
                statement["Action"] = [one for one in listed if one != action] or ["none:None"]
        planted.append(replace(stack, template=template))
    assert changed, f"no statement has {action}"
    return planted
