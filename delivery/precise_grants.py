"""Narrows the policies that CDK's pipeline writes for itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import aws_cdk as cdk
import aws_cdk.aws_iam as iam
import aws_cdk.aws_s3 as s3
from constructs import IConstruct

Json = Mapping[str, Any]

# The CDK uses the service's old name; the ARN of a connection created today has the new one,
# and IAM knows it by that only:
# https://docs.aws.amazon.com/dtconsole/latest/userguide/rename.html
# Actions on an artifact bucket and its key that CodePipeline, CodeBuild and CloudFormation need:
# https://docs.aws.amazon.com/codepipeline/latest/userguide/how-to-custom-role.html
# https://docs.aws.amazon.com/codebuild/latest/userguide/setting-up-service-role.html
EXACT: Mapping[str, Sequence[str]] = {
    "codestar-connections:UseConnection": [
        "codeconnections:UseConnection",
        "codestar-connections:UseConnection",
    ],
    "kms:GenerateDataKey*": ["kms:GenerateDataKey"],
    "kms:ReEncrypt*": ["kms:ReEncryptFrom", "kms:ReEncryptTo"],
    "s3:Abort*": ["s3:AbortMultipartUpload"],
    "s3:DeleteObject*": [],  # the bucket's lifecycle deletes artifacts
    "s3:GetBucket*": ["s3:GetBucketAcl", "s3:GetBucketLocation", "s3:GetBucketVersioning"],
    "s3:GetObject*": ["s3:GetObject", "s3:GetObjectVersion"],
    "s3:List*": ["s3:ListBucket"],
    "s3:PutObjectLegalHold": [],  # no artifact is locked
    "s3:PutObjectRetention": [],
}

OTHER_REGIONS_ALIASES = "alias/*encryptionalias*"
"""The CDK's names for the keys of artifact buckets in other regions."""


def narrow_policies(scope: IConstruct) -> None:
    """Spell out every action below `scope`, and drop those that its builds do not need."""
    stack = cdk.Stack.of(scope)
    for child in scope.node.find_all():
        if isinstance(child, iam.CfnPolicy | s3.CfnBucketPolicy):
            child.policy_document = narrowed(stack.resolve(child.policy_document))


def narrow_trust(scope: IConstruct) -> None:
    """Let services take the roles below `scope` for this account only.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """
    stack = cdk.Stack.of(scope)
    for child in scope.node.find_all():
        if isinstance(child, iam.CfnRole):
            document = stack.resolve(child.assume_role_policy_document)
            child.assume_role_policy_document = {
                **document,
                "Statement": [_for(stack.account, one) for one in document["Statement"]],
            }


def _for(account: str, statement: Json) -> Json:
    if "Service" not in statement["Principal"]:
        return statement
    conditions = statement.get("Condition", {})
    equal = {**conditions.get("StringEquals", {}), "aws:SourceAccount": account}
    return {**statement, "Condition": {**conditions, "StringEquals": equal}}


def narrowed(document: Json) -> Json:
    """Return the policy without wildcard actions. Denials stay as they are."""
    statements = [
        narrow
        for statement in document["Statement"]
        if not _is_idle(statement)
        for narrow in ([statement] if statement["Effect"] == "Deny" else _narrow(statement))
    ]
    return {**document, "Statement": statements}


def _narrow(statement: Json) -> Iterator[Json]:
    exact = _spelled_out(statement)
    resources = _list(statement.get("Resource", []))
    if "*" not in resources or not all(action.startswith("kms:") for action in exact["Action"]):
        yield exact
        return
    # The key of another region's artifacts, which the CDK knows by its alias only.
    yield {
        **exact,
        "Resource": "*",
        "Condition": {"ForAnyValue:StringLike": {"kms:ResourceAliases": OTHER_REGIONS_ALIASES}},
    }
    others = [resource for resource in resources if resource != "*"]
    if others:
        yield {**exact, "Resource": others}


def _spelled_out(statement: Json) -> Json:
    exact = {one for action in _list(statement["Action"]) for one in EXACT.get(action, [action])}
    return {**statement, "Action": sorted(exact)}


def _is_idle(statement: Json) -> bool:
    """Return whether a statement is not needed.

    Builds create neither the log groups nor the test reports that CodeBuild could. The role that
    publishes assets may start builds, but the action's own role does that.
    """
    actions = set(_list(statement["Action"]))
    starts_any_build = "codebuild:StartBuild" in actions and statement.get("Resource") == "*"
    return bool(actions & {"logs:CreateLogGroup", "codebuild:CreateReport"}) or starts_any_build


def _list(value: str | Iterable[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
