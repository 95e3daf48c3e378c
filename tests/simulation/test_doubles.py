"""The played services answer as moto does, call by call, in random order."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import boto3
import pytest
from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ClientError
from moto import mock_aws

from local_cloud.moto_glue import honour_table_versions
from simulation.services.answers import Refused
from simulation.services.dynamodb import DynamoDB, Table
from simulation.services.glue import Glue
from simulation.services.messages import Queue, Sqs
from simulation.services.s3 import S3, Bucket
from simulation.tables import Client, Tables
from tests.aws import REGION, make_table
from wires.load_ledger import OPEN_INDEX

_STEPS = 150
_SEEDS = range(6)
Call = tuple[str, dict[str, Any]]
_KEYS = ("a", "b", "c")


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        yield


def _now() -> float:
    return 1_772_000_000.0


@pytest.mark.parametrize("seed", _SEEDS)
@pytest.mark.usefixtures("aws")
def test_dynamodb_with_its_conditions_indexes_and_transactions(seed: int) -> None:
    real = boto3.resource("dynamodb")
    make_table(real, "loads", ("load_id",), (OPEN_INDEX, "open_in"))
    double = DynamoDB(
        {"loads": Table("loads", ("load_id",), {OPEN_INDEX: ("open_in", "created_at")})}, _now
    )
    played = Tables(Client(double.call, real.meta.client.exceptions))
    chance = random.Random(seed)  # noqa: S311 - the same calls for the same seed
    codes = set()
    for step in range(_STEPS):
        kind, request = _dynamodb_call(chance, step)
        answers = [_table_answer(tables, kind, request) for tables in (real, played)]
        assert answers[0] == answers[1], (kind, request)
        codes.add(str(answers[0]))
    assert any("ConditionalCheckFailed" in code for code in codes)
    assert any("TransactionCanceled" in code for code in codes)


def _dynamodb_call(chance: random.Random, step: int) -> Call:
    key = {"load_id": chance.choice(_KEYS)}
    state = chance.choice(("ready", "running", "failed"))
    item = {
        **key,
        "state": state,
        "attempt": chance.randrange(3),
        "created_at": f"{step:04d}",
        **({"open_in": "raw"} if chance.random() < 0.7 else {}),
    }
    update = {
        "Key": key,
        "UpdateExpression": "SET #state = :ready, attempt = if_not_exists(attempt, :zero) + :one, "
        "open_in = :raw, created_at = :at REMOVE reason, claimed_by",
        "ConditionExpression": "#state = :was AND attribute_not_exists(commit_key)",
        "ExpressionAttributeNames": {"#state": "state"},
        "ExpressionAttributeValues": {
            ":ready": "ready",
            ":zero": 0,
            ":one": 1,
            ":raw": "raw",
            ":was": state,
            ":at": f"{step:04d}",
        },
    }
    claim = {
        "Key": key,
        "UpdateExpression": "SET claimed_by = :run",
        "ConditionExpression": Attr("attempt").eq(chance.randrange(3))
        & Attr("state").is_in(["ready", "running"])
        & (Attr("claimed_by").not_exists() | Attr("claimed_by").eq("run")),
        "ExpressionAttributeValues": {":run": "run"},
    }
    lease = {
        "Item": {**item, "until": chance.randrange(5)},
        "ConditionExpression": "attribute_not_exists(load_id) OR #until < :now OR #owner = :me",
        "ExpressionAttributeNames": {"#until": "until", "#owner": "owner"},
        "ExpressionAttributeValues": {":now": chance.randrange(5), ":me": "me"},
    }
    other = {"load_id": chance.choice(_KEYS)}
    check = {
        "Key": other,
        "ConditionExpression": "attribute_not_exists(load_id) OR #state IN (:a, :b)",
        "ExpressionAttributeNames": {"#state": "state"},
        "ExpressionAttributeValues": {":a": "failed", ":b": "ready"},
    }
    open_ones = Key("open_in").eq("raw")
    options: list[Call] = [
        ("put_item", {"Item": item}),
        ("put_item", {"Item": item, "ConditionExpression": Attr("load_id").not_exists()}),
        ("put_item", lease),
        ("update_item", update),
        ("update_item", claim),
        ("delete_item", {"Key": key, "ConditionExpression": Attr("state").eq(state)}),
        ("get_item", {"Key": key, "ConsistentRead": True}),
        ("query", {"IndexName": OPEN_INDEX, "KeyConditionExpression": open_ones}),
        (
            "query",
            {
                "IndexName": OPEN_INDEX,
                "KeyConditionExpression": open_ones & Key("created_at").lt(f"{step - 9:04d}"),
                "ScanIndexForward": False,
                "PaginationConfig": {"MaxItems": 2, "PageSize": 1},
            },
        ),
        ("scan", {"ConsistentRead": True}),
        ("batch", {"keys": [{"load_id": name} for name in _KEYS[: chance.randrange(1, 4)]]}),
        ("transact", {"items": [("Update", update), ("ConditionCheck", check)]}),
        ("transact", {"items": [("Put", {"Item": item}), ("Delete", {"Key": other})]}),
    ]
    return chance.choice(options)


def _table_answer(tables: Any, kind: str, request: Mapping[str, Any]) -> object:
    table, client = tables.Table("loads"), tables.meta.client

    def ask() -> object:
        if kind in ("query", "scan"):
            pages = client.get_paginator(kind).paginate(TableName="loads", **request)
            found = [item for page in pages for item in page["Items"]]
            return found if kind == "query" else sorted(found, key=lambda item: item["load_id"])
        if kind == "batch":
            asked = {"loads": {"Keys": request["keys"], "ConsistentRead": True}}
            answer = client.batch_get_item(RequestItems=asked)
            return sorted(answer["Responses"]["loads"], key=lambda item: str(item["load_id"]))
        if kind == "transact":
            items = [{name: {"TableName": "loads", **one}} for name, one in request["items"]]
            client.transact_write_items(TransactItems=items)
            return "done"
        answer = getattr(table, kind)(**request)
        return answer.get("Item", "nothing") if kind == "get_item" else "done"

    return _outcome(ask)


@pytest.mark.parametrize("seed", _SEEDS)
@pytest.mark.usefixtures("aws")
def test_s3_with_versions_ranges_and_conditions(seed: int) -> None:
    real = boto3.client("s3")
    place = {"CreateBucketConfiguration": {"LocationConstraint": REGION}}
    for bucket in ("raw", "plain"):
        real.create_bucket(Bucket=bucket, **place)
    real.put_bucket_versioning(Bucket="raw", VersioningConfiguration={"Status": "Enabled"})
    double = S3({"raw": Bucket(is_versioned=True), "plain": Bucket()}, _now)
    versions: dict[str, str] = {"": "none"}
    """Of the real one, by those of the double."""
    chance = random.Random(seed)  # noqa: S311
    for _ in range(_STEPS):
        operation, params, method = _s3_call(chance, sorted(versions))
        own = {**params}
        if own.get("VersionId"):
            own["VersionId"] = versions[own["VersionId"]]
        if "VersionId" in own.get("CopySource", {}):
            source = own["CopySource"]
            own["CopySource"] = {**source, "VersionId": versions[source["VersionId"]]}
        got = _outcome(partial(getattr(real, method), **own))
        played = _outcome(partial(double.call, operation, params))
        for answer, other in ((got, played),):
            if isinstance(answer, dict) and isinstance(other, dict) and "VersionId" in other:
                versions.setdefault(other["VersionId"], answer["VersionId"])
        assert _told(got) == _told(played), (operation, params)


def _s3_call(chance: random.Random, versions: list[str]) -> tuple[str, dict[str, Any], str]:
    bucket = chance.choice(("raw", "plain", "plain"))
    place = {"Bucket": bucket, "Key": chance.choice(("x/1", "x/2", "y"))}
    body = bytes(chance.randrange(256) for _ in range(chance.randrange(1, 30)))
    known = [version for version in versions if version]
    options: list[tuple[str, dict[str, Any], str]] = [
        ("PutObject", {**place, "Body": body}, "put_object"),
        ("PutObject", {**place, "Body": body, "IfNoneMatch": "*"}, "put_object"),
        ("PutObject", {**place, "Body": body, "Metadata": {"last": body.hex()}}, "put_object"),
        ("DeleteObject", {**place, "Bucket": "plain"}, "delete_object"),
        ("GetObject", place, "get_object"),
        ("GetObject", {**place, "Range": f"bytes=0-{chance.randrange(9)}"}, "get_object"),
        ("GetObject", {**place, "Range": f"bytes=-{chance.randrange(1, 9)}"}, "get_object"),
        ("HeadObject", place, "head_object"),
        ("ListObjectsV2", {"Bucket": bucket, "Prefix": "x/", "MaxKeys": 1}, "list_objects_v2"),
        ("ListObjectsV2", {"Bucket": bucket}, "list_objects_v2"),
        ("GetObjectTagging", place, "get_object_tagging"),
        (
            "PutObjectTagging",
            {**place, "Tagging": {"TagSet": [{"Key": "lake-state", "Value": "superseded"}]}},
            "put_object_tagging",
        ),
        (
            "CopyObject",
            {"Bucket": "plain", "Key": "copy", "CopySource": place},
            "copy_object",
        ),
    ]
    if known:
        options.append(
            (
                "GetObject",
                {"Bucket": "raw", "Key": place["Key"], "VersionId": chance.choice(known)},
                "get_object",
            )
        )
    return chance.choice(options)


def _told(answer: object) -> object:
    """What the product reads of an answer."""
    if not isinstance(answer, dict):
        return answer
    found: dict[str, Any] = {
        name: answer[name]
        for name in (
            *("ContentLength", "ContentRange", "IsTruncated", "Metadata", "TagSet", "TagCount"),
        )
        if name in answer
    }
    if "Body" in answer:
        found["Body"] = answer["Body"].read()
    found["Contents"] = [(one["Key"], one["Size"]) for one in answer.get("Contents", ())]
    return found


@pytest.mark.parametrize("seed", _SEEDS)
@pytest.mark.usefixtures("aws")
def test_the_catalog_of_glue(seed: int) -> None:
    honour_table_versions()
    real = boto3.client("glue")
    real.create_database(DatabaseInput={"Name": "processed"})
    double = Glue({}, "flow", {"processed": {}}, _now)
    chance = random.Random(seed)  # noqa: S311
    version = {"of the real one": "0", "of the double": "0"}
    for step in range(_STEPS):
        operation, params, method = _glue_call(chance, step)
        own, played = {**params}, {**params}
        if operation == "UpdateTable" and chance.random() < 0.7:
            own["VersionId"] = version["of the real one"]
            played["VersionId"] = version["of the double"]
        answers = [
            _outcome(partial(getattr(real, method), **own)),
            _outcome(partial(double.call, operation, played)),
        ]
        assert _table_of(answers[0]) == _table_of(answers[1]), (operation, params)
        if operation == "GetTable" and isinstance(answers[0], dict):
            for place, answer in zip(version, answers, strict=True):
                assert isinstance(answer, dict)
                version[place] = answer["Table"]["VersionId"]


def _glue_call(chance: random.Random, step: int) -> tuple[str, dict[str, Any], str]:
    database = {"DatabaseName": chance.choice(("processed",) * 9 + ("nowhere",))}
    name = chance.choice(("a", "a", "b"))
    table = {"Name": name, "Parameters": {"table_type": "ICEBERG", "step": str(step)}}
    partition = {
        "Values": [chance.choice(("1", "2"))],
        "StorageDescriptor": {"Location": "s3://quality/rows"},
    }
    options: list[tuple[str, dict[str, Any], str]] = [
        ("CreateTable", {**database, "TableInput": table}, "create_table"),
        ("UpdateTable", {**database, "TableInput": table, "SkipArchive": True}, "update_table"),
        ("GetTable", {**database, "Name": name}, "get_table"),
        ("GetTable", {**database, "Name": name}, "get_table"),
        ("GetTables", database, "get_tables"),
        (
            "CreatePartition",
            {**database, "TableName": name, "PartitionInput": partition},
            "create_partition",
        ),
    ]
    return chance.choice(options)


def _table_of(answer: object) -> object:
    if not isinstance(answer, dict):
        return answer
    tables = [answer["Table"]] if "Table" in answer else answer.get("TableList", [])
    return sorted((table["Name"], table["Parameters"]["step"]) for table in tables)


@pytest.mark.usefixtures("aws")
def test_messages_that_are_hidden_until_they_are_deleted_or_come_again() -> None:
    real = boto3.client("sqs")
    url = real.create_queue(QueueName="letters")["QueueUrl"]
    double = Sqs({"letters": Queue()}, _now)

    def both(method: str, operation: str, **params: Any) -> list[Any]:
        asked = {"QueueUrl": url, **params}
        return [
            _outcome(lambda: getattr(real, method)(**asked)),
            _outcome(lambda: double.call(operation, {**asked, "QueueUrl": "https://q/letters"})),
        ]

    for number in range(3):
        both("send_message", "SendMessage", MessageBody=str(number))
    received = both(
        "receive_message", "ReceiveMessage", MaxNumberOfMessages=2, VisibilityTimeout=60
    )
    bodies = [[message["Body"] for message in answer["Messages"]] for answer in received]
    assert bodies[0] == bodies[1] == ["0", "1"]
    handles = [[message["ReceiptHandle"] for message in answer["Messages"]] for answer in received]
    real.delete_message(QueueUrl=url, ReceiptHandle=handles[0][0])
    double.call("DeleteMessage", {"QueueUrl": "q/letters", "ReceiptHandle": handles[1][0]})
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    counts = both("get_queue_attributes", "GetQueueAttributes", AttributeNames=names)
    assert counts[0]["Attributes"] == counts[1]["Attributes"]
    entries = [[{"Id": "0", "ReceiptHandle": own[1], "VisibilityTimeout": 0}] for own in handles]
    real.change_message_visibility_batch(QueueUrl=url, Entries=entries[0])
    double.call("ChangeMessageVisibilityBatch", {"QueueUrl": "q/letters", "Entries": entries[1]})
    again = both("receive_message", "ReceiveMessage", MaxNumberOfMessages=10)
    bodies = [sorted(message["Body"] for message in answer["Messages"]) for answer in again]
    assert bodies[0] == bodies[1] == ["1", "2"]


def _outcome(ask: Callable[[], object]) -> Any:
    """Return an answer, or the code of a refusal with the reasons of a transaction."""
    try:
        return ask()
    except ClientError as error:
        reasons = error.response.get("CancellationReasons", ())
        return error.response["Error"]["Code"], [one["Code"] for one in reasons]
    except Refused as refused:
        reasons = refused.more.get("CancellationReasons", ())
        return refused.code, [one["Code"] for one in reasons]
