"""Alarms: what is wrong, what it means, where to look first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import aws_cdk as cdk
import aws_cdk.aws_budgets as budgets
import aws_cdk.aws_cloudwatch as cloudwatch
import aws_cdk.aws_cloudwatch_actions as actions
import aws_cdk.aws_iam as iam
import aws_cdk.aws_kms as kms
import aws_cdk.aws_lambda as lambda_
import aws_cdk.aws_sns as sns
import aws_cdk.aws_sqs as sqs
from constructs import Construct

from config import settings
from config.construct_ids import construct_id
from config.jobs import JOBS, JobSpec
from config.naming import Names
from delivery.audit import explain
from wires.alerts import Topic
from wires.metrics import Dimension, Metric
from wires.routes import QUEUED_ROUTES

RUNBOOKS = "docs/runbooks"
_MINUTE = cdk.Duration.minutes(1)
_FIVE_MINUTES = cdk.Duration.minutes(5)
_HOUR = cdk.Duration.hours(1)
_Missing = cloudwatch.TreatMissingData


class Alarms(Construct):
    """Alarms that send to their topic when they begin, and to recoveries when they are over.

    What keeps uploads from being taken in would set off five of them: those have no action of
    their own, and one composite alarm tells of all.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        names: Names,
        limits: settings.Alarms,
        health: settings.HealthCheck,
        key: kms.Key,
        topics: Mapping[Topic, sns.Topic],
        function: lambda_.IFunction,
        queue: sqs.IQueue,
        dead_letters: sqs.IQueue,
    ) -> None:
        super().__init__(scope, id)
        self._names, self._limits, self._topics = names, limits, topics
        admit_alarms(topics.values(), key)
        self._tell(self._dead_letters(dead_letters))
        self._tell(self._stuck_runs())
        self._tell(self._memory())
        self._tell(self._quality(), topic=Topic.QUALITY)
        for alarm in self._by_job():
            self._tell(alarm)
        for alarm in (*self._of_health(health), self._findings()):
            self._tell(alarm)
        self._tell(self._intake(self._of_the_way_in(function, queue)))
        if limits.monthly_budget_usd:
            self._budget()

    def metric(
        self,
        name: Metric,
        dimensions: dict[str, str],
        statistic: str,
        period: cdk.Duration = _FIVE_MINUTES,
    ) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace=self._names.metrics_namespace,
            metric_name=name.value,
            dimensions_map=dimensions,
            statistic=statistic,
            period=period,
        )

    def _dead_letters(self, queue: sqs.IQueue) -> cloudwatch.Alarm:
        return self._alarm(
            "dead-letters",
            queue.metric_approximate_number_of_messages_visible(
                statistic="Maximum", period=_FIVE_MINUTES
            ),
            above=0,
            means="Events could not be handled, however often they came. Each may be an upload "
            "that nobody processes.",
            look="The alert that came with them names the first ones; so does the command failed.",
        )

    def _stuck_runs(self) -> cloudwatch.Alarm:
        return self._alarm(
            "runs-stuck",
            self.metric(Metric.STUCK_RUNS, {}, "Maximum"),
            above=0,
            periods=3,
            # The monitoring function says it every five minutes: if it says nothing, it fails.
            missing=_Missing.BREACHING,
            means=f"A run waits for Glue, or for its end, for more than "
            f"{self._limits.waiting_minutes} minutes, or is over its time; or the monitoring "
            "function cannot look.",
            look="The command runs, which shows what each run is at.",
        )

    def _memory(self) -> cloudwatch.Alarm:
        return self._alarm(
            "memory-short",
            self.metric(Metric.RUN_MEMORY, {}, "Maximum"),
            above=self._limits.memory_percent,
            means=f"A run has taken more than {self._limits.memory_percent} per cent of a worker's "
            "memory: with some more data its job is killed.",
            look="The command advise, which says of which job, and which worker it should have.",
        )

    def _quality(self) -> cloudwatch.Alarm:
        return self._alarm(
            "quality-score",
            self.metric(Metric.QUALITY_SCORE, {}, "Minimum"),
            below=self._limits.quality_score,
            means=f"A table has a score below {self._limits.quality_score:g} of 100: rules about "
            "it fail, or its values are unusual.",
            look="Its quality report, which the message about its refresh names.",
        )

    def _of_the_way_in(
        self, function: lambda_.IFunction, queue: sqs.IQueue
    ) -> list[cloudwatch.Alarm]:
        waits = [
            self._alarm(
                f"uploads-wait-{route.value}",
                self.metric(
                    Metric.OLDEST_PENDING_SECONDS, {Dimension.ROUTE.value: route.value}, "Maximum"
                ),
                above=self._limits.pending_minutes * 60,
                periods=3,
                # The trigger says it every minute: if it says nothing, it does not run.
                missing=_Missing.BREACHING,
                means=f"An upload of the route {route.value} waits for a run longer than "
                f"{self._limits.pending_minutes} minutes, or the trigger does not run at all.",
                look="The runs of its job: are they all busy, refused, or failing?",
            )
            for route in QUEUED_ROUTES
        ]
        return [
            *waits,
            self._alarm(
                "events-wait",
                queue.metric_approximate_age_of_oldest_message(
                    statistic="Maximum", period=_FIVE_MINUTES
                ),
                above=self._limits.queue_minutes * 60,
                means="Events wait for the trigger: uploads are not even registered.",
                look="Errors and throttles of the trigger function, and its log.",
            ),
            self._alarm(
                "trigger-errors",
                function.metric_errors(statistic="Sum", period=_MINUTE),
                above=0,
                periods=5,
                of=3,
                means="The trigger function fails as a whole: an error, or its time is up.",
                look="The function's log, at the time of the alarm.",
            ),
            self._alarm(
                "trigger-throttles",
                function.metric_throttles(statistic="Sum", period=_MINUTE),
                above=0,
                periods=5,
                of=3,
                means="Lambda has no room for the trigger: the account's concurrency is used up.",
                look="Concurrent executions of the account, by function.",
            ),
        ]

    def _of_health(self, check: settings.HealthCheck) -> list[cloudwatch.Alarm]:
        """Return the alarm of a check that failed, and that of a schedule without results."""
        failed = cloudwatch.MathExpression(
            expression=f"MAX([{', '.join(route.value for route in QUEUED_ROUTES)}])",
            using_metrics={
                route.value: self.metric(
                    Metric.HEALTH_CHECK_FAILED, {Dimension.ROUTE.value: route.value}, "Maximum"
                )
                for route in QUEUED_ROUTES
            },
            period=_FIVE_MINUTES,
            label="failed health checks",
        )
        fails = self._alarm(
            "health-check",
            failed,
            above=0,
            # A result stands until the next one.
            missing=_Missing.IGNORE,
            means="Stub data did not come through a route as it should.",
            look="The alert of the check's run: it says which step of which route stands still.",
        )
        return [fails, self._silence(check.silence_hours)] if check.schedule else [fails]

    def _silence(self, hours: int) -> cloudwatch.Alarm:
        route = {Dimension.ROUTE.value: QUEUED_ROUTES[0].value}
        return self._alarm(
            "health-check-silent",
            cloudwatch.MathExpression(
                expression="IF(results >= 1, 0, 1)",
                using_metrics={
                    "results": self.metric(Metric.HEALTH_CHECK_FAILED, route, "SampleCount", _HOUR)
                },
                period=_HOUR,
                label="hours without a result",
            ),
            above=0,
            periods=hours,
            missing=_Missing.BREACHING,
            means=f"No health check has had a result for {hours} hours, though it is scheduled.",
            look="The runs of its job, and whether the trigger function works, which measures.",
        )

    def _findings(self) -> cloudwatch.Alarm:
        return self._alarm(
            "reconcile-findings",
            self.metric(Metric.RECONCILE_FINDINGS, {}, "Maximum"),
            above=0,
            # What was found stands until the next comparison.
            missing=_Missing.IGNORE,
            means="Uploads, ledgers, tables and files do not agree.",
            look="The alert of the reconciliation, which lists the first findings of each class.",
        )

    def _by_job(self) -> list[cloudwatch.Alarm]:
        return [alarm for spec in JOBS for alarm in (self._fails(spec), self._is_slow(spec))]

    def _fails(self, spec: JobSpec) -> cloudwatch.Alarm:
        job = {Dimension.JOB.value: self._names.job(spec)}
        share = cloudwatch.MathExpression(
            expression="IF(failed + done >= 3, 100 * failed / (failed + done), 0)",
            using_metrics={
                "failed": self.metric(Metric.RUNS_FAILED, job, "Sum", _HOUR),
                "done": self.metric(Metric.RUNS_SUCCEEDED, job, "Sum", _HOUR),
            },
            period=_HOUR,
            label="failed runs in per cent",
        )
        return self._alarm(
            f"job-fails-{self._word(spec)}",
            share,
            above=50,
            runbook="job-fails",
            means=f"More than half of the runs of {spec.name} in an hour have failed.",
            look="The error of its last run, in Glue or by the command failed.",
        )

    def _is_slow(self, spec: JobSpec) -> cloudwatch.Alarm:
        job = {Dimension.JOB.value: self._names.job(spec)}
        return self._alarm(
            f"job-slow-{self._word(spec)}",
            self.metric(Metric.RUN_SLOWNESS, job, "Maximum", _HOUR),
            above=self._limits.slow_factor,
            runbook="job-slow",
            means=f"A run of {spec.name} took more than {self._limits.slow_factor:g} times what "
            "its runs take.",
            look="Rows and bytes of that run against those before it.",
        )

    @staticmethod
    def _word(spec: JobSpec) -> str:
        return spec.name.replace("_", "-")

    def _alarm(
        self,
        name: str,
        metric: cloudwatch.IMetric,
        *,
        above: float | None = None,
        below: float | None = None,
        means: str,
        look: str,
        runbook: str = "",
        periods: int = 1,
        of: int | None = None,
        missing: cloudwatch.TreatMissingData = _Missing.NOT_BREACHING,
    ) -> cloudwatch.Alarm:
        runbook = runbook or next(one for one in RUNBOOK_NAMES if name.startswith(one))
        if above is not None:
            threshold, comparison = above, cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD
        elif below is not None:
            threshold, comparison = below, cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
        else:
            raise ValueError(f"alarm {name} needs a limit, `above` or `below`")
        return cloudwatch.Alarm(
            self,
            construct_id(name),
            alarm_name=self._names.of(name),
            alarm_description=f"{means} Look first at: {look} {RUNBOOKS}/{runbook}.md",
            metric=metric,
            threshold=threshold,
            comparison_operator=comparison,
            evaluation_periods=periods,
            datapoints_to_alarm=of,
            treat_missing_data=missing,
        )

    def _intake(self, parts: list[cloudwatch.Alarm]) -> cloudwatch.CompositeAlarm:
        for part in parts:
            explain(
                part,
                {
                    "NIST.800.53.R5-CloudWatchAlarmAction": f"{part.node.id} is a part of the "
                    "alarm about uploads that are not taken in, which tells of all its parts."
                },
            )
        return cloudwatch.CompositeAlarm(
            self,
            "UploadsAreNotTakenIn",
            composite_alarm_name=self._names.of("uploads-are-not-taken-in"),
            alarm_description="Uploads are not taken in, or wait too long. Nothing of them is "
            "lost: they are in the raw bucket. Look first at: which alarms it is made of ring. "
            f"{RUNBOOKS}/uploads-are-not-taken-in.md",
            alarm_rule=cloudwatch.AlarmRule.any_of(
                *(
                    cloudwatch.AlarmRule.from_alarm(part, cloudwatch.AlarmState.ALARM)
                    for part in parts
                )
            ),
        )

    def _tell(self, alarm: cloudwatch.AlarmBase, *, topic: Topic = Topic.FAILURES) -> None:
        alarm.add_alarm_action(actions.SnsAction(self._topics[topic]))
        alarm.add_ok_action(actions.SnsAction(self._topics[Topic.RECOVERIES]))

    def _budget(self) -> None:
        topic = budgets.CfnBudget.SubscriberProperty(
            subscription_type="SNS", address=self._topics[Topic.FAILURES].topic_arn
        )
        budget = budgets.CfnBudget(
            self,
            "Budget",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_name=self._names.of("monthly"),
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(
                    amount=self._limits.monthly_budget_usd, unit="USD"
                ),
            ),
            notifications_with_subscribers=[
                budgets.CfnBudget.NotificationWithSubscribersProperty(
                    notification=budgets.CfnBudget.NotificationProperty(
                        comparison_operator="GREATER_THAN",
                        notification_type=kind,
                        threshold=threshold,
                        threshold_type="PERCENTAGE",
                    ),
                    subscribers=[topic],
                )
                for kind, threshold in (("FORECASTED", 100), ("ACTUAL", 80), ("ACTUAL", 100))
            ],
        )
        # What would be told before the topic's policy admits budgets would be lost.
        budget.node.add_dependency(self._topics[Topic.FAILURES])


RUNBOOK_NAMES = (
    "dead-letters",
    "events-wait",
    "health-check",
    "job-fails",
    "job-slow",
    "memory-short",
    "quality-score",
    "reconcile-findings",
    "runs-stuck",
    "trigger-errors",
    "trigger-throttles",
    "uploads-are-not-taken-in",
    "uploads-wait",
)
"""Files in the folder of runbooks; an alarm's name begins with that of its own."""


def admit_alarms(topics: Iterable[sns.Topic], key: kms.Key) -> None:
    """Let alarms and budgets of this account publish to the topics, under their key.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
    """
    here = {"StringEquals": {"aws:SourceAccount": cdk.Stack.of(key).account}}
    services = ("cloudwatch.amazonaws.com", "budgets.amazonaws.com")
    for topic in topics:
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsOfThisAccount",
                principals=[iam.ServicePrincipal(service) for service in services],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions=here,
            )
        )
    key.add_to_resource_policy(
        iam.PolicyStatement(
            sid="AlarmsOfThisAccount",
            principals=[iam.ServicePrincipal(service) for service in services],
            actions=["kms:Decrypt", "kms:GenerateDataKey"],
            resources=["*"],  # in a key's policy this is the key itself
            conditions=here,
        )
    )
