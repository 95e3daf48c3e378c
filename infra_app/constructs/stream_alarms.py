"""Alarms about one stream."""

from __future__ import annotations

from collections.abc import Mapping

import aws_cdk as cdk
import aws_cdk.aws_cloudwatch as cloudwatch
import aws_cdk.aws_cloudwatch_actions as actions
import aws_cdk.aws_lambda as lambda_
import aws_cdk.aws_sns as sns
import aws_cdk.aws_sqs as sqs
from constructs import Construct

from config import settings
from config.construct_ids import construct_id
from config.naming import Names
from config.source_document import SourceDocument
from infra_app.constructs.alarms import RUNBOOKS
from wires.alerts import Topic
from wires.metrics import Dimension, StreamMetric

STREAM_RUNBOOKS = ("stream-behind", "stream-fails", "stream-given-up", "stream-quarantine")
"""Files in the folder of runbooks for alarms of streams; an alarm's name begins with its own."""
_MINUTE = cdk.Duration.minutes(1)
_FIVE_MINUTES = cdk.Duration.minutes(5)


class StreamAlarms(Construct):
    """Tells when a stream is behind, its function fails, or records do not land."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        names: Names,
        document: SourceDocument,
        limits: settings.Alarms,
        topics: Mapping[Topic, sns.Topic],
        function: lambda_.IFunction,
        failures: sqs.IQueue | None,
    ) -> None:
        super().__init__(scope, id)
        self._names, self._document, self._topics = names, document, topics
        self._behind(function, limits)
        self._fails(function)
        self._quarantine()
        if failures:
            self._given_up(failures)

    def _behind(self, function: lambda_.IFunction, limits: settings.Alarms) -> None:
        document = self._document
        minutes = f"for more than {limits.queue_minutes} minutes"
        if document.kafka:
            metric: cloudwatch.IMetric = function.metric(
                "OffsetLag", statistic="Maximum", period=_FIVE_MINUTES
            )
            above, waits = document.kafka.lag_records, f"{document.kafka.lag_records:,} of them"
        elif document.sqs:
            metric = cloudwatch.Metric(
                namespace="AWS/SQS",
                metric_name="ApproximateAgeOfOldestMessage",
                dimensions_map={"QueueName": document.sqs.queue.rpartition(":")[2]},
                statistic="Maximum",
                period=_FIVE_MINUTES,
            )
            above, waits = limits.queue_minutes * 60, minutes
        else:
            metric = function.metric("IteratorAge", statistic="Maximum", period=_FIVE_MINUTES)
            above, waits = limits.queue_minutes * 60_000, minutes
        self._alarm(
            "stream-behind",
            metric,
            above=above,
            periods=3,
            means=f"Records of {document.name} wait {waits}: they are lost when the stream's "
            "retention is over.",
            look="Errors and throttles of its function, and its log.",
        )

    def _fails(self, function: lambda_.IFunction) -> None:
        self._alarm(
            "stream-fails",
            function.metric_errors(statistic="Sum", period=_MINUTE),
            above=0,
            periods=15,
            of=3,
            means=f"The function of {self._document.name} fails again and again; what it was "
            "given comes again.",
            look="The function's log, at the time of the alarm.",
        )

    def _quarantine(self) -> None:
        metric = cloudwatch.Metric(
            namespace=self._names.metrics_namespace,
            metric_name=StreamMetric.RECORDS_QUARANTINED.value,
            dimensions_map={Dimension.SOURCE.value: self._document.name},
            statistic="Sum",
            period=_FIVE_MINUTES,
        )
        self._alarm(
            "stream-quarantine",
            metric,
            above=0,
            means=f"Records of {self._document.name} are no rows, and lie in quarantine.",
            look="The command records, which shows the last of them with their reasons.",
        )

    def _given_up(self, failures: sqs.IQueue) -> None:
        self._alarm(
            "stream-given-up",
            failures.metric_approximate_number_of_messages_visible(
                statistic="Maximum", period=_FIVE_MINUTES
            ),
            above=0,
            means=f"Lambda has given up records of {self._document.name}, which have not landed.",
            look="The messages in the queue, which name shard and sequence numbers.",
        )

    def _alarm(
        self,
        runbook: str,
        metric: cloudwatch.IMetric,
        *,
        above: float,
        means: str,
        look: str,
        periods: int = 1,
        of: int | None = None,
    ) -> None:
        alarm = cloudwatch.Alarm(
            self,
            construct_id(runbook),
            alarm_name=self._names.of(f"{runbook}-{self._document.name.replace('_', '-')}"),
            alarm_description=f"{means} Look first at: {look} {RUNBOOKS}/{runbook}.md",
            metric=metric,
            threshold=above,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            evaluation_periods=periods,
            datapoints_to_alarm=of,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(self._topics[Topic.FAILURES]))
        alarm.add_ok_action(actions.SnsAction(self._topics[Topic.RECOVERIES]))
