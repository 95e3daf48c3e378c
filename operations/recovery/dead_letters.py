"""Messages that nobody could handle: looked at, and taken out once they have been handled."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from operations.recovery.estate import Estate

_TOGETHER = 10
_LOOK_SECONDS = 30
"""So long a message that was looked at is hidden from others if its looker dies."""
_MOVE_SECONDS = 120
_WAIT_SECONDS = 1
"""Any wait has SQS ask all of its servers:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html
"""


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A message, and what it is about."""

    message_id: str
    body: str
    sent_at: str
    handle: str

    @property
    def key(self) -> str:
        """The key of the upload that it tells of; "" if it tells of something else."""
        found = self._at("detail", "object", "key")
        return found if self._kind == "Object Created" and isinstance(found, str) else ""

    @property
    def about(self) -> str:
        if self.key:
            return f"upload {self.key}"
        job, run = self._at("detail", "jobName"), self._at("detail", "jobRunId")
        if job and run:
            return f"end of run {run} of {job}"
        return str(self._kind or f"unreadable: {self.body[:200]}")

    def told(self) -> dict[str, str]:
        return {"message_id": self.message_id, "about": self.about, "sent_at": self.sent_at}

    @property
    def _kind(self) -> object:
        return self._at("detail-type")

    def _at(self, *path: str) -> object:
        try:
            found: Any = json.loads(self.body)
            for name in path:
                found = found[name]
        except (KeyError, IndexError, TypeError, ValueError):
            return ""
        return found


@dataclass(frozen=True)
class LetterBox:
    """One queue of messages that need a person."""

    sqs: Any
    url: str

    def count(self) -> int:
        """Return how many there are, as SQS estimates it."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)
        return sum(int(answer["Attributes"].get(name, 0)) for name in names)

    def peek(self, most: int) -> list[Letter]:
        """Return some of them, which others can receive again at once."""
        found: list[Letter] = []
        try:
            found.extend(self._received(_LOOK_SECONDS, most=most))
        finally:
            self._let_go(found)
        return found

    def take_out(
        self, handle: Callable[[Letter], bool], *, seconds: int, at_once: int = _TOGETHER
    ) -> Iterator[Letter]:
        """Delete letters that have been handled, and yield each; others can be received again.

        Whoever handles so many at once has so many seconds before others may receive them. Killed
        in between, one that was handled is there again: handling it twice must do no harm.
        """
        left = []
        try:
            for letter in self._received(seconds, at_once=at_once):
                left.append(letter)
                if handle(letter):
                    self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=letter.handle)
                    left.pop()
                    yield letter
        finally:
            self._let_go(left)

    def _received(
        self, hidden: int, *, most: int | None = None, at_once: int = _TOGETHER
    ) -> Iterator[Letter]:
        """Yield each once; one that comes again has been looked at, and is hidden once more."""
        seen: set[str] = set()
        while most is None or len(seen) < most:
            wanted = at_once if most is None else min(at_once, most - len(seen))
            answer = self.sqs.receive_message(
                QueueUrl=self.url,
                MaxNumberOfMessages=wanted,
                VisibilityTimeout=hidden,
                WaitTimeSeconds=_WAIT_SECONDS,
                MessageSystemAttributeNames=["SentTimestamp"],
            )
            messages = answer.get("Messages", ())
            if not messages:
                return
            new = [message for message in messages if message["MessageId"] not in seen]
            seen.update(message["MessageId"] for message in new)
            yield from map(_letter, new)

    def _let_go(self, letters: list[Letter]) -> None:
        for start in range(0, len(letters), _TOGETHER):
            together = letters[start : start + _TOGETHER]
            self.sqs.change_message_visibility_batch(
                QueueUrl=self.url,
                Entries=[
                    {"Id": str(i), "ReceiptHandle": one.handle, "VisibilityTimeout": 0}
                    for i, one in enumerate(together)
                ],
            )


@dataclass(frozen=True)
class DeadLetters:
    """The messages that the trigger of one environment could not handle."""

    estate: Estate

    @property
    def box(self) -> LetterBox:
        return LetterBox(self.estate.sqs, self.estate.dead_letters)

    def move(self, is_wanted: Callable[[Letter], bool]) -> Iterator[Letter]:
        """Put letters back into the trigger's queue, and yield each that was.

        It is sent before it is deleted: killed in between, it is there twice, and what it tells of
        is done once.
        """

        def sent(letter: Letter) -> bool:
            if not is_wanted(letter):
                return False
            self.estate.sqs.send_message(
                QueueUrl=self.estate.uploads_queue, MessageBody=letter.body
            )
            return True

        return self.box.take_out(sent, seconds=_MOVE_SECONDS)


def _letter(message: dict[str, Any]) -> Letter:
    sent = int(message.get("Attributes", {}).get("SentTimestamp", 0)) / 1000
    return Letter(
        message_id=message["MessageId"],
        body=message["Body"],
        sent_at=datetime.fromtimestamp(sent, UTC).isoformat(timespec="seconds"),
        handle=message["ReceiptHandle"],
    )
