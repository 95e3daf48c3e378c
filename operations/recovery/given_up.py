"""Batches of a stream that Lambda has given up: read from the stream again, and sent again.

https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError

from config.source_document import SourceDocument
from operations.errors import OperationError
from operations.recovery.dead_letters import Letter, LetterBox
from operations.recovery.estate import Estate
from wires.routes import landed_object
from wires.sources import Kind
from wires.stream_ledger import (
    FIRST_SEQUENCE,
    LAST_SEQUENCE,
    REDRIVEN,
    landing_prefix,
    redriven_line,
    shard_line,
)

_TOGETHER = 10_000
"""Records, the most that Kinesis hands out at once."""
_PAYLOAD = 4 << 20
"""Bytes of a call of a function, which may have 6 MB."""
_HANDLED_WITHIN = 900
"""Seconds for one message, after which others receive it if its handler has died."""
_NO_QUEUE = frozenset({"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"})
_PATIENT = Config(read_timeout=910, retries={"total_max_attempts": 1})
"""No function lasts longer than 15 minutes; what got no answer is not sent a second time."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Records of a shard that Lambda has given up, as its message names them."""

    source: str
    dataset: str
    stream_arn: str
    shard: str
    first: str
    last: str
    size: int
    arrived: datetime
    """When the stream took in the first record."""
    given_up: datetime
    """When Lambda did so: what has landed of it by itself had landed by then."""

    @property
    def stream(self) -> str:
        return self.stream_arn.rpartition("/")[2]

    def __str__(self) -> str:
        what = "1 record" if self.size == 1 else f"{self.size:,} records"
        return f"{what} of {self.stream}/{self.shard}, {self.first} to {self.last}"


class Unreadable(Exception):
    """A message from which nothing can be sent again, with the reason."""


class Incomplete(OperationError):
    """A batch that could not be taken in as a whole, with the reason."""


def batch_of(body: str, document: SourceDocument) -> Batch:
    """Return the batch of which a message tells. Raises Unreadable."""
    if document.kind is not Kind.KINESIS:
        raise Unreadable(
            f"records of {document.kind.value} are not sent again by this command: have their "
            "producer send them again, or upload them as a file of the dataset"
        )
    try:
        message = json.loads(body)
        told = message["KinesisBatchInfo"]
        return Batch(
            source=document.name,
            dataset=document.dataset,
            stream_arn=str(told["streamArn"]),
            shard=str(told["shardId"]),
            first=str(int(told["startSequenceNumber"])),
            last=str(int(told["endSequenceNumber"])),
            size=int(told["batchSize"]),
            arrived=datetime.fromisoformat(told["approximateArrivalOfFirstRecord"]),
            given_up=datetime.fromisoformat(message["timestamp"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Unreadable(
            f"expected a message with KinesisBatchInfo, as Lambda sends it, got {body[:200]!r}"
        ) from error


@dataclass(frozen=True)
class GivenUp:
    """What Lambda has given up of one stream."""

    estate: Estate
    document: SourceDocument

    def box(self) -> LetterBox:
        """Return the queue of messages about it."""
        names = self.estate.names
        return LetterBox(self.estate.sqs, self.estate.queue_url(names.stream_failures(self.name)))

    @property
    def name(self) -> str:
        return self.document.name

    def is_deployed(self) -> bool:
        """Return whether the environment has the stream: a file may be newer than a deployment."""
        try:
            self.estate.sqs.get_queue_url(QueueName=self.estate.names.stream_failures(self.name))
        except ClientError as error:
            if error.response["Error"]["Code"] not in _NO_QUEUE:
                raise
            return False
        return True

    def about(self, letter: Letter) -> str:
        """Return what a message is about, for people."""
        try:
            return str(batch_of(letter.body, self.document))
        except Unreadable as error:
            return str(error)

    def redriven(self) -> Iterator[tuple[str, bool, str]]:
        """Send all batches again; yield what each is, whether that is done, and what came of it."""
        told: list[tuple[str, bool, str]] = []

        def handled(letter: Letter) -> bool:
            what = f"{self.name}: {self.about(letter)}"
            try:
                told.append((what, True, self.send_again(batch_of(letter.body, self.document))))
            except (Unreadable, Incomplete) as error:
                told.append((what, False, str(error)))
            return told[-1][1]

        for _ in self.box().take_out(handled, seconds=_HANDLED_WITHIN, at_once=1):
            yield from told
            told.clear()
        yield from told

    def planned(self, most: int) -> Iterator[tuple[str, bool, str]]:
        """Yield what `redriven` would begin with, without taking any message away."""
        box = self.box()
        for letter in box.peek(max(most, box.count())):
            what = f"{self.name}: {self.about(letter)}"
            try:
                batch_of(letter.body, self.document)
            except Unreadable as error:
                yield what, False, str(error)
            else:
                yield what, True, "given up by Lambda"

    def send_again(self, batch: Batch) -> str:
        """Have the stream's function take in what of a batch has not landed; says what came.

        Safe to be killed and repeated: the function takes in each record of a batch once. Raises
        Incomplete if the stream has lost records, or the function could not take them in.
        """
        records = list(self._records(batch))
        landed = list(self._landed(batch))
        left = [one for one in records if not _is_in(landed, one["SequenceNumber"])]
        for part in _parts(batch, left):
            self._invoke(batch, part)
        gone = batch.size - len(records)
        if gone > 0 and not any(
            first <= int(batch.first) and int(batch.last) <= last for first, last in landed
        ):
            raise Incomplete(
                f"{gone:,} of {batch.size:,} records are older than what the stream keeps, and "
                f"are lost unless their producer has them; {len(left):,} were sent again. Delete "
                "the message when that is settled"
            )
        return f"{len(left):,} sent again, {len(records) - len(left):,} had landed"

    def _records(self, batch: Batch) -> Iterator[Mapping[str, Any]]:
        """Yield the records of a batch that the stream still has."""
        kinesis = self.estate.session.client("kinesis")
        try:
            iterator = kinesis.get_shard_iterator(
                StreamName=batch.stream,
                StreamARN=batch.stream_arn,
                ShardId=batch.shard,
                ShardIteratorType="AT_SEQUENCE_NUMBER",
                StartingSequenceNumber=batch.first,
            )["ShardIterator"]
        except ClientError as error:
            raise Incomplete(
                f"expected the stream {batch.stream_arn} with {batch.shard}, got "
                f"{error.response['Error']['Code']}: {error.response['Error']['Message']}"
            ) from error
        while iterator:
            answer = kinesis.get_records(ShardIterator=iterator, Limit=_TOGETHER)
            for record in answer["Records"]:
                if int(record["SequenceNumber"]) > int(batch.last):
                    return
                yield record
                if record["SequenceNumber"] == batch.last:
                    return
            is_at_end = not answer["Records"] and not answer.get("MillisBehindLatest")
            iterator = None if is_at_end else answer.get("NextShardIterator")

    def _landed(self, batch: Batch) -> Iterator[tuple[int, int]]:
        """Yield from which number to which files go that may have records of a batch."""
        line = shard_line(batch.stream, batch.shard)
        yield from self._files(batch, line, batch.arrived, batch.given_up)
        again = redriven_line(line, batch.first)
        yield from self._files(batch, again, batch.given_up, self.estate.now())

    def _files(
        self, batch: Batch, line: str, since: datetime, until: datetime
    ) -> Iterator[tuple[int, int]]:
        """Yield what files of a line hold that landed between two times, and a day around them."""
        s3, bucket = self.estate.s3, self.estate.names.raw_bucket
        name = landing_prefix(batch.source, line)
        day, last = (
            (time.astimezone(UTC) + timedelta(days=more)).date()
            for time, more in ((since, -1), (until, 1))
        )
        while day <= last:
            prefix = landed_object(day, batch.dataset, name)
            pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
            for item in (item for page in pages for item in page.get("Contents", ())):
                found = s3.head_object(Bucket=bucket, Key=item["Key"])["Metadata"]
                yield int(found[FIRST_SEQUENCE]), int(found[LAST_SEQUENCE])
            day += timedelta(days=1)

    def _invoke(self, batch: Batch, records: Sequence[Mapping[str, Any]]) -> None:
        event = {REDRIVEN: batch.first, "Records": records}
        function = self.estate.names.stream_function(batch.source)
        client = self.estate.session.client("lambda", config=_PATIENT)
        answer = client.invoke(FunctionName=function, Payload=json.dumps(event).encode())
        said = json.loads(answer["Payload"].read() or b"null")
        if answer.get("FunctionError"):
            message = said.get("errorMessage", said) if isinstance(said, Mapping) else said
            raise Incomplete(f"{function} could not take them in: {message}")
        if failed := (said or {}).get("batchItemFailures"):
            raise Incomplete(f"{function} could not take in what begins at {failed[0]}")


def _is_in(landed: Iterable[tuple[int, int]], sequence: str) -> bool:
    return any(first <= int(sequence) <= last for first, last in landed)


def _parts(
    batch: Batch, records: Iterable[Mapping[str, Any]]
) -> Iterator[Sequence[Mapping[str, Any]]]:
    """Yield records as Lambda tells them, so many at once as a call has room for."""
    part: list[Mapping[str, Any]] = []
    room = _PAYLOAD
    for record in records:
        told = _told(batch, record)
        size = len(json.dumps(told))
        if part and size > room:
            yield part
            part, room = [], _PAYLOAD
        part.append(told)
        room -= size
    if part:
        yield part


def _told(batch: Batch, record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a record as Lambda tells it: https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html"""
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": record["PartitionKey"],
            "sequenceNumber": record["SequenceNumber"],
            "data": base64.b64encode(record["Data"]).decode(),
            "approximateArrivalTimestamp": record["ApproximateArrivalTimestamp"].timestamp(),
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"{batch.shard}:{record['SequenceNumber']}",
        "eventName": "aws:kinesis:record",
        "eventSourceARN": batch.stream_arn,
    }
