"""What jobs, crawlers and functions cost."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from infra_app.lambdas.trigger.metrics import QUEUED_ROUTES
from operations.cost import usage
from operations.cost.charges import DAYS, Charge, Resource, Service, Situation, Unpriced, text_of
from wires.dpu import DPU_OF, SHORTEST_SECONDS, DpuPrices
from wires.metrics import DIMENSION_OF, Dimension, Metric
from wires.object_ledger import ObjectStatus

_FEWEST_WORKERS = 2
"""Of a run that scales: the driver's, and one more."""


def dpu_prices(situation: Situation) -> DpuPrices:
    glue = situation.prices.glue
    return DpuPrices(standard=glue.dpu_hour, flex=glue.flex_dpu_hour, memory=glue.memory_dpu_hour)


def job(resource: Resource, situation: Situation) -> Iterator[Charge]:
    """Yield the DPU-hours of a job's runs, at the price of its workers and execution class."""
    of = resource.properties
    name = usage.job_of(resource, situation)
    runs = situation.workload.runs.get(name)
    workers = float(of["NumberOfWorkers"])
    if of["DefaultArguments"].get("--enable-auto-scaling") == "true":
        workers = max(_FEWEST_WORKERS, workers * situation.workload.scaled_share)
    seconds = max(SHORTEST_SECONDS, runs.seconds) if runs else 0.0
    hours = situation.runs(name) * workers * DPU_OF[of["WorkerType"]] * seconds / 3600
    kind = of.get("ExecutionClass", "STANDARD")
    yield Charge(
        service=Service.GLUE,
        resource=resource.id,
        what=f"DPU-hours, {kind}",
        quantity=hours,
        price=dpu_prices(situation).of(of["WorkerType"], kind),
    )


def crawler(resource: Resource, situation: Situation) -> Iterator[Charge]:
    minutes = usage.crawls(resource, situation) * usage.CRAWLER_SHORTEST_MINUTES
    yield Charge(
        service=Service.GLUE,
        resource=resource.id,
        what="DPU-hours, ten minutes a crawl",
        quantity=usage.CRAWLER_DPU * minutes / 60,
        price=situation.prices.glue.dpu_hour,
    )


def optimizer(resource: Resource, situation: Situation) -> Iterator[Charge]:
    yield Charge(
        service=Service.GLUE,
        resource=resource.id,
        what="DPU-hours",
        quantity=usage.OPTIMIZER_DPU_HOURS_OF_A_DAY * DAYS,
        price=situation.prices.glue.dpu_hour,
    )


def function(resource: Resource, situation: Situation) -> Iterator[Charge]:
    """Yield invocations, GB-seconds, traces and custom metrics of a function."""
    of = resource.properties
    if of.get("Architectures") != ["arm64"]:
        raise Unpriced(
            f"expected {resource.id} to run on arm64, got {of.get('Architectures')}: add the price "
            "of the other architecture to config/prices"
        )
    prices = situation.prices
    calls = usage.invocations_of(resource, situation)
    memory = float(of["MemorySize"]) / 1024
    seconds = {True: usage.SECONDS_OF_A_TICK, False: usage.SECONDS_OF_A_BATCH}
    for fixed, count in ((True, calls.fixed), (False, calls.variable)):
        for service, what, quantity, price in (
            (Service.LAMBDA, "requests", count / 1e6, prices.lambda_.million_requests),
            (
                Service.LAMBDA,
                "GB-seconds",
                count * seconds[fixed] * memory,
                prices.lambda_.arm_gb_second,
            ),
            (Service.XRAY, "traces", _traces(resource, count), prices.cloudwatch.million_traces),
        ):
            whose = " for ticks" if fixed else ""
            yield Charge(
                service=service,
                resource=resource.id,
                what=what + whose,
                quantity=quantity,
                price=price,
                fixed=fixed,
            )
    if "METRICS_NAMESPACE" in of.get("Environment", {}).get("Variables", {}):
        yield from _metrics(resource, situation)


def _traces(resource: Resource, calls: float) -> float:
    """Return millions of them: each invocation is traced, as long as there is one a second."""
    mode = resource.properties.get("TracingConfig", {}).get("Mode")
    return calls / 1e6 if mode == "Active" else 0.0


def _metrics(resource: Resource, situation: Situation) -> Iterator[Charge]:
    for is_fixed, count in ((True, _metrics_of_ticks()), (False, metrics_of_work(situation))):
        yield Charge(
            service=Service.CLOUDWATCH,
            resource=resource.id,
            what="custom metrics" + (" of ticks" if is_fixed else ""),
            quantity=count,
            price=situation.prices.cloudwatch.metric_month,
            fixed=is_fixed,
        )


def _metrics_of_ticks() -> float:
    return float(len(QUEUED_ROUTES))  # OldestPendingSeconds of each


def metrics_of_work(situation: Situation) -> float:
    """Return the custom metrics of runs and uploads, each for the hours in which it is told."""
    by = {dimension: sum(DIMENSION_OF[m] is dimension for m in Metric) for dimension in Dimension}
    jobs = [usage.job_of(one, situation) for one in situation.of_type("AWS::Glue::Job")]
    hours = sum(min(1.0, situation.runs(job) / DAYS / 24) for job in jobs)
    endings = len(set(ObjectStatus) - {ObjectStatus.PENDING, ObjectStatus.RUNNING})
    plain = sum(dimension is None for dimension in DIMENSION_OF.values())
    routes = (by[Dimension.ROUTE] - 1) * len(QUEUED_ROUTES)
    has_uploads = float(situation.uploads > 0)
    told = by[Dimension.ENDING] * endings + routes + plain
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
        "say so in operations/cost/computing.py"
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
    "/aws/vpc/.+": _of_a_network,
    "/.+/builds": _of_builds,
}
"""By patterns of the groups' names."""
