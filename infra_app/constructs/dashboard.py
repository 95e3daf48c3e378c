"""One page that says how the environment is."""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk
import aws_cdk.aws_cloudwatch as cloudwatch
import aws_cdk.aws_lambda as lambda_
import aws_cdk.aws_sqs as sqs
from constructs import Construct

from config.jobs import JOBS
from config.naming import Names
from wires.metrics import Dimension, Metric
from wires.object_ledger import ObjectStatus
from wires.routes import QUEUED_ROUTES

_WIDTH = 8
_HOUR = cdk.Duration.hours(1)
_ENDINGS = tuple(
    status for status in ObjectStatus if status not in {ObjectStatus.PENDING, ObjectStatus.RUNNING}
)


class Dashboard(Construct):
    """Answers, from top to bottom: is data flowing, how late are we, what failed, how good is it,
    what does it cost.

    A job that is added to `config/jobs.py` is in it by itself.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        names: Names,
        function: lambda_.IFunction,
        queue: sqs.IQueue,
        dead_letters: sqs.IQueue,
    ) -> None:
        super().__init__(scope, id)
        self._names = names
        jobs = [names.job(spec) for spec in JOBS]
        routes = [route.value for route in QUEUED_ROUTES]
        endings = [status.value for status in _ENDINGS]
        cloudwatch.Dashboard(
            self,
            "Page",
            dashboard_name=names.of("overview"),
            default_interval=cdk.Duration.days(1),
            widgets=[
                [_title("Is data flowing?")],
                [
                    self._each("Uploads by ending", Metric.OBJECTS, Dimension.ENDING, endings),
                    self._each("Rows in", Metric.ROWS_IN, Dimension.JOB, jobs),
                    self._each("Rows published", Metric.ROWS_PUBLISHED, Dimension.JOB, jobs),
                ],
                [_title("How late are we?")],
                [
                    self._latency(routes),
                    self._each(
                        "Oldest upload that waits, seconds",
                        Metric.OLDEST_PENDING_SECONDS,
                        Dimension.ROUTE,
                        routes,
                        statistic="Maximum",
                    ),
                    self._each(
                        "Uploads that wait",
                        Metric.PENDING_OBJECTS,
                        Dimension.ROUTE,
                        routes,
                        statistic="Maximum",
                    ),
                    _graph(
                        "Oldest event, seconds",
                        [queue.metric_approximate_age_of_oldest_message(statistic="Maximum")],
                    ),
                ],
                [_title("What failed?")],
                [
                    self._each("Failed runs", Metric.RUNS_FAILED, Dimension.JOB, jobs),
                    self._each("Rows quarantined", Metric.ROWS_QUARANTINED, Dimension.JOB, jobs),
                    _graph(
                        "Dead letters",
                        [
                            dead_letters.metric_approximate_number_of_messages_visible(
                                statistic="Maximum"
                            )
                        ],
                    ),
                    _graph("Trigger", [function.metric_errors(), function.metric_throttles()]),
                    _graph("Stuck runs", [self._metric(Metric.STUCK_RUNS, {}, "Maximum")]),
                ],
                [
                    self._each(
                        "Failed health checks",
                        Metric.HEALTH_CHECK_FAILED,
                        Dimension.ROUTE,
                        routes,
                        statistic="Maximum",
                    ),
                    self._each(
                        "Seconds of a health check",
                        Metric.HEALTH_CHECK_SECONDS,
                        Dimension.ROUTE,
                        routes,
                        statistic="Maximum",
                    ),
                    _graph(
                        "Findings of reconciliation",
                        [self._metric(Metric.RECONCILE_FINDINGS, {}, "Maximum")],
                    ),
                ],
                [_title("How good is it?")],
                [
                    self._found("Score by table", Metric.QUALITY_SCORE, Dimension.TABLE, "Minimum"),
                    self._found(
                        "Values that are null", Metric.NULL_VALUES, Dimension.DATASET, "Sum"
                    ),
                    self._each("Rows superseded", Metric.ROWS_SUPERSEDED, Dimension.JOB, jobs),
                ],
                [_title("What does it cost?")],
                [
                    self._each("Dollars of runs, at list price", Metric.USD, Dimension.JOB, jobs),
                    self._each("DPU-seconds", Metric.DPU_SECONDS, Dimension.JOB, jobs),
                    self._each(
                        "Seconds of a run",
                        Metric.RUN_SECONDS,
                        Dimension.JOB,
                        jobs,
                        statistic="Maximum",
                    ),
                    self._each(
                        "Memory of a worker, per cent",
                        Metric.RUN_MEMORY,
                        Dimension.JOB,
                        jobs,
                        statistic="Maximum",
                    ),
                    _graph("Bytes in", [self._metric(Metric.BYTES_IN, {}, "Sum")]),
                ],
            ],
        )

    def _each(
        self,
        title: str,
        name: Metric,
        dimension: Dimension,
        values: Sequence[str],
        *,
        statistic: str = "Sum",
    ) -> cloudwatch.GraphWidget:
        """Return a graph with a line for each value of a dimension."""
        lines: list[cloudwatch.IMetric] = [
            self._metric(name, {dimension.value: value}, statistic, label=value) for value in values
        ]
        return _graph(title, lines)

    def _found(
        self, title: str, name: Metric, dimension: Dimension, statistic: str
    ) -> cloudwatch.GraphWidget:
        """Return a graph with a line for each value of a dimension that there is.

        https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html
        """
        where = f'{{"{self._names.metrics_namespace}",{dimension.value}}}'
        search = f"SEARCH('{where} MetricName=\"{name.value}\"', '{statistic}', 3600)"
        line = cloudwatch.MathExpression(
            expression=search, using_metrics={}, label="", period=_HOUR
        )
        return _graph(title, [line])

    def _latency(self, routes: Sequence[str]) -> cloudwatch.GraphWidget:
        lines: list[cloudwatch.IMetric] = [
            self._metric(
                Metric.SECONDS_TO_PUBLISH,
                {Dimension.ROUTE.value: route},
                statistic,
                label=f"{route} {statistic}",
            )
            for route in routes
            for statistic in ("p50", "p95", "Maximum")
        ]
        return _graph("Seconds from upload to published", lines)

    def _metric(
        self, name: Metric, dimensions: dict[str, str], statistic: str, label: str | None = None
    ) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace=self._names.metrics_namespace,
            metric_name=name.value,
            dimensions_map=dimensions,
            statistic=statistic,
            period=_HOUR,
            label=label,
        )


def _title(text: str) -> cloudwatch.TextWidget:
    return cloudwatch.TextWidget(markdown=f"## {text}", width=3 * _WIDTH, height=1)


def _graph(title: str, metrics: Sequence[cloudwatch.IMetric]) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(title=title, left=list(metrics), width=_WIDTH, height=6)
