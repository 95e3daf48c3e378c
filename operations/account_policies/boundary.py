"""Permissions boundaries: the most that any role of this product can do, whatever its policies say.

A deployment cannot make a role without one, nor change what a role may do that has none. So
whoever takes over CloudFormation's role gains no right over users, roles, keys, other projects'
data or other accounts.
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from string import Template
from types import MappingProxyType
from typing import Any

from config.account import Account
from config.boundaries import Boundary
from wires.routes import CHECK_UPLOADS

_OBJECTS = (
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:GetObject",
    "s3:GetObjectTagging",
    "s3:GetObjectVersion",
    "s3:GetObjectVersionTagging",
    "s3:PutObject",
    "s3:PutObjectTagging",
    "s3:PutObjectVersionTagging",
)
_BUCKETS = (
    "s3:GetBucketAcl",
    "s3:GetBucketLocation",
    "s3:GetBucketNotification",
    "s3:GetBucketVersioning",
    "s3:ListBucket",
    "s3:ListBucketVersions",
    "s3:PutBucketNotification",
)
_FILTERS = (
    "lakeformation:CreateDataCellsFilter",
    "lakeformation:DeleteDataCellsFilter",
    "lakeformation:GetDataAccess",
    "lakeformation:GrantPermissions",
    "lakeformation:ListDataCellsFilter",
    "lakeformation:ListPermissions",
    "lakeformation:RevokePermissions",
    "lakeformation:UpdateDataCellsFilter",
)
"""Lake Formation lets a role grant only what it has itself been given to grant."""
_KEY_USE = (
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)
_QUERIES = (
    "athena:BatchGetNamedQuery",
    "athena:BatchGetQueryExecution",
    "athena:GetDataCatalog",
    "athena:GetDatabase",
    "athena:GetNamedQuery",
    "athena:GetQueryExecution",
    "athena:GetQueryResults",
    "athena:GetQueryResultsStream",
    "athena:GetQueryRuntimeStatistics",
    "athena:GetTableMetadata",
    "athena:GetWorkGroup",
    "athena:ListDatabases",
    "athena:ListNamedQueries",
    "athena:ListQueryExecutions",
    "athena:ListTableMetadata",
    "athena:StartQueryExecution",
    "athena:StopQueryExecution",
)
_LOGGING = (
    "logs:AssociateKmsKey",
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:DescribeLogGroups",
    "logs:DescribeLogStreams",
    "logs:PutLogEvents",
)
_INTERFACES = (
    "ec2:CreateNetworkInterface",
    "ec2:CreateTags",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeRouteTables",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcAttribute",
    "ec2:DescribeVpcEndpoints",
    "ec2:DescribeVpcs",
)
READING_OF_QUEUES = ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")
"""Of queues that are sources, which belong to others."""
_DATA = "arn:${partition}:s3:::${project}-*"
_CODE = "arn:${partition}:s3:::cdk-*-assets-${account}-${region}/*"


def _allow(
    actions: tuple[str, ...], *resources: str, condition: Mapping[str, Any] | None = None
) -> Mapping[str, Any]:
    return {
        "Effect": "Allow",
        "Action": list(actions),
        "Resource": list(resources),
        **({"Condition": condition} if condition else {}),
    }


def _together(*statements: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return one statement that says what these say, in fewer characters.

    Each is about services of its own, whose actions reach no resource of another.
    """
    actions, resources = (
        [one for statement in statements for one in statement[part]]
        for part in ("Action", "Resource")
    )
    return _allow(tuple(actions), *resources)


def _keys(*aliases: str) -> Mapping[str, Any]:
    names = {"ForAnyValue:StringLike": {"kms:ResourceAliases": list(aliases)}}
    return _allow(_KEY_USE, "arn:${partition}:kms:*:${account}:key/*", condition=names)


_NAMED = _together(
    _allow(
        (
            "dynamodb:BatchGetItem",
            "dynamodb:ConditionCheckItem",
            "dynamodb:DeleteItem",
            "dynamodb:DescribeTable",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:Query",
            "dynamodb:Scan",  # of the reconciliation, which compares whole ledgers
            "dynamodb:UpdateItem",
            "dynamodb:UpdateTable",  # of the checks, which protect tables from deletion
        ),
        "arn:${partition}:dynamodb:${region}:${account}:table/${project}-*",
    ),
    # Of sources, each of whose jobs reads its own.
    _allow(
        ("secretsmanager:GetSecretValue",),
        "arn:${partition}:secretsmanager:${region}:${account}:secret:${project}/*",
    ),
    _allow(
        (
            "sns:Publish",
            "sqs:ChangeMessageVisibility",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:GetQueueUrl",
            "sqs:ReceiveMessage",
            "sqs:SendMessage",  # of a reconciliation that repairs
        ),
        "arn:${partition}:sns:${region}:${account}:${project}-*",
        "arn:${partition}:sqs:${region}:${account}:${project}-*",
    ),
    _allow(_LOGGING, "arn:${partition}:logs:${region}:${account}:log-group:/aws*"),
    _allow(
        ("cloudformation:UpdateTerminationProtection",),
        "arn:${partition}:cloudformation:${region}:${account}:stack/${project}-*",
    ),
    # GuardDuty's scan of uploads, under the name of the rule that the service itself makes:
    # https://docs.aws.amazon.com/guardduty/latest/ug/malware-protection-s3-iam-policy-prerequisite.html
    _allow(
        (
            "events:DeleteRule",
            "events:DescribeRule",
            "events:ListTargetsByRule",
            "events:PutRule",
            "events:PutTargets",
            "events:RemoveTargets",
        ),
        "arn:${partition}:events:${region}:${account}:rule/DO-NOT-DELETE-AmazonGuardDuty*",
    ),
)
_ENVIRONMENT = (
    _NAMED,
    _allow(_OBJECTS, f"{_DATA}/*"),
    _allow(_BUCKETS, _DATA),
    # Of the checks, which remove their uploads where versions are locked.
    _allow(("s3:BypassGovernanceRetention",), *(f"{_DATA}/{pattern}" for pattern in CHECK_UPLOADS)),
    _allow(("s3:GetObject",), _CODE),
    # Of those who read tables.
    _allow(
        (
            "s3:ListBucketMultipartUploads",
            "s3:ListMultipartUploadParts",
        ),
        "arn:${partition}:s3:::${project}-*-results-*",
    ),
    _allow(
        _QUERIES,
        "arn:${partition}:athena:${region}:${account}:workgroup/${project}-*",
        "arn:${partition}:athena:${region}:${account}:datacatalog/AwsDataCatalog",
    ),
    # Of streams, wherever they are; each function's role names its own.
    _allow(
        (
            "kafka-cluster:AlterGroup",
            "kafka-cluster:Connect",
            "kafka-cluster:DescribeClusterDynamicConfiguration",
            "kafka-cluster:DescribeGroup",
            "kafka-cluster:DescribeTopic",
            "kafka-cluster:ReadData",
            "kafka:DescribeCluster",
            "kafka:DescribeClusterV2",
            "kafka:GetBootstrapBrokers",
            "kinesis:DescribeStream",
            "kinesis:DescribeStreamConsumer",
            "kinesis:DescribeStreamSummary",
            "kinesis:GetRecords",
            "kinesis:GetShardIterator",
            "kinesis:ListShards",
            "kinesis:SubscribeToShard",
        ),
        "arn:${partition}:kafka:${region}:*:*",
        "arn:${partition}:kinesis:${region}:*:*",
    ),
    _allow(READING_OF_QUEUES, "arn:${partition}:sqs:${region}:*:*"),
    _allow(
        ("kms:Decrypt",),
        "arn:${partition}:kms:${region}:*:key/*",
        condition={
            "StringLike": {
                "kms:ViaService": ["kinesis.${region}.*", "sqs.${region}.*"],
            }
        },
    ),
    _allow(
        (
            "glue:BatchCreatePartition",
            "glue:BatchGetPartition",
            "glue:BatchUpdatePartition",
            "glue:CreatePartition",
            "glue:CreateTable",
            "glue:DeleteTable",
            "glue:GetConnection",
            "glue:GetDatabase",
            "glue:GetDatabases",
            "glue:GetJob",
            "glue:GetJobRun",
            "glue:GetJobRuns",
            "glue:GetPartition",
            "glue:GetPartitions",
            "glue:GetTable",
            "glue:GetTables",
            "glue:GetWorkflowRun",
            "glue:GetWorkflowRunProperties",
            "glue:StartJobRun",
            "glue:StartWorkflowRun",
            "glue:UpdatePartition",
            "glue:UpdateTable",
        ),
        "arn:${partition}:glue:${region}:${account}:catalog",
        "arn:${partition}:glue:${region}:${account}:connection/${project}-*",
        "arn:${partition}:glue:${region}:${account}:database/${project_in_sql}_*",
        "arn:${partition}:glue:${region}:${account}:job/${project}-*",
        "arn:${partition}:glue:${region}:${account}:table/${project_in_sql}_*/*",
        "arn:${partition}:glue:${region}:${account}:workflow/${project}-*",
    ),
    _keys("alias/${project}-*"),
    # None of these takes a resource.
    _allow(
        (
            "cloudformation:ListExports",
            "cloudwatch:PutMetricData",
            *_INTERFACES,
            "glue:GetSecurityConfiguration",
            *_FILTERS,
            "xray:PutTelemetryRecords",
            "xray:PutTraceSegments",
        ),
        "*",
    ),
)
_PIPELINE = (
    # The source action sets the ACL of what it stores, where the CDK's pipelines say so.
    _allow((*_OBJECTS, "s3:PutObjectAcl", "s3:PutObjectVersionAcl"), f"{_DATA}/*"),
    _allow(_BUCKETS, _DATA),
    _allow(("s3:ListBucket",), "*"),  # the CDK asks which buckets there are
    _keys("alias/${project}-*", "alias/*encryptionalias*"),
    _allow(_LOGGING, "arn:${partition}:logs:${region}:${account}:log-group:/${project}-*"),
    _allow(
        ("codebuild:BatchGetBuilds", "codebuild:StartBuild", "codebuild:StopBuild"),
        "arn:${partition}:codebuild:${region}:${account}:project/${project}-*",
        "arn:${partition}:codebuild:${region}:${account}:project/DeliveryPipeline*",
    ),
    _allow(
        ("codeconnections:UseConnection", "codestar-connections:UseConnection"),
        "arn:${partition}:codeconnections:*:${account}:connection/*",
        "arn:${partition}:codestar-connections:*:${account}:connection/*",
    ),
    _allow(("cloudformation:DescribeStacks",), "*"),
    # Roles of this product and of the CDK's bootstrap, which decide themselves whom they trust.
    _allow(
        ("sts:AssumeRole",),
        "arn:${partition}:iam::*:role/${project}-*",
        "arn:${partition}:iam::*:role/cdk-*",
    ),
)
_STATEMENTS = MappingProxyType({Boundary.PIPELINE: _PIPELINE, Boundary.ENVIRONMENT: _ENVIRONMENT})


def boundary_document(project: str, kind: Boundary, account: Account) -> str:
    """Return JSON without spaces, as IAM counts its characters."""
    document = {"Version": "2012-10-17", "Statement": _STATEMENTS[kind]}
    return Template(json.dumps(document, separators=(",", ":"))).substitute(
        account=account.aws_account_id,
        partition=account.partition,
        project=project,
        project_in_sql=project.replace("-", "_"),
        region=account.aws_region,
    )
