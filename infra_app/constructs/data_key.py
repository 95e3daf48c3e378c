"""The key that encrypts all data at rest."""

from __future__ import annotations

import aws_cdk as cdk
import aws_cdk.aws_iam as iam
import aws_cdk.aws_kms as kms
from constructs import Construct

from config.naming import Names
from delivery.keys import admit_deployments
from infra_app.constructs.removal import removal


class DataKey(Construct):
    """One customer-managed key, rotated yearly.

    Principals of the account use it through their own policies; CloudWatch Logs may use it
    for the log groups of this project and environment, and for no others.
    """

    def __init__(self, scope: Construct, id: str, *, names: Names, retain: bool) -> None:
        super().__init__(scope, id)
        self.key = kms.Key(
            self,
            "Key",
            alias=names.of("data"),
            description=f"Data at rest of {names.project} in {names.environment}",
            enable_key_rotation=True,
            removal_policy=removal(retain),
        )
        admit_deployments(self.key)
        self._admit_log_groups(names)

    def _admit_log_groups(self, names: Names) -> None:
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
        stack = cdk.Stack.of(self)
        groups = [
            stack.format_arn(
                service="logs",
                resource="log-group",
                resource_name=f"{owner}/{names.of('*')}",
                arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
            )
            for owner in (
                "/aws/lambda",
                "/aws/redshift",
                "/aws/vpc",
                "/aws-glue/jobs",
                "/aws-glue/crawlers-role",
            )
        ]
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="LogGroupsOfThisEnvironment",
                principals=[iam.ServicePrincipal(f"logs.{stack.region}.amazonaws.com")],
                actions=[
                    "kms:Decrypt",
                    "kms:DescribeKey",
                    "kms:Encrypt",
                    "kms:GenerateDataKey",
                    "kms:ReEncryptFrom",
                    "kms:ReEncryptTo",
                ],
                resources=["*"],  # in a key's policy this is the key itself
                # The groups' ARNs name the account.
                conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
            )
        )
