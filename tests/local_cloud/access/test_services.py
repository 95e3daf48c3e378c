"""Services that act in roles, or by the policies of what they send to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from local_cloud.cloud import LocalCloud
from local_cloud.errors import FunctionError
from tests.local_cloud import tiny
from tests.local_cloud.access.accounts import may, may_not
from tests.local_cloud.conftest import Deploy

SCRIPT = """
import boto3, sys
options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
boto3.client("s3").put_object(Bucket=options["--bucket"], Key=options["--key"], Body=b"1")
"""


def waiting(cloud: LocalCloud, queue: str) -> list[dict[str, Any]]:
    sqs = cloud.client("sqs")
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    answer = sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], VisibilityTimeout=0
    )
    found: list[dict[str, Any]] = answer.get("Messages", [])
    return found


def upload(cloud: LocalCloud) -> None:
    cloud.client("s3").put_object(Bucket=tiny.BUCKET, Key="x", Body=b"1")


def only_from(*statements: tiny.Resources) -> tiny.Resources:
    """A policy of the queue alone."""
    made = tiny.sending("Queue")
    made["Properties"]["PolicyDocument"]["Statement"] = list(statements)
    return made


def sends(**condition: Any) -> tiny.Resources:
    principal = {"Service": "events.amazonaws.com"}
    return may("sqs:SendMessage", Principal=principal, Condition=condition)


@pytest.fixture
def no_function() -> tiny.Resources:
    """A bucket, a rule and queues, without the function that would work them off."""
    resources = tiny.queue_and_function()
    del resources["Mapping"]
    resources["Uploads"]["Properties"]["Targets"][0]["DeadLetterConfig"] = {
        "Arn": {"Fn::GetAtt": ["DeadLetters", "Arn"]}
    }
    return resources


RULE = {"Fn::GetAtt": ["Uploads", "Arn"]}


@pytest.mark.parametrize(
    ("statements", "arrives"),
    [
        ([sends()], True),
        ([sends(ArnEquals={"aws:SourceArn": RULE})], True),
        ([sends(StringEquals={"aws:SourceAccount": tiny.ACCOUNT})], True),
        ([], False),
        ([sends(StringEquals={"aws:SourceAccount": "444455556666"})], False),
        ([sends(ArnEquals={"aws:SourceArn": "arn:aws:events:eu-central-1:1:rule/x"})], False),
        ([sends(), may_not("sqs:*", Principal="*")], False),
    ],
)
def test_an_event_arrives_only_if_the_queue_s_policy_lets_the_rule_send(
    deploy: Deploy, no_function: tiny.Resources, statements: list[Any], arrives: bool
) -> None:
    no_function["Sending"] = only_from(*statements)
    cloud = deploy(no_function)
    upload(cloud)
    assert len(waiting(cloud, tiny.QUEUE)) == arrives
    told = [one.message for one in cloud.access.refusals if tiny.QUEUE in one.resource]
    assert bool(told) is not arrives
    assert waiting(cloud, tiny.DEAD_LETTERS) == []


def test_an_event_that_is_not_let_in_is_a_dead_letter_where_the_rule_may_send_that(
    deploy: Deploy, no_function: tiny.Resources
) -> None:
    no_function["Sending"] = tiny.sending("DeadLetters")
    cloud = deploy(no_function)
    upload(cloud)
    (letter,) = waiting(cloud, tiny.DEAD_LETTERS)
    assert json.loads(letter["Body"])["detail"]["object"]["key"] == "x"
    attributes = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    assert attributes["ERROR_CODE"] == "NO_PERMISSIONS"
    assert attributes["TARGET_ARN"].endswith(f":{tiny.QUEUE}")
    assert "sqs:sendmessage" in attributes["ERROR_MESSAGE"]


def test_a_queue_s_key_must_let_the_rule_s_service_use_it(
    deploy: Deploy, no_function: tiny.Resources
) -> None:
    of_account = may("kms:*", Principal={"AWS": f"arn:aws:iam::{tiny.ACCOUNT}:root"})
    of_events = may(
        "kms:Decrypt",
        "kms:GenerateDataKey",
        Principal={"Service": "events.amazonaws.com"},
        Condition={"StringEquals": {"aws:SourceAccount": tiny.ACCOUNT}},
    )
    for number, statements in enumerate([[of_account], [of_account, of_events]]):
        document = {"Version": "2012-10-17", "Statement": statements}
        no_function[f"Key{number}"] = {
            "Type": "AWS::KMS::Key",
            "Properties": {"KeyPolicy": document},
        }
    for name, key in (("Queue", "Key0"), ("DeadLetters", "Key1")):
        arn = {"Fn::GetAtt": [key, "Arn"]}
        no_function[name]["Properties"]["KmsMasterKeyId"] = arn
    cloud = deploy(no_function)
    upload(cloud)
    assert waiting(cloud, tiny.QUEUE) == []
    assert len(waiting(cloud, tiny.DEAD_LETTERS)) == 1
    assert [one.action for one in cloud.access.refusals] == ["kms:GenerateDataKey"]


def trusting(service: str, *actions: str) -> tiny.Resources:
    """The role of functions and jobs, which trusts one service."""
    made = tiny.role(may=actions or ("*",))
    statement = made["Role"]["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]
    statement["Principal"] = {"Service": service}
    return made


def test_a_function_whose_role_does_not_trust_lambda_does_not_start(deploy: Deploy) -> None:
    cloud = deploy({**tiny.queue_and_function(), **trusting("glue.amazonaws.com")})
    with pytest.raises(FunctionError, match=r"cannot be started: lambda\.amazonaws\.com cannot"):
        cloud.invoke(tiny.FUNCTION, {"Records": []})
    upload(cloud)
    cloud.settle()
    assert len(waiting(cloud, tiny.QUEUE)) == 1


@pytest.mark.parametrize("lacking", ["sqs:ReceiveMessage", "sqs:GetQueueAttributes"])
def test_lambda_works_off_a_queue_with_the_function_s_rights(deploy: Deploy, lacking: str) -> None:
    needed = {"sqs:ReceiveMessage", "sqs:GetQueueAttributes", "sqs:DeleteMessage", "dynamodb:*"}
    rights = tiny.role(may=sorted(needed - {lacking}))
    cloud = deploy({**tiny.queue_and_function(), **rights})
    upload(cloud)
    cloud.settle()
    assert len(waiting(cloud, tiny.QUEUE)) == 1
    assert cloud.handed_over == 0
    assert [one.action for one in cloud.access.refusals] == [lacking]
    assert cloud.table(tiny.TABLE).scan()["Items"] == []


def test_messages_that_lambda_may_not_delete_stay(deploy: Deploy) -> None:
    rights = tiny.role(may=["sqs:ReceiveMessage", "sqs:GetQueueAttributes", "dynamodb:*"])
    cloud = deploy({**tiny.queue_and_function(), **rights})
    upload(cloud)
    cloud.settle()
    assert cloud.handed_over == 0
    assert "sqs:DeleteMessage" in [one.action for one in cloud.access.refusals]


def test_a_function_acts_in_its_role(deploy: Deploy) -> None:
    cloud = deploy({**tiny.queue_and_function(), **tiny.role(may=["sqs:*"])})
    upload(cloud)
    cloud.settle()
    (refused,) = cloud.access.refusals
    assert refused.who.endswith(f":assumed-role/{tiny.ROLE}/{tiny.FUNCTION}")
    assert refused.action == "dynamodb:PutItem"
    assert len(waiting(cloud, tiny.DEAD_LETTERS)) == 1


def run(cloud: LocalCloud, key: str = "x", **options: Any) -> dict[str, Any]:
    glue = cloud.client("glue")
    arguments = {"--bucket": tiny.BUCKET, "--key": key}
    run_id = glue.start_job_run(JobName=tiny.JOB, Arguments=arguments, **options)["JobRunId"]
    cloud.settle()
    found: dict[str, Any] = glue.get_job_run(JobName=tiny.JOB, RunId=run_id)["JobRun"]
    return found


@pytest.fixture
def job(deploy: Deploy, plain_python: None) -> Any:  # noqa: ARG001 - for what it does
    """Deploys a job in this role."""

    def up(role: tiny.Resources, **properties: Any) -> LocalCloud:
        made = tiny.job()
        made["Properties"].update(properties)
        return deploy({**tiny.bucket_only(), "Job": made, **role}, script=SCRIPT)

    return up


READS_CODE = "s3:GetObject"


def test_a_job_acts_in_its_role_and_its_run_tells_what_it_lacks(job: Any) -> None:
    cloud = job(tiny.role(may=[READS_CODE]))
    ended = run(cloud)
    assert ended["JobRunState"] == "FAILED"
    assert ended["ErrorMessage"].partition(": ")[2] == (
        "An error occurred (AccessDenied) when calling the "
        f"PutObject operation: User: arn:aws:sts::{tiny.ACCOUNT}:assumed-role/{tiny.ROLE}/"
        "GlueJobRunnerSession is not authorized to perform: s3:PutObject on resource: "
        f'"arn:aws:s3:::{tiny.BUCKET}/x" because no identity-based policy allows the s3:PutObject '
        "action"
    )


def test_a_session_policy_limits_its_run_from_the_first_moment(job: Any) -> None:
    cloud = job(tiny.role())
    own = f"arn:aws:s3:::{tiny.BUCKET}/own/*"
    deny = {"Effect": "Deny", "Action": "s3:PutObject", "NotResource": own}
    limit = {"Version": "2012-10-17", "Statement": [may("*"), deny]}
    policy = {"ExecutionRoleSessionPolicy": json.dumps(limit)}
    assert run(cloud, "own/x", **policy)["JobRunState"] == "SUCCEEDED"
    refused = run(cloud, "other/x", **policy)
    assert "with an explicit deny in a session policy" in refused["ErrorMessage"]
    assert run(cloud, "other/x")["JobRunState"] == "SUCCEEDED"


@pytest.mark.parametrize(
    ("role", "properties", "complaint"),
    [
        (trusting("lambda.amazonaws.com"), {}, "glue.amazonaws.com cannot assume role"),
        (tiny.role("another"), {}, "glue.amazonaws.com cannot assume role"),
        (tiny.role(may=["s3:PutObject"]), {}, "not authorized to perform: s3:GetObject"),
        (tiny.role(may=["s3:*"]), {"SecurityConfiguration": "quiet"},
         "not authorized to perform: glue:GetSecurityConfiguration"),
    ],
)  # fmt: skip
def test_a_job_does_not_start_without_what_glue_needs_for_it(
    job: Any, role: tiny.Resources, properties: dict[str, Any], complaint: str
) -> None:
    ended = run(job(role, **properties))
    assert ended["JobRunState"] == "FAILED"
    assert complaint in ended["ErrorMessage"]


def test_a_role_may_be_named_without_its_arn(job: Any) -> None:
    assert run(job(tiny.role(), Role=tiny.ROLE))["JobRunState"] == "SUCCEEDED"


def test_a_crawler_acts_in_its_role(deploy: Deploy, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,n\n1,2\n")
    resources = {
        **tiny.bucket_only(),
        **tiny.role(may=["s3:ListBucket", "glue:GetTables"]),
        "Database": {
            "Type": "AWS::Glue::Database",
            "Properties": {"CatalogId": tiny.ACCOUNT, "DatabaseInput": {"Name": "found"}},
        },
        "Crawler": {
            "Type": "AWS::Glue::Crawler",
            "Properties": {
                "Name": "crawler",
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "DatabaseName": "found",
                "Targets": {"S3Targets": [{"Path": f"s3://{tiny.BUCKET}/"}]},
            },
        },
    }
    cloud = deploy(resources)
    cloud.upload(tiny.BUCKET, "orders/a.csv", tmp_path / "a.csv")
    cloud.client("glue").start_crawler(Name="crawler")
    cloud.settle()
    ended = cloud.client("glue").get_crawler(Name="crawler")["Crawler"]["LastCrawl"]
    assert ended["Status"] == "FAILED"
    assert f"assumed-role/{tiny.ROLE}/AWS-Crawler is not authorized" in ended["ErrorMessage"]
    assert "s3:GetObject" in ended["ErrorMessage"]
