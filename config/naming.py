"""Physical names of all resources of one environment."""

from __future__ import annotations

import re
from dataclasses import dataclass

from config.errors import NamingError
from config.jobs import JOBS, JobSpec

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
# Athena takes no other characters without quotes: https://docs.aws.amazon.com/athena/latest/ug/tables-databases-columns-names.html
_DATABASE = re.compile(r"[a-z][a-z0-9_]{0,254}")
# The narrowest rule of Lambda, SQS, SNS, DynamoDB, IAM and EventBridge: 64 characters.
_OTHER = re.compile(r"[a-z][a-z0-9-]{2,63}")


@dataclass(frozen=True, kw_only=True)
class Names:
    """All physical names of one environment; each is within the limits of its service.

    Raises NamingError on construction otherwise.
    """

    project: str
    environment: str
    account: str
    region: str

    def __post_init__(self) -> None:
        self._check(_BUCKET, "a bucket name has 3 to 63 characters a-z 0-9 -", self.buckets)
        self._check(_DATABASE, "a database name has 1 to 255 characters a-z 0-9 _", self.databases)
        self._check(_OTHER, "a name has 3 to 64 characters a-z 0-9 -", self._others)

    @property
    def raw_bucket(self) -> str:
        return self._bucket("raw")

    @property
    def processed_bucket(self) -> str:
        return self._bucket("processed")

    @property
    def curated_bucket(self) -> str:
        return self._bucket("curated")

    @property
    def quality_bucket(self) -> str:
        return self._bucket("quality")

    @property
    def assets_bucket(self) -> str:
        return self._bucket("assets")

    @property
    def results_bucket(self) -> str:
        return self._bucket("results")

    @property
    def access_logs_bucket(self) -> str:
        return self._bucket("access-logs")

    @property
    def processed_database(self) -> str:
        return self._database("processed")

    @property
    def curated_database(self) -> str:
        return self._database("curated")

    @property
    def quality_database(self) -> str:
        return self._database("quality")

    @property
    def discovery_database(self) -> str:
        """Tables that crawlers find, separate from those that the jobs publish."""
        return self._database("discovery")

    @property
    def objects_table(self) -> str:
        return self.of("objects")

    @property
    def loads_table(self) -> str:
        return self.of("loads")

    @property
    def state_table(self) -> str:
        return self.of("state")

    @property
    def runs_table(self) -> str:
        return self.of("runs")

    @property
    def tables(self) -> tuple[str, ...]:
        return (self.objects_table, self.loads_table, self.state_table, self.runs_table)

    @property
    def uploads_queue(self) -> str:
        return self.of("uploads")

    @property
    def uploads_dead_letters(self) -> str:
        return self.of("uploads-dead-letters")

    @property
    def trigger_function(self) -> str:
        return self.of("trigger")

    @property
    def monitor_function(self) -> str:
        return self.of("monitor")

    def stream_function(self, source: str) -> str:
        """Return the function of a source that is a stream; its reader of Kinesis has this name
        too."""
        return self.of(f"stream-{source.replace('_', '-')}")

    def stream_failures(self, source: str) -> str:
        """Return the queue of what the function of a stream could not take in."""
        return f"{self.stream_function(source)}-failures"

    @property
    def workflow(self) -> str:
        return self.of("layered-etl")

    def job(self, job: JobSpec) -> str:
        return self.of(job.name.replace("_", "-"))

    @property
    def jobs(self) -> tuple[str, ...]:
        return tuple(self.job(job) for job in JOBS)

    def role_of(self, job: str) -> str:
        """Return the role of a job or of the crawlers.

        Roles are global to an account, so their names contain the region.
        """
        return f"{job}-{self.region}"

    def crawler(self, zone: str) -> str:
        return self.of(f"{zone}-crawler")

    @property
    def crawlers(self) -> str:
        return self.of("crawlers")

    @property
    def checks_role(self) -> str:
        return f"{self.of('checks')}-{self.region}"

    @property
    def consumers_role(self) -> str:
        return f"{self.of('consumers')}-{self.region}"

    @property
    def spectrum_role(self) -> str:
        return f"{self.of('spectrum')}-{self.region}"

    @property
    def dashboards_role(self) -> str:
        return f"{self.of('dashboards')}-{self.region}"

    @property
    def access_role(self) -> str:
        """Return the role that keeps filters of groups of readers in step with contracts."""
        return f"{self.of('access')}-{self.region}"

    @property
    def locations_role(self) -> str:
        """Return the role in which Lake Formation reads files for groups of readers."""
        return f"{self.of('locations')}-{self.region}"

    def group_role(self, group: str) -> str:
        """Return the role of a group of readers."""
        return f"{self.of('readers')}-{group}-{self.region}"

    def group_workgroup(self, group: str) -> str:
        """Return the workgroup of Athena that a group of readers has for itself."""
        return f"{self.of('readers')}-{group}"

    def cells_filter(self, group: str) -> str:
        """Return the filter of a group, which has this name on each of its tables."""
        return f"{self.cells_filters}{group}"

    @property
    def cells_filters(self) -> str:
        """Return what the filters of all groups begin with, and no others."""
        return f"{self.of('readers')}-"

    @property
    def workgroup(self) -> str:
        """Return the workgroup of Athena."""
        return self.of("queries")

    @property
    def warehouse(self) -> str:
        """Return the namespace and the workgroup of Redshift Serverless."""
        return self.of("warehouse")

    @property
    def scanner_role(self) -> str:
        return f"{self.of('malware-scan')}-{self.region}"

    @property
    def chat_role(self) -> str:
        return f"{self.of('chat')}-{self.region}"

    def upload_policy(self, uploader: str) -> str:
        """Return the policy of an uploader; deployments may make policies of such names only."""
        return f"{self.of('upload')}-{uploader}-{self.region}"

    @property
    def job_security(self) -> str:
        return self.of("jobs")

    @property
    def alerts_topic(self) -> str:
        return self.of("alerts")

    @property
    def quality_topic(self) -> str:
        return self.of("quality-alerts")

    @property
    def recoveries_topic(self) -> str:
        return self.of("recoveries")

    @property
    def metrics_namespace(self) -> str:
        return f"{self.project}/{self.environment}"

    @property
    def infrastructure_stack(self) -> str:
        return self.of("infrastructure")

    @property
    def application_stack(self) -> str:
        return self.of("application")

    @property
    def buckets(self) -> tuple[str, ...]:
        return (
            self.raw_bucket,
            self.processed_bucket,
            self.curated_bucket,
            self.quality_bucket,
            self.assets_bucket,
            self.results_bucket,
            self.access_logs_bucket,
        )

    @property
    def databases(self) -> tuple[str, ...]:
        return (
            self.processed_database,
            self.curated_database,
            self.quality_database,
            self.discovery_database,
        )

    def of(self, name: str) -> str:
        """Return the name of a resource that the environment has once."""
        return f"{self.project}-{self.environment}-{name}"

    @property
    def _others(self) -> tuple[str, ...]:
        return (
            *self.tables,
            self.uploads_queue,
            self.uploads_dead_letters,
            self.trigger_function,
            self.monitor_function,
            *self.jobs,
            *(self.role_of(job) for job in self.jobs),
            self.role_of(self.crawlers),
            self.workflow,
            self.checks_role,
            self.consumers_role,
            self.spectrum_role,
            self.dashboards_role,
            self.access_role,
            self.locations_role,
            self.workgroup,
            self.warehouse,
            self.scanner_role,
            self.chat_role,
            self.job_security,
            self.alerts_topic,
            self.quality_topic,
            self.recoveries_topic,
            self.infrastructure_stack,
            self.application_stack,
        )

    def check_stream(self, source: str) -> None:
        """Raises NamingError if the name of a stream makes others too long."""
        rule = "a name has 3 to 64 characters a-z 0-9 -"
        self._check(_OTHER, rule, (self.stream_failures(source),))

    def check_group(self, group: str) -> None:
        """Raises NamingError if the name of a group of readers makes others too long."""
        rule = "a name has 3 to 64 characters a-z 0-9 -"
        self._check(_OTHER, rule, (self.group_role(group),))

    def _bucket(self, zone: str) -> str:
        return f"{self.of(zone)}-{self.account}-{self.region}"

    def _database(self, zone: str) -> str:
        return self.of(zone).replace("-", "_")

    def _check(self, pattern: re.Pattern[str], rule: str, names: tuple[str, ...]) -> None:
        for name in names:
            if not pattern.fullmatch(name):
                raise NamingError(
                    f"project is {self.project!r}: the name {name!r} ({len(name)} characters) "
                    f"cannot be used: {rule}. It is made of `project`, the environment and, for "
                    "buckets, account and region: shorten `project`."
                )
