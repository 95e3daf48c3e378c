"""Everything that lives long: data, its key and catalog, and the way in."""

from __future__ import annotations

from collections.abc import Mapping

import aws_cdk as cdk
import aws_cdk.aws_sns as sns
from constructs import Construct

from config.environments import Environment
from config.exports import Export
from config.jobs import DATA_INGESTION, DATA_QUALITY, FILE_PROCESSOR, JOBS
from delivery.bundles import stage, trigger_bundle
from infra_app.constructs.alerts import Alerts
from infra_app.constructs.catalog import Catalog
from infra_app.constructs.checks_role import ChecksRole
from infra_app.constructs.data_buckets import DataBuckets
from infra_app.constructs.data_key import DataKey
from infra_app.constructs.events_queue import EventsQueue
from infra_app.constructs.job_role import JobRole
from infra_app.constructs.network import ZONES, Network
from infra_app.constructs.state_tables import StateTables
from infra_app.constructs.trigger import TIMEOUT, Trigger
from infra_app.constructs.trigger_access import grant_trigger_access
from infra_app.lambdas.trigger.settings import TriggerSettings


class InfrastructureStack(cdk.Stack):
    """Stateful resources of one environment. What glue_app needs of them is exported."""

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
        )

        key = DataKey(self, "DataKey", names=names, retain=retain).key
        buckets = DataBuckets(
            self, "DataBuckets", names=names, key=key, retention=settings.retention
        )
        tables = StateTables(self, "StateTables", names=names, key=key, retain=retain)
        catalog = Catalog(self, "Catalog", names=names, buckets=buckets, retain=retain)
        alerts = Alerts(self, "Alerts", names=names, key=key)
        roles = {
            spec.role_export: JobRole(
                self,
                f"{spec.id}Role",
                role_name=names.role_of(names.job(spec)),
                whose=f"Glue job {spec.name}",
            ).role
            for spec in JOBS
        }
        crawlers = JobRole(
            self, "CrawlersRole", role_name=names.role_of(names.crawlers), whose="Glue crawlers"
        ).role

        network = None
        if settings.network.vpc:
            network = Network(
                self,
                "Network",
                names=names,
                key=key,
                network=settings.network,
                retention=settings.retention,
            )

        events = EventsQueue(
            self,
            "Events",
            names=names,
            key=key,
            raw_bucket=buckets.raw,
            consumer_timeout=TIMEOUT,
            workflow_schedule=settings.workflow.schedule,
        )
        trigger = Trigger(
            self,
            "Trigger",
            names=names,
            key=key,
            code=stage("trigger", trigger_bundle()),
            queue=events.queue,
            environment=_trigger_settings(
                environment, buckets=buckets, tables=tables, topic=alerts.topic
            ),
            sizes=settings.trigger,
            retention=settings.retention,
            network=network,
        )
        grant_trigger_access(
            trigger.role,
            key=key,
            buckets=buckets,
            tables=tables,
            topic=alerts.topic,
            names=names,
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
        self._publish(
            environment,
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
                Export.ALERTS_TOPIC_ARN: alerts.topic.topic_arn,
                **{export: role.role_name for export, role in roles.items()},
                Export.CRAWLERS_ROLE_NAME: crawlers.role_name,
                Export.NETWORK_CONNECTION_NAME: network.connection_name if network else "",
            },
        )

    @property
    def availability_zones(self) -> list[str]:
        """The first zones of the region, left to CloudFormation: CDK would look them up."""
        return [cdk.Fn.select(position, cdk.Fn.get_azs()) for position in range(ZONES)]

    def _publish(self, environment: Environment, values: Mapping[str, str]) -> None:
        for export in environment.exports:
            cdk.CfnOutput(
                self,
                export,
                value=values[export],
                export_name=environment.export_name(export),
            )


def _trigger_settings(
    environment: Environment, *, buckets: DataBuckets, tables: StateTables, topic: sns.ITopic
) -> TriggerSettings:
    names, sizes = environment.names, environment.settings.trigger
    return TriggerSettings(
        environment=environment.name,
        raw_bucket=buckets.raw.bucket_name,
        processed_bucket=buckets.processed.bucket_name,
        quality_bucket=buckets.quality.bucket_name,
        assets_bucket=buckets.assets.bucket_name,
        objects_table=tables.objects.table_name,
        loads_table=tables.loads.table_name,
        state_table=tables.state.table_name,
        runs_table=tables.runs.table_name,
        alerts_topic_arn=topic.topic_arn,
        file_processor_job=names.job(FILE_PROCESSOR),
        workflow=names.workflow,
        data_ingestion_job=names.job(DATA_INGESTION),
        data_quality_job=names.job(DATA_QUALITY),
        other_jobs=",".join(names.job(spec) for spec in JOBS if not spec.takes_loads),
        objects_per_run=sizes.objects_per_run,
        bytes_per_run=sizes.bytes_per_run,
        runs_at_once=sizes.runs_at_once,
        attempts_per_load=sizes.attempts_per_load,
        max_object_bytes=sizes.max_object_bytes,
        malware_scan_required=int(sizes.malware_scan_required),
    )
