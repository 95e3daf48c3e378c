"""moto's queues for many messages: work on one message does not go through all the others.

moto counts every message of a queue, three times, for each one that is sent or received, and
makes a new list of them for each that is deleted: ten thousand messages take an hour.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from moto.core.utils import camelcase_to_underscores
from moto.sqs.exceptions import ReceiptHandleIsInvalid
from moto.sqs.models import Message, Queue


class QueueAttributes(Mapping[str, Any]):
    """Replaces `Queue.attributes`: counts messages only if asked how many there are."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    def __getitem__(self, name: str) -> Any:
        if name not in self._names():
            raise KeyError(name)
        value = getattr(self._queue, camelcase_to_underscores(name))
        if name == "RedrivePolicy" and value:
            return json.dumps(value)
        return str(value).lower() if isinstance(value, bool) else value

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())

    def _names(self) -> list[str]:
        queue = self._queue
        has_key = bool(queue.kms_master_key_id)  # type: ignore[attr-defined]  # set by name
        return [
            *queue.BASE_ATTRIBUTES,
            *(queue.FIFO_ATTRIBUTES if queue.fifo_queue else ()),
            *(queue.KMS_ATTRIBUTES if has_key else ()),
        ]


class VisibleMessages:
    """Replaces `Queue.messages`: a receiver looks at no more messages than it takes."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    def __iter__(self) -> Iterator[Message]:
        return (m for m in _all(self._queue) if m.visible and not m.delayed)

    def __bool__(self) -> bool:
        return next(iter(self), None) is not None

    def __len__(self) -> int:
        return sum(1 for _ in self)


def delete_message(queue: Queue, receipt_handle: str) -> None:
    """Replace `Queue.delete_message`. Received messages are at the front of a queue."""
    if receipt_handle in queue.deleted_messages:
        return
    messages = _all(queue)
    for place, message in enumerate(messages):
        if message.had_receipt_handle(receipt_handle):
            del messages[place]
            queue.pending_messages.discard(message)
            queue.deleted_messages.update(filter(None, message.all_receipt_handles))
            return
    raise ReceiptHandleIsInvalid


def _all(queue: Queue) -> list[Message]:
    """Return all messages, also those in flight, in the order in which they came."""
    return queue._messages  # noqa: SLF001 - moto shows those alone that can be received
