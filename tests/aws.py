"""A small AWS for tests: moto, with the tables, buckets and databases that the code works on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import boto3

from wires.job_arguments import JobDefaults
from wires.layout import PARTITION_KEY, SORT_KEY
from wires.load_ledger import OPEN_INDEX
from wires.object_ledger import PENDING_INDEX
from wires.run_ledger import BY_START_INDEX

REGION = "eu-central-1"
RAW, PROCESSED, CURATED, QUALITY, ASSETS = "raw", "processed", "curated", "quality", "assets"
BUCKETS = (RAW, PROCESSED, CURATED, QUALITY, ASSETS)
OBJECTS, LOADS, STATE, RUNS = "objects", "loads", "state", "runs"
JOB = "file-processor"

Defaults = TypeVar("Defaults", bound=JobDefaults)


@dataclass(frozen=True)
class SmallAws:
    """Clients and tables, all in one account and region."""

    s3: Any
    sns: Any
    sqs: Any
    glue: Any
    tables: Any
    topic: str
    inbox: str
    """Queue that gets what the topic announces."""

    def upload(self, key: str, body: bytes) -> str:
        """Put an object into the raw bucket; returns its version id."""
        return str(self.s3.put_object(Bucket=RAW, Key=key, Body=body)["VersionId"])

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        listing = self.s3.list_objects_v2(Bucket=bucket, Prefix=prefix)
        return [item["Key"] for item in listing.get("Contents", ())]

    def body(self, bucket: str, key: str) -> bytes:
        return bytes(self.s3.get_object(Bucket=bucket, Key=key)["Body"].read())

    def defaults(self, kind: type[Defaults], **own: Any) -> Defaults:
        """What the template would tell a job."""
        everywhere: dict[str, Any] = {
            "environment": "test",
            "account": "123456789012",
            "region": REGION,
            "code_version": "0123456789abcdef",
            "raw_bucket": RAW,
            "processed_bucket": PROCESSED,
            "curated_bucket": CURATED,
            "quality_bucket": QUALITY,
            "assets_bucket": ASSETS,
            "processed_database": PROCESSED,
            "curated_database": CURATED,
            "quality_database": QUALITY,
            "objects_table": OBJECTS,
            "loads_table": LOADS,
            "state_table": STATE,
            "runs_table": RUNS,
            "alerts_topic_arn": self.topic,
            "quality_topic_arn": self.topic,
            "recoveries_topic_arn": self.topic,
        }
        return kind(**everywhere, **own)

    def announcements(self) -> list[Mapping[str, str]]:
        received = self.sqs.receive_message(QueueUrl=self.inbox, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in received.get("Messages", ())]


def make_small_aws(**session: Any) -> SmallAws:
    """Create everything in whatever AWS the session's arguments reach."""
    options = {"region_name": REGION, **session}
    s3 = boto3.client("s3", **options)
    sns, sqs = boto3.client("sns", **options), boto3.client("sqs", **options)
    tables = boto3.resource("dynamodb", **options)
    glue = boto3.client("glue", **options)
    for bucket in BUCKETS:
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket=RAW, VersioningConfiguration={"Status": "Enabled"})
    topic = sns.create_topic(Name="alerts")["TopicArn"]
    inbox = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    sns.subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:123456789012:inbox"
    )
    make_table(tables, OBJECTS, ("key", "version_id"), index=(PENDING_INDEX, "pending_in"))
    make_table(tables, LOADS, ("load_id",), index=(OPEN_INDEX, "open_in"))
    make_table(tables, STATE, (PARTITION_KEY, SORT_KEY))
    make_table(tables, RUNS, ("job", "run_id"))
    for database in (PROCESSED, CURATED, QUALITY):
        glue.create_database(DatabaseInput={"Name": database})
    return SmallAws(s3, sns, sqs, glue, tables, topic, inbox)


def make_table(
    tables: Any, name: str, key: tuple[str, ...], index: tuple[str, str] | None = None
) -> None:
    sort_keys = {PENDING_INDEX: "registered_at", OPEN_INDEX: "created_at"}
    attributes = [*key]
    request: dict[str, Any] = {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": _key_schema(*key),
    }
    if index:
        sort_key = sort_keys[index[0]]
        attributes += [index[1], sort_key]
        request["GlobalSecondaryIndexes"] = [
            {
                "IndexName": index[0],
                "KeySchema": _key_schema(index[1], sort_key),
                "Projection": {"ProjectionType": "ALL"},
            }
        ]
    elif key == ("job", "run_id"):
        attributes.append("started_at")
        request["LocalSecondaryIndexes"] = [
            {
                "IndexName": BY_START_INDEX,
                "KeySchema": _key_schema("job", "started_at"),
                "Projection": {"ProjectionType": "ALL"},
            }
        ]
    request["AttributeDefinitions"] = [
        {"AttributeName": attribute, "AttributeType": "S"} for attribute in attributes
    ]
    tables.create_table(**request)


def _key_schema(*names: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": name, "KeyType": kind}
        for name, kind in zip(names, ("HASH", "RANGE"), strict=False)
    ]
