"""Administration of keys by the deployments that make them."""

from __future__ import annotations

import aws_cdk as cdk
import aws_cdk.aws_iam as iam
import aws_cdk.aws_kms as kms

_ADMINISTRATION = (
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKeyRotation",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
)
# DynamoDB encrypts a table under the key by a grant, which its creator has to be able to make:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
_BY_GRANT = (
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
)


def admit_deployments(key: kms.Key) -> None:
    """Let CloudFormation's role of this account and region administer the key.

    The role's own policies know keys by their aliases. A key has no alias while it is made and
    after its alias has been deleted, and an alias counts for IAM only minutes after its creation:
    https://docs.aws.amazon.com/kms/latest/developerguide/abac.html
    """
    by_deployments = {"ArnEquals": {"aws:PrincipalArn": _cloudformation_role(cdk.Stack.of(key))}}
    account = iam.AccountPrincipal(cdk.Stack.of(key).account)
    key.add_to_resource_policy(
        iam.PolicyStatement(
            sid="Deployments",
            principals=[account],
            actions=list(_ADMINISTRATION),
            resources=["*"],  # in a key's policy this is the key itself
            conditions=by_deployments,
        )
    )
    _admit_grants(key, "TablesOfDeployments", "dynamodb")


def admit_warehouse(key: kms.Key) -> None:
    """Let deployments put a warehouse and its administrator's secret under the key."""
    services = ("redshift", "redshift-serverless", "secretsmanager")
    _admit_grants(key, "WarehouseOfDeployments", *services)


def _admit_grants(key: kms.Key, sid: str, *services: str) -> None:
    stack = cdk.Stack.of(key)
    via = [f"{service}.{stack.region}.amazonaws.com" for service in services]
    key.add_to_resource_policy(
        iam.PolicyStatement(
            sid=sid,
            principals=[iam.AccountPrincipal(stack.account)],
            actions=list(_BY_GRANT),
            resources=["*"],  # in a key's policy this is the key itself
            conditions={
                "ArnEquals": {"aws:PrincipalArn": _cloudformation_role(stack)},
                "StringEquals": {"kms:ViaService": via[0] if len(via) == 1 else via},
            },
        )
    )


def _cloudformation_role(stack: cdk.Stack) -> str:
    qualifier = cdk.DefaultStackSynthesizer.DEFAULT_QUALIFIER
    name = f"cdk-{qualifier}-cfn-exec-role-{stack.account}-{stack.region}"
    return f"arn:{stack.partition}:iam::{stack.account}:role/{name}"
