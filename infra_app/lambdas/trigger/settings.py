"""The functions' environments: written by their constructs, read by their handlers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Self

from wires.dpu import DpuPrices


@dataclass(frozen=True, kw_only=True)
class FunctionSettings:
    """Settings of both functions; each is a variable that is named as the field in capitals."""

    environment: str
    raw_bucket: str
    objects_table: str
    loads_table: str
    state_table: str
    runs_table: str
    alerts_topic_arn: str
    recoveries_topic_arn: str
    file_processor_job: str
    data_ingestion_job: str
    """The workflow's first job: the one that publishes loads."""
    other_jobs: str
    """Jobs that take no loads, separated by commas: each failed run of these is an alert."""
    metrics_namespace: str
    usd_per_dpu_hour: float
    """List price of Glue, as are the next two."""
    usd_per_flex_dpu_hour: float
    usd_per_memory_dpu_hour: float

    @property
    def prices(self) -> DpuPrices:
        return DpuPrices(
            standard=self.usd_per_dpu_hour,
            flex=self.usd_per_flex_dpu_hour,
            memory=self.usd_per_memory_dpu_hour,
        )

    def to_environ(self) -> dict[str, str]:
        return {name.upper(): str(value) for name, value in asdict(self).items()}

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        """Read the settings. Raises KeyError naming the first variable that is missing."""
        kinds = {"int": int, "str": str, "float": float}
        return cls(
            **{
                field.name: kinds[str(field.type)](environ[field.name.upper()])
                for field in fields(cls)
            }
        )


@dataclass(frozen=True, kw_only=True)
class MonitorSettings(FunctionSettings):
    """Settings of the monitoring function."""

    waiting_minutes: int
    """Minutes after which a run that has not begun, or not stopped, is stuck."""
    slow_factor: float
    """Times the median of its job's runs at which a run is slow."""


@dataclass(frozen=True, kw_only=True)
class TriggerSettings(FunctionSettings):
    """Settings of the trigger."""

    processed_bucket: str
    quality_bucket: str
    assets_bucket: str
    workflow: str
    """Glue workflow of the layered route."""
    data_quality_job: str
    """The workflow's last job, which completes a run of it."""
    objects_per_run: int
    bytes_per_run: int
    """Bytes as stored. A single object that is larger gets a run of its own."""
    runs_at_once: int
    attempts_per_load: int
    max_object_bytes: int
    """Objects above this size are refused."""
    max_receive_count: int
    """How often the queue hands out a message before it is a dead letter."""
    malware_scan_required: int
    """1: objects wait until GuardDuty has tagged them; 0: a tag counts if there is one."""

    @property
    def partition(self) -> str:
        return self.alerts_topic_arn.split(":")[1]

    def arn(self, service: str, resource: str) -> str:
        """Return an ARN in the account and region of the alerts topic, which are this one's."""
        _, partition, _, region, account, *_ = self.alerts_topic_arn.split(":")
        return f"arn:{partition}:{service}:{region}:{account}:{resource}"
