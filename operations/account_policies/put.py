"""Puts the policies of this repository into an account."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from config.account import Account
from config.boundaries import Boundary, boundary_name
from operations.account_policies.boundary import boundary_document
from operations.account_policies.deployed import Purpose
from operations.account_policies.execution import policy_documents

_WITH_OWN_POLICIES = (Purpose.PIPELINE, Purpose.ENVIRONMENT)
_MOST_VERSIONS = 5  # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html


@dataclass(frozen=True, kw_only=True)
class ManagedPolicy:
    """A policy as it is to be in an account; its document is JSON without spaces."""

    name: str
    account: Account
    document: str

    @property
    def arn(self) -> str:
        return f"arn:{self.account.partition}:iam::{self.account.aws_account_id}:policy/{self.name}"


def boundaries(project: str, kinds: Sequence[Boundary], account: Account) -> list[ManagedPolicy]:
    """Return the boundaries of the roles that the apps make in an account."""
    return [
        ManagedPolicy(
            name=boundary_name(project, kind, account),
            account=account,
            document=boundary_document(project, kind, account),
        )
        for kind in kinds
    ]


def execution_policies(
    project: str, purposes: Sequence[Purpose], account: Account
) -> list[ManagedPolicy]:
    """Return the policies that CloudFormation has in an account.

    Those of switches share policies, since a role has ten at most.
    """
    groups = {purpose.value: [purpose] for purpose in purposes if purpose in _WITH_OWN_POLICIES}
    switches = [purpose for purpose in purposes if purpose not in _WITH_OWN_POLICIES]
    if switches:
        groups["switches"] = switches
    return [
        policy for name, some in groups.items() for policy in _parts(project, name, some, account)
    ]


def _parts(
    project: str, group: str, purposes: Sequence[Purpose], account: Account
) -> Iterator[ManagedPolicy]:
    for number, document in enumerate(policy_documents(project, purposes, account), start=1):
        name = f"{project}-deploys-{group}-{number}-{account.aws_region}"  # policies are global
        yield ManagedPolicy(name=name, account=account, document=document)


def put_policy(iam: Any, policy: ManagedPolicy) -> None:
    """Create or update a policy. Repeating it is harmless."""
    try:
        iam.create_policy(PolicyName=policy.name, PolicyDocument=policy.document)
    except iam.exceptions.EntityAlreadyExistsException:
        _replace(iam, policy)


def _replace(iam: Any, policy: ManagedPolicy) -> None:
    versions = iam.list_policy_versions(PolicyArn=policy.arn)["Versions"]
    spare = [version["VersionId"] for version in versions if not version["IsDefaultVersion"]]
    if len(versions) >= _MOST_VERSIONS:
        oldest = min(spare, key=lambda version: int(version.removeprefix("v")))
        iam.delete_policy_version(PolicyArn=policy.arn, VersionId=oldest)
    iam.create_policy_version(
        PolicyArn=policy.arn, PolicyDocument=policy.document, SetAsDefault=True
    )
