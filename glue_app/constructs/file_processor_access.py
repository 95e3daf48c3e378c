"""What the file_processor job may do, action by action."""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk
import aws_cdk.aws_iam as iam
import aws_cdk.aws_logs as logs
import aws_cdk.aws_s3 as s3

from glue_app.constructs.file_processor_findings import explain_file_processor_access
from glue_app.imports import Infrastructure
from wires import quarantine

_WRITE_OBJECTS = (
    "s3:AbortMultipartUpload",
    "s3:GetObject",
    "s3:PutObject",
    "s3:PutObjectTagging",
)
_KEEP_TABLES = (
    "glue:BatchCreatePartition",
    "glue:BatchGetPartition",
    "glue:CreatePartition",
    "glue:CreateTable",
    "glue:GetDatabase",
    "glue:GetPartition",
    "glue:GetPartitions",
    "glue:GetTable",
    "glue:UpdatePartition",
    "glue:UpdateTable",
)


def grant_file_processor_access(
    infrastructure: Infrastructure, *, code: s3.IBucket, log_groups: Sequence[logs.ILogGroup]
) -> None:
    """Read originals, write and catalogue tables, put rows aside, keep the ledgers, announce.

    CDK's bucket and key grants are not used, because they give wildcards (`s3:GetObject*`).
    """
    role = infrastructure.file_processor_role
    _read_originals(role, infrastructure.raw)
    _write(role, infrastructure.processed, under="*")
    _write(role, infrastructure.quality, under=f"{quarantine.PREFIX}*")
    _write(role, infrastructure.assets, under="loads/*")
    _keep_tables(role, infrastructure.processed_database, infrastructure.quality_database)
    _keep_ledgers(role, infrastructure)
    _run(role, code, log_groups)
    if infrastructure.network_connection is not None:
        _join_network(role, infrastructure.network_connection)
    infrastructure.alerts.grant_publish(role)
    infrastructure.key.grant(
        role, "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"
    )
    explain_file_processor_access(infrastructure)


def _read_originals(role: iam.IRole, raw: s3.IBucket) -> None:
    _grant(
        role,
        "s3:GetObject",
        "s3:GetObjectTagging",
        "s3:GetObjectVersion",
        "s3:GetObjectVersionTagging",
        on=[raw.arn_for_objects("*")],
    )
    # Without it S3 says "access denied" about an object that is not there.
    _grant(role, "s3:ListBucket", on=[raw.bucket_arn])


def _write(role: iam.IRole, bucket: s3.IBucket, *, under: str) -> None:
    _grant(role, *_WRITE_OBJECTS, on=[bucket.arn_for_objects(under)])
    _grant(role, "s3:ListBucket", on=[bucket.bucket_arn])


def _keep_tables(role: iam.IRole, *databases: str) -> None:
    # Glue checks a table's action on the catalog and on the database as well. Tables are
    # named after data sets, so they cannot be listed here.
    names = ["catalog"]
    names += [f"database/{database}" for database in databases]
    names += [f"table/{database}/*" for database in databases]
    _grant(role, *_KEEP_TABLES, on=[_glue_arn(role, name) for name in names])


def _keep_ledgers(role: iam.IRole, infrastructure: Infrastructure) -> None:
    for table in (infrastructure.objects, infrastructure.loads, infrastructure.runs):
        table.grant(
            role,
            "dynamodb:DeleteItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
        )


def _run(role: iam.IRole, code: s3.IBucket, log_groups: Sequence[logs.ILogGroup]) -> None:
    """What Glue itself does in the name of the job's role."""
    # The whole bucket: a run that starts while a deployment is under way needs the old code.
    _grant(role, "s3:GetObject", on=[code.arn_for_objects("*")])
    _grant(
        role,
        "logs:AssociateKmsKey",
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        on=[group.log_group_arn for group in log_groups],
    )
    # Neither action takes a resource:
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsglue.html
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html
    _grant(role, "glue:GetSecurityConfiguration", on=["*"])
    iam.Grant.add_to_principal(
        grantee=role,
        actions=["cloudwatch:PutMetricData"],
        resource_arns=["*"],
        conditions={"StringEquals": {"cloudwatch:namespace": "Glue"}},
    )


def _join_network(role: iam.IRole, connection: str) -> None:
    """What Glue does in the name of the job's role, to put its workers into the VPC."""
    names = ["catalog", f"connection/{connection}"]
    _grant(role, "glue:GetConnection", on=[_glue_arn(role, name) for name in names])
    # https://docs.aws.amazon.com/glue/latest/dg/create-service-policy.html
    _grant(
        role,
        "ec2:CreateNetworkInterface",
        "ec2:CreateTags",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeRouteTables",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcAttribute",
        "ec2:DescribeVpcEndpoints",
        on=["*"],
    )


def _glue_arn(role: iam.IRole, name: str) -> str:
    stack = cdk.Stack.of(role)
    return stack.format_arn(
        service="glue", resource=name, arn_format=cdk.ArnFormat.NO_RESOURCE_NAME
    )


def _grant(role: iam.IRole, *actions: str, on: Sequence[str]) -> None:
    iam.Grant.add_to_principal(grantee=role, actions=list(actions), resource_arns=list(on))
