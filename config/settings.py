"""Settings of one environment, with the allowed range of each."""

from __future__ import annotations

import ipaddress
import re
from itertools import chain
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from config.rules import readers_group
from config.validation import Frozen
from config.warehouse import Warehouse
from wires.alerts import Topic

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


ExecutionClass = Literal["STANDARD", "FLEX"]
_FLEXIBLE: tuple[WorkerType, ...] = ("G.1X", "G.2X")


class JobSize(Frozen):
    """Workers and timeout of a Glue job, and what it may wait for to be cheaper."""

    worker_type: WorkerType
    workers: int = Field(ge=2, le=299)
    """With auto scaling, the most that a run may have."""
    timeout_minutes: int = Field(ge=1, le=10_080)
    auto_scaling: bool = False
    """Whether Glue adds workers while there are tasks for them, and bills those alone."""
    execution_class: ExecutionClass = "STANDARD"
    """FLEX runs on spare capacity: cheaper, starts when there is some, and may lose workers.

    For jobs that nobody waits for. A start call may name another class than the template.
    """

    @field_validator("execution_class")
    @classmethod
    def _flex_has_small_workers(cls, kind: ExecutionClass, info: ValidationInfo) -> ExecutionClass:
        # https://docs.aws.amazon.com/glue/latest/dg/add-job.html
        worker_type = info.data.get("worker_type", "G.1X")
        if kind == "FLEX" and worker_type not in _FLEXIBLE:
            raise ValueError(
                f"must be STANDARD where workerType is {worker_type}: Glue runs FLEX on "
                f"{' and '.join(_FLEXIBLE)} only"
            )
        return kind


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


_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):role/[\w+=,.@/-]{1,512}")
# https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
_EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{8,1224}")
_QUICKSIGHT_PRINCIPAL = re.compile(
    r"arn:aws[a-z-]*:quicksight:[a-z0-9-]+:\d{12}:(user|group)/[\w-]+/[\w+=,.@/-]+"
)
NamedQueries = Literal["all", "curated", "none"]
"""Of tables that contracts declare: all, those that SQL in contracts makes, or none."""
Redshift = Literal["none", "role"]
"""What Redshift gets: nothing, or a role for external schemas."""


class Reading(Frozen):
    """How people and programs read tables, and who may."""

    scan_limit_gb: int = Field(default=100, ge=1, le=7_000_000)
    """GB that one query of Athena may scan; beyond, it is cancelled.

    https://docs.aws.amazon.com/athena/latest/ug/workgroups-setting-control-limits-cloudwatch.html
    """
    results_days: Days = 7
    """Days for which results of queries are kept."""
    named_queries: NamedQueries = "all"
    """Tables that Athena has queries ready for."""
    consumers: tuple[str, ...] = ()
    """ARNs of the roles that may take the consumers' role.

    Empty: roles and users of the own account whose own policies say so.
    """
    groups: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """By group of readers that contracts name: ARNs of the roles that may take the group's role."""
    external_ids: dict[str, str] = Field(default_factory=dict)
    """By account, of each other account that consumers and groups are from: what it has to say."""
    redshift: Redshift = "none"
    quicksight: str = ""
    """ARN of the user or group of QuickSight that owns data sets; empty for none."""

    @field_validator("consumers", mode="before")
    @classmethod
    def _roles(cls, consumers: object) -> object:
        return _roles(consumers)

    @field_validator("groups", mode="before")
    @classmethod
    def _groups(cls, groups: object) -> object:
        if not isinstance(groups, dict):
            raise ValueError("must have groups of readers, each with a list of ARNs of roles")
        for name, roles in groups.items():
            readers_group(name)
            if not roles:
                raise ValueError(f"{name}: must have a role, or be left out: nobody is in it")
        return {name: _roles(roles, f"{name}: ") for name, roles in groups.items()}

    @field_validator("external_ids")
    @classmethod
    def _accounts(cls, ids: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        groups = info.data.get("groups", {})
        roles = [*info.data.get("consumers", ()), *chain.from_iterable(groups.values())]
        accounts = {account_of_role(one) for one in roles}
        for account, id in ids.items():
            if account not in accounts:
                raise ValueError(
                    f"names account {account}, of which no role is in consumers or groups"
                )
            if not _EXTERNAL_ID.fullmatch(id):
                raise ValueError(
                    f"{account}: must have 8 to 1224 letters, digits and _ + = , . @ : / -"
                )
        return ids

    @field_validator("quicksight")
    @classmethod
    def _an_owner(cls, principal: str) -> str:
        if principal and not _QUICKSIGHT_PRINCIPAL.fullmatch(principal):
            raise ValueError(
                "must be the ARN of a user or group of QuickSight, such as "
                "arn:aws:quicksight:eu-central-1:123456789012:group/default/analysts, or empty"
            )
        return principal


def _roles(value: object, place: str = "") -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(
        isinstance(one, str) and _ROLE_ARN.fullmatch(one) for one in value
    ):
        raise ValueError(
            f"{place}must be a list of ARNs of roles, such as "
            "[arn:aws:iam::123456789012:role/analysts]: no account at large, no user"
        )
    return tuple(value)


def account_of_role(arn: str) -> str:
    """Return the account of a role."""
    return arn.split(":")[4]


_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+|https://\S+")


class Alarms(Frozen):
    """When people are told that something is wrong, and who."""

    queue_minutes: int = Field(default=15, ge=1)
    """Minutes that an event may wait for the trigger."""
    pending_minutes: int = Field(default=180, ge=1)
    """Minutes that an upload may wait for a run."""
    slow_factor: float = Field(default=3.0, gt=1)
    """Times the median of a job's last runs at which a run counts as slow."""
    memory_percent: int = Field(default=90, ge=1, le=100)
    """Share of a worker's memory at which a run has too little."""
    monthly_budget_usd: int = Field(default=0, ge=0)
    """Budget of the whole account; 0 for none."""
    waiting_minutes: int = Field(default=30, ge=1)
    """Minutes that a run may wait for Glue to begin it, or to stop it."""
    quality_score: float = Field(default=80.0, ge=0, le=100)
    """Score of a table below which its quality is an alarm."""
    glue_metrics: bool = True
    """Whether jobs send Glue's own metrics of drivers and executors."""
    subscribers: dict[Topic, tuple[str, ...]] = Field(default_factory=dict)
    """By topic: e-mail addresses and `https://` endpoints."""
    slack_workspace: str = ""
    """Id of the Slack workspace that the account's Amazon Q Developer knows; empty for no chat."""
    slack_channel: str = ""
    """Id of the channel in it that gets all topics."""

    @field_validator("slow_factor", "quality_score", mode="before")
    @classmethod
    def _a_number(cls, factor: object) -> object:
        return float(factor) if type(factor) is int else factor

    @field_validator("subscribers", mode="before")
    @classmethod
    def _addresses(cls, subscribers: object) -> object:
        rule = (
            f"must have {', '.join(Topic)}, each with a list of e-mail addresses and https:// "
            "endpoints"
        )
        if not isinstance(subscribers, dict):
            raise ValueError(rule)
        for topic, addresses in subscribers.items():
            if topic not in list(Topic) or not isinstance(addresses, list | tuple):
                raise ValueError(rule)
            for one in addresses:
                if not isinstance(one, str) or not _ADDRESS.fullmatch(one):
                    raise ValueError(rule)
        return {Topic(topic): tuple(addresses) for topic, addresses in subscribers.items()}

    @field_validator("slack_workspace")
    @classmethod
    def _a_workspace(cls, workspace: str) -> str:
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-chatbot-slackchannelconfiguration.html
        if workspace and not re.fullmatch(r"[0-9A-Z]{1,255}", workspace):
            raise ValueError("must be the id of a workspace, such as T01234ABCDE, or empty")
        return workspace

    @field_validator("slack_channel")
    @classmethod
    def _a_channel(cls, channel: str, info: ValidationInfo) -> str:
        if channel and not re.fullmatch(r"[A-Za-z0-9]+", channel):
            raise ValueError("must be the id of a channel, such as C01234ABCDE, or empty")
        if bool(channel) != bool(info.data.get("slack_workspace")):
            raise ValueError("must be there if slackWorkspace is, and only then")
        return channel


class JobRuns(Frozen):
    """How often a job runs, and how long."""

    per_day: float = Field(ge=0, le=100_000)
    seconds: float = Field(default=90.0, gt=0)
    """Seconds that Glue bills, which are 60 at least."""


class Workload(Frozen):
    """What is expected to go through an environment; `make cost` computes with it."""

    uploads_per_day: float = Field(default=1000.0, ge=0)
    gb_per_day: float = Field(default=5.0, ge=0)
    """GB of uploads, as they are stored."""
    months_kept: float = Field(default=12.0, gt=0)
    """Months of data that are there: storage is that of the month after so many."""
    table_gb_per_gb: float = Field(default=0.4, ge=0)
    """GB of Parquet in processed for a GB of uploads."""
    curated_gb_per_gb: float = Field(default=0.1, ge=0)
    quarantined_share: float = Field(default=0.01, ge=0, le=1)
    """Share of the uploads' bytes that lie in the quality bucket."""
    datasets: float = Field(default=20.0, ge=0)
    runs: dict[str, JobRuns] = Field(default_factory=dict)
    """By job; one that is not named does not run."""
    scaled_share: float = Field(default=0.6, gt=0, le=1)
    """Share of its workers that a job with auto scaling has over a run."""
    workflows_per_day: float = Field(default=24.0, ge=0)
    """Runs of the workflow, with which the crawlers run if they are on."""
    queries_per_day: float = Field(default=100.0, ge=0)
    gb_per_query: float = Field(default=0.5, ge=0)
    """GB that Athena scans for a query."""
    warehouse_hours_per_day: float = Field(default=2.0, ge=0, le=24)
    """Hours in which queries run in the warehouse, if there is one."""
    warehouse_queries_per_day: float = Field(default=100.0, ge=0)
    alerts_per_month: float = Field(default=60.0, ge=0)
    releases_per_month: float = Field(default=8.0, ge=0)
    """Pushes that go through both pipelines."""


class Cost(Frozen):
    """Prices and workload that costs are computed with."""

    prices_of: str = ""
    """Region whose list prices are used instead of the own one's; empty for the own one."""
    workload: Workload = Workload()


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
    reading: Reading = Reading()
    redshift: Warehouse = Warehouse()
    cost: Cost = Cost()
    lake_formation: bool = Field(default=False, validate_default=True)
    """Whether Lake Formation governs the account, so that roles need its grants as well."""

    @property
    def has_spectrum_role(self) -> bool:
        """Whether there is a role in which Redshift reads tables: of its own, or somebody's."""
        return self.redshift.enabled or self.reading.redshift != "none"

    @field_validator("lake_formation")
    @classmethod
    def _somebody_filters(cls, governs: bool, info: ValidationInfo) -> bool:
        reading, maintenance = info.data.get("reading"), info.data.get("maintenance")
        groups = ", ".join(reading.groups) if reading else ""
        if groups and not governs:
            raise ValueError(
                f"must be true where reading.groups has groups, and has {groups}: without Lake "
                "Formation nobody keeps columns and rows from them. Set it to true, after what "
                "docs/deployment.md says of it, or take the groups out of this environment"
            )
        if groups and maintenance and maintenance.tables_kept_by_glue:
            raise ValueError(
                "cannot go with both reading.groups and maintenance.tablesKeptByGlue: Glue's "
                "optimizers write as a role that has no way through registered locations. Empty "
                "one of the two"
            )
        return governs
