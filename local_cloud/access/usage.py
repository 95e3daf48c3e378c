"""A record of the permissions that were used, for whoever asks which are not.

The environment variable names a file, to which each grant that allowed something is added once, as
a line of JSON: the role, the action, and the resource as the policy's statement has it.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

from local_cloud.iam.evaluation import Policies, grants
from local_cloud.iam.policies import Statement
from local_cloud.iam.requests import Request

RECORD_VARIABLE = "LOCAL_CLOUD_PERMISSIONS"


class Usage:
    """Adds to a record."""

    def __init__(self, record: Path) -> None:
        self._record = record
        self._turn = threading.Lock()
        self._seen: set[str] = set()

    def note(self, role: str, request: Request, policies: Policies) -> None:
        """Note all grants that allow a request, since each of them would have been enough."""
        for statement in grants(request, policies):
            if statement.principals is not None:
                continue
            for resource in _resources(statement, request):
                self._add(role, request.action, resource)

    def _add(self, role: str, action: str, resource: str) -> None:
        line = json.dumps({"role": role, "action": action, "resource": resource})
        with self._turn:
            if line not in self._seen:
                self._seen.add(line)
                with self._record.open("a") as record:
                    record.write(f"{line}\n")


def _resources(statement: Statement, request: Request) -> list[str]:
    """Return the resources of a statement that the request's resource matches."""
    lookup: Callable[[str], str | None] = request.context.single
    return [one.text for one in statement.resources if one.matches(request.resource, lookup)]


def usage_from_environment() -> Usage | None:
    """Return the record that the environment names; None if it names none."""
    name = os.environ.get(RECORD_VARIABLE, "")
    return Usage(Path(name)) if name else None
