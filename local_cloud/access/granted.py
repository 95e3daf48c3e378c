"""Permissions of roles as their policies have them, named so that they are the same in every run.

Names of projects, environments, accounts and regions are left out, and ids that are made anew at
each deployment. Of resources only their kinds are told apart: a table of DynamoDB from another, but
not from its indexes; a database of Glue from another, but not from its tables or the catalog, on
which each of its actions is judged as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moto.iam.models import iam_backends

from config.naming import Names
from local_cloud.access.facts import Facts
from local_cloud.iam.conditions import values_of

_GENERATED = re.compile(r".*-(?P<name>[A-Za-z]+)Role[0-9A-F]{8}-[A-Z0-9]+")
"""Name of a role that CloudFormation has named."""
_KINDS = (
    (re.compile(r"^glue:(?:database|table)/([^/]+).*"), r"glue:\1"),
    (re.compile(r"^(dynamodb:table/[^/]+)/index/.*"), r"\1"),
    (re.compile(r"^logs:log-group:.*"), "logs:own"),
)
"""Resources of which only the kind counts."""
_ID = re.compile(r"/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, order=True)
class Permission:
    """An action on a kind of resource that a role's policy allows."""

    role: str
    action: str
    resource: str

    def __str__(self) -> str:
        return f"{self.role} {self.action} {self.resource}"


@dataclass(frozen=True)
class Spelling:
    """Names permissions."""

    names: Names

    def permission(self, *, role: str, action: str, resource: str) -> Permission | None:
        """Return a permission; None for one that other permissions imply."""
        kind = kind_of(self._without_names(resource))
        return Permission(self._role(role), action, kind) if kind else None

    def _role(self, name: str) -> str:
        generated = _GENERATED.fullmatch(name)
        if generated:
            return generated["name"].lower()
        return name.removeprefix(self.names.of("")).removesuffix(f"-{self.names.region}")

    def _without_names(self, arn: str) -> str:
        names = self.names
        for part in (
            f"-{names.account}-{names.region}",
            names.of(""),
            names.of("").replace("-", "_"),
        ):
            arn = arn.replace(part, "")
        return arn


def kind_of(arn: str) -> str:
    """Return the kind of a resource; "" for one that other resources imply."""
    parts = _ID.sub("", arn).split(":", 5)
    kind = f"{parts[2]}:{parts[5]}" if len(parts) > 5 else arn
    for pattern, plain in _KINDS:
        kind = pattern.sub(plain, kind)
    return "" if kind == "glue:catalog" else kind


def granted(names: Names) -> set[Permission]:
    """Return what the roles of the deployed templates may do."""
    facts = Facts(account=names.account, region=names.region)
    spelling = Spelling(names)
    roles = iam_backends[facts.account][facts.partition].roles.values()
    found = {
        spelling.permission(role=role.name, action=action, resource=resource)
        for role in roles
        for document in role.policies.values()
        for action, resource in _allowed(document)
    }
    return {one for one in found if one is not None}


def used(records: Iterable[Path], names: Names) -> set[Permission]:
    """Return what records say was used. See `usage`."""
    spelling = Spelling(names)
    found = {
        spelling.permission(**json.loads(line))
        for record in records
        for line in record.read_text().splitlines()
    }
    return {one for one in found if one is not None}


def _allowed(document: Any) -> Iterator[tuple[str, str]]:
    # moto keeps a role's own policies as they are, and others as texts.
    content = json.loads(document) if isinstance(document, str) else document
    for statement in content["Statement"]:
        if statement["Effect"] == "Allow":
            for action in values_of(statement["Action"]):
                for resource in values_of(statement["Resource"]):
                    yield action, resource
