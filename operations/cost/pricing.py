"""Every type of resource that the templates have: what it costs, or why it costs nothing.

A type that is not here, and a property of a priced type that its entry does not know, are errors:
so nothing is deployed of which nobody has said what it costs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from operations.cost import (
    buckets,
    computing,
    delivery,
    keys,
    messages,
    network,
    reading,
    tables,
    watching,
)
from operations.cost.charges import Charge, Resource, Situation, Unpriced

Charges = Callable[[Resource, Situation], Iterator[Charge]]


@dataclass(frozen=True, kw_only=True)
class Priced:
    """A type that costs something."""

    charges: Charges
    known: frozenset[str]
    """Its properties that are in the price, or do not change it."""


def priced(charges: Charges, known: str) -> Priced:
    return Priced(charges=charges, known=frozenset(known.split()))


def _nothing(_: Resource, __: Situation) -> Iterator[Charge]:
    yield from ()


PRICED: Mapping[str, Priced] = MappingProxyType(
    {
        "AWS::CloudWatch::Alarm": priced(
            watching.alarm,
            "AlarmActions AlarmDescription AlarmName ComparisonOperator DatapointsToAlarm "
            "Dimensions EvaluationPeriods MetricName Metrics Namespace OKActions Period Statistic "
            "Threshold TreatMissingData",
        ),
        "AWS::CloudWatch::CompositeAlarm": priced(
            watching.composite_alarm,
            "AlarmActions AlarmDescription AlarmName AlarmRule OKActions",
        ),
        "AWS::CloudWatch::Dashboard": priced(watching.dashboard, "DashboardBody DashboardName"),
        "AWS::CodeBuild::Project": priced(
            delivery.build,
            "Artifacts Cache Description EncryptionKey Environment LogsConfig Name ServiceRole "
            "Source TimeoutInMinutes",
        ),
        "AWS::CodePipeline::Pipeline": priced(
            delivery.pipeline,
            "ArtifactStore ArtifactStores ExecutionMode Name PipelineType RestartExecutionOnUpdate "
            "RoleArn Stages Triggers",
        ),
        "AWS::DynamoDB::Table": priced(
            tables.table,
            "AttributeDefinitions BillingMode GlobalSecondaryIndexes KeySchema "
            "LocalSecondaryIndexes PointInTimeRecoverySpecification SSESpecification TableName "
            "TimeToLiveSpecification",
        ),
        "AWS::EC2::EIP": priced(network.address, "Domain Tags"),
        "AWS::EC2::NatGateway": priced(network.nat_gateway, "AllocationId SubnetId Tags"),
        "AWS::EC2::VPCEndpoint": priced(
            network.endpoint,
            "PrivateDnsEnabled RouteTableIds SecurityGroupIds ServiceName SubnetIds Tags "
            "VpcEndpointType VpcId",
        ),
        "AWS::Events::Rule": priced(
            messages.rule, "EventPattern ScheduleExpression State Targets Description Name"
        ),
        "AWS::Glue::Crawler": priced(
            computing.crawler,
            "Configuration CrawlerSecurityConfiguration DatabaseName Description Name Role "
            "SchemaChangePolicy TablePrefix Targets",
        ),
        "AWS::Glue::Job": priced(
            computing.job,
            "Command Connections DefaultArguments Description ExecutionClass ExecutionProperty "
            "GlueVersion JobRunQueuingEnabled MaxRetries Name NumberOfWorkers Role "
            "SecurityConfiguration Tags Timeout WorkerType",
        ),
        "AWS::Glue::TableOptimizer": priced(
            computing.optimizer,
            "CatalogId DatabaseName TableName TableOptimizerConfiguration Type",
        ),
        "AWS::GuardDuty::MalwareProtectionPlan": priced(
            reading.malware_scan, "Actions ProtectedResource Role"
        ),
        "AWS::KMS::Key": priced(keys.key, "Description EnableKeyRotation KeyPolicy"),
        "AWS::Lambda::EventSourceMapping": priced(
            messages.mapping,
            "AmazonManagedKafkaEventSourceConfig BatchSize BisectBatchOnFunctionError "
            "DestinationConfig EventSourceArn FunctionName FunctionResponseTypes "
            "MaximumBatchingWindowInSeconds MaximumRecordAgeInSeconds MaximumRetryAttempts "
            "ParallelizationFactor ScalingConfig SelfManagedEventSource "
            "SelfManagedKafkaEventSourceConfig SourceAccessConfigurations StartingPosition Topics",
        ),
        "AWS::Lambda::Function": priced(
            computing.function,
            "Architectures Code Description Environment FunctionName Handler LoggingConfig "
            "MemorySize Role Runtime Timeout TracingConfig VpcConfig",
        ),
        "AWS::Logs::LogGroup": priced(watching.log_group, "KmsKeyId LogGroupName RetentionInDays"),
        "AWS::RedshiftServerless::Namespace": priced(
            reading.namespace,
            "AdminPasswordSecretKmsKeyId AdminUsername DbName DefaultIamRoleArn IamRoles KmsKeyId "
            "LogExports ManageAdminPassword NamespaceName Tags",
        ),
        "AWS::RedshiftServerless::Workgroup": priced(
            reading.workgroup,
            "BaseCapacity ConfigParameters EnhancedVpcRouting MaxCapacity NamespaceName Port "
            "PubliclyAccessible SecurityGroupIds SubnetIds Tags WorkgroupName",
        ),
        # A lock costs nothing; what it keeps is storage, which nobody deletes anyway.
        "AWS::S3::Bucket": priced(
            buckets.bucket,
            "BucketEncryption BucketName LifecycleConfiguration LoggingConfiguration "
            "NotificationConfiguration ObjectLockConfiguration ObjectLockEnabled "
            "OwnershipControls PublicAccessBlockConfiguration VersioningConfiguration",
        ),
        "AWS::SNS::Subscription": priced(messages.subscription, "Endpoint Protocol TopicArn"),
        "AWS::SNS::Topic": priced(messages.topic, "KmsMasterKeyId TopicName"),
        # Requests are with whoever makes them: rules, and the function's mapping.
        "AWS::SQS::Queue": priced(
            _nothing,
            "KmsMasterKeyId MessageRetentionPeriod QueueName RedrivePolicy VisibilityTimeout",
        ),
    }
)

_ACCESS = "a rule about who may do what"
_DASHBOARDS = "billed with the account's subscription of QuickSight, which no template makes"
_ADDRESSES = "part of a VPC, which is free; what is billed there are endpoints and gateways"
FREE: Mapping[str, str] = MappingProxyType(
    {
        "AWS::Athena::NamedQuery": "text; what it scans is billed where somebody runs it",
        "AWS::Athena::WorkGroup": "billed as what queries scan, which is with the readers; its "
        "metrics are free",
        "AWS::Chatbot::SlackChannelConfiguration": "billed as the messages of its topics",
        "AWS::Budgets::Budget": "budgets that tell are free; those that act are not",
        "AWS::CDK::Metadata": "nothing that is deployed",
        "AWS::EC2::FlowLog": "billed as what it writes, with its log group",
        "AWS::EC2::RouteTable": _ADDRESSES,
        "AWS::EC2::SecurityGroup": _ADDRESSES,
        "AWS::EC2::SecurityGroupIngress": _ADDRESSES,
        "AWS::EC2::Subnet": _ADDRESSES,
        "AWS::EC2::SubnetRouteTableAssociation": _ADDRESSES,
        "AWS::EC2::VPC": _ADDRESSES,
        "AWS::EC2::VPCCidrBlock": _ADDRESSES,
        "AWS::Glue::Connection": "tells jobs which subnet they join",
        "AWS::Glue::Database": "a million entries of the catalog and a million requests a month "
        "are free; tables in Iceberg's format have no entries for partitions",
        "AWS::Glue::SecurityConfiguration": "billed as the requests to its key",
        "AWS::Glue::Trigger": "billed as the runs that it starts",
        "AWS::Glue::Workflow": "billed as the runs in it",
        "AWS::IAM::ManagedPolicy": _ACCESS,
        "AWS::IAM::Policy": _ACCESS,
        "AWS::IAM::Role": _ACCESS,
        "AWS::KMS::Alias": "a name of a key",
        "AWS::Kinesis::StreamConsumer": "billed by shards and bytes of a stream that others have "
        "made; docs/connectors.md says how much",
        "AWS::LakeFormation::PrincipalPermissions": _ACCESS,
        "AWS::LakeFormation::Resource": _ACCESS,
        "AWS::Lambda::Permission": _ACCESS,
        "AWS::QuickSight::DataSet": _DASHBOARDS,
        "AWS::QuickSight::DataSource": _DASHBOARDS,
        "AWS::QuickSight::RefreshSchedule": "billed as the queries that it starts",
        "AWS::S3::BucketPolicy": _ACCESS,
        "AWS::SNS::TopicPolicy": _ACCESS,
        "AWS::SQS::QueuePolicy": _ACCESS,
    }
)
"""Why a type costs nothing by itself, whatever its properties."""


def charges_of(resource: Resource, situation: Situation) -> Iterator[Charge]:
    """Yield what a resource costs.

    Raises Unpriced for a type, or a property of a priced type, that is not known here.
    """
    if resource.type in FREE:
        return
    entry = PRICED.get(resource.type)
    if entry is None:
        raise Unpriced(
            f"{resource.id} is of type {resource.type}, which nobody has priced: add it to PRICED "
            "or FREE in operations/cost/pricing.py"
        )
    unknown = sorted(set(resource.properties) - entry.known)
    if unknown:
        raise Unpriced(
            f"{resource.id} ({resource.type}) has {', '.join(unknown)}, of which nobody has said "
            "what it costs: add it to the type's entry in operations/cost/pricing.py, with its "
            "price if it has one"
        )
    yield from entry.charges(resource, situation)
