"""Permissions boundaries, without which no role of this product is made or changed."""

from __future__ import annotations

from enum import StrEnum

from config.account import Account


class Boundary(StrEnum):
    """Use of an account; also part of the name of the boundary's policy.

    An account that has both uses has both policies.
    """

    PIPELINE = "pipeline"
    ENVIRONMENT = "environment"


def boundary_name(project: str, kind: Boundary, account: Account) -> str:
    """Return the name of the managed policy; it is global, and says the region it allows."""
    return f"{project}-{kind}-boundary-{account.aws_region}"


def boundary_arn(project: str, kind: Boundary, account: Account) -> str:
    name = boundary_name(project, kind, account)
    return f"arn:{account.partition}:iam::{account.aws_account_id}:policy/{name}"
