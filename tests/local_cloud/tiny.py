"""A tiny platform for tests: hand-made templates in an assembly as the CDK lays it out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from local_cloud.assembly import Stack, stacks_of

ACCOUNT = "111122223333"
REGION = "eu-central-1"
BUCKET = "tiny-inbox"
QUEUE = "tiny-queue"
DEAD_LETTERS = "tiny-dead-letters"
STREAM = "tiny-stream"
FUNCTION = "tiny-function"
JOB = "tiny-job"
TABLE = "tiny-table"
ROLE = "tiny"

FUNCTION_CODE = '''
import base64, json, os, boto3

def handle(event, context):
    """Remembers each body; refuses those that ask for it, and with all others if they say so."""
    table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
    failed = []
    told = [(r["messageId"], r["body"], r) if "body" in r else
            (r["kinesis"]["sequenceNumber"], base64.b64decode(r["kinesis"]["data"]).decode(), r)
            for r in event["Records"]]
    for id, text, _ in told:
        if "raise" in text:
            raise ValueError(text)
    for id, text, record in told:
        if "refuse" in text:
            failed.append({"itemIdentifier": id})
            continue
        table.put_item(Item={"id": id, "record": json.dumps(record),
                             "remaining": context.get_remaining_time_in_millis()})
    return {"batchItemFailures": failed}
'''

Resources = dict[str, Any]


def queue_and_function() -> Resources:
    """A bucket whose events go to a queue, which a function works off; what fails is kept."""
    return {
        "Inbox": _bucket(),
        "DeadLetters": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": DEAD_LETTERS}},
        "Queue": {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "QueueName": QUEUE,
                "RedrivePolicy": {
                    "deadLetterTargetArn": _arn("DeadLetters"),
                    "maxReceiveCount": 3,
                },
            },
        },
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "TableName": TABLE,
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "BillingMode": "PAY_PER_REQUEST",
            },
        },
        "Uploads": rule({"source": ["aws.s3"], "detail-type": ["Object Created"]}),
        "Sending": sending("Queue", "DeadLetters"),
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "FunctionName": FUNCTION,
                "Handler": "tiny.handle",
                "Runtime": "python3.13",
                "Role": _arn("Role"),
                "Timeout": 20,
                "Environment": {"Variables": {"TABLE": {"Ref": "Table"}}},
                "Code": {"S3Bucket": assets_bucket(), "S3Key": "function.zip"},
            },
        },
        "Mapping": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "EventSourceArn": _arn("Queue"),
                "FunctionName": {"Ref": "Function"},
                "BatchSize": 25,
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
            },
        },
    }


def stream_and_function(**mapping: Any) -> Resources:
    """A function that is fed from a stream, which no template makes; what is given up is told."""
    resources = queue_and_function()
    resources["Mapping"]["Properties"] = {
        "EventSourceArn": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{STREAM}",
        "FunctionName": {"Ref": "Function"},
        "StartingPosition": "TRIM_HORIZON",
        "DestinationConfig": {"OnFailure": {"Destination": _arn("DeadLetters")}},
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        **mapping,
    }
    return resources


def role(name: str = ROLE, *, may: Sequence[str] = ("*",), on: str = "*") -> Resources:
    """A role that functions, jobs and crawlers run in, and which may do everything, or this."""
    allows = {"Effect": "Allow", "Action": list(may), "Resource": on}
    trusted = {"Service": ["lambda.amazonaws.com", "glue.amazonaws.com"]}
    trusts = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": trusted}
    return {
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": name,
                "AssumeRolePolicyDocument": _document(trusts),
                "Policies": [{"PolicyName": "may", "PolicyDocument": _document(allows)}],
            },
        }
    }


def sending(*queues: str) -> Resources:
    """A policy of queues that lets EventBridge send to them."""
    allows = {
        "Effect": "Allow",
        "Action": "sqs:SendMessage",
        "Principal": {"Service": "events.amazonaws.com"},
        "Resource": "*",
    }
    named = [{"Ref": queue} for queue in queues]
    return {
        "Type": "AWS::SQS::QueuePolicy",
        "Properties": {"Queues": named, "PolicyDocument": _document(allows)},
    }


def _document(*statements: Resources) -> Resources:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def rule(pattern: Mapping[str, Any] | None = None, *, schedule: str | None = None) -> Resources:
    """A rule whose target is the queue."""
    properties: Resources = {"Targets": [{"Id": "Queue", "Arn": _arn("Queue")}]}
    if pattern:
        properties["EventPattern"] = pattern
    if schedule:
        properties["ScheduleExpression"] = schedule
    return {"Type": "AWS::Events::Rule", "Properties": properties}


def job(
    name: str = JOB, *, at_once: int = 1, arguments: Mapping[str, str] | None = None
) -> Resources:
    return {
        "Type": "AWS::Glue::Job",
        "Properties": {
            "Name": name,
            "Role": f"arn:aws:iam::{ACCOUNT}:role/{ROLE}",
            "Command": {
                "Name": "glueetl",
                "ScriptLocation": f"s3://{assets_bucket()}/script.py",
                "PythonVersion": "3",
            },
            "DefaultArguments": dict(arguments or {}),
            "ExecutionProperty": {"MaxConcurrentRuns": at_once},
            "GlueVersion": "6.0",
            "WorkerType": "G.1X",
            "NumberOfWorkers": 2,
            "Timeout": 5,
        },
    }


def bucket_only() -> Resources:
    return {"Inbox": _bucket()}


def stacks(
    folder: Path,
    resources: Resources,
    *,
    script: str = "",
    function: str = FUNCTION_CODE,
    library: Mapping[str, str] | None = None,
) -> list[Stack]:
    """Written as an assembly with a stage `Dev`, and read back; with a role for what runs."""
    stage = folder / "assembly-Dev"
    for name, files in {
        "function": {"tiny.py": function},
        "library": library or {"tiny_library.py": ""},
        "script": {"script.py": script},
    }.items():
        for path, text in files.items():
            target = stage / f"asset.{name}" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
    _write(folder / "manifest.json", {"artifacts": {"assembly-Dev": _stage()}})
    _write(stage / "manifest.json", {"artifacts": _artifacts()})
    _write(stage / "Tiny.template.json", {"Resources": {**role(), **resources}})
    _write(stage / "Tiny.assets.json", {"files": _files()})
    return stacks_of(folder, environment="dev")


def assets_bucket() -> str:
    return f"cdk-hnb659fds-assets-{ACCOUNT}-{REGION}"


def _bucket() -> Resources:
    return {
        "Type": "AWS::S3::Bucket",
        "Properties": {
            "BucketName": BUCKET,
            "VersioningConfiguration": {"Status": "Enabled"},
            "NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}},
        },
    }


def _arn(logical_id: str) -> Resources:
    return {"Fn::GetAtt": [logical_id, "Arn"]}


def _stage() -> Resources:
    properties = {"directoryName": "assembly-Dev", "displayName": "Dev"}
    return {"type": "cdk:cloud-assembly", "properties": properties}


def _artifacts() -> Resources:
    return {
        "Tiny.assets": {
            "type": "cdk:asset-manifest",
            "properties": {"file": "Tiny.assets.json"},
        },
        "Tiny": {
            "type": "aws:cloudformation:stack",
            "environment": f"aws://{ACCOUNT}/{REGION}",
            "dependencies": ["Tiny.assets"],
            "properties": {"templateFile": "Tiny.template.json", "stackName": "tiny"},
        },
    }


def _files() -> Resources:
    placed = {
        "function.zip": {"path": "asset.function", "packaging": "zip"},
        "library.zip": {"path": "asset.library", "packaging": "zip"},
        "script.py": {"path": "asset.script/script.py", "packaging": "file"},
    }
    bucket = "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"
    return {
        key: {"source": source, "destinations": {"here": {"bucketName": bucket, "objectKey": key}}}
        for key, source in placed.items()
    }


def _write(path: Path, content: Resources) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
