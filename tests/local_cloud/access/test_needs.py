"""Permissions that calls need: all of them, and no others."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from local_cloud.cloud import LocalCloud
from tests.local_cloud import tiny
from tests.local_cloud.access.accounts import (
    BUCKET,
    DATABASE,
    JOB,
    PLAIN_BUCKET,
    QUEUE,
    TABLE,
    TOPIC,
    WORKER,
    arn,
    may,
    refused_action,
    resources,
    seeded,
)

Ask = Callable[[Any], object]
Needed = list[tuple[str, str]]
"""Actions and resources; a resource `key` is the key of everything."""

LAKE, PLAIN = f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{PLAIN_BUCKET}"
OBJECT = f"{LAKE}/in/a.csv"
LEDGER, INBOX = arn("dynamodb", f"table/{TABLE}"), arn("sqs", QUEUE)
ALERTS = arn("sns", TOPIC)
CATALOG, SALES = arn("glue", "catalog"), arn("glue", f"database/{DATABASE}")
ORDERS = arn("glue", f"table/{DATABASE}/orders")
DECRYPT, NEW_KEY = ("kms:Decrypt", "key"), ("kms:GenerateDataKey", "key")
ITEM = {"pk": {"S": "load#1"}, "sk": {"S": "a"}}
A = {"Bucket": BUCKET, "Key": "in/a.csv"}


def version(s3: Any, bucket: str = BUCKET) -> str:
    found: str = s3.admin.head_object(Bucket=bucket, Key="in/a.csv")["VersionId"]
    return found


def on(action: str, *arns: str) -> Needed:
    return [(action, one) for one in arns]


def url(sqs: Any) -> str:
    found: str = sqs.admin.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    return found


def upload_of_parts(s3: Any) -> object:
    upload = s3.admin.create_multipart_upload(Bucket=BUCKET, Key="big")["UploadId"]
    place = {"Bucket": BUCKET, "Key": "big", "UploadId": upload}
    return s3.upload_part(**place, PartNumber=1, Body=b"1")


def abandoned(s3: Any) -> object:
    upload = s3.admin.create_multipart_upload(Bucket=BUCKET, Key="big")["UploadId"]
    return s3.abort_multipart_upload(Bucket=BUCKET, Key="big", UploadId=upload)


CALLS: list[tuple[str, str, Ask, Needed]] = [
    ("s3", "get", lambda s3: s3.get_object(**A), [("s3:GetObject", OBJECT), DECRYPT]),
    ("s3", "get from a bucket without a key",
     lambda s3: s3.get_object(Bucket=PLAIN_BUCKET, Key="in/a.csv"),
     [("s3:GetObject", f"{PLAIN}/in/a.csv")]),
    ("s3", "get a version", lambda s3: s3.get_object(**A, VersionId=version(s3)),
     [("s3:GetObjectVersion", OBJECT), DECRYPT]),
    ("s3", "put", lambda s3: s3.put_object(Bucket=BUCKET, Key="new", Body=b"1"),
     [("s3:PutObject", f"{LAKE}/new"), NEW_KEY]),
    ("s3", "put with tags",
     lambda s3: s3.put_object(Bucket=PLAIN_BUCKET, Key="new", Body=b"1", Tagging="a=b"),
     on("s3:PutObject", f"{PLAIN}/new") + on("s3:PutObjectTagging", f"{PLAIN}/new")),
    ("s3", "put if it is the same",
     lambda s3: s3.put_object(
         Bucket=PLAIN_BUCKET, Key="in/a.csv", Body=b"1",
         IfMatch=s3.admin.head_object(Bucket=PLAIN_BUCKET, Key="in/a.csv")["ETag"]),
     on("s3:PutObject", f"{PLAIN}/in/a.csv") + on("s3:GetObject", f"{PLAIN}/in/a.csv")),
    ("s3", "copy with tags",
     lambda s3: s3.copy_object(Bucket=PLAIN_BUCKET, Key="b", CopySource=A),
     [("s3:GetObject", OBJECT), ("s3:GetObjectTagging", OBJECT), DECRYPT,
      ("s3:PutObject", f"{PLAIN}/b"), ("s3:PutObjectTagging", f"{PLAIN}/b")]),
    ("s3", "copy a version with tags",
     lambda s3: s3.copy_object(
         Bucket=PLAIN_BUCKET, Key="b", CopySource={**A, "VersionId": version(s3)}),
     [("s3:GetObjectVersion", OBJECT), ("s3:GetObjectVersionTagging", OBJECT), DECRYPT,
      ("s3:PutObject", f"{PLAIN}/b"), ("s3:PutObjectTagging", f"{PLAIN}/b")]),
    ("s3", "copy without tags",
     lambda s3: s3.copy_object(
         Bucket=PLAIN_BUCKET, Key="b",
         CopySource={"Bucket": PLAIN_BUCKET, "Key": "in/untagged.csv"}),
     [("s3:GetObject", f"{PLAIN}/in/untagged.csv"), ("s3:PutObject", f"{PLAIN}/b")]),
    ("s3", "begin a multipart upload",
     lambda s3: s3.create_multipart_upload(Bucket=BUCKET, Key="big"),
     [("s3:PutObject", f"{LAKE}/big"), NEW_KEY, DECRYPT]),
    ("s3", "upload a part", upload_of_parts, [("s3:PutObject", f"{LAKE}/big"), NEW_KEY, DECRYPT]),
    ("s3", "abandon an upload", abandoned, [("s3:AbortMultipartUpload", f"{LAKE}/big")]),
    ("s3", "delete", lambda s3: s3.delete_object(**A), [("s3:DeleteObject", OBJECT)]),
    ("s3", "delete a version", lambda s3: s3.delete_object(**A, VersionId=version(s3)),
     [("s3:DeleteObjectVersion", OBJECT)]),
    ("s3", "delete several",
     lambda s3: s3.delete_objects(
         Bucket=BUCKET,
         Delete={"Objects": [{"Key": "in/a.csv", "VersionId": version(s3)}, {"Key": "x&y"}]}),
     [("s3:DeleteObjectVersion", OBJECT), ("s3:DeleteObject", f"{LAKE}/x&y")]),
    ("s3", "list", lambda s3: s3.list_objects_v2(Bucket=BUCKET), [("s3:ListBucket", LAKE)]),
    ("s3", "list versions", lambda s3: s3.list_object_versions(Bucket=BUCKET),
     [("s3:ListBucketVersions", LAKE)]),
    ("s3", "get tags", lambda s3: s3.get_object_tagging(**A), [("s3:GetObjectTagging", OBJECT)]),
    ("s3", "get tags of a version",
     lambda s3: s3.get_object_tagging(**A, VersionId=version(s3)),
     [("s3:GetObjectVersionTagging", OBJECT)]),
    ("s3", "put tags",
     lambda s3: s3.put_object_tagging(**A, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]}),
     [("s3:PutObjectTagging", OBJECT)]),
    ("s3", "ask where a bucket is", lambda s3: s3.get_bucket_location(Bucket=BUCKET),
     [("s3:GetBucketLocation", LAKE)]),
    ("dynamodb", "get", lambda db: db.get_item(TableName=TABLE, Key=ITEM),
     [("dynamodb:GetItem", LEDGER), DECRYPT]),
    ("dynamodb", "put", lambda db: db.put_item(TableName=TABLE, Item=ITEM),
     [("dynamodb:PutItem", LEDGER), DECRYPT]),
    ("dynamodb", "update", lambda db: db.update_item(
         TableName=TABLE, Key=ITEM, UpdateExpression="SET n = :n",
         ExpressionAttributeValues={":n": {"S": "1"}}),
     [("dynamodb:UpdateItem", LEDGER), DECRYPT]),
    ("dynamodb", "delete", lambda db: db.delete_item(TableName=TABLE, Key=ITEM),
     [("dynamodb:DeleteItem", LEDGER), DECRYPT]),
    ("dynamodb", "query an index",
     lambda db: db.query(
         TableName=TABLE, IndexName="by_state", KeyConditionExpression="#s = :s",
         ExpressionAttributeNames={"#s": "state"}, ExpressionAttributeValues={":s": {"S": "o"}}),
     [("dynamodb:Query", f"{LEDGER}/index/by_state"), DECRYPT]),
    ("dynamodb", "scan", lambda db: db.scan(TableName=TABLE),
     [("dynamodb:Scan", LEDGER), DECRYPT]),
    ("dynamodb", "get several",
     lambda db: db.batch_get_item(RequestItems={TABLE: {"Keys": [ITEM]}}),
     [("dynamodb:BatchGetItem", LEDGER), DECRYPT]),
    ("dynamodb", "write several",
     lambda db: db.batch_write_item(RequestItems={TABLE: [{"PutRequest": {"Item": ITEM}}]}),
     [("dynamodb:BatchWriteItem", LEDGER), DECRYPT]),
    ("dynamodb", "transact",
     lambda db: db.transact_write_items(TransactItems=[
         {"Put": {"TableName": TABLE, "Item": {**ITEM, "sk": {"S": "b"}}}},
         {"Update": {"TableName": TABLE, "Key": {**ITEM, "sk": {"S": "c"}},
                     "UpdateExpression": "SET n = :n",
                     "ExpressionAttributeValues": {":n": {"S": "1"}}}},
         {"Delete": {"TableName": TABLE, "Key": {**ITEM, "sk": {"S": "d"}}}},
         {"ConditionCheck": {"TableName": TABLE, "Key": ITEM,
                             "ConditionExpression": "attribute_exists(pk)"}},
     ]),
     [(f"dynamodb:{name}Item", LEDGER) for name in ("Put", "Update", "Delete", "ConditionCheck")]
     + [DECRYPT]),
    ("glue", "get a table", lambda glue: glue.get_table(DatabaseName=DATABASE, Name="orders"),
     on("glue:GetTable", CATALOG, SALES, ORDERS)),
    ("glue", "create a table",
     lambda glue: glue.create_table(DatabaseName=DATABASE, TableInput={"Name": "new"}),
     on("glue:CreateTable", CATALOG, SALES, arn("glue", f"table/{DATABASE}/new"))),
    ("glue", "list tables", lambda glue: glue.get_tables(DatabaseName=DATABASE),
     on("glue:GetTables", CATALOG, SALES, arn("glue", f"table/{DATABASE}/*"))),
    ("glue", "get a database", lambda glue: glue.get_database(Name=DATABASE),
     on("glue:GetDatabase", CATALOG, SALES)),
    ("glue", "get partitions",
     lambda glue: glue.get_partitions(DatabaseName=DATABASE, TableName="orders"),
     on("glue:GetPartitions", CATALOG, SALES, ORDERS)),
    ("glue", "get a job", lambda glue: glue.get_job(JobName=JOB),
     on("glue:GetJob", arn("glue", f"job/{JOB}"))),
    ("sns", "publish", lambda sns: sns.publish(TopicArn=ALERTS, Message="m"),
     [("sns:Publish", ALERTS), NEW_KEY, DECRYPT]),
    ("sqs", "send", lambda sqs: sqs.send_message(QueueUrl=url(sqs), MessageBody="m"),
     [("sqs:SendMessage", INBOX), NEW_KEY, DECRYPT]),
    ("sqs", "receive", lambda sqs: sqs.receive_message(QueueUrl=url(sqs)),
     [("sqs:ReceiveMessage", INBOX), DECRYPT]),
    ("sqs", "ask for its attributes", lambda sqs: sqs.get_queue_attributes(QueueUrl=url(sqs)),
     [("sqs:GetQueueAttributes", INBOX)]),
    ("cloudformation", "list exports", lambda stacks: stacks.list_exports(),
     [("cloudformation:ListExports", "*")]),
]  # fmt: skip


class Client:
    """A client of the role, beside one of an administrator."""

    def __init__(self, cloud: LocalCloud, service: str) -> None:
        self.admin = cloud.client(service)
        self._own = cloud.client(service, role=WORKER)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._own, name)


def statement(need: tuple[str, str], key: str) -> tiny.Resources:
    action, resource = need
    return may(action, on=key if resource == "key" else resource)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One cloud for all calls, whose role's policy each of them sets anew."""
    folder = tmp_path_factory.mktemp("needs")
    stacks = tiny.stacks(folder / "assembly", resources(may("none:None")))
    with LocalCloud.for_stacks(stacks, work=folder / "work") as made:
        made.deploy(stacks)
        yield made


def let(cloud: LocalCloud, needs: Needed) -> None:
    """Let the role do exactly this."""
    key = cloud.client("kms").list_keys()["Keys"][0]["KeyArn"]
    statements = [may("none:None"), *(statement(need, key) for need in needs)]
    document = {"Version": "2012-10-17", "Statement": statements}
    cloud.client("iam").put_role_policy(
        RoleName="worker", PolicyName="may", PolicyDocument=json.dumps(document)
    )


@pytest.mark.parametrize(
    ("service", "ask", "needs"),
    [pytest.param(*one[:1], *one[2:], id=f"{one[0]} {one[1]}") for one in CALLS],
)
@pytest.mark.few(8)
def test_a_call_needs_these_permissions_and_each_of_them(
    cloud: LocalCloud, service: str, ask: Ask, needs: Needed
) -> None:
    for left_out in range(len(needs)):
        seeded(cloud)
        let(cloud, needs[:left_out] + needs[left_out + 1 :])
        lacking = refused_action(lambda: ask(Client(cloud, service))).lower()
        assert lacking == needs[left_out][0].lower()
    seeded(cloud)
    let(cloud, needs)
    assert refused_action(lambda: ask(Client(cloud, service))) == ""


@pytest.mark.parametrize("lacking", ["s3:GetObject", "kms:Decrypt", ""])
def test_a_head_tells_only_that_it_is_forbidden(cloud: LocalCloud, lacking: str) -> None:
    seeded(cloud)
    needs = [("s3:GetObject", OBJECT), DECRYPT]
    let(cloud, [need for need in needs if need[0] != lacking])
    s3 = cloud.client("s3", role=WORKER)
    if lacking != "s3:GetObject":
        assert s3.head_object(**A)["ContentLength"] == 1
    if lacking:
        # Only for the checksum S3 needs the key.
        with pytest.raises(s3.exceptions.ClientError, match="403"):
            s3.head_object(**A, ChecksumMode="ENABLED")


def test_a_call_that_nobody_here_knows_is_refused_and_says_where_to_add_it(
    cloud: LocalCloud,
) -> None:
    let(cloud, [("*", "*")])
    events = cloud.client("events", role=WORKER)
    with pytest.raises(events.exceptions.ClientError, match="local_cloud/access/needs"):
        events.list_rules()
    assert cloud.client("events").list_rules()["Rules"] == []
