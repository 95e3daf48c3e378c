"""A Redshift Serverless on this machine: it speaks both of its APIs, and keeps what it is told."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore import xform_name

_ARN = "arn:aws:redshift-serverless:eu-central-1:222222222222:workgroup/w-1"
SECRET = "arn:aws:secretsmanager:eu-central-1:222222222222:secret:redshift!w-admin-AbCdEf"  # noqa: S105 - its ARN


@dataclass
class SmallWarehouse:
    """A warehouse with its roles, schemas, grants and limits."""

    name: str
    secret: str = SECRET
    states: Sequence[str] = ("FINISHED",)
    """Of each statement in order, of which the last one lasts."""
    failing: str = "no statement"
    """Beginning of the statements that fail."""
    roles: list[str] = field(default_factory=list)
    schemas: dict[str, str] = field(default_factory=dict)
    granted: set[tuple[str, str]] = field(default_factory=set)
    limits: list[dict[str, Any]] = field(default_factory=list)
    said: list[Mapping[str, Any]] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    """Calls that have changed something, in order."""
    _looks: int = 0

    def answer(self, operation: str, body: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
        method = getattr(self, f"_{xform_name(operation)}")
        found: tuple[int, Mapping[str, Any]] = method(body)
        return found

    def _get_workgroup(self, body: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
        if body["workgroupName"] != self.name:
            return _missing()
        return 200, {"workgroup": {"workgroupName": self.name, "workgroupArn": _ARN}}

    def _get_namespace(self, body: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
        if body["namespaceName"] != self.name:
            return _missing()
        namespace = {"namespaceName": self.name}
        return 200, {
            "namespace": namespace
            | ({"adminPasswordSecretArn": self.secret} if self.secret else {})
        }

    def _list_usage_limits(self, body: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
        assert body["resourceArn"] == _ARN
        # One on each page.
        place = int(body.get("nextToken", "page-0000").removeprefix("page-"))
        rest = {"nextToken": f"page-{place + 1:04}"} if place + 1 < len(self.limits) else {}
        return 200, {"usageLimits": self.limits[place : place + 1], **rest}

    def _create_usage_limit(self, body: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
        self.changes.append("CreateUsageLimit")
        made = {**body, "usageLimitId": f"limit-{len(self.limits)}"}
        self.limits.append(made)
        return 200, {"usageLimit": made}

    def _update_usage_limit(self, body: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
        self.changes.append("UpdateUsageLimit")
        (limit,) = (one for one in self.limits if one["usageLimitId"] == body["usageLimitId"])
        limit.update(body)
        return 200, {"usageLimit": limit}

    def _execute_statement(self, body: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
        assert body["WorkgroupName"] == self.name
        self.said.append(body)
        self._looks = 0
        return 200, {"Id": f"{len(self.said):08}-0000-0000-0000-000000000000"}

    def _cancel_statement(self, body: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
        self.cancelled.append(body["Id"])
        return 200, {"Status": True}

    def _describe_statement(self, body: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
        state = self.states[min(self._looks, len(self.states) - 1)]
        self._looks += 1
        if state != "FINISHED":
            return 200, {"Id": body["Id"], "Status": state}
        sql = self.said[-1]["Sql"]
        if sql.startswith(self.failing):
            error = "ERROR: permission denied"
            return 200, {"Id": body["Id"], "Status": "FAILED", "Error": error}
        return 200, {"Id": body["Id"], "Status": "FINISHED", "ResultRows": self._run(sql)}

    def _run(self, sql: str) -> int:
        """What the statements of the product do, and how many rows each answers."""
        if found := re.fullmatch(r"SELECT role_name FROM svv_roles WHERE .* = '(\w+)';", sql):
            return self.roles.count(found[1])
        self.changes.append(sql.splitlines()[0])
        if found := re.fullmatch(r'CREATE ROLE "(\w+)";', sql):
            assert found[1] not in self.roles
            self.roles.append(found[1])
        elif found := re.match(r"CREATE EXTERNAL SCHEMA IF NOT EXISTS (\w+)\n", sql):
            self.schemas.setdefault(found[1], sql)
        elif found := re.fullmatch(r'GRANT USAGE ON SCHEMA (\w+) TO ROLE "(\w+)";', sql):
            assert found[1] in self.schemas
            assert found[2] in self.roles
            self.granted.add((found[1], found[2]))
        else:
            raise AssertionError(f"nobody has said what {sql!r} does")
        return -1


def _missing() -> tuple[int, Mapping[str, Any]]:
    return 400, {"__type": "ResourceNotFoundException", "message": "is not there"}
