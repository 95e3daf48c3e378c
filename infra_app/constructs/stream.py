"""A stream that lands in raw: the function that takes it in, its mapping, and what watches both."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import aws_cdk as cdk
import aws_cdk.aws_kinesis as kinesis
import aws_cdk.aws_kms as kms
import aws_cdk.aws_sns as sns
import aws_cdk.aws_sqs as sqs
from constructs import Construct

from config.environments import Environment
from config.source_document import SourceDocument
from config.streams import TIMEOUT_SECONDS
from delivery.audit import explain
from infra_app.constructs.data_buckets import DataBuckets
from infra_app.constructs.network import Network
from infra_app.constructs.python_function import python_function
from infra_app.constructs.state_tables import StateTables
from infra_app.constructs.stream_access import StreamAccess
from infra_app.constructs.stream_alarms import StreamAlarms
from infra_app.constructs.stream_mapping import map_stream, queue_arn, stream_arn
from infra_app.lambdas.streams.settings import StreamSettings
from wires.alerts import Topic

MEMORY_MB = 1024
"""A batch has 6 MB, and the function takes some 150. But Lambda gives processors by memory, and ten
thousand calls take 30 s of a whole one."""


class Stream(Construct):
    """Reads one stream, queue or topic, and lands its records below `data/incoming/`.

    Its role reads that one and no other, and writes that source's files. What Lambda gives up goes
    to a queue of its own, where it is kept for 14 days.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        environment: Environment,
        document: SourceDocument,
        key: kms.Key,
        buckets: DataBuckets,
        tables: StateTables,
        code: Path,
        topics: Mapping[Topic, sns.Topic],
        network: Network | None,
    ) -> None:
        super().__init__(scope, id)
        names = environment.names
        made = python_function(
            self,
            name=names.stream_function(document.name),
            description=f"Takes in {document.name}, and lands it as uploads of {document.dataset}",
            handler="streams.handler.handle",
            code=code,
            environment=_settings(environment, document, buckets=buckets, tables=tables),
            timeout=cdk.Duration.seconds(TIMEOUT_SECONDS),
            memory=MEMORY_MB,
            key=key,
            retention=environment.settings.retention,
            network=network,
        )
        self.role, self.function = made.role, made.function
        failures = (
            None if document.sqs else self._failures(names.stream_failures(document.name), key)
        )
        source_arn = self._source_arn(document, names.stream_function(document.name))
        access = StreamAccess(self.role, document=document)
        access.take_in(key=key, buckets=buckets, tables=tables)
        access.read(source_arn)
        if failures:
            access.give_up(failures)
        mapping = map_stream(
            self, document, function=self.function, source_arn=source_arn, failures=failures
        )
        # Lambda tries the role when the mapping is made.
        mapping.node.add_dependency(self.role)
        StreamAlarms(
            self,
            "Alarms",
            names=names,
            document=document,
            limits=environment.settings.alarms,
            topics=topics,
            function=self.function,
            failures=failures,
        )
        self._explain(document.name)

    def _failures(self, name: str, key: kms.IKey) -> sqs.Queue:
        queue = sqs.Queue(
            self,
            "Failures",
            queue_name=name,
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=key,
            enforce_ssl=True,
            retention_period=cdk.Duration.days(14),
        )
        explain(
            queue,
            {
                "AwsSolutions-SQS3": f"The queue {name} is where Lambda puts what it gives up: "
                "it is one of dead letters itself.",
            },
        )
        return queue

    def _source_arn(self, document: SourceDocument, reader: str) -> str:
        """Return the ARN of what the mapping reads; "" for a cluster that is not of AWS."""
        stack = cdk.Stack.of(self)
        if document.sqs:
            return queue_arn(stack, document.sqs.queue)
        if document.kafka:
            return document.kafka.cluster
        if document.kinesis is None:
            raise ValueError(f"source {document.name} is no stream, but {document.kind}")
        arn = stream_arn(stack, document.kinesis.stream)
        if not document.kinesis.enhanced_fan_out:
            return arn
        consumer = kinesis.CfnStreamConsumer(self, "Reader", consumer_name=reader, stream_arn=arn)
        return consumer.attr_consumer_arn

    def _explain(self, source: str) -> None:
        whose = f"The function of {source}"
        explain(
            self.function,
            {
                "CKV_AWS_115": f"{whose} has one batch of each shard or partition at a time, or as "
                "many of a queue as the source's file says.",
                "CKV_AWS_116": f"{whose} has a mapping that puts what it gives up into a queue.",
                "CKV_AWS_117": f"{whose} calls AWS alone; `network.vpc` puts it into a VPC.",
                "CKV_AWS_173": f"{whose} has variables that are names, and nothing secret.",
                "AwsSolutions-L1": f"{whose} runs in the Python of Glue 6.0, as `wires` does.",
                "NIST.800.53.R5-LambdaConcurrency": f"{whose} is limited by its mapping; a reserve "
                "would be taken from the account's other functions.",
                "NIST.800.53.R5-LambdaDLQ": f"{whose} has a mapping that puts what it gives up "
                "into a queue, or a queue that has dead letters.",
                "NIST.800.53.R5-LambdaInsideVPC": f"{whose} calls S3 and DynamoDB alone; "
                "`network.vpc` puts it into a VPC. Its mapping reads the stream.",
            },
        )


def _settings(
    environment: Environment,
    document: SourceDocument,
    *,
    buckets: DataBuckets,
    tables: StateTables,
) -> StreamSettings:
    section = document.stream
    if section is None:
        raise ValueError(f"source {document.name} is no stream, but {document.kind}")
    return StreamSettings(
        environment=environment.name,
        source=document.name,
        kind=document.kind.value,
        dataset=document.dataset,
        record_format=section.format.value,
        rows=section.rows.value,
        raw_bucket=buckets.raw.bucket_name,
        quality_bucket=buckets.quality.bucket_name,
        assets_bucket=buckets.assets.bucket_name,
        state_table=tables.state.table_name,
        metrics_namespace=environment.names.metrics_namespace,
        timeout_seconds=TIMEOUT_SECONDS,
    )
