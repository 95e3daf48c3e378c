"""The policies of this repository for CloudFormation's permissions in an account."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from string import Template
from typing import Any

from config.account import Account

_POLICIES = Path(__file__).with_name("policies")
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
_MOST_VERSIONS = 5
MOST_CHARACTERS = 6144


class Purpose(StrEnum):
    """Use of an account; also the name of its policy's file."""

    PIPELINE = "pipeline"
    ENVIRONMENT = "environment"
    NETWORK = "network"
    """In addition, if an environment has a VPC."""


def policy_name(project: str, purpose: Purpose, account: Account) -> str:
    return f"{project}-deploys-{purpose}-{account.aws_region}"  # policies are global


def policy_arn(project: str, purpose: Purpose, account: Account) -> str:
    name = policy_name(project, purpose, account)
    return f"arn:{account.partition}:iam::{account.aws_account_id}:policy/{name}"


def policy_document(project: str, purpose: Purpose, account: Account) -> str:
    """Return JSON without spaces, as IAM counts its characters."""
    text = (_POLICIES / f"{purpose}.json").read_text(encoding="utf-8")
    filled = Template(text).substitute(
        account=account.aws_account_id,
        partition=account.partition,
        project=project,
        project_in_sql=project.replace("-", "_"),
        region=account.aws_region,
    )
    return json.dumps(json.loads(filled), separators=(",", ":"))


def put_policy(iam: Any, project: str, purpose: Purpose, account: Account) -> str:
    """Create or update the policy, and return its ARN. Repeating it is harmless."""
    arn = policy_arn(project, purpose, account)
    document = policy_document(project, purpose, account)
    try:
        name = policy_name(project, purpose, account)
        iam.create_policy(PolicyName=name, PolicyDocument=document)
    except iam.exceptions.EntityAlreadyExistsException:
        _replace(iam, arn, document)
    return arn


def _replace(iam: Any, arn: str, document: str) -> None:
    versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    spare = [version["VersionId"] for version in versions if not version["IsDefaultVersion"]]
    if len(versions) >= _MOST_VERSIONS:
        oldest = min(spare, key=lambda version: int(version.removeprefix("v")))
        iam.delete_policy_version(PolicyArn=arn, VersionId=oldest)
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=document, SetAsDefault=True)
