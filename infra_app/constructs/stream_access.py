"""Permissions of a stream's function, action by action."""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk
import aws_cdk.aws_iam as iam
import aws_cdk.aws_kms as kms
import aws_cdk.aws_s3 as s3
import aws_cdk.aws_sqs as sqs

from config.source_document import SourceDocument
from config.stream_document import KafkaDocument
from delivery.audit import arn_in_findings, explain
from infra_app.constructs.data_buckets import DataBuckets
from infra_app.constructs.state_tables import StateTables
from infra_app.constructs.stream_mapping import secret_arn, stream_arn
from wires.layout import message_claims, quarantined_records, source_states, staged_sources
from wires.routes import landed_objects
from wires.stream_sources import KafkaLogin

OF_INTERFACES = (
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
)


class StreamAccess:
    """Grants one role to read one stream, and to write what one source lands."""

    def __init__(self, role: iam.Role, *, document: SourceDocument) -> None:
        self._role = role
        self._document = document
        self._stack = cdk.Stack.of(role)
        self._name = document.name
        explain(
            role,
            {
                "AwsSolutions-IAM5[Resource::*]": f"The function of {self._name} sends traces to "
                "X-Ray, whose actions take no resource, nor do those of EC2 for interfaces.",
                "NIST.800.53.R5-IAMNoInlinePolicy": f"The policy of the function of {self._name} "
                "is of use to it alone, and goes with it.",
            },
        )

    def take_in(self, *, key: kms.IKey, buckets: DataBuckets, tables: StateTables) -> None:
        """Allow to land files, to put records aside, and to keep how far the source has come."""
        landed = landed_objects(self._document.dataset, self._name)
        self._objects(buckets.raw, landed, "s3:GetObject", "s3:PutObject")
        # Without it S3 answers "access denied" for an object that does not exist.
        self._grant("s3:ListBucket", on=[buckets.raw.bucket_arn])
        self._objects(buckets.quality, f"{quarantined_records(self._name)}*", "s3:PutObject")
        items = ["dynamodb:GetItem", "dynamodb:PutItem"]
        partitions = [source_states(self._name)]
        if self._document.sqs:
            staged = f"{staged_sources(self._name)}*"
            actions = ("s3:DeleteObject", "s3:GetObject", "s3:PutObject")
            self._objects(buckets.assets, staged, *actions)
            self._grant("s3:ListBucket", on=[buckets.assets.bucket_arn])
            items.append("dynamodb:UpdateItem")
            partitions.append(message_claims(self._name))
        iam.Grant.add_to_principal(
            grantee=self._role,
            actions=items,
            resource_arns=[tables.state.table_arn],
            conditions={"ForAllValues:StringLike": {"dynamodb:LeadingKeys": partitions}},
        )
        key.grant(self._role, "kms:Decrypt", "kms:GenerateDataKey")

    def read(self, source_arn: str) -> None:
        """Allow Lambda, which reads in this role, to read the stream and no other."""
        document = self._document
        if document.kinesis:
            self._read_kinesis(source_arn)
        elif document.sqs:
            actions = ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")
            self._grant(*actions, on=[source_arn])
        elif document.kafka:
            self._read_kafka(document.kafka)
        section = document.stream
        if section and section.key:
            self._grant("kms:Decrypt", on=[section.key])

    def give_up(self, failures: sqs.IQueue) -> None:
        """Allow Lambda to put aside what it gives up."""
        self._grant("sqs:SendMessage", on=[failures.queue_arn])

    def _read_kinesis(self, source_arn: str) -> None:
        """https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html"""
        kinesis = self._document.kinesis
        if kinesis is None:
            return
        self._grant(
            "kinesis:DescribeStream",
            "kinesis:DescribeStreamSummary",
            "kinesis:GetRecords",
            "kinesis:GetShardIterator",
            "kinesis:ListShards",
            on=[stream_arn(self._stack, kinesis.stream)],
        )
        if kinesis.enhanced_fan_out:
            actions = ("kinesis:DescribeStreamConsumer", "kinesis:SubscribeToShard")
            self._grant(*actions, on=[source_arn])

    def _read_kafka(self, kafka: KafkaDocument) -> None:
        """https://docs.aws.amazon.com/lambda/latest/dg/with-msk-permissions.html"""
        secrets = [secret for secret in (self._document.secret, kafka.ca_secret) if secret]
        if secrets:
            arns = [f"{secret_arn(self._stack, secret)}-??????" for secret in secrets]
            self._grant("secretsmanager:GetSecretValue", on=arns)
        if kafka.cluster or kafka.subnets:
            self._grant(*OF_INTERFACES, on=["*"])
        if kafka.cluster:
            actions = ("DescribeCluster", "DescribeClusterV2", "GetBootstrapBrokers")
            self._grant(*(f"kafka:{action}" for action in actions), on=[kafka.cluster])
        if kafka.authentication is KafkaLogin.IAM:
            self._log_in(kafka)

    def _log_in(self, kafka: KafkaDocument) -> None:
        """https://docs.aws.amazon.com/msk/latest/developerguide/kafka-actions.html"""
        of_cluster = ("Connect", "DescribeClusterDynamicConfiguration")
        self._grant(*(f"kafka-cluster:{action}" for action in of_cluster), on=[kafka.cluster])
        topic = f"{kafka.cluster.replace(':cluster/', ':topic/')}/{kafka.topic}"
        self._grant("kafka-cluster:DescribeTopic", "kafka-cluster:ReadData", on=[topic])
        group = f"{kafka.cluster.replace(':cluster/', ':group/')}/{kafka.consumer_group or '*'}"
        self._grant("kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup", on=[group])
        if not kafka.consumer_group:
            self._because(group, f"Lambda makes up the consumer group of {self._name}.")

    def _objects(self, bucket: s3.IBucket, pattern: str, *actions: str) -> None:
        arn = bucket.arn_for_objects(pattern)
        self._grant(*actions, on=[arn])
        self._because(
            f"{arn_in_findings(bucket)}/{pattern}",
            f"The function of {self._name} writes files of its source alone.",
        )

    def _because(self, resource: str, why: str) -> None:
        explain(self._role, {f"AwsSolutions-IAM5[Resource::{resource}]": why})

    def _grant(self, *actions: str, on: Sequence[str]) -> None:
        iam.Grant.add_to_principal(
            grantee=self._role, actions=list(actions), resource_arns=list(on)
        )
