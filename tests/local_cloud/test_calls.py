from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from local_cloud.calls import CALLER_VARIABLE
from local_cloud.cloud import LocalCloud
from tests.local_cloud import tiny

Ask = Callable[[Any], object]
WHERE = {"Bucket": tiny.BUCKET, "Key": "k"}
OTHER = {**WHERE, "Key": "other"}


@pytest.fixture
def filled(cloud: LocalCloud) -> LocalCloud:
    s3 = cloud.client("s3")
    place = {"LocationConstraint": tiny.REGION}
    s3.create_bucket(Bucket=tiny.BUCKET, CreateBucketConfiguration=place)
    s3.put_object(**WHERE, Body=b"x")
    cloud.client("sqs").create_queue(QueueName="q")
    return cloud


@pytest.mark.parametrize(
    ("service", "operation", "ask"),
    [
        ("s3", "GetObject", lambda s3: s3.get_object(**WHERE)["Body"].read()),
        ("s3", "HeadObject", lambda s3: s3.head_object(**WHERE)),
        ("s3", "PutObject", lambda s3: s3.put_object(**WHERE, Body=b"y")),
        ("s3", "GetObjectTagging", lambda s3: s3.get_object_tagging(**WHERE)),
        ("s3", "ListObjectsV2", lambda s3: s3.list_objects_v2(Bucket=tiny.BUCKET)),
        ("s3", "ListObjectVersions", lambda s3: s3.list_object_versions(Bucket=tiny.BUCKET)),
        (
            "s3",
            "CopyObject",
            lambda s3: s3.copy_object(
                **WHERE, CopySource=WHERE, Metadata={}, MetadataDirective="REPLACE"
            ),
        ),
        ("s3", "DeleteObject", lambda s3: s3.delete_object(**WHERE)),
        ("sqs", "GetQueueUrl", lambda sqs: sqs.get_queue_url(QueueName="q")),
        ("sns", "ListTopics", lambda sns: sns.list_topics()),
        ("dynamodb", "ListTables", lambda dynamodb: dynamodb.list_tables()),
        ("glue", "GetDatabases", lambda glue: glue.get_databases()),
    ],
)
def test_a_call_is_counted_by_its_name(
    filled: LocalCloud, service: str, operation: str, ask: Ask
) -> None:
    client = filled.client(service)
    before = filled.calls
    ask(client)
    (call,) = (filled.calls - before).elements()
    assert (call.service, call.operation, call.caller) == (service, operation, "")


def test_who_called_is_told_by_the_environment(
    filled: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CALLER_VARIABLE, "function")
    before = filled.calls
    filled.client("glue").get_databases()
    (call,) = (filled.calls - before).elements()
    assert call.caller == "function"
