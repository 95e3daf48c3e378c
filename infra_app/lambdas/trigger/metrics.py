"""Metrics, written to the function's log in CloudWatch's embedded format.

All come from what the ledgers say: jobs write facts of a run there, and this function puts them out
when the run has ended.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import (
    AmazonCloudWatchEMFProvider,
)

from wires.metrics import Dimension, Metric
from wires.object_ledger import ObjectLedger
from wires.routes import QUEUED_ROUTES, Route
from wires.run_ledger import FINDINGS, HEALTH
from wires.worker_memory import memory_share, peak_bytes

FEWEST_RUNS = 5
"""Runs of a job of which a median says something."""

_UNITS = {
    Metric.BYTES_IN: "Bytes",
    Metric.HEALTH_CHECK_SECONDS: "Seconds",
    Metric.OLDEST_PENDING_SECONDS: "Seconds",
    Metric.RUN_MEMORY: "Percent",
    Metric.RUN_SECONDS: "Seconds",
    Metric.QUALITY_SCORE: "None",
    Metric.RUN_SLOWNESS: "None",
    Metric.SECONDS_TO_PUBLISH: "Seconds",
    Metric.USD: "None",
}
_FACTS = {
    Metric.DPU_SECONDS: "dpu_seconds",
    Metric.USD: "usd",
    Metric.ROWS_IN: "rows_in",
    Metric.ROWS_PUBLISHED: "rows_published",
    Metric.ROWS_QUARANTINED: "rows_quarantined",
    Metric.ROWS_SUPERSEDED: "rows_superseded",
}


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Values of one metric at one moment; several are a distribution."""

    name: Metric
    values: Sequence[float]
    of: Mapping[Dimension, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """Writes metrics of one environment."""

    namespace: str

    def write(self, measured: Iterator[Measured] | Sequence[Measured]) -> None:
        """Write one line for each set of dimensions."""
        by_dimensions: dict[tuple[tuple[str, str], ...], list[Measured]] = {}
        for one in measured:
            key = tuple((dimension.value, value) for dimension, value in one.of.items())
            by_dimensions.setdefault(key, []).append(one)
        for dimensions, several in by_dimensions.items():
            provider = AmazonCloudWatchEMFProvider(
                metric_set={}, dimension_set=dict(dimensions), namespace=self.namespace
            )
            for one in several:
                for value in one.values:
                    provider.add_metric(
                        name=one.name.value, unit=_UNITS.get(one.name, "Count"), value=value
                    )
            provider.flush_metrics()


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """Measures how long the object has waited that has waited longest, for each route."""

    objects: ObjectLedger
    metrics: Metrics
    bucket: str
    now: Callable[[], float]

    def measure(self) -> None:
        self.metrics.write([of_oldest(route, self._oldest(route)) for route in QUEUED_ROUTES])

    def _oldest(self, route: Route) -> float:
        for version in self.objects.pending(self.bucket, route, limit=1):
            uploaded_at = datetime.fromisoformat(version.uploaded_at).timestamp()
            return max(0.0, self.now() - uploaded_at)
        return 0.0


def usual_seconds(before: Sequence[float]) -> float:
    """Return the median seconds of a job's runs; 0 if there are too few to say what is usual."""
    return statistics.median(before) if len(before) >= FEWEST_RUNS else 0.0


def of_run(
    item: Mapping[str, Any], before: Sequence[float], *, route: Route | None
) -> Iterator[Measured]:
    """Yield the metrics of a run that has ended, from its item in the run ledger.

    `before` are the seconds of the job's runs that have succeeded before it, `route` that of its
    load, if it had one.
    """
    job = {Dimension.JOB: str(item["job"])}
    has_succeeded = item["state"] == "SUCCEEDED"
    ended = Metric.RUNS_SUCCEEDED if has_succeeded else Metric.RUNS_FAILED
    other = Metric.RUNS_FAILED if has_succeeded else Metric.RUNS_SUCCEEDED
    yield Measured(name=ended, values=[1], of=job)
    # A zero, so that a share of both can be computed.
    yield Measured(name=other, values=[0], of=job)
    seconds = float(item.get("seconds", 0))
    yield Measured(name=Metric.RUN_SECONDS, values=[seconds], of=job)
    if has_succeeded and (usual := usual_seconds(before)):
        yield Measured(name=Metric.RUN_SLOWNESS, values=[seconds / usual], of=job)
    for name, fact in _FACTS.items():
        if item.get(fact) not in {None, ""}:
            yield Measured(name=name, values=[float(item[fact])], of=job)
    for dataset, count in item.get("nulls", {}).items():
        of_dataset = {Dimension.DATASET: str(dataset)}
        yield Measured(name=Metric.NULL_VALUES, values=[float(count)], of=of_dataset)
    for ending, count in item.get("endings", {}).items():
        yield of_ending(ending, int(count))
    if route and item.get("waits"):
        waits = [float(one) for one in item["waits"]]
        of = {Dimension.ROUTE: route.value}
        yield Measured(name=Metric.SECONDS_TO_PUBLISH, values=waits, of=of)
    yield from _of_memory(item, job)
    yield from _of_health(item)
    yield from _of_findings(item)


def _of_memory(item: Mapping[str, Any], job: Mapping[Dimension, str]) -> Iterator[Measured]:
    """Yield how much of a worker's memory a run has taken; nothing if it did not tell."""
    share = memory_share(peak_bytes(item), str(item.get("worker_type", "")))
    if share is not None:
        yield Measured(name=Metric.RUN_MEMORY, values=[100 * share], of=job)
        yield Measured(name=Metric.RUN_MEMORY, values=[100 * share])


def _of_health(item: Mapping[str, Any]) -> Iterator[Measured]:
    """Yield the metrics of a health check; none for a run of another job."""
    for route, found in item.get(HEALTH, {}).items():
        of = {Dimension.ROUTE: str(route)}
        failed, seconds = float(found["failed"]), float(found["seconds"])
        yield Measured(name=Metric.HEALTH_CHECK_FAILED, values=[failed], of=of)
        yield Measured(name=Metric.HEALTH_CHECK_SECONDS, values=[seconds], of=of)


def _of_findings(item: Mapping[str, Any]) -> Iterator[Measured]:
    """Yield the metrics of a reconciliation; none for a run of another job."""
    if FINDINGS not in item:
        return
    counts = {str(kind): float(count) for kind, count in item[FINDINGS].items()}
    yield Measured(name=Metric.RECONCILE_FINDINGS, values=[sum(counts.values())])
    for kind, count in counts.items():
        yield Measured(name=Metric.RECONCILE_FINDINGS, values=[count], of={Dimension.CLASS: kind})


def of_ending(ending: str, count: int = 1) -> Measured:
    return Measured(name=Metric.OBJECTS, values=[count], of={Dimension.ENDING: ending})


def of_oldest(route: Route, seconds: float) -> Measured:
    return Measured(
        name=Metric.OLDEST_PENDING_SECONDS, values=[seconds], of={Dimension.ROUTE: route.value}
    )
