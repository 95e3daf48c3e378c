"""Deliveries as Lambda makes them, of records that tests have sent."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra_app.lambdas.streams.settings import StreamSettings
from tests.aws import ASSETS, QUALITY, RAW, STATE

STREAM_ARN = "arn:aws:kinesis:eu-central-1:123456789012:stream/clicks"
QUEUE_ARN = "arn:aws:sqs:eu-central-1:123456789012:orders"
CLUSTER_ARN = "arn:aws:kafka:eu-central-1:123456789012:cluster/demo/e9f754c6-d29a-4430"


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A record that somebody has sent."""

    shard: str
    """Shard of Kinesis, or `topic/partition`; "" in a queue."""
    sequence: str
    """Or the message's id."""
    data: bytes | None
    at: float
    key: str | None = "k"

    @property
    def place(self) -> tuple[str, str]:
        return self.shard, self.sequence


def any_settings(**changes: Any) -> StreamSettings:
    values: dict[str, Any] = {
        "environment": "test",
        "source": "clicks",
        "kind": "kinesis",
        "dataset": "clicks",
        "record_format": "json",
        "rows": "record",
        "raw_bucket": RAW,
        "quality_bucket": QUALITY,
        "assets_bucket": ASSETS,
        "state_table": STATE,
        "metrics_namespace": "project/test",
        "timeout_seconds": 120,
    }
    return StreamSettings(**{**values, **changes})


def of_kinesis(sent: Sequence[Sent]) -> dict[str, Any]:
    return {"Records": [_kinesis(one) for one in sent]}


def _kinesis(one: Sent) -> Mapping[str, Any]:
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": one.key,
            "sequenceNumber": one.sequence,
            "data": base64.b64encode(one.data or b"").decode(),
            "approximateArrivalTimestamp": one.at,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"{one.shard}:{one.sequence}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": "arn:aws:iam::123456789012:role/streams",
        "awsRegion": "eu-central-1",
        "eventSourceARN": STREAM_ARN,
    }


def of_sqs(sent: Sequence[Sent], *, receives: int = 1) -> dict[str, Any]:
    return {"Records": [_sqs(one, receives) for one in sent]}


def _sqs(one: Sent, receives: int) -> Mapping[str, Any]:
    return {
        "messageId": one.sequence,
        "receiptHandle": f"handle-{one.sequence}-{receives}",
        "body": (one.data or b"").decode(),
        "attributes": {
            "ApproximateReceiveCount": str(receives),
            "SentTimestamp": str(int(one.at * 1000)),
            "SenderId": "AIDAEXAMPLE",
            "ApproximateFirstReceiveTimestamp": str(int(one.at * 1000) + 5),
        },
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": QUEUE_ARN,
        "awsRegion": "eu-central-1",
    }


def of_kafka(sent: Sequence[Sent], *, is_msk: bool = True) -> dict[str, Any]:
    """https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html"""
    records: dict[str, list[Any]] = {}
    for one in sent:
        topic, _, partition = one.shard.partition("/")
        records.setdefault(f"{topic}-{partition}", []).append(_kafka(one, topic, int(partition)))
    servers = "b-2.demo.kafka.eu-central-1.amazonaws.com:9092"
    if is_msk:
        return {
            "eventSource": "aws:kafka",
            "eventSourceArn": CLUSTER_ARN,
            "bootstrapServers": servers,
            "records": records,
        }
    return {"eventSource": "SelfManagedKafka", "bootstrapServers": servers, "records": records}


def _kafka(one: Sent, topic: str, partition: int) -> Mapping[str, Any]:
    key = {} if one.key is None else {"key": base64.b64encode(one.key.encode()).decode()}
    value = None if one.data is None else base64.b64encode(one.data).decode()
    return {
        "topic": topic,
        "partition": partition,
        "offset": int(one.sequence),
        "timestamp": int(one.at * 1000),
        "timestampType": "CREATE_TIME",
        **key,
        "value": value,
        # "héllo" in UTF-8, as the signed bytes of Java
        "headers": [{"greeting": [104, -61, -87, 108, 108, 111]}],
    }


def row(id: int) -> bytes:
    return json.dumps({"id": id, "text": f"ä {id}"}, ensure_ascii=False).encode()
