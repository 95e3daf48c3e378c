"""Plays streams in a cloud on this machine; run as a script in a repository that has their files.

Standard output has one JSON object: what has come of the records.
"""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from local_cloud.export import export
from local_cloud.platform import Platform, deployed
from operations.progress import Progress
from tests.streams.deliveries import Sent, of_kafka
from wires.layout import QUARANTINED_RECORDS

ROWS = 40
POISON = b"no json"
_DELIVERIES = 12
"""So many looks into streams and queues take in all of that."""
_THEN = 1_768_471_200.0


def text(id: int) -> str:
    return json.dumps({"id": id, "price": id / 4})


def main() -> int:
    with deployed("dev", progress=Progress()) as platform:
        _send(platform)
        for _ in range(_DELIVERIES):
            platform.cloud.work_once()
        _send_another(platform)
        _deliver_topics(platform)
        platform.settle()
        sys.stdout.write(json.dumps(_found(platform)))
    return 0


def _send(platform: Platform) -> None:
    kinesis = platform.cloud.client("kinesis")
    for id in range(ROWS):
        kinesis.put_record(
            StreamName="clicks", Data=text(id).encode(), PartitionKey=uuid.uuid4().hex
        )
    kinesis.put_record(StreamName="clicks", Data=POISON, PartitionKey="poison")
    sqs = platform.cloud.client("sqs")
    for id in range(ROWS):
        sqs.send_message(QueueUrl=_queue(platform), MessageBody=text(id))


def _send_another(platform: Platform) -> None:
    """Send what no delivery has had, so that there are more landings."""
    sqs = platform.cloud.client("sqs")
    sqs.send_message(QueueUrl=_queue(platform), MessageBody=text(ROWS))
    kinesis = platform.cloud.client("kinesis")
    kinesis.put_record(StreamName="clicks", Data=text(ROWS).encode(), PartitionKey="last")


def _deliver_topics(platform: Platform) -> None:
    """As Lambda would: a laptop has no brokers. The second delivery has all of the first."""
    for source, is_msk in (("payments", True), ("shipments", False)):
        sent = [
            Sent(
                shard=f"{source}/{id % 3}", sequence=str(id // 3), data=text(id).encode(), at=1.7e9
            )
            for id in range(ROWS + 1)
        ]
        function = platform.names.stream_function(source)
        for some in (sent[: ROWS // 2], sent):
            platform.cloud.invoke(function, of_kafka(some, is_msk=is_msk))


def _queue(platform: Platform) -> str:
    return str(platform.cloud.client("sqs").get_queue_url(QueueName="orders")["QueueUrl"])


def _found(platform: Platform) -> dict[str, Any]:
    out = platform.cloud.work / "out"
    export(platform, out, progress=Progress())
    tables = ("clicks", "queue_orders", "payments", "shipments")
    return {
        "rows": {table: list(_rows(out / "processed" / table)) for table in tables},
        "quarantined": _quarantined(platform),
        "statuses": sorted({str(upload.entry.get("status")) for upload in platform.uploads()}),
        "left": _left(platform),
    }


def _rows(folder: Path) -> Iterator[dict[str, Any]]:
    for file in sorted(folder.rglob("*.parquet")):
        for row in pq.read_table(file, partitioning=None).to_pylist():
            yield {name: str(row[name]) for name in row if name in ("id", "price", "value")}


def _quarantined(platform: Platform) -> list[dict[str, Any]]:
    s3, bucket = platform.cloud.client("s3"), platform.names.quality_bucket
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=QUARANTINED_RECORDS).get("Contents", ())
    return [
        json.loads(s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read()) for one in listed
    ]


def _left(platform: Platform) -> dict[str, str]:
    sqs = platform.cloud.client("sqs")
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    answer = sqs.get_queue_attributes(QueueUrl=_queue(platform), AttributeNames=names)
    return dict(answer["Attributes"])


if __name__ == "__main__":
    sys.exit(main())
