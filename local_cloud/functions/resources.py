"""AWS::Lambda::Function, AWS::Lambda::EventSourceMapping and AWS::Kinesis::StreamConsumer."""

from __future__ import annotations

from typing import Any

from moto.awslambda.models import LambdaFunction

from local_cloud.cloudformation.resource import Place, Properties, Resource, resource_type
from local_cloud.errors import UnsupportedResourceError
from local_cloud.inventory import FunctionSpec, QueueMapping, StreamMapping, inventory

_OF_ALL = {
    "BatchSize",
    "Enabled",
    "EventSourceArn",
    "FunctionName",
    "MaximumBatchingWindowInSeconds",
    "Tags",
}
"""The last two have no effect: a laptop does not wait for a batch to fill."""
_OF_QUEUES = {*_OF_ALL, "FunctionResponseTypes", "ScalingConfig"}
"""A laptop does not scale."""
_OF_STREAMS = {
    *_OF_ALL,
    "BisectBatchOnFunctionError",
    "DestinationConfig",
    "FunctionResponseTypes",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "ParallelizationFactor",
    "StartingPosition",
}
"""No record of a laptop becomes old."""
_OF_TOPICS = {
    *_OF_ALL,
    "AmazonManagedKafkaEventSourceConfig",
    "DestinationConfig",
    "SelfManagedEventSource",
    "SelfManagedKafkaEventSourceConfig",
    "SourceAccessConfigurations",
    "StartingPosition",
    "Topics",
}
"""None has an effect: a laptop has no brokers. Events of them are given to the function by hand."""


class LocalFunction(LambdaFunction):
    """moto's function, invoked in its own process here instead of in a container."""

    def is_created(self) -> bool:
        return True

    def invoke(self, body: Any, request_headers: Any, response_headers: Any) -> Any:
        functions = inventory().functions
        if (request_headers or {}).get("x-amz-invocation-type") == "Event":
            functions.invoke_later(self.function_name, body or "null")
            return b""
        payload, error = functions.invoke_now(self.function_name, body or "null")
        if error:
            response_headers["x-amz-function-error"] = "Unhandled"
        return payload.encode()


@resource_type("AWS::Lambda::Function", name_property="FunctionName", attributes=["Arn"])
def create_function(name: str, properties: Properties, place: Place) -> LambdaFunction:
    """Make moto's function, and register what is needed to run it."""
    _check_runs_here(name, properties)
    function = LambdaFunction.create_from_cloudformation_json(
        name, {"Properties": properties}, place.account, place.region
    )
    function.__class__ = LocalFunction  # type: ignore[type-abstract]  # moto makes it
    variables = properties.get("Environment", {}).get("Variables", {})
    inventory().functions.add(
        FunctionSpec(
            name=function.function_name,
            arn=function.function_arn,
            role=properties["Role"],
            handler=properties["Handler"],
            code_bucket=properties["Code"]["S3Bucket"],
            code_key=properties["Code"]["S3Key"],
            environment={variable: str(value) for variable, value in variables.items()},
            timeout=int(properties.get("Timeout", 3)),
            memory=int(properties.get("MemorySize", 128)),
        )
    )
    return function


@resource_type("AWS::Lambda::EventSourceMapping")
def create_mapping(name: str, properties: Properties, place: Place) -> Resource:  # noqa: ARG001
    """Make a mapping without moto, which would take messages and lose them."""
    arn = properties.get("EventSourceArn", "")
    known: set[str] = set()
    if ":sqs:" in arn:
        known = _OF_QUEUES
    elif ":kinesis:" in arn:
        known = _OF_STREAMS
    elif "Topics" in properties:
        known = _OF_TOPICS
    if not known or properties.keys() - known:
        raise UnsupportedResourceError(
            f"event-source mapping {name}: a laptop knows mappings of queues with "
            f"{', '.join(sorted(_OF_QUEUES))}, of streams with {', '.join(sorted(_OF_STREAMS))}, "
            f"and of topics with {', '.join(sorted(_OF_TOPICS))}; got "
            f"{', '.join(sorted(properties))} of {arn}. Extend local_cloud/functions, or do "
            "without it."
        )
    is_enabled = str(properties.get("Enabled", True)).lower() == "true"
    if known is _OF_QUEUES:
        inventory().mappings.append(_queue_mapping(properties, is_enabled=is_enabled))
    elif known is _OF_STREAMS and is_enabled:
        inventory().streams.append(_stream_mapping(properties))
    return Resource(name)


def _queue_mapping(properties: Properties, *, is_enabled: bool) -> QueueMapping:
    arn = properties["EventSourceArn"]
    return QueueMapping(
        queue=arn.split(":")[5],
        queue_arn=arn,
        function=properties["FunctionName"].split(":")[-1],
        batch_size=int(properties.get("BatchSize", 10)),
        reports_batch_item_failures=_reports(properties),
        enabled=is_enabled,
    )


def _stream_mapping(properties: Properties) -> StreamMapping:
    stream_arn = properties["EventSourceArn"].partition("/consumer/")[0]
    spec = inventory().functions.spec(properties["FunctionName"].split(":")[-1])
    destination = properties.get("DestinationConfig", {}).get("OnFailure", {})
    return StreamMapping(
        stream=stream_arn.partition(":stream/")[2],
        stream_arn=stream_arn,
        function=spec.name,
        function_arn=spec.arn,
        role_arn=spec.role,
        start=properties["StartingPosition"],
        batch_size=int(properties.get("BatchSize", 100)),
        bisects=str(properties.get("BisectBatchOnFunctionError", False)).lower() == "true",
        retries=int(properties.get("MaximumRetryAttempts", -1)),
        destination=destination.get("Destination", ""),
        reports_batch_item_failures=_reports(properties),
    )


def _reports(properties: Properties) -> bool:
    return "ReportBatchItemFailures" in properties.get("FunctionResponseTypes", [])


@resource_type("AWS::Kinesis::StreamConsumer", attributes=["ConsumerARN"])
def create_reader(name: str, properties: Properties, place: Place) -> Resource:  # noqa: ARG001
    """Make a reader of a stream; on a laptop it reads as all others do."""
    arn = f"{properties['StreamARN']}/consumer/{properties['ConsumerName']}:1"
    return Resource(arn, {"ConsumerARN": arn})


def _check_runs_here(name: str, properties: dict[str, Any]) -> None:
    is_zip = {"S3Bucket", "S3Key"} <= properties.get("Code", {}).keys()
    if not (is_zip and str(properties.get("Runtime", "")).startswith("python")):
        raise UnsupportedResourceError(
            f"function {name}: a laptop runs Python functions from zip assets; got runtime "
            f"{properties.get('Runtime')!r} and code {sorted(properties.get('Code', {}))}"
        )
    if properties.get("Layers"):
        raise UnsupportedResourceError(f"function {name}: layers are not unpacked on a laptop")
