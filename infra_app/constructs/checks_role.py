"""The role of the checks after a deployment."""

from __future__ import annotations

import aws_cdk as cdk
import aws_cdk.aws_iam as iam
import aws_cdk.aws_kms as kms
from constructs import Construct

from config.delivery import App
from config.environments import Environment
from config.jobs import DATA_INGESTION, FILE_PROCESSOR, JobSpec
from delivery.audit import arn_in_findings, explain, ref_in_findings
from delivery.checks_access import ChecksAccess
from infra_app.constructs.catalog import Catalog
from infra_app.constructs.data_buckets import DataBuckets
from infra_app.constructs.state_tables import StateTables


class ChecksRole(Construct):
    """Role that may upload, read and remove data under the checks' own prefix only.

    It also guards this stack against deletion, which CodePipeline does not.

    Only the check steps of the two pipelines can assume it, each by the name of its role.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        environment: Environment,
        key: kms.IKey,
        buckets: DataBuckets,
        tables: StateTables,
        catalog: Catalog,
    ) -> None:
        super().__init__(scope, id)
        self._environment = environment
        self.role = iam.Role(
            self,
            "Role",
            role_name=environment.names.checks_role,
            description="Checks after a deployment",
            assumed_by=self._pipelines(),
            max_session_duration=cdk.Duration.hours(1),
        )
        access = ChecksAccess(
            role=self.role,
            names=environment.names,
            locks_uploads=environment.locks_uploads,
            raw=buckets.raw,
            processed=buckets.processed,
            quality=buckets.quality,
            objects=tables.objects,
            loads=tables.loads,
            state=tables.state,
            database=catalog.processed.database_name,
        )
        access.grant()
        # Whether there is an application to check.
        self._allow(
            "glue:GetJob", on=[self._job(spec) for spec in (FILE_PROCESSOR, DATA_INGESTION)]
        )
        # Takes no resource:
        # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudformation.html
        self._allow("cloudformation:ListExports", on=["*"])
        self._allow("cloudformation:UpdateTerminationProtection", on=[cdk.Stack.of(self).stack_id])
        self._allow(
            "dynamodb:DescribeTable",
            "dynamodb:UpdateTable",  # its protection from deletion is a setting of the table
            on=[table.table_arn for table in tables.all],
        )
        key.grant(self.role, "kms:Decrypt", "kms:GenerateDataKey")
        self._explain(access, buckets, catalog)

    def _pipelines(self) -> iam.IPrincipal:
        delivery = self._environment.delivery
        account = delivery.account.aws_account_id
        roles = [
            f"arn:{delivery.account.partition}:iam::{account}:role/{delivery.checks_role(app)}"
            for app in App
        ]
        # Named in a condition, because a role has to exist before it can be named as a principal.
        return iam.AccountPrincipal(account).with_conditions(
            {"ArnEquals": {"aws:PrincipalArn": roles}}
        )

    def _job(self, spec: JobSpec) -> str:
        return cdk.Stack.of(self).format_arn(
            service="glue", resource="job", resource_name=self._environment.names.job(spec)
        )

    def _allow(self, *actions: str, on: list[str]) -> None:
        iam.Grant.add_to_principal(grantee=self.role, actions=list(actions), resource_arns=on)

    def _explain(self, access: ChecksAccess, buckets: DataBuckets, catalog: Catalog) -> None:
        raw, processed, quality = (
            arn_in_findings(one) for one in (buckets.raw, buckets.processed, buckets.quality)
        )
        wildcards = access.reasons(
            raw=raw,
            processed=processed,
            quality=quality,
            database=ref_in_findings(catalog.processed),
        )
        explain(
            self.role,
            {
                **{
                    f"AwsSolutions-IAM5[Resource::{finding}]": f"Each check {why}."
                    for finding, why in wildcards.items()
                },
                "AwsSolutions-IAM5[Resource::*]": "The list of exports takes no resource, and is "
                "no secret of the account.",
                "NIST.800.53.R5-IAMNoInlinePolicy": "What the checks may do is of use to this role "
                "alone.",
            },
        )
