"""The role of the checks after a deployment."""

from __future__ import annotations

import aws_cdk as cdk
import aws_cdk.aws_iam as iam
import aws_cdk.aws_kms as kms
from constructs import Construct

from config.delivery import App
from config.environments import Environment
from config.jobs import FILE_PROCESSOR
from config.naming import CHECKS_PREFIX
from delivery.audit import arn_in_findings, explain, ref_in_findings
from infra_app.constructs.catalog import Catalog
from infra_app.constructs.data_buckets import DataBuckets
from infra_app.constructs.state_tables import StateTables
from wires.layout import DATASET_OWNERS

_OWN = f"{CHECKS_PREFIX}*"


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
        self._handle_objects(buckets)
        self._handle_records(tables)
        self._handle_tables(catalog.processed.database_name)
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
        self._explain(buckets, catalog)

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

    def _handle_objects(self, buckets: DataBuckets) -> None:
        unlock = ["s3:BypassGovernanceRetention"] if self._environment.locks_uploads else []
        self._allow(
            *unlock,
            "s3:DeleteObjectVersion",
            "s3:PutObject",
            on=[buckets.raw.arn_for_objects(_OWN)],
        )
        self._allow("s3:DeleteObject", "s3:GetObject", on=[buckets.processed.arn_for_objects(_OWN)])
        self._allow(
            "s3:ListBucket",
            on=[buckets.processed.bucket_arn],
            conditions={"StringLike": {"s3:prefix": _OWN}},
        )

    def _handle_records(self, tables: StateTables) -> None:
        """Grant access to records of its own uploads, and to owners of its own tables' names."""
        self._allow(
            "dynamodb:DeleteItem",
            "dynamodb:GetItem",
            "dynamodb:Query",
            on=[tables.objects.table_arn],
            conditions={"ForAllValues:StringLike": {"dynamodb:LeadingKeys": [_OWN]}},
        )
        self._allow(
            "dynamodb:DeleteItem",
            on=[tables.state.table_arn],
            conditions={
                "ForAllValues:StringLike": {"dynamodb:LeadingKeys": [f"{DATASET_OWNERS}{_OWN}"]}
            },
        )

    def _handle_tables(self, database: str) -> None:
        stack = cdk.Stack.of(self)
        names = ["catalog", f"database/{database}", f"table/{database}/{_OWN}"]
        arns = [
            stack.format_arn(
                service="glue", resource=name, arn_format=cdk.ArnFormat.NO_RESOURCE_NAME
            )
            for name in names
        ]
        self._allow("glue:DeleteTable", "glue:GetTable", on=arns)
        job = stack.format_arn(
            service="glue",
            resource="job",
            resource_name=self._environment.names.job(FILE_PROCESSOR),
        )
        self._allow("glue:GetJob", on=[job])

    def _allow(
        self,
        *actions: str,
        on: list[str],
        conditions: dict[str, dict[str, object]] | None = None,
    ) -> None:
        iam.Grant.add_to_principal(
            grantee=self.role, actions=list(actions), resource_arns=on, conditions=conditions
        )

    def _explain(self, buckets: DataBuckets, catalog: Catalog) -> None:
        stack = cdk.Stack.of(self)
        tables = stack.format_arn(
            service="glue",
            resource=f"table/{ref_in_findings(catalog.processed)}/{_OWN}",
            arn_format=cdk.ArnFormat.NO_RESOURCE_NAME,
        )
        raw, processed = arn_in_findings(buckets.raw), arn_in_findings(buckets.processed)
        explain(
            self.role,
            {
                "AwsSolutions-IAM5[Resource::*]": "The list of exports takes no resource, and is "
                "no secret of the account.",
                f"AwsSolutions-IAM5[Resource::{raw}/{_OWN}]": "Each check uploads under a name of "
                "its own with this prefix.",
                f"AwsSolutions-IAM5[Resource::{processed}/{_OWN}]": "What a check has uploaded is "
                "published under its own name with this prefix.",
                f"AwsSolutions-IAM5[Resource::{tables}]": "Each check reads and removes a table of "
                "its own with this prefix.",
                "NIST.800.53.R5-IAMNoInlinePolicy": "What the checks may do is of use to this role "
                "alone.",
            },
        )
