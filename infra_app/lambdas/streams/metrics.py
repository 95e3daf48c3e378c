"""Counts what an invocation has taken in, and writes it to the log in CloudWatch's format."""

from __future__ import annotations

from dataclasses import dataclass

from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import (
    AmazonCloudWatchEMFProvider,
)

from wires.metrics import Dimension, StreamMetric


@dataclass(kw_only=True)
class Counts:
    """Records of one invocation, by what became of them."""

    landed: int = 0
    quarantined: int = 0
    repeated: int = 0
    """Records that had been taken in before."""

    def write(self, *, namespace: str, source: str) -> None:
        """Write the counts as metrics of a source."""
        provider = AmazonCloudWatchEMFProvider(
            metric_set={}, dimension_set={Dimension.SOURCE.value: source}, namespace=namespace
        )
        for name, value in (
            (StreamMetric.RECORDS_LANDED, self.landed),
            (StreamMetric.RECORDS_QUARANTINED, self.quarantined),
            (StreamMetric.RECORDS_REPEATED, self.repeated),
        ):
            provider.add_metric(name=name.value, unit="Count", value=value)
        provider.flush_metrics()
