"""Actions that CloudFormation's handlers call, from the schemas of its resource types.

`handlers.json` is a copy of that one part of the schemas, with their date. The schemas come with
cfn-lint; after an update of it, `make handlers` writes the copy anew, and the difference shows
what CloudFormation has begun to call.

https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

COPY = Path(__file__).with_name("handlers.json")

# Types whose schema names no handlers; from the lists of the services' actions:
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscodebuild.html
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslakeformation.html
_WITHOUT_HANDLERS: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "AWS::CodeBuild::Project": {
            "create": ("codebuild:BatchGetProjects", "codebuild:CreateProject", "iam:PassRole"),
            "read": ("codebuild:BatchGetProjects",),
            "update": ("codebuild:BatchGetProjects", "codebuild:UpdateProject", "iam:PassRole"),
            "delete": ("codebuild:BatchGetProjects", "codebuild:DeleteProject"),
        },
        "AWS::LakeFormation::Resource": {
            "create": ("iam:GetRole", "iam:PassRole", "lakeformation:RegisterResource"),
            "read": ("lakeformation:DescribeResource", "lakeformation:ListResources"),
            "update": ("iam:GetRole", "iam:PassRole", "lakeformation:UpdateResource"),
            "delete": ("lakeformation:DeregisterResource",),
        },
    }
)
_RENAMED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        # The ARN of a connection made today has the service's new name, and IAM goes by that:
        # https://docs.aws.amazon.com/dtconsole/latest/userguide/rename.html
        "codestar-connections:PassConnection": (
            "codeconnections:PassConnection",
            "codestar-connections:PassConnection",
        ),
    }
)


def actions_of(kind: str) -> frozenset[str]:
    """Return all actions of the handlers of a resource type.

    Raises KeyError for a type that is not in the copy.
    """
    found = (action for actions in _copy()[kind].values() for action in actions)
    return frozenset(name for action in found for name in _RENAMED.get(action, (action,)))


def renewed(kinds: Iterable[str]) -> str:
    """Return the copy's text for these types, from the schemas of the installed cfn-lint."""
    schemas = _schemas_folder()
    date = json.loads((schemas / "version.json").read_text(encoding="utf-8"))["schema_date"]
    content = {
        "schemasOf": date,
        "renewedBy": "make handlers",
        "handlers": {kind: _handlers(schemas, kind) for kind in sorted(set(kinds))},
    }
    return json.dumps(content, indent=1) + "\n"


def _handlers(schemas: Path, kind: str) -> Mapping[str, list[str]]:
    by_type = json.loads((schemas / "providers" / "us-east-1.json").read_text(encoding="utf-8"))
    file = schemas / "resources" / f"{by_type[kind]}.json"
    schema: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    found = {
        name: handler.get("permissions", []) for name, handler in schema.get("handlers", {}).items()
    } or _WITHOUT_HANDLERS[kind]
    tagging = schema.get("tagging", {}).get("permissions", [])
    return {name: sorted({*found[name]}) for name in sorted(found)} | (
        {"tagging": sorted(tagging)} if tagging else {}
    )


def _schemas_folder() -> Path:
    import cfnlint.data.schemas  # noqa: PLC0415 - a tool of the laptop, not of the pipelines' checks

    return Path(str(cfnlint.data.schemas.__file__)).parent


@cache
def _copy() -> Mapping[str, Mapping[str, list[str]]]:
    content: Mapping[str, Any] = json.loads(COPY.read_text(encoding="utf-8"))
    handlers: Mapping[str, Mapping[str, list[str]]] = content["handlers"]
    return handlers
