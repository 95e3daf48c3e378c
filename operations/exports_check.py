"""Checks that the infrastructure exports everything that the application imports."""

from __future__ import annotations

from typing import Any

from config.environments import Environment
from operations.errors import CheckFailed


def check_exports(environment: Environment, cloudformation: Any) -> None:
    """Raise CheckFailed naming every missing export, and what to do about it."""
    found = {
        export["Name"]
        for page in cloudformation.get_paginator("list_exports").paginate()
        for export in page["Exports"]
    }
    wanted = [environment.export_name(export) for export in environment.exports]
    missing = [name for name in wanted if name not in found]
    if missing:
        account = environment.account
        raise CheckFailed(
            f"{environment.name} (account {account.aws_account_id}, {account.aws_region}) lacks "
            f"{len(missing)} of the {len(wanted)} exports that the application imports:\n"
            + "".join(f"  {name}\n" for name in missing)
            + "The infrastructure comes first: let its pipeline reach this environment, or run "
            f"`make deploy ENV={environment.name}`; then start this again."
        )
