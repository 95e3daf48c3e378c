"""The jobs of an environment: each with its logs, its size and what it may do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields

import aws_cdk.aws_iam as iam
from constructs import Construct

from config.environments import Environment
from config.exports import Export
from config.settings import JobSize, Settings
from delivery.bundles import (
    ROOT,
    code_version,
    library_bundle,
    stage,
    stage_zip,
    wheels_bundle,
)
from glue_app.constructs.etl_job import EtlJob
from glue_app.constructs.job_access import JobAccess, Zone
from glue_app.constructs.job_logs import JobLogs
from glue_app.constructs.job_security import JobSecurity
from glue_app.constructs.wheels_asset import WheelsAsset
from glue_app.imports import Infrastructure
from wires.contracts import DatasetContract
from wires.job_arguments import (
    Arguments,
    CurationDefaults,
    LegislatorsDefaults,
    LoadDefaults,
    MaintenanceDefaults,
)
from wires.lanes import LEGISLATORS

Grant = Callable[[JobAccess], None]


class Jobs:
    """Makes the jobs, all of one library and one security configuration."""

    def __init__(
        self,
        scope: Construct,
        *,
        environment: Environment,
        infrastructure: Infrastructure,
        security: JobSecurity,
        contracts: Sequence[DatasetContract],
    ) -> None:
        self._scope = scope
        self._environment = environment
        self._infrastructure = infrastructure
        self._security = security
        self._library = library_bundle(contracts)
        self._wheels = WheelsAsset(scope, "Wheels", path=stage_zip("wheels", wheels_bundle()))

    def file_processor(self) -> EtlJob:
        settings = self._environment.settings
        return self._job(
            "FileProcessor",
            self._environment.names.file_processor_job,
            "Turns uploaded CSV into typed, partitioned Parquet",
            role=self._infrastructure.file_processor_role,
            size=settings.file_processor,
            runs_at_once=settings.trigger.runs_at_once,
            arguments=LoadDefaults,
            grant=self._may_load,
        )

    def data_ingestion(self) -> EtlJob:
        return self._job(
            "DataIngestion",
            self._environment.names.data_ingestion_job,
            "Turns uploads of five formats into typed, partitioned Parquet",
            role=self._infrastructure.data_ingestion_role,
            size=self._environment.settings.workflow.ingestion,
            runs_at_once=1,
            arguments=LoadDefaults,
            grant=self._may_ingest,
        )

    def data_processing(self) -> EtlJob:
        return self._job(
            "DataProcessing",
            self._environment.names.data_processing_job,
            "Makes new days of curated tables, and stages them",
            role=self._infrastructure.data_processing_role,
            size=self._environment.settings.workflow.processing,
            runs_at_once=1,
            arguments=CurationDefaults,
            grant=self._may_process,
        )

    def data_quality(self) -> EtlJob:
        return self._job(
            "DataQuality",
            self._environment.names.data_quality_job,
            "Measures what is staged, and publishes or keeps it",
            role=self._infrastructure.data_quality_role,
            size=self._environment.settings.workflow.quality,
            runs_at_once=1,
            arguments=CurationDefaults,
            grant=self._may_judge,
        )

    def legislators(self) -> EtlJob:
        return self._job(
            "Legislators",
            self._environment.names.legislators_job,
            "Joins persons, memberships and organizations to one history; started by hand",
            role=self._infrastructure.legislators_role,
            size=self._environment.settings.legislators,
            runs_at_once=1,
            arguments=LegislatorsDefaults,
            grant=self._may_join_legislators,
        )

    def table_maintenance(self) -> EtlJob:
        return self._job(
            "TableMaintenance",
            self._environment.names.table_maintenance_job,
            "Merges small files of tables, and removes what no reader can reach",
            role=self._infrastructure.table_maintenance_role,
            size=self._environment.settings.maintenance,
            runs_at_once=1,
            arguments=MaintenanceDefaults,
            grant=self._may_maintain,
        )

    def _job(
        self,
        id: str,
        name: str,
        description: str,
        *,
        role: iam.IRole,
        size: JobSize,
        runs_at_once: int,
        arguments: type[Arguments],
        grant: Grant,
    ) -> EtlJob:
        names = self._environment.names
        script = ROOT / "glue_scripts" / f"{_words(id)}.py"
        logs = JobLogs(
            self._scope,
            f"{id}Logs",
            security_name=self._security.name,
            role_name=names.role_of(name),
            key=self._infrastructure.key,
            retention=self._environment.settings.retention,
        )
        job = EtlJob(
            self._scope,
            id,
            job_name=name,
            description=description,
            role=role,
            script=script,
            library=stage("library", self._library),
            arguments=self._defaults(arguments, code_version(self._library, script)),
            size=size,
            runs_at_once=runs_at_once,
            security=self._security.configuration,
            connection=self._infrastructure.network_connection,
            wheels=self._wheels,
        )
        access = JobAccess(role, self._infrastructure, whose=f"the job {_words(id)}")
        grant(access)
        access.run(job.code_bucket, logs.groups)
        access.explain()
        return job

    def _may_load(self, access: JobAccess) -> None:
        """Read originals, write and catalogue tables, put rows aside, keep ledgers, announce."""
        access.read_originals()
        access.write(Zone.PROCESSED)
        access.put_rows_aside()
        access.write(Zone.ASSETS, under="loads/*")
        access.keep_tables(Export.PROCESSED_DATABASE_NAME)
        access.keep_records()
        access.keep_ledgers("objects", "loads", "runs")
        access.announce()

    def _may_ingest(self, access: JobAccess) -> None:
        self._may_load(access)
        access.take_part_in(self._environment.names.workflow)

    def _may_process(self, access: JobAccess) -> None:
        """Read the processed zone, write files of curated tables; publish what is approved."""
        access.read(Zone.PROCESSED)
        access.read(Zone.ASSETS, under="loads/*")
        access.write(Zone.CURATED)
        access.put_rows_aside()
        access.write(Zone.ASSETS, under="refreshes/*")
        access.read_tables(Export.PROCESSED_DATABASE_NAME)
        access.keep_tables(Export.CURATED_DATABASE_NAME)
        access.keep_records()
        access.drop_tables(Export.CURATED_DATABASE_NAME)
        access.keep_refreshes()
        access.record_runs()

    def _may_judge(self, access: JobAccess) -> None:
        """Read what is staged, write reports and rows that fail, publish, announce."""
        access.read(Zone.PROCESSED)
        access.read(Zone.ASSETS, under="loads/*")
        access.write(Zone.CURATED)
        access.write(Zone.QUALITY)
        access.write(Zone.ASSETS, under="refreshes/*")
        access.read_tables(Export.PROCESSED_DATABASE_NAME)
        access.keep_tables(Export.CURATED_DATABASE_NAME)
        access.keep_records()
        access.drop_tables(Export.CURATED_DATABASE_NAME)
        access.keep_refreshes()
        access.record_runs()
        access.announce()

    def _may_join_legislators(self, access: JobAccess) -> None:
        access.read_originals(under=f"{LEGISLATORS}*")
        access.write(Zone.PROCESSED)
        access.put_rows_aside()
        access.write(Zone.ASSETS, under="refreshes/*")
        access.keep_tables(Export.PROCESSED_DATABASE_NAME)
        access.keep_records()
        access.record_runs()

    def _may_maintain(self, access: JobAccess) -> None:
        """Read every table, write merged files, give what is unreachable to the lifecycle."""
        access.write(Zone.PROCESSED)
        access.write(Zone.CURATED)
        access.read(Zone.ASSETS, under="refreshes/*")
        access.keep_tables(Export.PROCESSED_DATABASE_NAME, Export.CURATED_DATABASE_NAME)
        access.read_refreshes()
        access.take_turns()
        access.record_runs()
        if self._environment.settings.maintenance.tables_kept_by_glue:
            access.optimize_tables()

    def _defaults(self, kind: type[Arguments], code: str) -> Arguments:
        """Those of the facts about the environment that the job's arguments ask for."""
        there, environment = self._infrastructure, self._environment
        files = environment.settings.file_processor
        facts: dict[str, object] = {
            "environment": environment.name,
            "account": environment.account.aws_account_id,
            "region": environment.account.aws_region,
            "code_version": code,
            "raw_bucket": there.raw.bucket_name,
            "processed_bucket": there.processed.bucket_name,
            "curated_bucket": there.curated.bucket_name,
            "quality_bucket": there.quality.bucket_name,
            "assets_bucket": there.assets.bucket_name,
            "processed_database": there.processed_database,
            "curated_database": there.curated_database,
            "quality_database": there.quality_database,
            "objects_table": there.objects.table_name,
            "loads_table": there.loads.table_name,
            "runs_table": there.runs.table_name,
            "alerts_topic_arn": there.alerts.topic_arn,
            "target_file_bytes": (
                environment.settings.maintenance if kind is MaintenanceDefaults else files
            ).target_file_bytes,
            "grace_hours": _grace_hours(environment.settings),
            "tables_kept_by_glue": (
                ",".join(environment.settings.maintenance.tables_kept_by_glue) or "-"
            ),
            "max_expansion_ratio": files.max_expansion_ratio,
            "source_prefix": LEGISLATORS,
        }
        return kind(**{field.name: facts[field.name] for field in fields(kind)})


def _grace_hours(settings: Settings) -> int:
    """A day, and longer than any run: what is younger may be about to be committed."""
    return max(24, 2 * -(-settings.longest_run_minutes // 60))


def _words(id: str) -> str:
    """`FileProcessor` → `file_processor`, the name of its script."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in id)[1:]
