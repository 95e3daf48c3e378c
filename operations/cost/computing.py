"""What jobs, crawlers and functions cost."""

from __future__ import annotations

from collections.abc import Iterator

from operations.cost import usage
from operations.cost.charges import DAYS, Charge, Resource, Service, Situation, Unpriced
from operations.cost.watching import metrics
from wires.dpu import DPU_OF, SHORTEST_SECONDS, DpuPrices

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
        yield from metrics(resource, situation)


def _traces(resource: Resource, calls: float) -> float:
    """Return millions of them: each invocation is traced, as long as there is one a second."""
    mode = resource.properties.get("TracingConfig", {}).get("Mode")
    return calls / 1e6 if mode == "Active" else 0.0
