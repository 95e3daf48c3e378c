"""Narrows the policies that CDK's pipeline writes for itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import aws_cdk as cdk
import aws_cdk.aws_iam as iam
import aws_cdk.aws_s3 as s3
from constructs import IConstruct

Json = Mapping[str, Any]

# CDK names the service as it was called before; the ARN of a connection made today has its new
# name, under which alone IAM finds it:
# https://docs.aws.amazon.com/dtconsole/latest/userguide/rename.html
# What CodePipeline, CodeBuild and CloudFormation need of an artifact bucket and its key:
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
    "s3:DeleteObject*": [],  # artifacts go by the bucket's lifecycle
    "s3:GetBucket*": ["s3:GetBucketAcl", "s3:GetBucketLocation", "s3:GetBucketVersioning"],
    "s3:GetObject*": ["s3:GetObject", "s3:GetObjectVersion"],
    "s3:List*": ["s3:ListBucket"],
}

OTHER_REGIONS_ALIASES = "alias/*encryptionalias*"
"""CDK makes such names for the keys of artifact buckets in other regions."""


def narrow_policies(scope: IConstruct) -> None:
    """Spell out every action below `scope`, and drop what its builds do not do."""
    stack = cdk.Stack.of(scope)
    for child in scope.node.find_all():
        if isinstance(child, iam.CfnPolicy | s3.CfnBucketPolicy):
            child.policy_document = narrowed(stack.resolve(child.policy_document))


def narrowed(document: Json) -> Json:
    """The policy without wildcard actions. Denials stay as wide as they are."""
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
    # The key of another region's artifacts, which CDK knows by its alias alone.
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
    """About the log groups and test reports that CodeBuild would make: here are none of either.

    The role that publishes assets also gets to start builds, which the action's own role does.
    """
    actions = set(_list(statement["Action"]))
    starts_any_build = "codebuild:StartBuild" in actions and statement.get("Resource") == "*"
    return bool(actions & {"logs:CreateLogGroup", "codebuild:CreateReport"}) or starts_any_build


def _list(value: str | Iterable[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
