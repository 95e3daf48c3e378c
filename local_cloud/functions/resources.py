"""AWS::Lambda::Function and AWS::Lambda::EventSourceMapping."""

from __future__ import annotations

from typing import Any

from moto.awslambda.models import LambdaFunction

from local_cloud.cloudformation.resource import Place, Properties, Resource, resource_type
from local_cloud.errors import UnsupportedResourceError
from local_cloud.inventory import FunctionSpec, QueueMapping, inventory

_MAPPING_PROPERTIES = {
    "BatchSize",
    "Enabled",
    "EventSourceArn",
    "FunctionName",
    "FunctionResponseTypes",
    "MaximumBatchingWindowInSeconds",
    "ScalingConfig",
    "Tags",
}
"""The last three have no effect: a laptop does not wait for a batch to fill, nor scale."""


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
    """Make a queue's mapping without moto, which would take messages and lose them."""
    unknown = properties.keys() - _MAPPING_PROPERTIES
    arn = properties["EventSourceArn"]
    if unknown or ":sqs:" not in arn:
        raise UnsupportedResourceError(
            f"event-source mapping {name}: a laptop knows mappings of queues with "
            f"{', '.join(sorted(_MAPPING_PROPERTIES))}; got {', '.join(sorted(properties))} "
            f"of {arn}. Extend local_cloud/functions, or do without it."
        )
    responses = properties.get("FunctionResponseTypes", [])
    inventory().mappings.append(
        QueueMapping(
            queue=arn.split(":")[5],
            queue_arn=arn,
            function=properties["FunctionName"].split(":")[-1],
            batch_size=int(properties.get("BatchSize", 10)),
            reports_batch_item_failures="ReportBatchItemFailures" in responses,
            enabled=str(properties.get("Enabled", True)).lower() == "true",
        )
    )
    return Resource(name)


def _check_runs_here(name: str, properties: dict[str, Any]) -> None:
    is_zip = {"S3Bucket", "S3Key"} <= properties.get("Code", {}).keys()
    if not (is_zip and str(properties.get("Runtime", "")).startswith("python")):
        raise UnsupportedResourceError(
            f"function {name}: a laptop runs Python functions from zip assets; got runtime "
            f"{properties.get('Runtime')!r} and code {sorted(properties.get('Code', {}))}"
        )
    if properties.get("Layers"):
        raise UnsupportedResourceError(f"function {name}: layers are not unpacked on a laptop")
