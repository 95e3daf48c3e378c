"""What moto does with many keys, items and messages is what it does with few."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest
from moto.s3.models import s3_backends
from moto.sqs.models import Queue, SQSBackend, sqs_backends

from local_cloud.cloud import LocalCloud
from local_cloud.moto_queues import QueueAttributes
from tests.local_cloud import tiny

Attributes = dict[str, Any]
_moto_attributes: Any = vars(Queue)["attributes"]


def steps(do: Callable[[], object]) -> int:
    """Calls of functions while something is done: a measure of work that no neighbour disturbs."""
    count = 0

    def note(_: Any, event: str, __: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        do()
    finally:
        sys.setprofile(None)
    return count


@pytest.fixture
def queues(cloud: LocalCloud) -> SQSBackend:
    dead = cloud.client("sqs").create_queue(QueueName="dead")
    assert dead
    arn = f"arn:aws:sqs:{tiny.REGION}:{tiny.ACCOUNT}:dead"
    redrive = f'{{"deadLetterTargetArn": "{arn}", "maxReceiveCount": 2}}'
    cloud.client("sqs").create_queue(QueueName="q", Attributes={"RedrivePolicy": redrive})
    return sqs_backends[tiny.ACCOUNT][tiny.REGION]


@pytest.mark.slow
def test_a_message_takes_as_much_work_beside_many_as_beside_few(queues: SQSBackend) -> None:
    received: list[Any] = []

    def send_receive_and_delete() -> None:
        queues.send_message("q", "x")
        received[:] = queues.receive_message("q", 10, 0, 30)
        for message in received:
            queues.delete_message("q", message.receipt_handle)

    work = []
    for before in (20, 2000):
        while len(queues.get_queue("q").messages) < before:
            queues.send_message("q", "x")
        work.append(steps(send_receive_and_delete))
        assert len(received) == 10
    assert work[1] < 1.2 * work[0]


def test_messages_come_in_order_and_none_twice_while_it_is_in_flight(queues: SQSBackend) -> None:
    for number in range(25):
        queues.send_message("q", str(number))
    seen = [m.body for _ in range(4) for m in queues.receive_message("q", 10, 0, 30)]
    assert seen == [str(number) for number in range(25)]
    assert queues.receive_message("q", 10, 0, 30) == []


def test_a_message_that_was_received_too_often_is_among_the_dead_letters(
    queues: SQSBackend,
) -> None:
    queues.send_message("q", "x")
    for _ in range(2):
        (message,) = queues.receive_message("q", 10, 0, 30)
        queues.change_message_visibility("q", str(message.receipt_handle), 0)
    assert queues.receive_message("q", 10, 0, 30) == []
    assert [message.body for message in queues.get_queue("dead").messages] == ["x"]


def test_a_queue_describes_itself_as_in_moto(queues: SQSBackend) -> None:
    # moto's own type for attributes that are given by name.
    queues.create_queue("f.fifo", tiny.REGION, FifoQueue="true")  # type: ignore[arg-type]
    for number in range(5):
        queues.send_message("q", str(number), delay_seconds=60 if number == 4 else None)
    queues.receive_message("q", 2, 0, 30)
    for name in ("q", "dead", "f.fifo"):
        queue = queues.get_queue(name)
        described = {k: v for k, v in QueueAttributes(queue).items() if v is not None}
        expected = {k: v for k, v in _moto_attributes.fget(queue).items() if v is not None}
        assert described == expected


@pytest.fixture
def items(cloud: LocalCloud) -> Any:
    names = ("k", "r", "in", "at")
    cloud.client("dynamodb").create_table(
        TableName="t",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in names],
        KeySchema=key_schema("k", "r"),
        GlobalSecondaryIndexes=[
            {
                "IndexName": "open",
                "KeySchema": key_schema("in", "at"),
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    return cloud.table("t")


def key_schema(*names: str) -> Any:
    kinds = ("HASH", "RANGE")
    return [{"AttributeName": n, "KeyType": k} for n, k in zip(names, kinds, strict=True)]


def pages(table: Any, **request: Any) -> Iterator[Attributes]:
    while True:
        page = table.query(**request)
        yield from page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"]


@pytest.mark.parametrize("seed", range(5))
def test_a_query_finds_what_is_there_in_order(items: Any, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - no secret
    held = {}
    for number in range(60):
        item: Attributes = {"k": f"k{dice.randrange(6)}", "r": f"r{dice.randrange(9)}", "n": number}
        if dice.random() < 0.7:
            item |= {"in": dice.choice("ab"), "at": str(dice.randrange(5))}
        items.put_item(Item=item)
        held[item["k"], item["r"]] = item
    of_key = [item for (k, _), item in sorted(held.items()) if k == "k1"]
    asked = {"KeyConditionExpression": "k = :k", "ExpressionAttributeValues": {":k": "k1"}}
    assert list(pages(items, **asked, Limit=2)) == of_key
    backwards = list(pages(items, **asked, ScanIndexForward=False))
    assert backwards == of_key[::-1]
    indexed = sorted(
        (item for item in held.values() if item.get("in") == "a"),
        key=lambda item: (item["at"], item["k"], item["r"]),
    )
    found = pages(
        items,
        IndexName="open",
        KeyConditionExpression="#in = :a",
        ExpressionAttributeNames={"#in": "in"},
        ExpressionAttributeValues={":a": "a"},
        Limit=4,
    )
    assert list(found) == indexed


def test_every_kind_of_value_is_answered_as_it_was_put(items: Any) -> None:
    item = {
        "k": "k",
        "r": "r",
        "text": "",
        "number": 12,
        "yes": True,
        "nothing": None,
        "list": [1, ["x", {"deep": False}]],
        "map": {"S": "a name", "m": {"N": 1}},
        "names": {"a", "b"},
        "numbers": {1, 2},
    }
    items.put_item(Item=item)
    assert items.get_item(Key={"k": "k", "r": "r"})["Item"] == item
    assert items.scan()["Items"] == [item]
    items.put_item(Item={"k": "k", "r": "r", "bytes": b"\0\xff"})
    assert items.get_item(Key={"k": "k", "r": "r"})["Item"]["bytes"].value == b"\0\xff"


def test_a_transaction_that_fails_leaves_everything_as_it_was(items: Any) -> None:
    client = items.meta.client
    for name in ("changed", "deleted", "refused"):
        items.put_item(Item={"k": name, "r": "r", "n": 1})
    before = items.scan()["Items"]
    key = {"TableName": "t", "Key": {"k": "changed", "r": "r"}}
    add = {"UpdateExpression": "SET n = :n", "ExpressionAttributeValues": {":n": 2}}
    operations = [
        {"Update": {**key, **add}},
        {"Put": {"TableName": "t", "Item": {"k": "new", "r": "r"}}},
        {"Delete": {"TableName": "t", "Key": {"k": "deleted", "r": "r"}}},
        {
            "Put": {
                "TableName": "t",
                "Item": {"k": "refused", "r": "r"},
                "ConditionExpression": "attribute_not_exists(k)",
            }
        },
    ]
    with pytest.raises(client.exceptions.TransactionCanceledException):
        client.transact_write_items(TransactItems=operations)
    assert items.scan()["Items"] == before
    client.transact_write_items(TransactItems=operations[:3])
    assert {item["k"] for item in items.scan()["Items"]} == {"changed", "new", "refused"}


def test_a_transaction_takes_as_much_work_beside_many_items_as_beside_few(
    cloud: LocalCloud, items: Any
) -> None:
    assert items
    work = []
    backend: Any = _dynamodb(cloud)
    put = {"TableName": "t", "Item": {"k": {"S": "x"}, "r": {"S": "x"}}}
    backend.transact_write_items([{"Put": put}])
    for before in (10, 1000):
        for number in range(before):
            backend.put_item("t", {"k": {"S": f"k{number}"}, "r": {"S": "r"}})
        work.append(steps(lambda: backend.transact_write_items([{"Put": put}])))
    assert work[1] < 1.2 * work[0]


def _dynamodb(cloud: LocalCloud) -> Any:
    from moto.dynamodb.models import dynamodb_backends  # noqa: PLC0415 - beside its one use

    return dynamodb_backends[cloud.account][cloud.region]


KEYS = ["a", "a/", "a/1", "a/2/x", "a/2/y", "a-b", "a0", "b/1", "b/2", "c", "é/1", "\U0001f600"]


@pytest.fixture
def s3(cloud: LocalCloud) -> Any:
    client = cloud.client("s3")
    client.create_bucket(
        Bucket=tiny.BUCKET, CreateBucketConfiguration={"LocationConstraint": tiny.REGION}
    )
    return client


def expected(keys: list[str], prefix: str, delimiter: str, after: str) -> list[str]:
    """By the documentation: folders in place of what is in them, after a key."""
    entries: dict[str, None] = {}
    for key in sorted(keys):
        if key.startswith(prefix):
            head, found, _ = key[len(prefix) :].partition(delimiter) if delimiter else (key, "", "")
            entries[f"{prefix}{head}{found}" if found else key] = None
    return [entry for entry in entries if entry > after]


PAGES = [(size, after) for size in (1, 2, 1000) for after in ("", "a", "a/1", "b/")]


def test_a_listing_is_the_same_in_pages_of_any_size(s3: Any) -> None:
    for key in [*KEYS, "a/gone"]:
        s3.put_object(Bucket=tiny.BUCKET, Key=key, Body=b"x")
    s3.delete_object(Bucket=tiny.BUCKET, Key="a/gone")
    for prefix, delimiter in product(["", "a", "a/2/", "zz"], ["", "/", "2"]):
        for size, after in PAGES:
            found = listed(s3, prefix, delimiter, after, size)
            assert found == expected(KEYS, prefix, delimiter, after), (prefix, delimiter, after)


def listed(s3: Any, prefix: str, delimiter: str, after: str, size: int) -> list[str]:
    asked = {"Prefix": prefix, "Delimiter": delimiter, "StartAfter": after}
    found: list[str] = []
    for page in s3.get_paginator("list_objects_v2").paginate(
        Bucket=tiny.BUCKET,
        PaginationConfig={"PageSize": size},
        **{name: text for name, text in asked.items() if text},
    ):
        entries = [item["Key"] for item in page.get("Contents", ())]
        entries += [item["Prefix"] for item in page.get("CommonPrefixes", ())]
        assert len(entries) <= size
        found += sorted(entries)
    return found


def test_the_old_way_of_listing_goes_on_as_well(s3: Any) -> None:
    for key in KEYS:
        s3.put_object(Bucket=tiny.BUCKET, Key=key, Body=b"x")
    pages_of = s3.get_paginator("list_objects").paginate(
        Bucket=tiny.BUCKET, Prefix="a", PaginationConfig={"PageSize": 2}
    )
    found = [item["Key"] for page in pages_of for item in page.get("Contents", ())]
    assert found == sorted(key for key in KEYS if key.startswith("a"))


def test_a_listing_takes_as_much_work_beside_many_keys_as_beside_few(
    cloud: LocalCloud, s3: Any
) -> None:
    assert s3
    backend: Any = s3_backends[cloud.account]["aws"]
    bucket = backend.get_bucket(tiny.BUCKET)
    work = []
    for many in (10, 1500):
        for number in range(many):
            backend.put_object(tiny.BUCKET, f"k/{number:05d}", b"x")
        work += [
            steps(lambda: backend.list_objects_v2(bucket, "k/00003", None, None, None, 1000)),
            steps(lambda: backend.list_objects(bucket, "k/00003", None, None, None)),
            steps(lambda: backend.list_object_versions(tiny.BUCKET, prefix="k/00003")),
            steps(lambda: backend.delete_object(tiny.BUCKET, "k/00009")),
        ]
    assert sum(work[4:]) < 1.2 * sum(work[:4])
