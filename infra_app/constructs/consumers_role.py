"""The role of those who read tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import aws_cdk as cdk
import aws_cdk.aws_iam as iam
import aws_cdk.aws_kms as kms
import aws_cdk.aws_s3 as s3
from constructs import Construct

from config.environments import Environment
from config.settings import account_of_role
from delivery.audit import arn_in_findings, explain
from infra_app.constructs.catalog import Catalog
from infra_app.constructs.data_buckets import DataBuckets
from infra_app.constructs.query_workgroup import QueryWorkgroup
from infra_app.constructs.table_reading import QUERY_RESULTS, TableReading

_QUERIES = (
    "athena:BatchGetNamedQuery",
    "athena:BatchGetQueryExecution",
    "athena:GetNamedQuery",
    "athena:GetQueryExecution",
    "athena:GetQueryResults",
    "athena:GetQueryResultsStream",
    "athena:GetQueryRuntimeStatistics",
    "athena:GetWorkGroup",
    "athena:ListNamedQueries",
    "athena:ListQueryExecutions",
    "athena:StartQueryExecution",
    "athena:StopQueryExecution",
)
_DATA_CATALOG = (
    "athena:GetDataCatalog",
    "athena:GetDatabase",
    "athena:GetTableMetadata",
    "athena:ListDatabases",
    "athena:ListTableMetadata",
)


class ConsumersRole(Construct):
    """Role that reads tables, asks Athena in the one workgroup, and does nothing else.

    Only the roles that config names can take it, those of other accounts by an external id; where
    config names none, whoever in the own account has a policy that says so. It is a role of this
    account wherever it is taken from: key and buckets are opened to no other account.
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
        workgroup: QueryWorkgroup,
    ) -> None:
        super().__init__(scope, id)
        self._environment = environment
        self.role = iam.Role(
            self,
            "Role",
            role_name=environment.names.consumers_role,
            description="Reads tables, in Athena or directly",
            assumed_by=iam.CompositePrincipal(*self._trusted()),
            max_session_duration=cdk.Duration.hours(12),
        )
        reading = TableReading(self.role, key=key, buckets=buckets, catalog=catalog)
        reading.grant()
        self._ask(workgroup)
        self._keep_results(buckets.results, key)
        if environment.settings.lake_formation:
            self._allow("lakeformation:GetDataAccess", on=["*"])
        self._explain(reading, buckets.results)

    def _trusted(self) -> Iterator[iam.IPrincipal]:
        """Yield accounts, each with its roles named in a condition: a role has to exist before it
        can be named as a principal."""
        reading, own = self._environment.settings.reading, cdk.Stack.of(self).account
        if not reading.consumers:
            yield iam.AccountPrincipal(own)
        by_account: dict[str, list[str]] = defaultdict(list)
        for role in reading.consumers:
            by_account[account_of_role(role)].append(role)
        for account, roles in by_account.items():
            agreed = reading.external_ids.get(account)
            yield iam.AccountPrincipal(account).with_conditions(
                {
                    "ArnEquals": {"aws:PrincipalArn": roles},
                    **({"StringEquals": {"sts:ExternalId": agreed}} if agreed else {}),
                }
            )

    def _ask(self, workgroup: QueryWorkgroup) -> None:
        self._allow(*_QUERIES, on=[workgroup.arn])
        catalog = cdk.Stack.of(self).format_arn(
            service="athena", resource="datacatalog", resource_name="AwsDataCatalog"
        )
        self._allow(*_DATA_CATALOG, on=[catalog])

    def _keep_results(self, results: s3.Bucket, key: kms.IKey) -> None:
        """Grant what Athena does in the role of whoever asks.

        https://docs.aws.amazon.com/athena/latest/ug/security-iam-athena.html
        """
        self._allow(
            "s3:AbortMultipartUpload",
            "s3:GetObject",
            "s3:ListMultipartUploadParts",
            "s3:PutObject",
            on=[results.arn_for_objects(f"{QUERY_RESULTS}*")],
        )
        self._allow(
            "s3:GetBucketLocation",
            "s3:ListBucket",
            "s3:ListBucketMultipartUploads",
            on=[results.bucket_arn],
        )
        self._allow(
            "kms:GenerateDataKey",
            on=[key.key_arn],
            conditions={
                "StringEquals": {"kms:ViaService": f"s3.{cdk.Stack.of(self).region}.amazonaws.com"}
            },
        )

    def _explain(self, reading: TableReading, results: s3.Bucket) -> None:
        wildcards = {
            **reading.reasons,
            f"{arn_in_findings(results)}/{QUERY_RESULTS}*": "has results written under ids that "
            "Athena gives",
        }
        if self._environment.settings.lake_formation:
            wildcards["*"] = "asks Lake Formation for access, which takes no resource"
        explain(
            self.role,
            {
                **{
                    f"AwsSolutions-IAM5[Resource::{finding}]": f"A consumer {why}."
                    for finding, why in wildcards.items()
                },
                "NIST.800.53.R5-IAMNoInlinePolicy": "What consumers may do is of use to this role "
                "alone.",
            },
        )

    def _allow(
        self, *actions: str, on: list[str], conditions: dict[str, dict[str, str]] | None = None
    ) -> None:
        iam.Grant.add_to_principal(
            grantee=self.role, actions=list(actions), resource_arns=on, conditions=conditions
        )
