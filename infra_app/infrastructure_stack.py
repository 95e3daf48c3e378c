"""Long-lived resources: data, its key and catalog, and the trigger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import aws_cdk as cdk
import aws_cdk.aws_iam as iam
import aws_cdk.aws_kms as kms
import aws_cdk.aws_sns as sns
from constructs import Construct

from config.construct_ids import construct_id
from config.environments import Environment
from config.exports import TOPICS, Export
from config.jobs import DATA_INGESTION, DATA_QUALITY, FILE_PROCESSOR, JOBS
from config.streams import streams
from delivery.bundles import stage, streams_bundle, trigger_bundle
from infra_app.constructs.alarms import Alarms
from infra_app.constructs.alerts import Alerts
from infra_app.constructs.catalog import Catalog
from infra_app.constructs.checks_role import ChecksRole
from infra_app.constructs.consumers_role import ConsumersRole
from infra_app.constructs.dashboard import Dashboard
from infra_app.constructs.dashboards_role import DashboardsRole
from infra_app.constructs.data_buckets import DataBuckets
from infra_app.constructs.data_key import DataKey
from infra_app.constructs.events_queue import MAX_RECEIVE_COUNT, EventsQueue
from infra_app.constructs.job_role import JobRole
from infra_app.constructs.malware_scan import MalwareScan
from infra_app.constructs.monitor import Monitor
from infra_app.constructs.network import ZONES, Network
from infra_app.constructs.query_workgroup import QueryWorkgroup
from infra_app.constructs.reader_groups import ReaderGroups
from infra_app.constructs.spectrum_role import SpectrumRole
from infra_app.constructs.state_tables import StateTables
from infra_app.constructs.stream import Stream
from infra_app.constructs.table_reading import QUERY_RESULTS
from infra_app.constructs.trigger import TIMEOUT, Trigger
from infra_app.constructs.trigger_access import grant_trigger_access
from infra_app.constructs.upload_rules import rule_uploads
from infra_app.constructs.uploader_policies import UploaderPolicies
from infra_app.constructs.warehouse import Warehouse
from infra_app.constructs.warehouse_network import WarehouseNetwork
from infra_app.lambdas.trigger.settings import MonitorSettings, TriggerSettings
from wires.alerts import Topic


class InfrastructureStack(cdk.Stack):
    """Stateful resources of one environment; those that glue_app needs are exported."""

    def __init__(
        self, scope: Construct, id: str, *, stack_name: str, environment: Environment
    ) -> None:
        names, settings = environment.names, environment.settings
        retain = settings.retention.retain_data
        super().__init__(
            scope,
            id,
            stack_name=stack_name,
            description=f"Data and way in of {environment.project} in {environment.name}",
            termination_protection=retain,
            permissions_boundary=cdk.PermissionsBoundary.from_arn(environment.boundary_arn),
        )
        self._environment = environment
        self._names, self._settings = names, settings

        key = DataKey(self, "DataKey", names=names, retain=retain).key
        buckets = DataBuckets(
            self,
            "DataBuckets",
            names=names,
            key=key,
            retention=settings.retention,
            lock_days=settings.uploads.lock_days,
            results_days=settings.reading.results_days,
        )
        self._rule_uploads(key, buckets)
        sources = streams()
        tables = StateTables(
            self,
            "StateTables",
            names=names,
            key=key,
            retain=retain,
            forgets_messages=any(source.sqs for source in sources),
        )
        catalog = Catalog(self, "Catalog", names=names, buckets=buckets, retain=retain)
        alerts = Alerts(self, "Alerts", names=names, key=key, told=settings.alarms)
        roles = self._job_roles()
        network = self._network(key) if settings.network.vpc else None
        self._way_in(key, buckets, tables, topics=alerts.topics, network=network)
        for source in sources:
            Stream(
                self,
                f"Stream{construct_id(source.name)}",
                environment=environment,
                document=source,
                key=key,
                buckets=buckets,
                tables=tables,
                code=stage("streams", streams_bundle()),
                topics=alerts.topics,
                network=network,
            )
        ChecksRole(
            self,
            "ChecksRole",
            environment=environment,
            key=key,
            buckets=buckets,
            tables=tables,
            catalog=catalog,
        )
        workgroup = self._ways_out(key, buckets, catalog, roles=roles)
        if settings.has_spectrum_role:
            self._redshift(key, buckets, catalog, topics=alerts.topics, network=network)
        self._publish(
            {
                Export.DATA_KEY_ARN: key.key_arn,
                Export.RAW_BUCKET_NAME: buckets.raw.bucket_name,
                Export.PROCESSED_BUCKET_NAME: buckets.processed.bucket_name,
                Export.CURATED_BUCKET_NAME: buckets.curated.bucket_name,
                Export.QUALITY_BUCKET_NAME: buckets.quality.bucket_name,
                Export.ASSETS_BUCKET_NAME: buckets.assets.bucket_name,
                Export.OBJECTS_TABLE_NAME: tables.objects.table_name,
                Export.LOADS_TABLE_NAME: tables.loads.table_name,
                Export.STATE_TABLE_NAME: tables.state.table_name,
                Export.RUNS_TABLE_NAME: tables.runs.table_name,
                Export.PROCESSED_DATABASE_NAME: catalog.processed.database_name,
                Export.CURATED_DATABASE_NAME: catalog.curated.database_name,
                Export.DISCOVERY_DATABASE_NAME: catalog.discovery.database_name,
                Export.QUALITY_DATABASE_NAME: catalog.quality.database_name,
                **{TOPICS[name]: topic.topic_arn for name, topic in alerts.topics.items()},
                **{export: role.role_name for export, role in roles.items()},
                Export.QUERIES_WORKGROUP_NAME: workgroup.name,
                Export.NETWORK_CONNECTION_NAME: network.connection_name if network else "",
            }
        )

    @property
    def availability_zones(self) -> list[str]:
        """The first zones of the region, resolved by CloudFormation, not looked up by the CDK."""
        return [cdk.Fn.select(position, cdk.Fn.get_azs()) for position in range(ZONES)]

    def _job_roles(self) -> Mapping[str, iam.IRole]:
        """Make a role for each job and one for the crawlers; returns them by the export of their
        names."""
        names = self._names
        roles = {
            spec.role_export: JobRole(
                self,
                f"{spec.id}Role",
                role_name=names.role_of(names.job(spec)),
                whose=f"Glue job {spec.name}",
            )
            for spec in JOBS
        }
        roles[Export.CRAWLERS_ROLE_NAME] = JobRole(
            self, "CrawlersRole", role_name=names.role_of(names.crawlers), whose="Glue crawlers"
        )
        return {export: made.role for export, made in roles.items()}

    def _rule_uploads(self, key: kms.IKey, buckets: DataBuckets) -> None:
        """Say who may put what into the raw bucket, and have it scanned if config says so."""
        uploads = self._settings.uploads
        scanner_arn = None
        if uploads.malware_protection:
            scan = MalwareScan(self, "MalwareScan", names=self._names, bucket=buckets.raw, key=key)
            scanner_arn = scan.role.role_arn
        elif uploads.scanner_role:
            scanner_arn = self.format_arn(
                service="iam", region="", resource="role", resource_name=uploads.scanner_role
            )
        rule_uploads(
            buckets.raw,
            key=key,
            scanner_arn=scanner_arn,
            retain=self._settings.retention.retain_data,
        )
        UploaderPolicies(
            self,
            "Uploaders",
            names=self._names,
            bucket=buckets.raw,
            key=key,
            uploaders=uploads.uploaders,
        )

    def _network(self, key: kms.Key) -> Network:
        return Network(
            self,
            "Network",
            names=self._names,
            key=key,
            network=self._settings.network,
            retention=self._settings.retention,
        )

    def _way_in(
        self,
        key: kms.Key,
        buckets: DataBuckets,
        tables: StateTables,
        *,
        topics: Mapping[Topic, sns.Topic],
        network: Network | None,
    ) -> None:
        """Make the queue that hears of uploads, the function that turns them into runs, and what
        watches both."""
        code = stage("trigger", trigger_bundle())
        events = EventsQueue(
            self,
            "Events",
            names=self._names,
            key=key,
            raw_bucket=buckets.raw,
            consumer_timeout=TIMEOUT,
            workflow_schedule=self._settings.workflow.schedule,
        )
        trigger = Trigger(
            self,
            "Trigger",
            names=self._names,
            key=key,
            code=code,
            queue=events.queue,
            environment=_trigger_settings(
                self._environment, buckets=buckets, tables=tables, topics=topics
            ),
            sizes=self._settings.trigger,
            retention=self._settings.retention,
            network=network,
        )
        monitor = Monitor(
            self,
            "Monitor",
            names=self._names,
            key=key,
            code=code,
            environment=_monitor_settings(
                self._environment, buckets=buckets, tables=tables, topics=topics
            ),
            retention=self._settings.retention,
            network=network,
        )
        monitor.grant(names=self._names, key=key, tables=tables, topics=topics)
        Alarms(
            self,
            "Alarms",
            names=self._names,
            limits=self._settings.alarms,
            health=self._settings.health_check,
            key=key,
            topics=topics,
            function=trigger.function,
            queue=events.queue,
            dead_letters=events.dead_letters,
        )
        Dashboard(
            self,
            "Dashboard",
            names=self._names,
            function=trigger.function,
            queue=events.queue,
            dead_letters=events.dead_letters,
        )
        grant_trigger_access(
            trigger.role,
            key=key,
            buckets=buckets,
            tables=tables,
            topics=[topics[Topic.FAILURES], topics[Topic.RECOVERIES]],
            names=self._names,
        )

    def _ways_out(
        self,
        key: kms.IKey,
        buckets: DataBuckets,
        catalog: Catalog,
        *,
        roles: Mapping[str, iam.IRole],
    ) -> QueryWorkgroup:
        """Make what readers of tables use, and the roles in which they read."""
        reading = self._settings.reading
        workgroup = QueryWorkgroup(
            self,
            "Queries",
            names=self._names,
            name=self._names.workgroup,
            folder=QUERY_RESULTS,
            key=key,
            results=buckets.results,
            reading=reading,
        )
        ConsumersRole(
            self,
            "Consumers",
            environment=self._environment,
            key=key,
            buckets=buckets,
            catalog=catalog,
            workgroup=workgroup,
        )
        if reading.quicksight:
            DashboardsRole(
                self,
                "Dashboards",
                environment=self._environment,
                key=key,
                buckets=buckets,
                catalog=catalog,
                workgroup=workgroup,
            )
        if reading.groups:
            ReaderGroups(
                self,
                "ReaderGroups",
                environment=self._environment,
                key=key,
                buckets=buckets,
                catalog=catalog,
                roles=roles,
            )
        return workgroup

    def _redshift(
        self,
        key: kms.Key,
        buckets: DataBuckets,
        catalog: Catalog,
        *,
        topics: Mapping[Topic, sns.Topic],
        network: Network | None,
    ) -> None:
        """Make the role in which Redshift reads, and the warehouse if config has one."""
        spectrum = SpectrumRole(
            self,
            "Spectrum",
            environment=self._environment,
            key=key,
            buckets=buckets,
            catalog=catalog,
        )
        warehouse = self._settings.redshift
        if not warehouse.enabled:
            return
        subnet_ids, groups = self._places_of_warehouse(network)
        Warehouse(
            self,
            "Warehouse",
            names=self._names,
            key=key,
            warehouse=warehouse,
            retention=self._settings.retention,
            role=spectrum.role,
            subnet_ids=subnet_ids,
            security_group_ids=groups,
            topics=topics,
        )

    def _places_of_warehouse(self, network: Network | None) -> tuple[Sequence[str], Sequence[str]]:
        """Return subnets and security groups: in the own VPC, or those that config names."""
        warehouse = self._settings.redshift
        if network is None:
            return warehouse.subnets, warehouse.security_groups
        made = WarehouseNetwork(
            self, "WarehouseNetwork", names=self._names, network=network, warehouse=warehouse
        )
        return made.subnet_ids, made.security_group_ids

    def _publish(self, values: Mapping[str, str]) -> None:
        for export in self._environment.exports:
            cdk.CfnOutput(
                self,
                export,
                value=values[export],
                export_name=self._environment.export_name(export),
            )


def _common_settings(
    environment: Environment,
    *,
    buckets: DataBuckets,
    tables: StateTables,
    topics: Mapping[Topic, sns.Topic],
) -> dict[str, Any]:
    """Return the settings that both functions have."""
    names, glue = environment.names, environment.prices.glue
    return {
        "environment": environment.name,
        "raw_bucket": buckets.raw.bucket_name,
        "objects_table": tables.objects.table_name,
        "loads_table": tables.loads.table_name,
        "state_table": tables.state.table_name,
        "runs_table": tables.runs.table_name,
        "alerts_topic_arn": topics[Topic.FAILURES].topic_arn,
        "recoveries_topic_arn": topics[Topic.RECOVERIES].topic_arn,
        "file_processor_job": names.job(FILE_PROCESSOR),
        "data_ingestion_job": names.job(DATA_INGESTION),
        "other_jobs": ",".join(names.job(spec) for spec in JOBS if not spec.takes_loads),
        "metrics_namespace": names.metrics_namespace,
        "usd_per_dpu_hour": glue.dpu_hour,
        "usd_per_flex_dpu_hour": glue.flex_dpu_hour,
        "usd_per_memory_dpu_hour": glue.memory_dpu_hour,
    }


def _monitor_settings(
    environment: Environment,
    *,
    buckets: DataBuckets,
    tables: StateTables,
    topics: Mapping[Topic, sns.Topic],
) -> MonitorSettings:
    limits = environment.settings.alarms
    return MonitorSettings(
        **_common_settings(environment, buckets=buckets, tables=tables, topics=topics),
        waiting_minutes=limits.waiting_minutes,
        slow_factor=limits.slow_factor,
    )


def _trigger_settings(
    environment: Environment,
    *,
    buckets: DataBuckets,
    tables: StateTables,
    topics: Mapping[Topic, sns.Topic],
) -> TriggerSettings:
    names, sizes = environment.names, environment.settings.trigger
    return TriggerSettings(
        **_common_settings(environment, buckets=buckets, tables=tables, topics=topics),
        processed_bucket=buckets.processed.bucket_name,
        quality_bucket=buckets.quality.bucket_name,
        assets_bucket=buckets.assets.bucket_name,
        workflow=names.workflow,
        data_quality_job=names.job(DATA_QUALITY),
        objects_per_run=sizes.objects_per_run,
        bytes_per_run=sizes.bytes_per_run,
        runs_at_once=sizes.runs_at_once,
        attempts_per_load=sizes.attempts_per_load,
        max_object_bytes=sizes.max_object_bytes,
        max_receive_count=MAX_RECEIVE_COUNT,
        malware_scan_required=int(sizes.malware_scan_required),
    )
