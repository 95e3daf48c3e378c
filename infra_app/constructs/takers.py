"""Who may take a role that reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import aws_cdk.aws_iam as iam

from config.settings import account_of_role


def takers(roles: Iterable[str], external_ids: Mapping[str, str]) -> list[iam.IPrincipal]:
    """Return the accounts of roles, each with its roles named in a condition: a role has to exist
    before it can be named as a principal."""
    by_account: dict[str, list[str]] = defaultdict(list)
    for role in roles:
        by_account[account_of_role(role)].append(role)
    return [
        _from(account, named, external_ids.get(account)) for account, named in by_account.items()
    ]


def _from(account: str, roles: list[str], agreed: str | None) -> iam.IPrincipal:
    return iam.AccountPrincipal(account).with_conditions(
        {
            "ArnEquals": {"aws:PrincipalArn": roles},
            **({"StringEquals": {"sts:ExternalId": agreed}} if agreed else {}),
        }
    )
