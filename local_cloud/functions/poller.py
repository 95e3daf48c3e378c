"""Does the work of an event-source mapping: receive, invoke, delete what succeeded."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from local_cloud.errors import FunctionError, RoleRefused
from local_cloud.inventory import QueueMapping

Invoke = Callable[[str, Any], Any]
_AT_ONCE = 10
"""Most messages in one call to SQS."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """How a batch ended."""

    received: int
    failed: int
    """Messages that are in the queue again, or among the dead letters."""
    problem: str


NOTHING = Batch(received=0, failed=0, problem="")


class QueuePoller:
    """Feeds one function from one queue. Failed messages are back in the queue at once."""

    def __init__(
        self,
        mapping: QueueMapping,
        *,
        sqs: Any,
        sqs_in_role: Callable[[], Any],
        region: str,
        invoke: Invoke,
        has_messages: Callable[[str], bool],
    ) -> None:
        """Poll only when `has_messages` says that a message can be received.

        `sqs_in_role` returns a client that acts in the function's role, as Lambda does when it
        receives and deletes; it may raise RoleRefused. Messages are given back by `sqs`: Lambda
        lets them be until they are visible again, which would take minutes.

        While jobs run, queues are polled often: asking an empty one each time would be in vain.
        """
        self._mapping = mapping
        self._has_messages = has_messages
        self._sqs = sqs
        self._sqs_in_role = sqs_in_role
        self._region = region
        self._invoke = invoke
        self._url = sqs.get_queue_url(QueueName=mapping.queue)["QueueUrl"]

    def poll(self) -> Batch:
        """Hand over one batch, which may have no messages."""
        try:
            messages = self._receive()
        except (ClientError, RoleRefused) as error:
            if not _is_refused(error):
                raise
            return NOTHING  # The refusal has been told of already.
        if not messages:
            return NOTHING
        failed, problem = self._failures(messages)
        self._give_back([m for m in messages if m["MessageId"] in failed])
        done = [m for m in messages if m["MessageId"] not in failed]
        try:
            self._delete(done)
        except ClientError as error:
            if not _is_refused(error):
                raise
            return Batch(received=len(messages), failed=len(messages), problem=str(error))
        return Batch(received=len(messages), failed=len(failed), problem=problem)

    def _receive(self) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = []
        while len(messages) < self._mapping.batch_size and self._has_messages(self._mapping.queue):
            page = (
                self._sqs_in_role()
                .receive_message(
                    QueueUrl=self._url,
                    MaxNumberOfMessages=min(_AT_ONCE, self._mapping.batch_size - len(messages)),
                    WaitTimeSeconds=0,
                    MessageSystemAttributeNames=["All"],
                    MessageAttributeNames=["All"],
                )
                .get("Messages", [])
            )
            if not page:
                break
            messages.extend(page)
        return messages

    def _give_back(self, messages: list[dict[str, Any]]) -> None:
        for entries in _entries(messages, VisibilityTimeout=0):
            self._sqs.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)

    def _delete(self, messages: list[dict[str, Any]]) -> None:
        for entries in _entries(messages):
            self._sqs_in_role().delete_message_batch(QueueUrl=self._url, Entries=entries)

    def _failures(self, messages: list[dict[str, Any]]) -> tuple[set[str], str]:
        everything = {message["MessageId"] for message in messages}
        try:
            answer = self._invoke(
                self._mapping.function, {"Records": [self._record(m) for m in messages]}
            )
        except FunctionError as error:
            return everything, str(error)
        if not self._mapping.reports_batch_item_failures:
            return set(), ""
        return _reported(answer, everything)

    def _record(self, message: dict[str, Any]) -> dict[str, Any]:
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message.get("Attributes", {}),
            "messageAttributes": {
                name: _attribute(value)
                for name, value in message.get("MessageAttributes", {}).items()
            },
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": self._mapping.queue_arn,
            "awsRegion": self._region,
        }


def _is_refused(error: Exception) -> bool:
    if isinstance(error, RoleRefused):
        return True
    return isinstance(error, ClientError) and "AccessDenied" in error.response["Error"]["Code"]


def _entries(messages: list[dict[str, Any]], **settings: Any) -> Iterator[list[dict[str, Any]]]:
    """Yield the entries of calls for several messages, as many as one call can carry."""
    for start in range(0, len(messages), _AT_ONCE):
        yield [
            {"Id": str(place), "ReceiptHandle": message["ReceiptHandle"], **settings}
            for place, message in enumerate(messages[start : start + _AT_ONCE])
        ]


def _attribute(value: dict[str, Any]) -> dict[str, Any]:
    """Return an attribute in lower camel case, as Lambda spells it."""
    spelled = {name[0].lower() + name[1:]: given for name, given in value.items()}
    return {**spelled, "stringListValues": [], "binaryListValues": []}


def _reported(answer: Any, everything: set[str]) -> tuple[set[str], str]:
    """Return the failed messages, and why: all of them if the answer is invalid, as on Lambda."""
    if not answer or not answer.get("batchItemFailures"):
        return set(), ""
    failed = {item.get("itemIdentifier") for item in answer["batchItemFailures"]}
    if not failed <= everything:
        return everything, f"the function reported unknown failures: {json.dumps(answer)}"
    return failed, f"{len(failed)} of {len(everything)} messages were given back"
