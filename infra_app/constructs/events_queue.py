"""The one queue with all events that the trigger handles."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import aws_cdk as cdk
import aws_cdk.aws_events as events
import aws_cdk.aws_iam as iam
import aws_cdk.aws_kms as kms
import aws_cdk.aws_s3 as s3
import aws_cdk.aws_sqs as sqs
from constructs import Construct

from config.naming import Names
from wires.run_ledger import ENDED

MAX_RECEIVE_COUNT = 10
"""The function knows it too, and settles an upload the last time that its event comes."""
TICK = "rate(1 minute)"
WORKFLOW_DUE = "Workflow Due"
"""Detail type of the event that starts the workflow, even if nothing has arrived."""


class EventsQueue(Construct):
    """An encrypted queue of uploads to the raw bucket, ends of runs, and ticks.

    A message that fails ten times, and an event that EventBridge cannot deliver within a day,
    become dead letters, which are kept for 14 days.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        names: Names,
        key: kms.Key,
        raw_bucket: s3.IBucket,
        consumer_timeout: cdk.Duration,
        workflow_schedule: str,
    ) -> None:
        super().__init__(scope, id)
        self.dead_letters = self._queue("DeadLetters", names.uploads_dead_letters, key=key)
        self.queue = self._queue(
            "Queue",
            names.uploads_queue,
            key=key,
            # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
            visibility_timeout=cdk.Duration.seconds(6 * consumer_timeout.to_seconds()),
            dead_letter_queue=sqs.DeadLetterQueue(
                max_receive_count=MAX_RECEIVE_COUNT, queue=self.dead_letters
            ),
        )
        rules = [
            self._rule("Uploads", event_pattern=_uploads_to(raw_bucket.bucket_name)),
            self._rule("RunEnds", event_pattern=_ends_of(*names.jobs)),
            self._rule("Tick", schedule_expression=TICK),
        ]
        if workflow_schedule:
            due = json.dumps({"detail-type": WORKFLOW_DUE})
            rules.append(
                self._rule("WorkflowDue", schedule_expression=workflow_schedule, message=due)
            )
        self._admit(rules, key)

    def _queue(
        self,
        id: str,
        name: str,
        *,
        key: kms.IKey,
        visibility_timeout: cdk.Duration | None = None,
        dead_letter_queue: sqs.DeadLetterQueue | None = None,
    ) -> sqs.Queue:
        return sqs.Queue(
            self,
            id,
            queue_name=name,
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=key,
            enforce_ssl=True,
            retention_period=cdk.Duration.days(14),
            visibility_timeout=visibility_timeout,
            dead_letter_queue=dead_letter_queue,
        )

    def _rule(
        self,
        id: str,
        *,
        event_pattern: Mapping[str, object] | None = None,
        schedule_expression: str | None = None,
        message: str | None = None,
    ) -> events.CfnRule:
        # The L2's target would grant EventBridge wildcard actions on the key.
        return events.CfnRule(
            self,
            id,
            event_pattern=event_pattern,
            schedule_expression=schedule_expression,
            state="ENABLED",
            targets=[
                events.CfnRule.TargetProperty(
                    id="Queue",
                    arn=self.queue.queue_arn,
                    input=message,
                    dead_letter_config=events.CfnRule.DeadLetterConfigProperty(
                        arn=self.dead_letters.queue_arn
                    ),
                )
            ],
        )

    def _admit(self, rules: Sequence[events.CfnRule], key: kms.Key) -> None:
        service = iam.ServicePrincipal("events.amazonaws.com")
        for queue in (self.queue, self.dead_letters):
            queue.add_to_resource_policy(
                iam.PolicyStatement(
                    sid="RulesOfThisStack",
                    principals=[service],
                    actions=["sqs:SendMessage"],
                    resources=[queue.queue_arn],
                    conditions={
                        "ArnEquals": {"aws:SourceArn": [rule.attr_arn for rule in rules]},
                        "StringEquals": {"aws:SourceAccount": cdk.Stack.of(self).account},
                    },
                )
            )
        # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="RulesOfThisAccount",  # the queues' policies name the rules
                principals=[service],
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=["*"],  # in a key's policy this is the key itself
                conditions={"StringEquals": {"aws:SourceAccount": cdk.Stack.of(self).account}},
            )
        )


def _uploads_to(bucket_name: str) -> Mapping[str, object]:
    return {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [bucket_name]}},
    }


def _ends_of(*job_names: str) -> Mapping[str, object]:
    return {
        "source": ["aws.glue"],
        "detail-type": ["Glue Job State Change"],
        "detail": {"jobName": list(job_names), "state": sorted(ENDED)},
    }
