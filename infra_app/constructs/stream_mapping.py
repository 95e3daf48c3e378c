"""The event source mapping of a stream, as its file says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import aws_cdk as cdk
import aws_cdk.aws_lambda as lambda_
import aws_cdk.aws_sqs as sqs
from constructs import Construct

from config.source_document import SourceDocument
from config.stream_document import KafkaDocument, KinesisDocument, SqsDocument
from wires.stream_sources import KafkaLogin

_Mapping = lambda_.CfnEventSourceMapping
_LOGINS = {
    KafkaLogin.BASIC: "BASIC_AUTH",
    KafkaLogin.SCRAM_256: "SASL_SCRAM_256_AUTH",
    KafkaLogin.SCRAM_512: "SASL_SCRAM_512_AUTH",
    KafkaLogin.CERTIFICATE: "CLIENT_CERTIFICATE_TLS_AUTH",
}


def map_stream(
    scope: Construct,
    document: SourceDocument,
    *,
    function: lambda_.IFunction,
    source_arn: str,
    failures: sqs.IQueue | None,
) -> lambda_.CfnEventSourceMapping:
    """Have Lambda deliver a stream to a function.

    The L2's event sources are not used: their grants have wildcards, and know no names from
    elsewhere.
    """
    if document.kinesis:
        own = _of_kinesis(document.kinesis)
    elif document.sqs:
        own = _of_sqs(document.sqs)
    elif document.kafka:
        own = _of_kafka(scope, document, document.kafka)
    else:
        raise ValueError(f"source {document.name} is no stream, but {document.kind}")
    if failures:
        own["destination_config"] = _Mapping.DestinationConfigProperty(
            on_failure=_Mapping.OnFailureProperty(destination=failures.queue_arn)
        )
    return lambda_.CfnEventSourceMapping(
        scope,
        "Mapping",
        function_name=function.function_arn,
        event_source_arn=source_arn or None,
        **own,
    )


def _of_kinesis(kinesis: KinesisDocument) -> dict[str, Any]:
    return {
        "batch_size": kinesis.batch_size,
        "maximum_batching_window_in_seconds": kinesis.window_seconds,
        "starting_position": kinesis.start.upper(),
        "parallelization_factor": kinesis.parallelization,
        "bisect_batch_on_function_error": kinesis.bisect,
        "maximum_retry_attempts": kinesis.retries,
        "maximum_record_age_in_seconds": kinesis.maximum_age_seconds,
        "function_response_types": ["ReportBatchItemFailures"],
    }


def _of_sqs(queue: SqsDocument) -> dict[str, Any]:
    return {
        "batch_size": queue.batch_size,
        "maximum_batching_window_in_seconds": queue.window_seconds,
        "scaling_config": _Mapping.ScalingConfigProperty(maximum_concurrency=queue.concurrency),
        "function_response_types": ["ReportBatchItemFailures"],
    }


def _of_kafka(scope: Construct, document: SourceDocument, kafka: KafkaDocument) -> dict[str, Any]:
    own: dict[str, Any] = {
        "topics": [kafka.topic],
        "batch_size": kafka.batch_size,
        "maximum_batching_window_in_seconds": kafka.window_seconds,
        "starting_position": kafka.start.upper(),
    }
    if access := list(_access(cdk.Stack.of(scope), document, kafka)):
        own["source_access_configurations"] = access
    group = kafka.consumer_group or None
    if kafka.cluster and group:
        own["amazon_managed_kafka_event_source_config"] = (
            _Mapping.AmazonManagedKafkaEventSourceConfigProperty(consumer_group_id=group)
        )
    if kafka.servers:
        own["self_managed_event_source"] = _Mapping.SelfManagedEventSourceProperty(
            endpoints=_Mapping.EndpointsProperty(kafka_bootstrap_servers=list(kafka.servers))
        )
        if group:
            own["self_managed_kafka_event_source_config"] = (
                _Mapping.SelfManagedKafkaEventSourceConfigProperty(consumer_group_id=group)
            )
    return own


def _access(
    stack: cdk.Stack, document: SourceDocument, kafka: KafkaDocument
) -> Iterator[lambda_.CfnEventSourceMapping.SourceAccessConfigurationProperty]:
    """Yield where Lambda finds credentials, and from where it calls. No secret is in here."""
    if kafka.authentication in _LOGINS:
        yield _configured(_LOGINS[kafka.authentication], secret_arn(stack, document.secret))
    if kafka.ca_secret:
        yield _configured("SERVER_ROOT_CA_CERTIFICATE", secret_arn(stack, kafka.ca_secret))
    for subnet in kafka.subnets:
        yield _configured("VPC_SUBNET", f"subnet:{subnet}")
    for group in kafka.security_groups:
        yield _configured("VPC_SECURITY_GROUP", f"security_group:{group}")


def _configured(
    kind: str, uri: str
) -> lambda_.CfnEventSourceMapping.SourceAccessConfigurationProperty:
    return _Mapping.SourceAccessConfigurationProperty(type=kind, uri=uri)


def secret_arn(stack: cdk.Stack, name: str) -> str:
    """Return the ARN of a secret without the six characters that Secrets Manager makes up."""
    return stack.format_arn(
        service="secretsmanager",
        resource="secret",
        resource_name=name,
        arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
    )


def stream_arn(stack: cdk.Stack, stream: str) -> str:
    """Return the ARN of a stream of Kinesis that is named, or given by its ARN."""
    if stream.startswith("arn:"):
        return stream
    return stack.format_arn(service="kinesis", resource="stream", resource_name=stream)


def queue_arn(stack: cdk.Stack, queue: str) -> str:
    """Return the ARN of a queue that is named, or given by its ARN."""
    if queue.startswith("arn:"):
        return queue
    return stack.format_arn(service="sqs", resource=queue)
