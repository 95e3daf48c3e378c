"""Parses what Lambda delivers to records, whatever the kind of the source.

https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from wires.sources import Kind
from wires.stream_ledger import shard_line

from .errors import UnreadableDelivery


@dataclass(frozen=True, kw_only=True)
class Record:
    """One record of a stream, or one message of a queue."""

    line: str
    """The shard or partition, with the stream's or topic's name; of a queue its name."""
    sequence: str
    """Its place in the line: sequence number or offset; of a queue the message's id."""
    came_at: datetime
    """When the stream took it in, in UTC."""
    data: bytes | None
    """None for one without a value, which Kafka calls a tombstone."""
    key: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def records_of(event: Mapping[str, Any], kind: Kind) -> list[Record]:
    """Return the records of a delivery, those of each line in order.

    Raises UnreadableDelivery for an event of another kind.
    """
    readers = {Kind.KINESIS: _of_kinesis, Kind.SQS: _of_sqs, Kind.KAFKA: _of_kafka}
    try:
        return list(readers[kind](event))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UnreadableDelivery(
            f"expected a delivery of {kind} as Lambda documents it, got one with "
            f"{sorted(event)!r:.200}: {type(error).__name__}: {error}; is the function called by "
            "anybody but its mapping?"
        ) from error


def _of_kinesis(event: Mapping[str, Any]) -> Iterator[Record]:
    for item in event["Records"]:
        stream = str(item["eventSourceARN"]).split(":stream/", 1)[1].partition("/")[0]
        shard = str(item["eventID"]).partition(":")[0]
        record = item["kinesis"]
        yield Record(
            line=shard_line(stream, shard),
            sequence=str(int(record["sequenceNumber"])),
            came_at=datetime.fromtimestamp(float(record["approximateArrivalTimestamp"]), UTC),
            data=base64.b64decode(record["data"]),
            key=str(record["partitionKey"]).encode(),
        )


def _of_sqs(event: Mapping[str, Any]) -> Iterator[Record]:
    for item in event["Records"]:
        sent = int(item["attributes"]["SentTimestamp"]) / 1000
        yield Record(
            line=str(item["eventSourceARN"]).rpartition(":")[2],
            sequence=str(item["messageId"]),
            came_at=datetime.fromtimestamp(sent, UTC),
            data=str(item["body"]).encode("utf-8", "surrogatepass"),
            key=_encoded(item["attributes"].get("MessageGroupId")),
            headers={
                name: str(value.get("stringValue") or value.get("binaryValue") or "")
                for name, value in item.get("messageAttributes", {}).items()
            },
        )


def _of_kafka(event: Mapping[str, Any]) -> Iterator[Record]:
    for items in event["records"].values():
        for item in items:
            yield Record(
                line=f"{item['topic']}/{int(item['partition'])}",
                sequence=str(int(item["offset"])),
                came_at=datetime.fromtimestamp(int(item["timestamp"]) / 1000, UTC),
                data=_decoded(item.get("value")),
                key=_decoded(item.get("key")),
                headers=dict(_headers(item.get("headers") or ())),
            )


def _headers(items: Any) -> Iterator[tuple[str, str]]:
    """Yield names and values, which come as lists of signed bytes; of equal names the last wins."""
    for item in items:
        for name, value in item.items():
            spelled = bytes(number % 256 for number in value)
            yield str(name), spelled.decode("utf-8", "backslashreplace")


def _decoded(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)


def _encoded(text: str | None) -> bytes | None:
    return None if text is None else text.encode()
