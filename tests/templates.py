"""Reads synthesized CloudFormation templates."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Template:
    """One template, and the folder of the assembly that it is in."""

    document: Json
    folder: Path

    @classmethod
    def read(cls, path: Path) -> Template:
        return cls(json.loads(path.read_text()), path.parent)

    def resources(self, kind: str) -> dict[str, Json]:
        """Whole resources of a type, by logical id."""
        return {
            id: resource
            for id, resource in self.document["Resources"].items()
            if resource["Type"] == kind
        }

    def properties(self, kind: str) -> list[Json]:
        return [resource.get("Properties", {}) for resource in self.resources(kind).values()]

    def only(self, kind: str) -> Json:
        """Properties of the one resource of a type."""
        (found,) = self.properties(kind)
        return found

    def function(self, name: str = "trigger") -> Json:
        """Properties of the function whose name ends so."""
        (found,) = (
            one
            for one in self.properties("AWS::Lambda::Function")
            if one["FunctionName"].endswith(f"-{name}")
        )
        return found

    def named(self, kind: str, **name: object) -> Json:
        """Properties of the one resource with this name, given as `BucketName="…"`."""
        ((field, value),) = name.items()
        (found,) = (item for item in self.properties(kind) if item.get(field) == value)
        return found

    def id_of(self, kind: str, **name: object) -> str:
        """Logical id of the one resource with this name."""
        ((field, value),) = name.items()
        (found,) = (
            id
            for id, resource in self.resources(kind).items()
            if resource["Properties"].get(field) == value
        )
        return found

    def exports(self) -> set[str]:
        outputs = self.document.get("Outputs", {}).values()
        return {output["Export"]["Name"] for output in outputs if "Export" in output}

    def imports(self) -> set[str]:
        return {
            node["Fn::ImportValue"] for node in _nodes(self.document) if "Fn::ImportValue" in node
        }

    def policy_documents(self) -> Iterator[tuple[str, Json]]:
        """Every policy, with the logical id of the resource that it stands in."""
        for id, resource in self.document["Resources"].items():
            for node in _nodes(resource):
                if "Statement" in node:
                    yield id, node

    def statements(self) -> Iterator[tuple[str, Json]]:
        for id, policy in self.policy_documents():
            for statement in policy["Statement"]:
                yield id, statement

    def role_statements(self) -> list[Json]:
        """What the identities of this template may do."""
        return [
            statement
            for policy in self.properties("AWS::IAM::Policy")
            for statement in policy["PolicyDocument"]["Statement"]
        ]

    def asset(self, key: str) -> Path:
        """The file or folder in the assembly that is uploaded under `key`."""
        (manifest,) = self.folder.glob("*.assets.json")
        for asset in json.loads(manifest.read_text())["files"].values():
            for destination in asset["destinations"].values():
                if destination["objectKey"] == key:
                    return self.folder / str(asset["source"]["path"])
        raise LookupError(f"no asset is uploaded as {key}")


def as_list(value: Any) -> list[Any]:
    """IAM writes one thing without the list around it."""
    return value if isinstance(value, list) else [value]


def text_of(value: Any) -> str:
    """An intrinsic function as text, for looking something up in it."""
    return value if isinstance(value, str) else json.dumps(value)


def _nodes(value: Any) -> Iterator[Json]:
    if isinstance(value, dict):
        yield value
        for below in value.values():
            yield from _nodes(below)
    elif isinstance(value, list):
        for below in value:
            yield from _nodes(below)
