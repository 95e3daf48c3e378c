"""The role in which Redshift reads tables."""

from __future__ import annotations

from collections.abc import Iterator

import aws_cdk as cdk
import aws_cdk.aws_iam as iam
import aws_cdk.aws_kms as kms
from constructs import Construct

from config.environments import Environment
from infra_app.constructs.catalog import Catalog
from infra_app.constructs.data_buckets import DataBuckets
from infra_app.constructs.reader import let_read


class SpectrumRole(Construct):
    """Role for external schemas of Redshift, on behalf of users of this account and region only.

    Redshift names the database's user in the external id of every request, which is its documented
    guard against acting for others. It does not document `aws:SourceAccount` and `aws:SourceArn`,
    which are held to the account wherever it sends them.
    https://docs.aws.amazon.com/redshift/latest/mgmt/authorizing-redshift-service-database-users.html
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        environment: Environment,
        key: kms.IKey,
        buckets: DataBuckets,
        catalog: Catalog,
    ) -> None:
        super().__init__(scope, id)
        stack = cdk.Stack.of(self)
        redshift = f"arn:{stack.partition}:redshift*:{stack.region}:{stack.account}:*"
        user = f"arn:{stack.partition}:redshift:{stack.region}:{stack.account}:dbuser:*"
        self.role = iam.Role(
            self,
            "Role",
            role_name=environment.names.spectrum_role,
            description="Reads tables for Redshift",
            assumed_by=iam.CompositePrincipal(
                *(
                    iam.ServicePrincipal(
                        service,
                        conditions={
                            "StringLike": {"sts:ExternalId": user},
                            "StringEqualsIfExists": {"aws:SourceAccount": stack.account},
                            "ArnLikeIfExists": {"aws:SourceArn": redshift},
                        },
                    )
                    for service in _services(environment)
                )
            ),
        )
        let_read(
            self.role,
            environment=environment,
            key=key,
            buckets=buckets,
            catalog=catalog,
            who="Redshift",
        )


def _services(environment: Environment) -> Iterator[str]:
    yield "redshift.amazonaws.com"
    if environment.settings.redshift.enabled:
        # https://docs.aws.amazon.com/redshift/latest/mgmt/serverless-iam.html
        yield "redshift-serverless.amazonaws.com"
