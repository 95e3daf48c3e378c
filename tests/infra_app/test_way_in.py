"""From an upload to the trigger: events, queue and function."""

from __future__ import annotations

import pytest

from config.environments import Environment
from tests.templates import Json, Template
from wires.run_ledger import ENDED


def queue_ids(template: Template) -> tuple[str, str]:
    """Logical ids of the queue and of its dead-letter queue."""
    queues = template.resources("AWS::SQS::Queue")
    (queue,) = (id for id, q in queues.items() if "RedrivePolicy" in q["Properties"])
    (dead,) = set(queues) - {queue}
    return queue, dead


def rules_by_id(template: Template) -> dict[str, Json]:
    """Those that feed the queue."""
    rules = template.resources("AWS::Events::Rule").items()
    return {id: rule["Properties"] for id, rule in rules if id.startswith("Events")}


def rules(template: Template) -> list[Json]:
    return list(rules_by_id(template).values())


def rule_for(template: Template, source: str) -> Json:
    (found,) = (
        rule for rule in rules(template) if rule.get("EventPattern", {}).get("source") == [source]
    )
    pattern: Json = found["EventPattern"]
    return pattern


def test_the_raw_bucket_tells_eventbridge_of_every_object(infrastructure: Template) -> None:
    told = [
        bucket["BucketName"]
        for bucket in infrastructure.properties("AWS::S3::Bucket")
        if "NotificationConfiguration" in bucket
    ]
    assert len(told) == 1
    assert "-raw-" in told[0]


def test_an_upload_to_the_raw_bucket_is_heard_whatever_its_key(infrastructure: Template) -> None:
    pattern = rule_for(infrastructure, "aws.s3")
    (raw,) = (
        id
        for id, bucket in infrastructure.resources("AWS::S3::Bucket").items()
        if "-raw-" in bucket["Properties"]["BucketName"]
    )
    assert pattern["detail-type"] == ["Object Created"]
    assert pattern["detail"] == {"bucket": {"name": [{"Ref": raw}]}}


def test_every_way_in_which_a_run_can_end_is_heard(infrastructure: Template) -> None:
    assert set(rule_for(infrastructure, "aws.glue")["detail"]["state"]) == ENDED


def test_the_trigger_gets_a_turn_every_minute(infrastructure: Template) -> None:
    schedules = [
        rule["ScheduleExpression"] for rule in rules(infrastructure) if "ScheduleExpression" in rule
    ]
    assert schedules == ["rate(1 minute)"]


def test_all_events_go_to_the_one_queue_and_else_to_the_dead_letters(
    infrastructure: Template,
) -> None:
    queue, dead = queue_ids(infrastructure)
    for rule in rules(infrastructure):
        (target,) = rule["Targets"]
        assert target["Arn"] == {"Fn::GetAtt": [queue, "Arn"]}
        assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": [dead, "Arn"]}}


def test_the_queues_admit_the_rules_of_this_stack_and_nobody_without_tls(
    infrastructure: Template, configured: Environment
) -> None:
    arns = [{"Fn::GetAtt": [id, "Arn"]} for id in rules_by_id(infrastructure)]
    for policy in infrastructure.properties("AWS::SQS::QueuePolicy"):
        by_effect = {s["Effect"]: s for s in policy["PolicyDocument"]["Statement"]}
        denied, allowed = by_effect["Deny"], by_effect["Allow"]
        assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        assert allowed["Principal"] == {"Service": "events.amazonaws.com"}
        assert allowed["Action"] == "sqs:SendMessage"
        assert allowed["Condition"] == {
            "ArnEquals": {"aws:SourceArn": arns},
            "StringEquals": {"aws:SourceAccount": configured.account.aws_account_id},
        }


def test_eventbridge_may_use_the_key_that_the_queues_are_under(infrastructure: Template) -> None:
    (key,) = infrastructure.resources("AWS::KMS::Key")
    for queue in infrastructure.properties("AWS::SQS::Queue"):
        assert queue["KmsMasterKeyId"] == {"Fn::GetAtt": [key, "Arn"]}
    statements = infrastructure.only("AWS::KMS::Key")["KeyPolicy"]["Statement"]
    (admitted,) = (s for s in statements if s["Principal"] == {"Service": "events.amazonaws.com"})
    assert set(admitted["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}


def test_a_message_is_tried_ten_times_and_then_kept(infrastructure: Template) -> None:
    queue, dead = queue_ids(infrastructure)
    properties = infrastructure.resources("AWS::SQS::Queue")[queue]["Properties"]
    assert properties["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": [dead, "Arn"]},
        "maxReceiveCount": 10,
    }
    kept = infrastructure.resources("AWS::SQS::Queue")[dead]["Properties"]
    assert kept["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_a_message_is_not_seen_again_while_the_function_may_still_work_on_it(
    infrastructure: Template,
) -> None:
    queue, _ = queue_ids(infrastructure)
    visibility = infrastructure.resources("AWS::SQS::Queue")[queue]["Properties"]
    timeout = infrastructure.function()["Timeout"]
    assert visibility["VisibilityTimeout"] >= 6 * timeout


def test_the_function_is_fed_from_the_queue_and_gives_back_only_what_it_failed_on(
    infrastructure: Template,
) -> None:
    queue, _ = queue_ids(infrastructure)
    mapping = infrastructure.only("AWS::Lambda::EventSourceMapping")
    assert mapping["EventSourceArn"] == {"Fn::GetAtt": [queue, "Arn"]}
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert (mapping["BatchSize"], mapping["MaximumBatchingWindowInSeconds"]) == (100, 5)


@pytest.mark.parametrize("name", ["trigger", "monitor"])
def test_a_functions_log_is_encrypted_and_ends_some_day(
    infrastructure: Template, name: str
) -> None:
    function = infrastructure.function(name)
    id = function["LoggingConfig"]["LogGroup"]["Ref"]
    group = infrastructure.resources("AWS::Logs::LogGroup")[id]["Properties"]
    assert group["LogGroupName"] == f"/aws/lambda/{function['FunctionName']}"
    assert function["LoggingConfig"]["LogFormat"] == "JSON"
    assert group["RetentionInDays"] > 0
