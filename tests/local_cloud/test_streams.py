"""Streams of Kinesis feed functions as Lambda's mappings do: in order, halved, given up."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from local_cloud.cloud import LocalCloud
from local_cloud.errors import UnsupportedResourceError
from tests.local_cloud import tiny
from tests.local_cloud.conftest import Deploy


def put(cloud: LocalCloud, *texts: str) -> None:
    """Put records into one shard."""
    kinesis = cloud.client("kinesis")
    for text in texts:
        kinesis.put_record(StreamName=tiny.STREAM, Data=text.encode(), PartitionKey="one")


def taken(cloud: LocalCloud) -> list[dict[str, Any]]:
    items = cloud.table(tiny.TABLE).scan()["Items"]
    found = [json.loads(item["record"]) for item in items]
    return sorted(found, key=lambda record: int(record["kinesis"]["sequenceNumber"]))


def texts(cloud: LocalCloud) -> list[str]:
    return [base64.b64decode(record["kinesis"]["data"]).decode() for record in taken(cloud)]


def given_up(cloud: LocalCloud) -> list[dict[str, Any]]:
    sqs = cloud.client("sqs")
    url = sqs.get_queue_url(QueueName=tiny.DEAD_LETTERS)["QueueUrl"]
    answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in answer.get("Messages", ())]


def test_the_function_sees_records_as_lambda_makes_them_and_each_once(deploy: Deploy) -> None:
    cloud = deploy(tiny.stream_and_function(BatchSize=2))
    put(cloud, *"abcde")
    cloud.settle()
    put(cloud, "f")
    cloud.settle()
    assert texts(cloud) == [*"abcdef"]
    assert [one.records for one in cloud.invocations] == [2, 2, 1, 1]
    record = taken(cloud)[0]
    shard, _, sequence = record["eventID"].partition(":")
    assert shard.startswith("shardId-")
    assert sequence == record["kinesis"]["sequenceNumber"]
    assert record["eventSource"] == "aws:kinesis"
    assert record["eventSourceARN"].endswith(f":stream/{tiny.STREAM}")
    assert record["kinesis"]["partitionKey"] == "one"
    assert given_up(cloud) == []


def test_lambda_goes_on_from_the_first_record_that_is_reported(deploy: Deploy) -> None:
    cloud = deploy(tiny.stream_and_function(MaximumRetryAttempts=1))
    put(cloud, "a", "b", "refuse", "c")
    cloud.settle()
    # The rest of the batch comes again, and is given up as a whole.
    assert texts(cloud) == ["a", "b", "c"]
    (message,) = given_up(cloud)
    info = message["KinesisBatchInfo"]
    assert info["batchSize"] == 2
    assert info["streamArn"].endswith(tiny.STREAM)
    assert message["requestContext"]["condition"] == "RetryAttemptsExhausted"


def test_a_batch_that_fails_is_halved_until_the_bad_record_is_alone(deploy: Deploy) -> None:
    cloud = deploy(
        tiny.stream_and_function(MaximumRetryAttempts=1, BisectBatchOnFunctionError=True)
    )
    put(cloud, "a", "b", "raise", "c", "d")
    cloud.settle()
    assert texts(cloud) == ["a", "b", "c", "d"]
    (message,) = given_up(cloud)
    info = message["KinesisBatchInfo"]
    assert info["batchSize"] == 1
    assert info["startSequenceNumber"] == info["endSequenceNumber"]


def test_a_mapping_that_nobody_plays_is_an_error(deploy: Deploy) -> None:
    with pytest.raises(UnsupportedResourceError, match="TumblingWindowInSeconds"):
        deploy(tiny.stream_and_function(TumblingWindowInSeconds=5))
