"""Policies of buckets, queues, topics and functions: AWS::S3::BucketPolicy and its like."""

from __future__ import annotations

from collections.abc import Iterator

from local_cloud.cloudformation.resource import Place, Properties, Resource, resource_type
from local_cloud.inventory import inventory


@resource_type("AWS::S3::BucketPolicy")
def create_bucket_policy(name: str, properties: Properties, place: Place) -> Resource:
    """Note the policy of a bucket."""
    return _attached(name, properties, [f"arn:{place.partition}:s3:::{properties['Bucket']}"])


@resource_type("AWS::SQS::QueuePolicy")
def create_queue_policy(name: str, properties: Properties, place: Place) -> Resource:
    """Note the policy of queues, which are named by their addresses."""
    return _attached(name, properties, _queues(properties, place))


@resource_type("AWS::SNS::TopicPolicy")
def create_topic_policy(name: str, properties: Properties, place: Place) -> Resource:  # noqa: ARG001 - as CloudFormation calls it
    """Note the policy of topics, in place of the one that each topic has at first."""
    return _attached(name, properties, properties["Topics"])


@resource_type("AWS::Lambda::Permission")
def create_permission(name: str, properties: Properties, place: Place) -> Resource:
    """Add to the policy of a function who may call it, and for which resource.

    https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
    """
    function = properties["FunctionName"]
    if not function.startswith("arn:"):
        start = f"arn:{place.partition}:lambda:{place.region}:{place.account}:function"
        function = f"{start}:{function}"
    conditions = {
        "ArnLike": {"aws:SourceArn": properties.get("SourceArn")},
        "StringEquals": {"aws:SourceAccount": properties.get("SourceAccount")},
    }
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": properties["Principal"]},
        "Action": properties["Action"],
        "Resource": function,
        "Condition": {
            operator: keys for operator, keys in conditions.items() if all(keys.values())
        },
    }
    inventory().access.permit(function, statement)
    return Resource(name)


def _queues(properties: Properties, place: Place) -> Iterator[str]:
    for address in properties["Queues"]:
        name = address.rpartition("/")[2]
        yield f"arn:{place.partition}:sqs:{place.region}:{place.account}:{name}"


def _attached(name: str, properties: Properties, arns: Iterator[str] | list[str]) -> Resource:
    for arn in arns:
        inventory().access.attach(arn, properties["PolicyDocument"])
    return Resource(name)
