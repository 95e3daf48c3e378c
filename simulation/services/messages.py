"""SQS and SNS: messages that come at least once, in any order."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from simulation.services.answers import Answer, Now, Params, Refused, only, play

_DEFAULT_VISIBILITY = 30.0


@dataclass
class Message:
    message_id: str
    body: str
    sent_at: float
    visible_at: float
    receives: int = 0
    handle: str = ""


@dataclass
class Queue:
    visibility: float = _DEFAULT_VISIBILITY
    max_receives: int = 0
    """After that a message goes to the dead letters; 0: never."""
    dead_letters: str = ""
    messages: list[Message] = field(default_factory=list)


@dataclass
class Sqs:
    """All queues of an account."""

    queues: dict[str, Queue]
    now: Now
    arrived: Callable[[str], None] = lambda _: None
    """Is told of a queue with something new."""
    chosen: Callable[[list[Message]], list[Message]] = lambda messages: messages
    """Puts messages that could be received into some order."""
    _sent: int = 0
    _handles: int = 0

    def call(self, operation: str, params: Params) -> Answer:
        operations: Mapping[str, Callable[[Params], Answer]] = {
            "GetQueueUrl": self._url,
            "SendMessage": self._send,
            "ReceiveMessage": self._receive,
            "DeleteMessage": self._delete,
            "ChangeMessageVisibilityBatch": self._change_batch,
            "GetQueueAttributes": self._attributes,
        }
        return play(operations, operation, params)

    def send(self, queue: str, body: str) -> str:
        self._sent += 1
        message = Message(f"m{self._sent:06d}", body, self.now(), self.now())
        self.queues[queue].messages.append(message)
        self.arrived(queue)
        return message.message_id

    def receive(self, name: str, most: int, visibility: float | None = None) -> list[Message]:
        """Hand out messages; those that have been handed out too often become dead letters."""
        queue, now = self.queues[name], self.now()
        found: list[Message] = []
        for message in self.chosen([m for m in queue.messages if m.visible_at <= now]):
            if queue.max_receives and message.receives >= queue.max_receives:
                queue.messages.remove(message)
                self.send(queue.dead_letters, message.body)
                continue
            if len(found) == most:
                break
            self._handles += 1
            message.handle = f"{message.message_id}-{self._handles}"
            message.receives += 1
            message.visible_at = now + (queue.visibility if visibility is None else visibility)
            found.append(message)
        return found

    def delete(self, name: str, handle: str) -> None:
        queue = self.queues[name]
        # A handle goes out of date when the message is received again.
        queue.messages = [m for m in queue.messages if m.handle != handle]

    def _url(self, params: Params) -> Answer:
        only(params, "QueueName")
        if params["QueueName"] not in self.queues:
            raise Refused(
                "AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist."
            )
        return {"QueueUrl": f"https://queues/{params['QueueName']}"}

    def _send(self, params: Params) -> Answer:
        only(params, "QueueUrl", "MessageBody")
        return {"MessageId": self.send(_name(params), params["MessageBody"])}

    def _receive(self, params: Params) -> Answer:
        only(
            params,
            *("QueueUrl", "MaxNumberOfMessages", "VisibilityTimeout", "WaitTimeSeconds"),
            "MessageSystemAttributeNames",
        )
        hidden = params.get("VisibilityTimeout")
        found = self.receive(_name(params), params.get("MaxNumberOfMessages", 1), hidden)
        if not found:
            return {}
        return {
            "Messages": [
                {
                    "MessageId": message.message_id,
                    "ReceiptHandle": message.handle,
                    "Body": message.body,
                    "Attributes": {"SentTimestamp": str(int(message.sent_at * 1000))},
                }
                for message in found
            ]
        }

    def _delete(self, params: Params) -> Answer:
        only(params, "QueueUrl", "ReceiptHandle")
        self.delete(_name(params), params["ReceiptHandle"])
        return {}

    def _change_batch(self, params: Params) -> Answer:
        only(params, "QueueUrl", "Entries")
        by_handle = {m.handle: m for m in self.queues[_name(params)].messages}
        done = []
        for entry in params["Entries"]:
            if message := by_handle.get(entry["ReceiptHandle"]):
                message.visible_at = self.now() + entry["VisibilityTimeout"]
                done.append({"Id": entry["Id"]})
        return {"Successful": done, "Failed": []}

    def _attributes(self, params: Params) -> Answer:
        only(params, "QueueUrl", "AttributeNames")
        messages, now = self.queues[_name(params)].messages, self.now()
        visible = sum(message.visible_at <= now for message in messages)
        counts: dict[str, Any] = {
            "ApproximateNumberOfMessages": str(visible),
            "ApproximateNumberOfMessagesNotVisible": str(len(messages) - visible),
        }
        return {"Attributes": {name: counts[name] for name in params["AttributeNames"]}}


@dataclass
class Sns:
    """One topic, and what was published to it."""

    published: list[tuple[str, str]] = field(default_factory=list)

    def call(self, operation: str, params: Params) -> Answer:
        return play({"Publish": self._publish}, operation, params)

    def _publish(self, params: Params) -> Answer:
        only(params, "TopicArn", "Subject", "Message", "MessageStructure")
        text = params["Message"]
        if params.get("MessageStructure") == "json":
            text = json.loads(text)["default"]
        self.published.append((params["Subject"], text))
        return {"MessageId": f"n{len(self.published):06d}"}


def _name(params: Params) -> str:
    return str(params["QueueUrl"]).rpartition("/")[2]
