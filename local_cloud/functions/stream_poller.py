"""Does the work of a stream's event source mapping: read shards, invoke, halve, give up.

Batches are delivered at once, without a window; a batch that failed comes again at once.
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from local_cloud.errors import FunctionError
from local_cloud.functions.poller import NOTHING, Batch, Invoke
from local_cloud.inventory import StreamMapping

_MOST_BYTES = 6 * 2**20
"""Of a delivery, with the records in base64."""
_ENDLESS = -1


@dataclass(kw_only=True)
class _Delivery:
    """Records that are delivered together, until they land or are given up."""

    records: Sequence[dict[str, Any]]
    failures: int = 0


@dataclass(kw_only=True)
class _Shard:
    """How far a shard has been read."""

    id: str
    parents: frozenset[str]
    iterator: str
    """"" at the shard's end."""
    is_drained: bool = False
    """Nothing was there the last time."""
    waiting: list[_Delivery] = field(default_factory=list)


class StreamPoller:
    """Feeds one function from one stream of Kinesis, shard by shard, children after parents."""

    def __init__(
        self,
        mapping: StreamMapping,
        *,
        client_in_role: Callable[[str], Any],
        region: str,
        invoke: Invoke,
        records_sent: Callable[[str], int],
    ) -> None:
        """Read only when `records_sent` says that there is more than before.

        `client_in_role` returns a client of a service that acts in the function's role, as Lambda
        does when it reads, and when it gives records up.
        """
        self._mapping = mapping
        self._client = client_in_role
        self._region = region
        self._invoke = invoke
        self._records_sent = records_sent
        self._seen = -1
        self._shards: dict[str, _Shard] = {}

    def poll(self) -> Batch:
        """Hand over one batch of each shard; there may be no records."""
        sent = self._records_sent(self._mapping.stream)
        if sent == self._seen and not any(shard.waiting for shard in self._shards.values()):
            return NOTHING
        if sent != self._seen:
            self._look_for_shards()
        batches = [self._of_shard(shard) for shard in self._ready()]
        if not any(batch.received for batch in batches):
            self._seen = sent
        return Batch(
            received=sum(batch.received for batch in batches),
            failed=sum(batch.failed for batch in batches),
            problem="; ".join(batch.problem for batch in batches if batch.problem),
        )

    def _look_for_shards(self) -> None:
        kinesis = self._client("kinesis")
        for found in kinesis.list_shards(StreamName=self._mapping.stream)["Shards"]:
            if found["ShardId"] in self._shards:
                self._shards[found["ShardId"]].is_drained = False
                continue
            names = ("ParentShardId", "AdjacentParentShardId")
            iterator = kinesis.get_shard_iterator(
                StreamName=self._mapping.stream,
                ShardId=found["ShardId"],
                ShardIteratorType=self._mapping.start,
            )["ShardIterator"]
            self._shards[found["ShardId"]] = _Shard(
                id=found["ShardId"],
                parents=frozenset(found[name] for name in names if name in found),
                iterator=iterator,
            )

    def _ready(self) -> list[_Shard]:
        """Return the shards whose parents have been read."""
        busy = {shard.id for shard in self._shards.values() if not _is_read(shard)}
        return [shard for shard in self._shards.values() if not shard.parents & busy]

    def _of_shard(self, shard: _Shard) -> Batch:
        if not shard.waiting:
            shard.waiting = [_Delivery(records=batch) for batch in self._read(shard)]
        if not shard.waiting:
            return NOTHING
        delivery = shard.waiting.pop(0)
        taken, problem = self._taken(shard, delivery.records)
        left = delivery.records[taken:]
        if left:
            self._again(shard, _Delivery(records=left, failures=delivery.failures))
        return Batch(received=len(delivery.records), failed=len(left), problem=problem)

    def _read(self, shard: _Shard) -> Iterator[list[dict[str, Any]]]:
        """Yield the records that have come, in batches."""
        if shard.is_drained or not shard.iterator:
            return
        answer = self._client("kinesis").get_records(ShardIterator=shard.iterator)
        shard.iterator = answer.get("NextShardIterator") or ""
        shard.is_drained = not answer["Records"]
        batch: list[dict[str, Any]] = []
        size = 0
        for record in answer["Records"]:
            told = self._told(shard, record)
            length = len(told["kinesis"]["data"])
            if batch and (len(batch) == self._mapping.batch_size or size + length > _MOST_BYTES):
                yield batch
                batch, size = [], 0
            batch.append(told)
            size += length
        if batch:
            yield batch

    def _taken(self, shard: _Shard, records: Sequence[dict[str, Any]]) -> tuple[int, str]:
        """Deliver; return how many of the first records have been taken in, and what is wrong."""
        try:
            answer = self._invoke(self._mapping.function, {"Records": list(records)})
        except FunctionError as error:
            return 0, str(error)
        failed = (answer or {}).get("batchItemFailures") or []
        if not self._mapping.reports_batch_item_failures or not failed:
            return len(records), ""
        numbers = [record["kinesis"]["sequenceNumber"] for record in records]
        named = [item.get("itemIdentifier") for item in failed]
        if not {*named} <= {*numbers}:
            return 0, f"the function reported unknown failures: {json.dumps(answer)}"
        first = min(numbers.index(one) for one in named)
        return first, f"{len(records) - first} records of {shard.id} come again"

    def _again(self, shard: _Shard, delivery: _Delivery) -> None:
        """Deliver once more, in two halves if the mapping says so, or give up."""
        mapping, records = self._mapping, delivery.records
        if mapping.retries != _ENDLESS and delivery.failures >= mapping.retries:
            self._give_up(shard, records)
            return
        half = len(records) // 2
        parts = [records[:half], records[half:]] if mapping.bisects and half else [records]
        # Halving uses up no attempt.
        failures = delivery.failures + (len(parts) == 1)
        again = [_Delivery(records=part, failures=failures) for part in parts]
        shard.waiting = [*again, *shard.waiting]

    def _give_up(self, shard: _Shard, records: Sequence[dict[str, Any]]) -> None:
        """Tell the mapping's queue which records were given up, as Lambda does.

        https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
        """
        if not self._mapping.destination:
            return
        first, last = records[0]["kinesis"], records[-1]["kinesis"]
        message = {
            "requestContext": {
                "requestId": str(uuid.uuid4()),
                "functionArn": self._mapping.function_arn,
                "condition": "RetryAttemptsExhausted",
                "approximateInvokeCount": self._mapping.retries + 1,
            },
            "responseContext": {
                "statusCode": 200,
                "executedVersion": "$LATEST",
                "functionError": "Unhandled",
            },
            "version": "1.0",
            "timestamp": _moment(datetime.now(UTC)),
            "KinesisBatchInfo": {
                "shardId": shard.id,
                "startSequenceNumber": first["sequenceNumber"],
                "endSequenceNumber": last["sequenceNumber"],
                "approximateArrivalOfFirstRecord": _arrived(first),
                "approximateArrivalOfLastRecord": _arrived(last),
                "batchSize": len(records),
                "streamArn": self._mapping.stream_arn,
            },
        }
        sqs = self._client("sqs")
        # The role may send and nothing else, so the address is made, and not asked for.
        account, name = self._mapping.destination.split(":")[4:6]
        url = f"{sqs.meta.endpoint_url}/{account}/{name}"
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps(message))

    def _told(self, shard: _Shard, record: dict[str, Any]) -> dict[str, Any]:
        number = record["SequenceNumber"]
        return {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": record["PartitionKey"],
                "sequenceNumber": number,
                "data": base64.b64encode(record["Data"]).decode(),
                "approximateArrivalTimestamp": record["ApproximateArrivalTimestamp"].timestamp(),
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": f"{shard.id}:{number}",
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": self._mapping.role_arn,
            "awsRegion": self._region,
            "eventSourceARN": self._mapping.stream_arn,
        }


def _is_read(shard: _Shard) -> bool:
    return not shard.waiting and (shard.is_drained or not shard.iterator)


def _arrived(record: dict[str, Any]) -> str:
    return _moment(datetime.fromtimestamp(record["approximateArrivalTimestamp"], UTC))


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
