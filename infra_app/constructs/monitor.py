"""The monitoring function, which looks at all runs by the clock."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import aws_cdk as cdk
import aws_cdk.aws_events as events
import aws_cdk.aws_iam as iam
import aws_cdk.aws_kms as kms
import aws_cdk.aws_lambda as lambda_
import aws_cdk.aws_sns as sns
from constructs import Construct

from config import settings
from config.naming import Names
from delivery.audit import arn_in_findings, explain
from infra_app.constructs.network import Network
from infra_app.constructs.python_function import python_function
from infra_app.constructs.state_tables import StateTables
from infra_app.lambdas.trigger.settings import MonitorSettings
from wires.alerts import Topic
from wires.layout import REFRESH_STATES
from wires.object_ledger import PENDING_INDEX

EVERY = "rate(5 minutes)"


class Monitor(Construct):
    """A function that takes down ends of runs that nobody was told of, and measures the others.

    It hears of nothing by the events' queue, so that it sees when nobody works that off.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        names: Names,
        key: kms.IKey,
        code: Path,
        environment: MonitorSettings,
        retention: settings.Retention,
        network: Network | None,
    ) -> None:
        super().__init__(scope, id)
        made = python_function(
            self,
            name=names.monitor_function,
            description="Looks at the runs of all jobs",
            handler="trigger.monitor_handler.handle",
            code=code,
            environment=environment,
            timeout=cdk.Duration.seconds(120),
            memory=256,
            key=key,
            retention=retention,
            network=network,
        )
        self.role, self.function = made.role, made.function
        self._call_regularly()
        self._explain()

    def grant(
        self,
        *,
        names: Names,
        key: kms.IKey,
        tables: StateTables,
        topics: Mapping[Topic, sns.ITopic],
    ) -> None:
        """Grant to look at jobs and ledgers, keep the history of runs, and tell people."""
        stack = cdk.Stack.of(self)
        jobs = [
            stack.format_arn(service="glue", resource="job", resource_name=job)
            for job in names.jobs
        ]
        self._allow("glue:GetJobRun", "glue:GetJobRuns", on=jobs)
        tables.runs.grant(self.role, "dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem")
        self._allow("dynamodb:GetItem", on=[tables.loads.table_arn])
        self._allow("dynamodb:Query", on=[f"{tables.objects.table_arn}/index/{PENDING_INDEX}"])
        iam.Grant.add_to_principal(
            grantee=self.role,
            actions=["dynamodb:Query"],
            resource_arns=[tables.state.table_arn],
            conditions={"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [REFRESH_STATES]}},
        )
        told = (Topic.FAILURES, Topic.RECOVERIES)
        self._allow("sns:Publish", on=[topics[topic].topic_arn for topic in told])
        key.grant(self.role, "kms:Decrypt", "kms:GenerateDataKey")
        explain(
            self.role,
            {
                f"AwsSolutions-IAM5[Resource::{arn_in_findings(tables.runs)}/index/*]": "It asks "
                "the index of runs which were last.",
            },
        )

    def _allow(self, *actions: str, on: list[str]) -> None:
        iam.Grant.add_to_principal(grantee=self.role, actions=list(actions), resource_arns=on)

    def _call_regularly(self) -> None:
        rule = events.CfnRule(
            self,
            "Regularly",
            schedule_expression=EVERY,
            state="ENABLED",
            targets=[
                events.CfnRule.TargetProperty(
                    id="Monitor",
                    arn=self.function.function_arn,
                    # The next look makes up for one that could not be had.
                    retry_policy=events.CfnRule.RetryPolicyProperty(
                        maximum_retry_attempts=1, maximum_event_age_in_seconds=300
                    ),
                )
            ],
        )
        lambda_.CfnPermission(
            self,
            "CalledByRule",
            action="lambda:InvokeFunction",
            function_name=self.function.function_arn,
            principal="events.amazonaws.com",
            source_arn=rule.attr_arn,
            source_account=cdk.Stack.of(self).account,
        )

    def _explain(self) -> None:
        explain(
            self.function,
            {
                "CKV_AWS_115": "One look at a time, every five minutes.",
                "CKV_AWS_116": "An alarm misses a look that fails; the next one makes up for it.",
                "CKV_AWS_117": "It calls AWS alone; `network.vpc` puts it into a VPC.",
                "CKV_AWS_173": "Its variables are names and limits, and nothing secret.",
                "AwsSolutions-L1": "It has the trigger's code, whose Python is that of Glue.",
                "NIST.800.53.R5-LambdaConcurrency": "One look at a time, every five minutes; a "
                "reserve would be taken from the account's other functions.",
                "NIST.800.53.R5-LambdaDLQ": "A look that fails is missed by an alarm, and the next "
                "one makes up for it.",
                "NIST.800.53.R5-LambdaInsideVPC": "It calls Glue, DynamoDB and SNS alone; "
                "`network.vpc` puts it into a VPC.",
            },
        )
        explain(
            self.role,
            {
                "AwsSolutions-IAM5[Resource::*]": "Its traces go to X-Ray, and its interfaces to "
                "EC2, whose actions take no resource.",
                "NIST.800.53.R5-IAMNoInlinePolicy": "The function's policy is of use to it alone, "
                "and goes with it.",
            },
        )
