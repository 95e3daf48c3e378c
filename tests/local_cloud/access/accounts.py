"""A cloud with one role, whose policies a test chooses, and what the role gets when it asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from local_cloud.cloud import LocalCloud
from tests.local_cloud import tiny

WORKER = f"arn:aws:iam::{tiny.ACCOUNT}:role/worker"
SESSION = f"arn:aws:sts::{tiny.ACCOUNT}:assumed-role/worker/laptop"
BUCKET, PLAIN_BUCKET = "lake", "plain"
TABLE, QUEUE, TOPIC, DATABASE, JOB = "ledger", "inbox", "alerts", "sales", "counter"
Statement = Mapping[str, Any]


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{tiny.REGION}:{tiny.ACCOUNT}:{resource}"


def may(*actions: str, on: Any = "*", **others: Any) -> tiny.Resources:
    return {"Effect": "Allow", "Action": list(actions), "Resource": on, **others}


def may_not(*actions: str, on: Any = "*", **others: Any) -> tiny.Resources:
    return {**may(*actions, on=on, **others), "Effect": "Deny"}


def resources(*statements: Statement, **changes: Any) -> tiny.Resources:
    """A small lake, encrypted under a key, and the role `worker`, which may do this.

    `changes` are properties of the role.
    """
    key = {"Fn::GetAtt": ["Key", "Arn"]}
    return {
        "Key": _resource("KMS::Key", KeyPolicy=_document(_of_account("kms:*"))),
        "Lake": _resource(
            "S3::Bucket",
            BucketName=BUCKET,
            VersioningConfiguration={"Status": "Enabled"},
            BucketEncryption={
                "ServerSideEncryptionConfiguration": [
                    {
                        "BucketKeyEnabled": True,
                        "ServerSideEncryptionByDefault": {
                            "KMSMasterKeyID": key,
                            "SSEAlgorithm": "aws:kms",
                        },
                    }
                ]
            },
        ),
        "Plain": _resource("S3::Bucket", BucketName=PLAIN_BUCKET),
        "Ledger": _resource(
            "DynamoDB::Table",
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "state")
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "by_state",
                    "KeySchema": [{"AttributeName": "state", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
            SSESpecification={"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": key},
        ),
        "Inbox": _resource("SQS::Queue", QueueName=QUEUE, KmsMasterKeyId=key),
        "Alerts": _resource("SNS::Topic", TopicName=TOPIC, KmsMasterKeyId=key),
        "Sales": _resource(
            "Glue::Database", CatalogId=tiny.ACCOUNT, DatabaseInput={"Name": DATABASE}
        ),
        "Job": tiny.job(JOB),
        "Worker": _resource(
            "IAM::Role",
            **{
                "RoleName": "worker",
                "AssumeRolePolicyDocument": _document(_trust("glue.amazonaws.com")),
                "Policies": [{"PolicyName": "may", "PolicyDocument": _document(*statements)}],
                **changes,
            },
        ),
    }


def with_key(*statements: Statement) -> tuple[Statement, ...]:
    """These rights, and the use of every key."""
    return (*statements, may("kms:Decrypt", "kms:GenerateDataKey"))


def _document(*statements: Statement) -> tiny.Resources:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def policy_of(kind: str, target: tiny.Resources, *statements: Statement) -> tiny.Resources:
    return _resource(kind, **target, PolicyDocument=_document(*statements))


def _of_account(action: str) -> Statement:
    return {
        "Effect": "Allow",
        "Action": action,
        "Resource": "*",
        "Principal": {"AWS": f"arn:aws:iam::{tiny.ACCOUNT}:root"},
    }


def _trust(service: str) -> Statement:
    return {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}


def _resource(kind: str, **properties: Any) -> tiny.Resources:
    return {"Type": f"AWS::{kind}", "Properties": properties}


def refusal(ask: Callable[[], object]) -> tuple[str, int, str]:
    """Code, status and message of the refusal that a call gets; it must get one."""
    try:
        ask()
    except ClientError as error:
        answer = error.response
        status = answer["ResponseMetadata"]["HTTPStatusCode"]
        return answer["Error"]["Code"], status, answer["Error"].get("Message", "")
    raise AssertionError("it was not refused")


def refused_action(ask: Callable[[], object]) -> str:
    """Action that a call lacks, or "" if it is allowed."""
    try:
        ask()
    except ClientError as error:
        message = str(error.response["Error"].get("Message", ""))
        if "is not authorized to perform" not in message:
            raise
        return message.partition("to perform: ")[2].partition(" ")[0]
    return ""


def seeded(cloud: LocalCloud) -> LocalCloud:
    """The cloud, with an object that has tags, an item and a table in it."""
    s3, glue = cloud.client("s3"), cloud.client("glue")
    for bucket in (BUCKET, PLAIN_BUCKET):
        s3.put_object(Bucket=bucket, Key="in/a.csv", Body=b"a", Tagging="team=sales")
        s3.put_object(Bucket=bucket, Key="in/untagged.csv", Body=b"a")
    cloud.table(TABLE).put_item(Item={"pk": "load#1", "sk": "a", "state": "open"})
    names = {table["Name"] for table in glue.get_tables(DatabaseName=DATABASE)["TableList"]}
    if "new" in names:
        glue.delete_table(DatabaseName=DATABASE, Name="new")
    if "orders" not in names:
        glue.create_table(DatabaseName=DATABASE, TableInput={"Name": "orders"})
    return cloud
