"""Settings of one environment, with the allowed range of each."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from config.validation import Frozen

Positive = Annotated[int, Field(ge=1)]
Days = Annotated[int, Field(ge=1, le=3650)]

# CloudWatch accepts only these:
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
LogRetentionDays = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
]  # fmt: skip

WorkerType = Literal[
    "G.1X", "G.2X", "G.4X", "G.8X", "G.12X", "G.16X", "R.1X", "R.2X", "R.4X", "R.8X"
]


class Trigger(Frozen):
    """Batching of uploads into Glue runs."""

    batch_size: int = Field(ge=1, le=10_000)
    """Maximum of events that one invocation takes from the queue."""
    batch_window_seconds: int = Field(ge=0, le=300)
    objects_per_run: int = Field(ge=1, le=10_000)
    bytes_per_run: Positive
    runs_at_once: int = Field(ge=1, le=200)
    attempts_per_load: int = Field(ge=1, le=10)
    max_object_bytes: Positive
    malware_scan_required: bool

    @field_validator("batch_window_seconds")
    @classmethod
    def _large_batches_need_a_window(cls, seconds: int, info: ValidationInfo) -> int:
        # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
        if seconds == 0 and info.data.get("batch_size", 0) > 10:
            raise ValueError("must be at least 1 where batchSize is above 10")
        return seconds


class JobSize(Frozen):
    """Workers and timeout of a Glue job."""

    worker_type: WorkerType
    workers: int = Field(ge=2, le=299)
    timeout_minutes: int = Field(ge=1, le=10_080)


_CRON = re.compile(r"cron\([^()]+( [^()]+){5}\)")


def _cron(schedule: str) -> str:
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
    if schedule and not _CRON.fullmatch(schedule):
        raise ValueError("must be empty, or six fields such as cron(15 2 * * ? *), in UTC")
    return schedule


Schedule = Annotated[str, AfterValidator(_cron)]
"""`cron(…)` in UTC, or empty if something else or somebody starts it."""


class JobSettings(JobSize):
    """A job that has only the settings size and schedule."""

    worker_type: WorkerType = "G.1X"
    workers: int = Field(default=2, ge=2, le=299)
    timeout_minutes: int = Field(default=120, ge=1, le=10_080)
    schedule: Schedule = ""


class FileProcessor(JobSize):
    """The file_processor job."""

    target_file_bytes: int = Field(ge=1_048_576)
    max_expansion_ratio: int = Field(ge=2)


class Workflow(Frozen):
    """The layered workflow."""

    schedule: Schedule
    crawlers: bool
    """Whether crawlers run beside the jobs; they are created in any case."""
    ingestion: JobSize
    processing: JobSize
    quality: JobSize


class Maintenance(JobSize):
    """The table_maintenance job."""

    schedule: Schedule
    target_file_bytes: int = Field(ge=1_048_576)
    """Parquet bytes of a merged file; files near this size are left as they are."""
    tables_kept_by_glue: tuple[str, ...] = ()
    """Curated tables that Glue's table optimizers maintain instead of the job.

    They must exist when this is deployed.
    """

    @field_validator("tables_kept_by_glue", mode="before")
    @classmethod
    def _a_list_of_names(cls, tables: object) -> object:
        if not isinstance(tables, list | tuple) or not all(
            isinstance(name, str) and re.fullmatch("[a-z][a-z0-9_]*", name) for name in tables
        ):
            raise ValueError("must be a list of curated tables, such as [daily_sales]")
        return tuple(tables)


class HealthCheck(JobSettings):
    """The health_check job."""

    timeout_minutes: int = Field(default=60, ge=10, le=10_080)
    silence_hours: int = Field(default=26, ge=1, le=168)
    """Hours without a result from which on silence is an alarm, if there is a schedule.

    CloudWatch looks back for seven days at the most:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html
    """


class Reconciliation(JobSettings):
    """The reconciliation job."""

    timeout_minutes: int = Field(default=60, ge=1, le=10_080)
    repair: bool = False
    """Whether it repairs what can be repaired safely, as `reconcile --repair` does."""


class Retention(Frozen):
    """Retention times of data and logs."""

    retain_data: bool
    """True: buckets, tables and key outlive their stack."""
    log_retention_days: LogRetentionDays
    access_log_days: Days
    raw_cold_after_days: Days
    superseded_data_days: Days
    tables_tiered_after_days: Days


class Uploads(Frozen):
    """Conditions on what is put into the raw bucket."""

    malware_protection: bool = False
    """Whether a GuardDuty plan scans each upload and tags it with the result."""
    scanner_role: str = ""
    """Name of the role of a scanner that is deployed otherwise; it alone may set the tag."""
    lock_days: int = Field(default=0, ge=0, le=36_500)
    """Days for which S3 Object Lock keeps each version from deletion; 0 for no lock."""
    uploaders: dict[str, str] = Field(default_factory=dict)
    """By name of a policy for people or programs: the prefix below which it lets them upload."""

    @field_validator("scanner_role")
    @classmethod
    def _one_scanner(cls, role: str, info: ValidationInfo) -> str:
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
        if role and not re.fullmatch(r"[\w+=,.@-]{1,64}", role):
            raise ValueError("must be the name of an IAM role, not its ARN")
        if role and info.data.get("malware_protection"):
            raise ValueError("must be empty where malwareProtection makes a scanner")
        return role

    @field_validator("uploaders")
    @classmethod
    def _prefixes(cls, uploaders: dict[str, str]) -> dict[str, str]:
        for name, prefix in uploaders.items():
            if not re.fullmatch("[a-z][a-z0-9-]{0,31}", name):
                raise ValueError(f"{name!r} must have 1 to 32 characters a-z 0-9 -")
            # Others would be patterns or variables in a policy.
            if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9/_.=-]*/", prefix):
                raise ValueError(
                    f"{name}: the prefix {prefix!r} must have letters, digits and / _ . = - and "
                    "end with /"
                )
        return uploaders


class Alarms(Frozen):
    """When people are told that something is wrong, and who."""

    queue_minutes: int = Field(default=15, ge=1)
    """Minutes that an event may wait for the trigger."""
    pending_minutes: int = Field(default=180, ge=1)
    """Minutes that an upload may wait for a run."""
    slow_factor: float = Field(default=3.0, gt=1)
    """Times the median of a job's last runs at which a run counts as slow."""
    monthly_budget_usd: int = Field(default=0, ge=0)
    """Budget of the whole account; 0 for none."""
    subscribers: tuple[str, ...] = ()
    """E-mail addresses and `https://` endpoints that get alerts, alarms and their ends."""

    @field_validator("slow_factor", mode="before")
    @classmethod
    def _a_number(cls, factor: object) -> object:
        return float(factor) if isinstance(factor, int) else factor

    @field_validator("subscribers", mode="before")
    @classmethod
    def _addresses(cls, subscribers: object) -> object:
        if not isinstance(subscribers, list | tuple) or not all(
            isinstance(one, str) and re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+|https://\S+", one)
            for one in subscribers
        ):
            raise ValueError("must be a list of e-mail addresses and https:// endpoints")
        return tuple(subscribers)


class Network(Frozen):
    """Whether functions and jobs run in a VPC."""

    vpc: bool
    cidr: str
    """Addresses of the VPC; used only if there is one."""

    @field_validator("cidr")
    @classmethod
    def _a_private_network(cls, cidr: str) -> str:
        # https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
        rule = "must be private addresses of 16 to 24 bits, such as 10.42.0.0/16"
        try:
            network = ipaddress.IPv4Network(cidr)
        except ValueError as error:
            raise ValueError(rule) from error
        if not network.is_private or not 16 <= network.prefixlen <= 24:
            raise ValueError(rule)
        return cidr


class Settings(Frozen):
    """Everything that may differ between environments."""

    trigger: Trigger
    file_processor: FileProcessor
    workflow: Workflow
    legislators: JobSize
    maintenance: Maintenance
    health_check: HealthCheck = HealthCheck()
    reconciliation: Reconciliation = Reconciliation()
    jobs: dict[str, JobSettings] = Field(default_factory=dict)
    """Jobs that have no section of their own."""
    retention: Retention
    network: Network
    uploads: Uploads = Uploads()
    alarms: Alarms = Alarms()
    lake_formation: bool = False
    """Whether Lake Formation governs the account, so that roles need its grants as well."""
