"""What every role that reads tables has, and what the auditor is told of it."""

from __future__ import annotations

import aws_cdk.aws_iam as iam
import aws_cdk.aws_kms as kms

from config.environments import Environment
from delivery.audit import explain
from infra_app.constructs.catalog import Catalog
from infra_app.constructs.data_buckets import DataBuckets
from infra_app.constructs.query_access import QueryAccess
from infra_app.constructs.query_workgroup import QueryWorkgroup
from infra_app.constructs.table_reading import TableReading


def let_read(
    role: iam.Role,
    *,
    environment: Environment,
    key: kms.IKey,
    buckets: DataBuckets,
    catalog: Catalog,
    workgroup: QueryWorkgroup | None = None,
    who: str,
) -> None:
    """Let a role read tables and, with a workgroup, ask Athena there.

    `who` begins the sentences in which wildcards are explained to the auditor.
    """
    reading = TableReading(role, key=key, buckets=buckets, catalog=catalog)
    reading.grant(lake_formation=environment.settings.lake_formation)
    reasons = dict(reading.reasons)
    if workgroup:
        asking = QueryAccess(role, key=key, results=buckets.results, workgroup=workgroup)
        asking.grant()
        reasons |= asking.reasons
    explain(
        role,
        {
            **{
                f"AwsSolutions-IAM5[Resource::{finding}]": f"{who} {why}."
                for finding, why in reasons.items()
            },
            "NIST.800.53.R5-IAMNoInlinePolicy": "What is read in this role is of use to it alone.",
        },
    )
