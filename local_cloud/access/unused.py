"""Permissions that nothing has used, and the reasons why roles have them all the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import yaml

from local_cloud.access.granted import Permission


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why roles keep permissions that nothing here uses. The fields but the last are patterns."""

    role: str
    action: str
    resource: str
    reason: str

    def covers(self, permission: Permission) -> bool:
        return (
            fnmatchcase(permission.role, self.role)
            and fnmatchcase(permission.action, self.action)
            and fnmatchcase(permission.resource, self.resource)
        )


def reasons_in(file: Path) -> list[Reason]:
    """Return the reasons in a file of YAML; a field that is left out matches everything."""
    return [
        Reason(**{"role": "*", "action": "*", "resource": "*", **entry})
        for entry in yaml.safe_load(file.read_text())
    ]


def permissions_in(file: Path) -> set[Permission]:
    """Return the permissions in a file with one on each line."""
    lines = file.read_text().splitlines()
    return {Permission(*line.split(" ")) for line in lines if line}


def write_permissions(file: Path, permissions: Iterable[Permission]) -> None:
    file.write_text("".join(f"{one}\n" for one in sorted(permissions)))


def unexplained(unused: Iterable[Permission], reasons: Iterable[Reason]) -> list[Permission]:
    """Return unused permissions without a reason."""
    known = list(reasons)
    return sorted(one for one in unused if not any(why.covers(one) for why in known))


def stale(unused: Iterable[Permission], reasons: Iterable[Reason]) -> list[Reason]:
    """Return reasons that explain nothing any more."""
    left = list(unused)
    return [why for why in reasons if not any(why.covers(one) for one in left)]
