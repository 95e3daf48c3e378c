"""Rights to ask Athena in one workgroup, and to keep what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import aws_cdk as cdk
import aws_cdk.aws_iam as iam
import aws_cdk.aws_kms as kms
import aws_cdk.aws_s3 as s3

from delivery.audit import arn_in_findings
from infra_app.constructs.query_workgroup import QueryWorkgroup
from infra_app.constructs.table_reading import through_s3

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


class QueryAccess:
    """Grants what Athena does in the role of whoever asks.

    https://docs.aws.amazon.com/athena/latest/ug/security-iam-athena.html
    """

    def __init__(
        self, role: iam.IRole, *, key: kms.IKey, results: s3.IBucket, workgroup: QueryWorkgroup
    ) -> None:
        self._role = role
        self._key = key
        self._results = results
        self._workgroup = workgroup

    def grant(self) -> None:
        """Grant all of it."""
        self._allow(*_QUERIES, on=[self._workgroup.arn])
        catalog = cdk.Stack.of(self._key).format_arn(
            service="athena", resource="datacatalog", resource_name="AwsDataCatalog"
        )
        self._allow(*_DATA_CATALOG, on=[catalog])
        self._allow(
            "s3:AbortMultipartUpload",
            "s3:GetObject",
            "s3:ListMultipartUploadParts",
            "s3:PutObject",
            on=[self._results.arn_for_objects(f"{self._workgroup.folder}*")],
        )
        self._allow(
            "s3:GetBucketLocation",
            "s3:ListBucket",
            "s3:ListBucketMultipartUploads",
            on=[self._results.bucket_arn],
        )
        self._allow("kms:GenerateDataKey", on=[self._key.key_arn], conditions=through_s3(self._key))

    @property
    def reasons(self) -> Mapping[str, str]:
        """What is done at the wildcard, as findings spell it."""
        results = f"{arn_in_findings(self._results)}/{self._workgroup.folder}*"
        return {results: "has results written under ids that Athena gives"}

    def _allow(
        self,
        *actions: str,
        on: Sequence[str],
        conditions: Mapping[str, Mapping[str, object]] | None = None,
    ) -> None:
        iam.Grant.add_to_principal(
            grantee=self._role, actions=list(actions), resource_arns=list(on), conditions=conditions
        )
