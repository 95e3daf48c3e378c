"""The trigger's environment: written by its construct, read by its handler."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields


@dataclass(frozen=True, kw_only=True)
class TriggerSettings:
    """Settings of the trigger; each is an environment variable named as the field in capitals."""

    environment: str
    raw_bucket: str
    processed_bucket: str
    quality_bucket: str
    assets_bucket: str
    objects_table: str
    loads_table: str
    state_table: str
    runs_table: str
    alerts_topic_arn: str
    file_processor_job: str
    workflow: str
    """Glue workflow of the layered route."""
    data_ingestion_job: str
    """The workflow's first job: the one that publishes loads."""
    data_quality_job: str
    """The workflow's last job, which completes a run of it."""
    other_jobs: str
    """Jobs that take no loads, separated by commas: each failed run of these is an alert."""
    objects_per_run: int
    bytes_per_run: int
    """Bytes as stored. A single object that is larger gets a run of its own."""
    runs_at_once: int
    attempts_per_load: int
    max_object_bytes: int
    """Objects above this size are refused."""
    max_receive_count: int
    """How often the queue hands out a message before it is a dead letter."""
    metrics_namespace: str
    usd_per_dpu_hour: float
    """List price of Glue, as are the next two."""
    usd_per_flex_dpu_hour: float
    usd_per_memory_dpu_hour: float
    malware_scan_required: int
    """1: objects wait until GuardDuty has tagged them; 0: a tag counts if there is one."""

    @property
    def partition(self) -> str:
        return self.alerts_topic_arn.split(":")[1]

    def arn(self, service: str, resource: str) -> str:
        """Return an ARN in the account and region of the alerts topic, which are this one's."""
        _, partition, _, region, account, *_ = self.alerts_topic_arn.split(":")
        return f"arn:{partition}:{service}:{region}:{account}:{resource}"

    def to_environ(self) -> dict[str, str]:
        return {name.upper(): str(value) for name, value in asdict(self).items()}

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> TriggerSettings:
        """Read the settings. Raises KeyError naming the first variable that is missing."""
        kinds = {"int": int, "str": str, "float": float}
        return cls(
            **{
                field.name: kinds[str(field.type)](environ[field.name.upper()])
                for field in fields(cls)
            }
        )
