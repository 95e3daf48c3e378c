"""Makes the queues and streams that functions are fed from, and that no template makes.

On AWS they belong to others, and are there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local_cloud.inventory import Inventory

_SHARDS = 2
_VISIBILITY_SECONDS = "1800"


def make_sources(inventory: Inventory, client: Callable[[str], Any]) -> None:
    """Make what is not there."""
    for mapping in inventory.mappings:
        sqs = client("sqs")
        urls = sqs.list_queues(QueueNamePrefix=mapping.queue).get("QueueUrls", ())
        if mapping.queue not in {url.rpartition("/")[2] for url in urls}:
            attributes = {"VisibilityTimeout": _VISIBILITY_SECONDS}
            if mapping.queue.endswith(".fifo"):
                attributes["FifoQueue"] = "true"
            sqs.create_queue(QueueName=mapping.queue, Attributes=attributes)
    for stream in inventory.streams:
        kinesis = client("kinesis")
        if stream.stream not in kinesis.list_streams()["StreamNames"]:
            kinesis.create_stream(StreamName=stream.stream, ShardCount=_SHARDS)
