"""Refusals as each service answers them, and the policies that lead to them."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local_cloud.cloud import LocalCloud
from tests.local_cloud import tiny
from tests.local_cloud.access.accounts import (
    BUCKET,
    DATABASE,
    JOB,
    PLAIN_BUCKET,
    QUEUE,
    SESSION,
    TABLE,
    TOPIC,
    WORKER,
    arn,
    may,
    may_not,
    policy_of,
    refusal,
    refused_action,
    resources,
    seeded,
    with_key,
)
from tests.local_cloud.conftest import Deploy

LAKE, PLAIN = f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{PLAIN_BUCKET}"
LEDGER = arn("dynamodb", f"table/{TABLE}")
NOBODY = "because no identity-based policy allows the {} action"
BOUNDARY = f"arn:aws:iam::{tiny.ACCOUNT}:policy/limit"


def in_words(action: str, resource: str) -> str:
    return (
        f"User: {SESSION} is not authorized to perform: {action} on resource: {resource} "
        f"{NOBODY.format(action)}"
    )


@pytest.mark.parametrize(
    ("service", "ask", "answer"),
    [
        ("s3", lambda s3: s3.get_object(Bucket=BUCKET, Key="a"),
         ("AccessDenied", 403, in_words("s3:GetObject", f'"{LAKE}/a"'))),
        ("dynamodb", lambda db: db.scan(TableName=TABLE),
         ("AccessDeniedException", 400, in_words("dynamodb:Scan", LEDGER))),
        ("glue", lambda glue: glue.start_job_run(JobName=JOB),
         ("AccessDeniedException", 400, in_words("glue:StartJobRun", arn("glue", f"job/{JOB}")))),
        ("sns", lambda sns: sns.publish(TopicArn=arn("sns", TOPIC), Message="m"),
         ("AuthorizationError", 403, in_words("SNS:Publish", arn("sns", TOPIC)))),
        ("sqs", lambda sqs: sqs.get_queue_url(QueueName=QUEUE),
         ("AccessDenied", 400, in_words("sqs:getqueueurl", arn("sqs", QUEUE)))),
        ("cloudformation", lambda stacks: stacks.list_exports(),
         ("AccessDenied", 403, in_words("cloudformation:ListExports", "*"))),
        ("lambda", lambda functions: functions.invoke(FunctionName="f"),
         ("AccessDeniedException", 403,
          in_words("lambda:InvokeFunction", arn("lambda", "function:f")))),
        ("sts", lambda sts: sts.assume_role(RoleArn=WORKER, RoleSessionName="checks"),
         ("AccessDenied", 403,
          in_words("sts:AssumeRole", WORKER).replace("identity", "resource"))),
    ],
)  # fmt: skip
def test_each_service_refuses_in_its_own_protocol(
    deploy: Deploy,
    service: str,
    ask: Callable[[Any], object],
    answer: tuple[str, int, str],
) -> None:
    cloud = deploy(resources(may("none:None")))
    client = cloud.client(service, role=WORKER)
    assert refusal(lambda: ask(client)) == answer
    assert [one.message for one in cloud.access.refusals] == [answer[2]]


def test_people_and_their_programs_may_do_everything(deploy: Deploy) -> None:
    cloud = seeded(deploy(resources(may("none:None"))))
    assert cloud.client("s3").get_object(Bucket=BUCKET, Key="in/a.csv")["Body"].read() == b"a"
    assert cloud.access.refusals == []


def test_everybody_may_ask_who_they_are(deploy: Deploy) -> None:
    cloud = deploy(resources(may_not("*")))
    assert cloud.client("sts", role=WORKER).get_caller_identity()["Account"] == tiny.ACCOUNT


@pytest.mark.parametrize("ask", ["get", "head"])
@pytest.mark.parametrize("may_list", [True, False])
def test_an_object_that_is_missing_is_told_only_to_those_who_may_list_the_bucket(
    deploy: Deploy, may_list: bool, ask: str
) -> None:
    rights = [may("s3:GetObject", on=f"{PLAIN}/*")]
    rights += [may("s3:ListBucket", on=PLAIN)] if may_list else []
    s3 = deploy(resources(*rights)).client("s3", role=WORKER)
    with pytest.raises(ClientError) as error:
        getattr(s3, f"{ask}_object")(Bucket=PLAIN_BUCKET, Key="missing")
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == (404 if may_list else 403)


def test_a_prefix_is_a_condition_of_listing(deploy: Deploy) -> None:
    own = {"StringLike": {"s3:prefix": "in/*"}}
    s3 = deploy(resources(may("s3:ListBucket", on=PLAIN, Condition=own))).client("s3", role=WORKER)
    assert refused_action(lambda: s3.list_objects_v2(Bucket=PLAIN_BUCKET, Prefix="in/2026")) == ""
    for others in ({"Prefix": "out/"}, {"Prefix": "in"}, {}):
        asked = partial(s3.list_objects_v2, Bucket=PLAIN_BUCKET, **others)
        assert refused_action(asked) == "s3:ListBucket"


def test_tags_of_objects_and_of_requests_are_conditions(deploy: Deploy) -> None:
    rights = [
        may("s3:GetObject", Condition={"StringEquals": {"s3:ExistingObjectTag/team": "sales"}}),
        may(
            "s3:PutObjectTagging",
            Condition={"ForAllValues:StringEquals": {"s3:RequestObjectTagKeys": ["state"]}},
        ),
    ]
    s3 = seeded(deploy(resources(*rights))).client("s3", role=WORKER)
    place = {"Bucket": PLAIN_BUCKET, "Key": "in/a.csv"}
    assert refused_action(lambda: s3.get_object(**place)) == ""
    untagged = {"Bucket": PLAIN_BUCKET, "Key": "in/untagged.csv"}
    assert refused_action(lambda: s3.get_object(**untagged)) == "s3:GetObject"

    def tag(name: str) -> str:
        tags = {"TagSet": [{"Key": name, "Value": "1"}]}
        return refused_action(lambda: s3.put_object_tagging(**place, Tagging=tags))

    assert (tag("state"), tag("team")) == ("", "s3:PutObjectTagging")


@pytest.mark.parametrize(
    ("actions", "ask"),
    [
        (["PutItem"], lambda db, pk: db.put_item(TableName=TABLE, Item=item(pk))),
        (["GetItem"], lambda db, pk: db.get_item(TableName=TABLE, Key=item(pk))),
        (["BatchGetItem"],
         lambda db, pk: db.batch_get_item(
             RequestItems={TABLE: {"Keys": [item("load#9"), item(pk)]}})),
        (["Query"],
         lambda db, pk: db.query(
             TableName=TABLE, KeyConditionExpression="sk = :s AND #k = :k",
             ExpressionAttributeNames={"#k": "pk"},
             ExpressionAttributeValues={":k": {"S": pk}, ":s": {"S": "a"}})),
        (["DeleteItem"],
         lambda db, pk: db.transact_write_items(TransactItems=[
             {"Delete": {"TableName": TABLE, "Key": item(pk)}}])),
        (["BatchWriteItem"],
         lambda db, pk: db.batch_write_item(
             RequestItems={TABLE: [{"DeleteRequest": {"Key": item(pk)}}]})),
    ],
)  # fmt: skip
def test_the_partition_key_of_items_is_a_condition(
    deploy: Deploy, actions: list[str], ask: Callable[[Any, str], object]
) -> None:
    own = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["load#*"]}}
    named = [f"dynamodb:{action}" for action in actions]
    rights = with_key(may(*named, on=LEDGER, Condition=own))
    db = deploy(resources(*rights)).client("dynamodb", role=WORKER)
    assert refused_action(lambda: ask(db, "load#1")) == ""
    assert refused_action(lambda: ask(db, "lease#1")) == named[0]


def item(partition_key: str) -> dict[str, dict[str, str]]:
    return {"pk": {"S": partition_key}, "sk": {"S": "a"}}


def test_a_scan_has_no_partition_key_and_so_falls_into_the_trap_of_the_empty_set(
    deploy: Deploy,
) -> None:
    own = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["load#*"]}}
    rights = with_key(may("dynamodb:Scan", on=LEDGER, Condition=own))
    db = deploy(resources(*rights)).client("dynamodb", role=WORKER)
    assert refused_action(lambda: db.scan(TableName=TABLE)) == ""


@pytest.mark.parametrize("via", ["s3", "dynamodb", "sns", "sqs"])
def test_a_key_may_be_used_through_some_services_only(deploy: Deploy, via: str) -> None:
    through = {"StringEquals": {"kms:ViaService": f"{via}.{tiny.REGION}.amazonaws.com"}}
    rights = [may("s3:*", "dynamodb:*", "sns:*", "sqs:*"), may("kms:*", Condition=through)]
    cloud = seeded(deploy(resources(*rights)))
    url = cloud.client("sqs").get_queue_url(QueueName=QUEUE)["QueueUrl"]
    calls: dict[str, Callable[[Any], object]] = {
        "s3": lambda s3: s3.get_object(Bucket=BUCKET, Key="in/a.csv"),
        "dynamodb": lambda db: db.scan(TableName=TABLE),
        "sns": lambda sns: sns.publish(TopicArn=arn("sns", TOPIC), Message="m"),
        "sqs": lambda sqs: sqs.send_message(QueueUrl=url, MessageBody="m"),
    }
    for service, ask in calls.items():
        lacking = refused_action(partial(ask, cloud.client(service, role=WORKER)))
        assert bool(lacking) is (service != via)


def test_a_bucket_s_own_key_is_told_of_the_bucket_alone(deploy: Deploy) -> None:
    of_bucket = {"StringEquals": {"kms:EncryptionContext:aws:s3:arn": LAKE}}
    rights = [may("s3:GetObject"), may("kms:Decrypt", Condition=of_bucket)]
    s3 = seeded(deploy(resources(*rights))).client("s3", role=WORKER)
    assert refused_action(lambda: s3.get_object(Bucket=BUCKET, Key="in/a.csv")) == ""


def test_the_code_of_a_key_s_refusal_is_the_service_s(deploy: Deploy) -> None:
    cloud = deploy(resources(may("sns:*", "sqs:*", "s3:*")))
    sns, sqs = cloud.client("sns", role=WORKER), cloud.client("sqs", role=WORKER)
    url = cloud.client("sqs").get_queue_url(QueueName=QUEUE)["QueueUrl"]
    topic = arn("sns", TOPIC)
    announced = refusal(lambda: sns.publish(TopicArn=topic, Message="m"))
    assert announced[:2] == ("KMSAccessDenied", 400)
    sent = refusal(lambda: sqs.send_message(QueueUrl=url, MessageBody="m"))
    assert sent[0] == "KMS.AccessDeniedException"
    assert "kms:GenerateDataKey" in sent[2]


def test_a_bucket_s_policy_may_allow_and_may_deny(deploy: Deploy) -> None:
    worker = {"AWS": WORKER}
    policy = policy_of(
        "S3::BucketPolicy",
        {"Bucket": {"Ref": "Plain"}},
        may("s3:GetObject", on=f"{PLAIN}/*", Principal=worker),
        may_not("s3:*", on=f"{PLAIN}/secret/*", Principal="*"),
    )
    rights = may("s3:PutObject")
    s3 = seeded(deploy({**resources(rights), "Policy": policy})).client("s3", role=WORKER)
    assert refused_action(lambda: s3.get_object(Bucket=PLAIN_BUCKET, Key="in/a.csv")) == ""
    put = {"Bucket": PLAIN_BUCKET, "Body": b"1"}
    assert refused_action(lambda: s3.put_object(**put, Key="open")) == ""
    code, _, message = refusal(lambda: s3.put_object(**put, Key="secret/a"))
    assert code == "AccessDenied"
    assert message.endswith("with an explicit deny in a resource-based policy")


def test_what_comes_in_counts_as_sent_over_tls(deploy: Deploy) -> None:
    without = {"Bool": {"aws:SecureTransport": "false"}}
    policy = policy_of(
        "S3::BucketPolicy",
        {"Bucket": {"Ref": "Plain"}},
        may_not("s3:*", Principal="*", Condition=without),
        may_not("s3:*", Principal="*", Condition={"NumericLessThan": {"s3:TlsVersion": 1.2}}),
    )
    cloud = deploy({**resources(may("s3:ListBucket")), "Policy": policy})
    s3 = cloud.client("s3", role=WORKER)
    assert refused_action(lambda: s3.list_objects_v2(Bucket=PLAIN_BUCKET)) == ""


@pytest.mark.parametrize("is_in_template", [True, False])
def test_a_permissions_boundary_limits_the_role(tmp_path: Any, is_in_template: bool) -> None:
    document = {"Version": "2012-10-17", "Statement": [may("s3:ListBucket")]}
    made: dict[str, Any] = resources(may("s3:*"), PermissionsBoundary=BOUNDARY)
    if is_in_template:
        properties = {"ManagedPolicyName": "limit", "PolicyDocument": document}
        made["Limit"] = {"Type": "AWS::IAM::ManagedPolicy", "Properties": properties}
    stacks = tiny.stacks(tmp_path / "assembly", made)
    boundaries = {} if is_in_template else {BOUNDARY: document}
    options: dict[str, Any] = {"work": tmp_path / "work", "boundaries": boundaries}
    with LocalCloud.for_stacks(stacks, **options) as cloud:
        cloud.deploy(stacks)
        s3 = cloud.client("s3", role=WORKER)
        assert refused_action(lambda: s3.list_objects_v2(Bucket=PLAIN_BUCKET)) == ""
        _, _, message = refusal(lambda: s3.get_object(Bucket=PLAIN_BUCKET, Key="a"))
        assert message.endswith("because no permissions boundary allows the s3:GetObject action")


def test_a_boundary_whose_document_is_not_known_is_told_of(tmp_path: Any) -> None:
    made = resources(may("s3:ListBucket"), PermissionsBoundary=BOUNDARY)
    stacks = tiny.stacks(tmp_path / "assembly", made)
    said: list[str] = []
    with LocalCloud.for_stacks(stacks, work=tmp_path / "work", say=said.append) as cloud:
        cloud.deploy(stacks)
        s3 = cloud.client("s3", role=WORKER)
        assert refused_action(lambda: s3.list_objects_v2(Bucket=PLAIN_BUCKET)) == ""
    assert [line for line in said if "role worker" in line and BOUNDARY in line]


def test_a_role_that_is_taken_on_through_the_api_has_its_rights_and_its_session_s(
    deploy: Deploy,
) -> None:
    cloud = seeded(deploy(resources(may("s3:ListBucket", "s3:GetObject"))))
    limit = json.dumps({"Version": "2012-10-17", "Statement": [may("s3:GetObject")]})
    answer = cloud.client("sts").assume_role(
        RoleArn=WORKER, RoleSessionName="checks", Policy=limit
    )["Credentials"]
    s3 = boto3.client(
        "s3",
        endpoint_url=cloud.endpoint,
        region_name=tiny.REGION,
        aws_access_key_id=answer["AccessKeyId"],
        aws_secret_access_key=answer["SecretAccessKey"],
        aws_session_token=answer["SessionToken"],
    )
    place = {"Bucket": PLAIN_BUCKET, "Key": "in/a.csv"}
    assert refused_action(lambda: s3.get_object(**place)) == ""
    _, _, message = refusal(lambda: s3.list_objects_v2(Bucket=PLAIN_BUCKET))
    assert "assumed-role/worker/checks " in message
    assert message.endswith("because no session policy allows the s3:ListBucket action")


def test_a_stranger_takes_on_a_role_that_trusts_it_and_no_other(deploy: Deploy) -> None:
    friend, other = (f"arn:aws:iam::444455556666:role/{name}" for name in ("friend", "other"))
    trust = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
        "Condition": {"ArnEquals": {"aws:PrincipalArn": friend}},
    }
    document = {"Version": "2012-10-17", "Statement": [trust]}
    cloud = deploy(resources(may("s3:*"), AssumeRolePolicyDocument=document))
    for role, lacking in ((friend, ""), (other, "sts:AssumeRole")):
        sts = cloud.client("sts", role=role)
        ask = partial(sts.assume_role, RoleArn=WORKER, RoleSessionName="checks")
        assert refused_action(ask) == lacking


def test_a_stranger_is_let_in_by_what_it_asks_for_alone(deploy: Deploy) -> None:
    friend = "arn:aws:iam::444455556666:role/friend"
    letting = policy_of(
        "S3::BucketPolicy",
        {"Bucket": {"Ref": "Plain"}},
        may("s3:GetObject", on=f"{PLAIN}/*", Principal={"AWS": friend}),
    )
    cloud = seeded(deploy({**resources(may("none:None")), "Letting": letting}))
    s3 = cloud.client("s3", role=friend)
    assert refused_action(lambda: s3.get_object(Bucket=PLAIN_BUCKET, Key="in/a.csv")) == ""
    _, _, message = refusal(lambda: s3.get_object(Bucket=BUCKET, Key="in/a.csv"))
    assert message.endswith("because no resource-based policy allows the s3:GetObject action")


def test_a_change_of_a_policy_through_the_api_counts_at_once(deploy: Deploy) -> None:
    cloud = deploy(resources(may("s3:GetObject")))
    s3 = cloud.client("s3", role=WORKER)
    assert refused_action(lambda: s3.list_objects_v2(Bucket=PLAIN_BUCKET)) == "s3:ListBucket"
    document = {"Version": "2012-10-17", "Statement": [may("s3:ListBucket")]}
    cloud.client("iam").put_role_policy(
        RoleName="worker", PolicyName="more", PolicyDocument=json.dumps(document)
    )
    assert refused_action(lambda: s3.list_objects_v2(Bucket=PLAIN_BUCKET)) == ""


def test_each_kind_of_refusal_is_told_of_once(deploy: Deploy) -> None:
    cloud = deploy(resources(may("none:None")))
    s3 = cloud.client("s3", role=WORKER)
    for key in ("a", "b", "c"):
        refusal(partial(s3.get_object, Bucket=PLAIN_BUCKET, Key=key))
    refusal(lambda: s3.get_object(Bucket=BUCKET, Key="a"))
    told = [(one.action, one.resource) for one in cloud.access.refusals]
    assert told == [("s3:GetObject", f"{PLAIN}/a"), ("s3:GetObject", f"{LAKE}/a")]


def test_a_large_upload_that_is_refused_gets_its_refusal(deploy: Deploy) -> None:
    s3 = deploy(resources(may("none:None"))).client("s3", role=WORKER)
    body = bytes(5 << 20)
    assert refusal(lambda: s3.put_object(Bucket=BUCKET, Key="a", Body=body))[0] == "AccessDenied"


def test_tables_of_another_database_are_not_allowed_by_the_catalog_alone(deploy: Deploy) -> None:
    rights = may("glue:GetTable", on=[arn("glue", "catalog"), arn("glue", f"table/{DATABASE}/*")])
    glue = seeded(deploy(resources(rights))).client("glue", role=WORKER)
    _, _, message = refusal(lambda: glue.get_table(DatabaseName=DATABASE, Name="orders"))
    assert f"on resource: {arn('glue', f'database/{DATABASE}')} " in message
