"""Permissions of the crawlers: read three zones, and describe their tables in one database."""

from __future__ import annotations

import aws_cdk as cdk
import aws_cdk.aws_iam as iam
import aws_cdk.aws_logs as logs

from config.exports import Export
from delivery.audit import explain
from glue_app.imports import Infrastructure

_DESCRIBE = (
    "glue:BatchCreatePartition",
    "glue:BatchGetPartition",
    "glue:BatchUpdatePartition",
    "glue:CreateTable",
    "glue:GetDatabase",
    "glue:GetPartition",
    "glue:GetPartitions",
    "glue:GetTable",
    "glue:GetTables",
    "glue:UpdatePartition",
    "glue:UpdateTable",
)
_ZONES = {
    Export.RAW_BUCKET_NAME: "raw",
    Export.PROCESSED_BUCKET_NAME: "processed",
    Export.CURATED_BUCKET_NAME: "curated",
}


def grant_crawler_access(infrastructure: Infrastructure, *, log_group: logs.ILogGroup) -> None:
    role = infrastructure.crawlers_role
    stack = cdk.Stack.of(infrastructure)
    for zone in _ZONES.values():
        bucket = getattr(infrastructure, zone)
        _grant(role, "s3:GetObject", on=[bucket.arn_for_objects("*")])
        _grant(role, "s3:ListBucket", "s3:GetBucketLocation", on=[bucket.bucket_arn])
    database = infrastructure.value(Export.DISCOVERY_DATABASE_NAME)
    names = ["catalog", f"database/{database}", f"table/{database}/*"]
    _grant(
        role,
        *_DESCRIBE,
        on=[
            stack.format_arn(
                service="glue", resource=name, arn_format=cdk.ArnFormat.NO_RESOURCE_NAME
            )
            for name in names
        ],
    )
    _grant(
        role,
        "logs:AssociateKmsKey",
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        on=[log_group.log_group_arn],
    )
    _grant(role, "glue:GetSecurityConfiguration", on=["*"])
    infrastructure.key.grant(role, "kms:Decrypt", "kms:DescribeKey")
    _explain(infrastructure)


def _grant(role: iam.IRole, *actions: str, on: list[str]) -> None:
    iam.Grant.add_to_principal(grantee=role, actions=list(actions), resource_arns=on)


def _explain(infrastructure: Infrastructure) -> None:
    stack = cdk.Stack.of(infrastructure)
    name = infrastructure.environment.export_name
    objects = {
        f"AwsSolutions-IAM5[Resource::arn:{stack.partition}:s3:::{name(export)}/*]": "A crawler "
        "looks at whatever there is in its zone."
        for export in _ZONES
    }
    tables = stack.format_arn(
        service="glue",
        resource="table",
        resource_name=f"{name(Export.DISCOVERY_DATABASE_NAME)}/*",
    )
    explain(
        infrastructure.crawlers_role,
        {
            **objects,
            f"AwsSolutions-IAM5[Resource::{tables}]": "Crawlers name tables by the folders that "
            "they find.",
            "AwsSolutions-IAM5[Resource::*]": "A crawler reads its security configuration, which "
            "takes no resource.",
            "NIST.800.53.R5-IAMNoInlinePolicy": "What the crawlers may do goes with them, while "
            "their role stays with the data.",
        },
    )
