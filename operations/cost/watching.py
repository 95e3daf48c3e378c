"""What alarms, pages, metrics and logs cost."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from operations.cost import usage
from operations.cost.charges import DAYS, Charge, Resource, Service, Situation, Unpriced, text_of
from operations.reconciling.report import Kind
from wires.metrics import DIMENSION_OF, Dimension, Metric, StreamMetric
from wires.object_ledger import ObjectStatus
from wires.routes import QUEUED_ROUTES

_FREE_DASHBOARDS, _METRICS_OF_A_FREE_ONE = 3, 50


def alarm(resource: Resource, situation: Situation) -> Iterator[Charge]:
    """Yield an alarm by the metrics that it looks at."""
    prices = situation.prices.cloudwatch
    of = resource.properties
    stats = [one["MetricStat"] for one in of.get("Metrics", ()) if "MetricStat" in one] or [of]
    is_fast = any(float(one["Period"]) < 60 for one in stats)
    yield Charge(
        service=Service.CLOUDWATCH,
        resource=resource.id,
        what="alarm" if len(stats) == 1 else f"alarm on {len(stats)} metrics",
        quantity=len(stats),
        price=prices.fast_alarm_metric_month if is_fast else prices.alarm_metric_month,
        fixed=True,
    )


def composite_alarm(resource: Resource, situation: Situation) -> Iterator[Charge]:
    yield Charge(
        service=Service.CLOUDWATCH,
        resource=resource.id,
        what="composite alarm",
        quantity=1,
        price=situation.prices.cloudwatch.composite_alarm_month,
        fixed=True,
    )


def dashboard(resource: Resource, situation: Situation) -> Iterator[Charge]:
    """Yield a dashboard, unless it is one of the small ones of which an account has some free."""
    small = [
        one.id
        for one in situation.of_type("AWS::CloudWatch::Dashboard")
        if metrics_on(one) <= _METRICS_OF_A_FREE_ONE
    ]
    is_free = resource.id in small[:_FREE_DASHBOARDS]
    yield Charge(
        service=Service.CLOUDWATCH,
        resource=resource.id,
        what="dashboard, free" if is_free else f"dashboard with {metrics_on(resource)} metrics",
        quantity=0 if is_free else 1,
        price=situation.prices.cloudwatch.dashboard_month,
        fixed=True,
    )


def metrics_on(resource: Resource) -> int:
    """Return how many metrics a dashboard shows."""
    widgets = json.loads(_filled(resource.properties["DashboardBody"]))["widgets"]
    return sum(len(one.get("properties", {}).get("metrics", ())) for one in widgets)


def _filled(value: Any) -> str:
    """Return a text of a template, with something for each part that is known after deployment."""
    if isinstance(value, str):
        return value
    if "Fn::Join" in value:
        separator, parts = value["Fn::Join"]
        return str(separator).join(_filled(part) for part in parts)
    return "later"


def metrics(resource: Resource, situation: Situation) -> Iterator[Charge]:
    """Yield the metrics that a function writes."""
    handler = str(resource.properties["Handler"])
    if handler == _TOLD_OF_STREAMS:
        yield Charge(
            service=Service.CLOUDWATCH,
            resource=resource.id,
            what="custom metrics",
            quantity=len(StreamMetric),
            price=situation.prices.cloudwatch.metric_month,
            fixed=True,
        )
        return
    counts = [(True, _metrics_of_ticks(handler, situation))]
    if handler == _TOLD_OF_WORK:
        counts.append((False, metrics_of_work(situation)))
    for is_fixed, count in counts:
        yield Charge(
            service=Service.CLOUDWATCH,
            resource=resource.id,
            what="custom metrics" + (" of ticks" if is_fixed else ""),
            quantity=count,
            price=situation.prices.cloudwatch.metric_month,
            fixed=is_fixed,
        )


_TOLD_BY_THE_CLOCK: Mapping[str, tuple[Metric, ...]] = {
    "trigger.handler.handle": (Metric.OLDEST_PENDING_SECONDS,),
    "trigger.monitor_handler.handle": (
        Metric.PENDING_OBJECTS,
        Metric.QUALITY_SCORE,
        Metric.STUCK_RUNS,
    ),
}
"""Metrics that a handler writes at each tick, whatever goes on."""
_TOLD_OF_STREAMS = "streams.handler.handle"
"""The handler of each stream, which tells of its own records."""
_TOLD_OF_WORK = "trigger.handler.handle"
"""The handler that writes those of runs and uploads."""


def _metrics_of_ticks(handler: str, situation: Situation) -> float:
    """Return how many custom metrics a function writes always."""
    if handler not in _TOLD_BY_THE_CLOCK:
        raise Unpriced(
            f"expected a function with the handler {' or '.join(_TOLD_BY_THE_CLOCK)}, got "
            f"{handler}: say in operations/cost/watching.py which metrics it writes"
        )
    # The worst score of all tables stands beside that of each.
    values = {
        Dimension.ROUTE: len(QUEUED_ROUTES),
        Dimension.TABLE: situation.workload.datasets + 1,
        None: 1,
    }
    return float(sum(values[DIMENSION_OF[name]] for name in _TOLD_BY_THE_CLOCK[handler]))


def metrics_of_work(situation: Situation) -> float:
    """Return the custom metrics of runs and uploads, each for the hours in which it is told."""
    by_the_clock = {name for names in _TOLD_BY_THE_CLOCK.values() for name in names}
    by = Counter(DIMENSION_OF[name] for name in Metric if name not in by_the_clock)
    jobs = [usage.job_of(one, situation) for one in situation.of_type("AWS::Glue::Job")]
    hours = sum(min(1.0, situation.runs(job) / DAYS / 24) for job in jobs)
    endings = len(set(ObjectStatus) - {ObjectStatus.PENDING, ObjectStatus.RUNNING})
    routes = by[Dimension.ROUTE] * len(QUEUED_ROUTES)
    classes = by[Dimension.CLASS] * (len(Kind) + 1)  # and of all together
    datasets = by[Dimension.DATASET] * situation.workload.datasets
    has_uploads = float(situation.uploads > 0)
    memory = 1  # the worst of all jobs
    told = by[Dimension.ENDING] * endings + routes + classes + datasets + by[None] + memory
    return by[Dimension.JOB] * hours + told * has_uploads


def log_group(resource: Resource, situation: Situation) -> Iterator[Charge]:
    """Yield what is written to a log group in a month, and what is kept of it."""
    prices = situation.prices.cloudwatch
    logged = _logged(resource, situation)
    months = float(resource.properties["RetentionInDays"]) / DAYS
    for is_fixed, gb in ((True, logged.fixed), (False, logged.variable)):
        stored = gb * months * usage.LOG_COMPRESSION
        for what, quantity, price in (
            ("GB of logs", gb, prices.log_gb),
            ("GB of logs kept", stored, prices.log_gb_month),
        ):
            yield Charge(
                service=Service.CLOUDWATCH,
                resource=resource.id,
                what=what,
                quantity=quantity,
                price=price,
                fixed=is_fixed,
            )


def _logged(group: Resource, situation: Situation) -> usage.Events:
    """Return GB of a month: those that come anyway, and those of the workload.

    Raises Unpriced for a group of an unknown writer.
    """
    name = _name_of(group)
    for pattern, logged in _WRITERS.items():
        if re.fullmatch(pattern, name):
            return logged(group, situation)
    raise Unpriced(
        f"{group.id} is a log group, {name!r}, of which nobody knows how much is written to it: "
        "say so in operations/cost/watching.py"
    )


def _name_of(group: Resource) -> str:
    return text_of(group.properties["LogGroupName"])


def _of_a_function(group: Resource, situation: Situation) -> usage.Events:
    calls = usage.Events()
    for one in situation.of_type("AWS::Lambda::Function"):
        if _name_of(group) == f"/aws/lambda/{one.properties.get('FunctionName')}":
            calls += usage.invocations_of(one, situation)
    gb = usage.LOG_GB_OF_AN_INVOCATION
    return usage.Events(gb * calls.fixed, gb * calls.variable)


def _of_a_job(group: Resource, situation: Situation) -> usage.Events:
    *_, role, kind = _name_of(group).split("/")
    names = situation.environment.names
    runs = sum(
        situation.runs(usage.job_of(one, situation))
        for one in situation.of_type("AWS::Glue::Job")
        if role == names.role_of(str(one.properties["Name"]))
    )
    return usage.Events(variable=usage.LOG_GB_OF_A_RUN[kind] * runs)


def _of_crawlers(_: Resource, situation: Situation) -> usage.Events:
    crawlers = situation.of_type("AWS::Glue::Crawler")
    crawls = sum(usage.crawls(one, situation) for one in crawlers)
    return usage.Events(variable=usage.LOG_GB_OF_A_CRAWL * crawls)


def _of_a_network(_: Resource, __: Situation) -> usage.Events:
    return usage.Events(variable=usage.FLOW_LOG_GB_OF_A_DAY * DAYS)


def _of_a_warehouse(group: Resource, situation: Situation) -> usage.Events:
    kind = _name_of(group).rpartition("/")[2]
    queries = situation.workload.warehouse_queries_per_day * DAYS
    return usage.Events(variable=usage.LOG_GB_OF_A_WAREHOUSE_QUERY[kind] * queries)


def _of_builds(group: Resource, situation: Situation) -> usage.Events:
    projects = [
        one for one in situation.of_type("AWS::CodeBuild::Project") if one.stack == group.stack
    ]
    releases = situation.workload.releases_per_month
    return usage.Events(variable=usage.LOG_GB_OF_A_BUILD * len(projects) * releases)


_WRITERS: Mapping[str, Callable[[Resource, Situation], usage.Events]] = {
    "/aws/lambda/.+": _of_a_function,
    "/aws-glue/jobs/.+": _of_a_job,
    "/aws-glue/crawlers-role/.+": _of_crawlers,
    "/aws/redshift/.+": _of_a_warehouse,
    "/aws/vpc/.+": _of_a_network,
    "/.+/builds": _of_builds,
}
"""By patterns of the groups' names."""
