"""Permissions that calls of SNS and SQS need, with those for the keys of topics and queues."""

from __future__ import annotations

from collections.abc import Iterator

from local_cloud.access.call import AwsCall
from local_cloud.access.facts import Facts
from local_cloud.access.needs.encryption import DECRYPT, NEW_KEY, of_key
from local_cloud.access.needs.need import Need, UnknownCall

_SINGLE = {
    "ChangeMessageVisibilityBatch": "ChangeMessageVisibility",
    "DeleteMessageBatch": "DeleteMessage",
    "SendMessageBatch": "SendMessage",
}
"""Batches, which need the action of a single one."""
_OF_QUEUES = frozenset(
    {
        *_SINGLE.values(),
        "GetQueueAttributes",
        "GetQueueUrl",
        "ListDeadLetterSourceQueues",
        "ListQueueTags",
        "PurgeQueue",
        "ReceiveMessage",
        "SetQueueAttributes",
    }
)
_KEY_OF_QUEUE = {"SendMessage": (NEW_KEY, DECRYPT), "ReceiveMessage": (DECRYPT,)}
_OF_TOPICS = frozenset({"GetTopicAttributes", "ListSubscriptionsByTopic", "Publish", "Subscribe"})


def needs_of_topic(call: AwsCall, facts: Facts) -> list[Need]:
    """Return what a call of SNS needs. Raises UnknownCall.

    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    operation = "Publish" if call.operation == "PublishBatch" else call.operation
    if operation not in _OF_TOPICS:
        raise UnknownCall(call.operation)
    topic = str(call.parameters.get("TopicArn") or call.parameters.get("TargetArn"))
    return list(on_topic(operation, topic, facts))


def on_topic(operation: str, topic_arn: str, facts: Facts) -> Iterator[Need]:
    """Yield what an operation on a topic needs."""
    yield Need(action=f"sns:{operation}", resource=topic_arn)
    if operation == "Publish":
        encryption = facts.encryption_of_topic(topic_arn)
        yield from of_key(encryption, NEW_KEY, DECRYPT, via="sns", facts=facts)


def needs_of_queue(call: AwsCall, facts: Facts) -> list[Need]:
    """Return what a call of SQS needs. Raises UnknownCall."""
    operation = _SINGLE.get(call.operation, call.operation)
    if operation not in _OF_QUEUES:
        raise UnknownCall(call.operation)
    named = call.parameters.get("QueueName") or call.parameters["QueueUrl"]
    return list(on_queue(operation, str(named).rpartition("/")[2], facts))


def on_queue(operation: str, queue: str, facts: Facts) -> Iterator[Need]:
    """Yield what an operation on a queue needs.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
    """
    yield Need(action=f"sqs:{operation}", resource=facts.arn("sqs", queue))
    actions = _KEY_OF_QUEUE.get(operation, ())
    yield from of_key(facts.encryption_of_queue(queue), *actions, via="sqs", facts=facts)
