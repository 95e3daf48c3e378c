"""Types of resources that the templates have, and features of them that none of them uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from fnmatch import fnmatchcase
from types import MappingProxyType


class Purpose(StrEnum):
    """Use of an account; also part of the names of its policies."""

    PIPELINE = "pipeline"
    ENVIRONMENT = "environment"
    NETWORK = "network"
    """In addition, if an environment has a VPC."""
    MALWARE_SCAN = "malware-scan"
    """In addition, if GuardDuty scans the uploads of an environment."""
    LAKE_FORMATION = "lake-formation"
    """In addition, if Lake Formation governs an environment's account."""
    CHAT = "chat"
    """In addition, if alerts of an environment are shown in a chat."""
    DASHBOARDS = "dashboards"
    """In addition, if QuickSight has data sets of an environment's tables."""
    WAREHOUSE = "warehouse"
    """In addition, if an environment has a warehouse of Redshift Serverless."""
    STREAM_READERS = "stream-readers"
    """In addition, if a stream of Kinesis has a reader of its own (enhanced fan-out)."""


TYPES: Mapping[Purpose, tuple[str, ...]] = MappingProxyType(
    {
        Purpose.PIPELINE: (
            "AWS::CodeBuild::Project",
            "AWS::CodePipeline::Pipeline",
            "AWS::IAM::Policy",
            "AWS::IAM::Role",
            "AWS::KMS::Alias",
            "AWS::KMS::Key",
            "AWS::Logs::LogGroup",
            "AWS::S3::Bucket",
            "AWS::S3::BucketPolicy",
        ),
        Purpose.ENVIRONMENT: (
            "AWS::Athena::NamedQuery",
            "AWS::Athena::WorkGroup",
            "AWS::Budgets::Budget",
            "AWS::CloudWatch::Alarm",
            "AWS::CloudWatch::CompositeAlarm",
            "AWS::CloudWatch::Dashboard",
            "AWS::DynamoDB::Table",
            "AWS::Events::Rule",
            "AWS::Glue::Crawler",
            "AWS::Glue::Database",
            "AWS::Glue::Job",
            "AWS::Glue::SecurityConfiguration",
            "AWS::Glue::TableOptimizer",
            "AWS::Glue::Trigger",
            "AWS::Glue::Workflow",
            "AWS::IAM::ManagedPolicy",
            "AWS::IAM::Policy",
            "AWS::IAM::Role",
            "AWS::KMS::Alias",
            "AWS::KMS::Key",
            "AWS::Lambda::EventSourceMapping",
            "AWS::Lambda::Function",
            "AWS::Lambda::Permission",
            "AWS::Logs::LogGroup",
            "AWS::S3::Bucket",
            "AWS::S3::BucketPolicy",
            "AWS::SNS::Subscription",
            "AWS::SNS::Topic",
            "AWS::SNS::TopicPolicy",
            "AWS::SQS::Queue",
            "AWS::SQS::QueuePolicy",
        ),
        Purpose.NETWORK: (
            "AWS::EC2::FlowLog",
            "AWS::EC2::RouteTable",
            "AWS::EC2::SecurityGroup",
            "AWS::EC2::SecurityGroupIngress",
            "AWS::EC2::Subnet",
            "AWS::EC2::SubnetRouteTableAssociation",
            "AWS::EC2::VPC",
            "AWS::EC2::VPCEndpoint",
            "AWS::Glue::Connection",
        ),
        Purpose.MALWARE_SCAN: ("AWS::GuardDuty::MalwareProtectionPlan",),
        Purpose.LAKE_FORMATION: (
            "AWS::LakeFormation::PrincipalPermissions",
            "AWS::LakeFormation::Resource",
        ),
        Purpose.CHAT: ("AWS::Chatbot::SlackChannelConfiguration",),
        Purpose.DASHBOARDS: (
            "AWS::QuickSight::DataSet",
            "AWS::QuickSight::DataSource",
            "AWS::QuickSight::RefreshSchedule",
        ),
        Purpose.WAREHOUSE: (
            "AWS::EC2::VPCCidrBlock",
            "AWS::RedshiftServerless::Namespace",
            "AWS::RedshiftServerless::Workgroup",
        ),
        Purpose.STREAM_READERS: ("AWS::Kinesis::StreamConsumer",),
    }
)
"""Of every variant of the templates: staging, VPC, crawlers, schedules, a second region."""

UNUSED: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "AWS::Athena::WorkGroup": {
            # Of workgroups in which Athena acts in a role of its own: those of Spark, and others
            # that keep results in its own storage or know people by Identity Center.
            "WorkGroupConfiguration.ExecutionRole": (
                "iam:*",
                "kms:*",
                "s3:AbortMultipartUpload",
                "s3:GetObject",
                "s3:List*",
                "s3:PutObject",
            ),
        },
        "AWS::CodePipeline::Pipeline": {
            "DisableInboundStageTransitions": ("codepipeline:*StageTransition",),
        },
        "AWS::DynamoDB::Table": {
            "ImportSourceSpecification": (
                "dynamodb:*Import*",
                # Rows, which CloudFormation writes and reads only while it imports a table.
                "dynamodb:BatchWriteItem",
                "dynamodb:DeleteItem",
                "dynamodb:GetItem",
                "dynamodb:PutItem",
                "dynamodb:Query",
                "dynamodb:Scan",
                "dynamodb:UpdateItem",
                "dynamodb:*TableReplica",
                "logs:*",
                "s3:*",
            ),
            "KinesisStreamSpecification": (
                "dynamodb:DisableKinesis*",
                "dynamodb:EnableKinesis*",
                "dynamodb:UpdateKinesis*",
                "kinesis:*",
            ),
            "ResourcePolicy": ("dynamodb:DeleteResourcePolicy", "dynamodb:PutResourcePolicy"),
            "ContributorInsightsSpecification": ("dynamodb:UpdateContributorInsights",),
            "Replicas": ("iam:CreateServiceLinkedRole",),
        },
        "AWS::EC2::FlowLog": {
            # What goes to a bucket or a stream, with a role of the service's own.
            "LogFormat": (
                "autoscaling:*",
                "ec2:DescribeTags",
                "iam:CreateServiceLinkedRole",
                "logs:*LogDelivery",
                "s3:*",
            ),
        },
        "AWS::EC2::Subnet": {"Ipv6CidrBlock": ("ec2:*SubnetCidrBlock",)},
        "AWS::EC2::VPCEndpoint": {
            "ServiceNetworkArn": ("vpc-lattice:*",),
            "ServiceRegion": ("vpce:*",),
        },
        "AWS::Events::Rule": {
            "RoleArn": ("iam:PassRole",),
            "Targets.RoleArn": ("iam:PassRole",),
        },
        "AWS::Glue::Database": {
            "DatabaseInput.FederatedDatabase": (
                "glue:CreateConnection",
                "glue:DeleteConnection",
                "glue:PassConnection",
                "glue:UpdateConnection",
            ),
        },
        "AWS::IAM::ManagedPolicy": {
            "Groups": ("iam:*GroupPolicy",),
            "Roles": ("iam:*RolePolicy",),
            "Users": ("iam:*UserPolicy",),
        },
        "AWS::IAM::Policy": {"Groups": ("iam:*GroupPolicy",), "Users": ("iam:*UserPolicy",)},
        "AWS::IAM::Role": {"ManagedPolicyArns": ("iam:AttachRolePolicy",)},
        "AWS::KMS::Key": {"Enabled": ("kms:DisableKey", "kms:EnableKey")},
        "AWS::Lambda::Function": {
            "CodeSigningConfigArn": (
                "lambda:DeleteFunctionCodeSigningConfig",
                "lambda:GetCodeSigningConfig",
                "lambda:PutFunctionCodeSigningConfig",
            ),
            "FileSystemConfigs": ("elasticfilesystem:*", "s3files:*"),
            "CapacityProviderConfig": ("lambda:PassCapacityProvider", "lambda:*ScalingConfig"),
            "Layers": ("lambda:GetLayerVersion",),
        },
        "AWS::Logs::LogGroup": {
            "BearerTokenAuthenticationEnabled": ("logs:PutBearerTokenAuthentication",),
            "DataProtectionPolicy": (
                "firehose:*",
                "logs:CreateLogDelivery",
                "logs:DeleteDataProtectionPolicy",
                "logs:PutDataProtectionPolicy",
                "s3:*",
            ),
            "DeletionProtectionEnabled": ("logs:PutLogGroupDeletionProtection",),
            "FieldIndexPolicies": ("logs:DeleteIndexPolicy", "logs:PutIndexPolicy"),
            "ResourcePolicyDocument": ("logs:DeleteResourcePolicy", "logs:PutResourcePolicy"),
        },
        "AWS::QuickSight::DataSet": {
            "DataSetRefreshProperties": (
                "quicksight:DeleteDataSetRefreshProperties",
                "quicksight:PutDataSetRefreshProperties",
            ),
            "FolderArns": ("quicksight:*FolderMembership", "quicksight:ListFoldersForResource"),
        },
        "AWS::QuickSight::DataSource": {
            "FolderArns": ("quicksight:*FolderMembership", "quicksight:ListFoldersForResource"),
        },
        "AWS::RedshiftServerless::Namespace": {
            "NamespaceResourcePolicy": ("redshift:PutResourcePolicy",),
            "SnapshotCopyConfigurations": (
                "redshift-serverless:CreateSnapshotCopyConfiguration",
                "redshift-serverless:DeleteSnapshotCopyConfiguration",
                "redshift-serverless:UpdateSnapshotCopyConfiguration",
            ),
        },
        "AWS::RedshiftServerless::Workgroup": {
            "RecoveryPointId": ("redshift-serverless:RestoreFromRecoveryPoint",),
            "SnapshotArn": ("redshift-serverless:RestoreFromSnapshot",),
            "SnapshotName": ("redshift-serverless:RestoreFromSnapshot",),
        },
        "AWS::S3::Bucket": {
            "AccelerateConfiguration": ("s3:PutAccelerateConfiguration",),
            "AccessControl": ("s3:PutObjectAcl",),
            "AnalyticsConfigurations": (
                "s3:DeleteBucketAnalyticsConfiguration",
                "s3:PutAnalyticsConfiguration",
            ),
            "CorsConfiguration": ("s3:DeleteBucketCors", "s3:PutBucketCORS"),
            "IntelligentTieringConfigurations": ("s3:PutIntelligentTieringConfiguration",),
            "InventoryConfigurations": ("s3:PutInventoryConfiguration",),
            "MetadataTableConfiguration": (
                "s3:*MetadataTableConfiguration",
                "s3:UpdateBucketMetadata*",
                "s3:DeleteObject",
                "s3tables:*",
            ),
            "MetricsConfigurations": (
                "s3:DeleteBucketMetricsConfiguration",
                "s3:PutMetricsConfiguration",
            ),
            "ReplicationConfiguration": (
                "iam:PassRole",
                "s3:*BucketReplication",
                "s3:PutReplicationConfiguration",
            ),
            "WebsiteConfiguration": ("s3:DeleteBucketWebsite", "s3:PutBucketWebsite"),
        },
        "AWS::SNS::Subscription": {"SubscriptionRoleArn": ("iam:GetRole", "iam:PassRole")},
        "AWS::SNS::Topic": {
            "DataProtectionPolicy": ("sns:PutDataProtectionPolicy",),
            "DeliveryStatusLogging": ("iam:GetRole", "iam:PassRole"),
            "Subscription": ("sns:Subscribe", "sns:Unsubscribe"),
        },
    }
)
"""By type and property: actions that CloudFormation calls for the property alone."""

NEVER: Mapping[str, str] = MappingProxyType(
    {
        "iam:DeleteRolePermissionsBoundary": "a role without its boundary could do anything",
        "s3:REST.PUT.OBJECT": "is no action of IAM",
    }
)
"""Actions of handlers that are given to nobody, with the reason."""


def unused_properties(kind: str, action: str) -> Iterator[str]:
    """Yield properties of a type that an action of its handlers serves, and that nobody uses."""
    for name, patterns in UNUSED.get(kind, {}).items():
        if any(fnmatchcase(action, pattern) for pattern in patterns):
            yield name
