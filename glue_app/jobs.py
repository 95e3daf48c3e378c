"""Creates an environment's jobs from their specs, with their logs, sizes and grants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from constructs import Construct

from config.environments import Environment
from config.exports import Export
from config.jobs import JOBS, WAITS_TAG, JobSpec
from delivery.bundles import (
    DATABASE_WHEELS,
    ROOT,
    WHEELS,
    Bundle,
    code_version,
    library_bundle,
    packages_bundle,
    source_bundle,
    stage,
    stage_zip,
    wheels_bundle,
)
from glue_app.constructs.etl_job import EtlJob
from glue_app.constructs.job_access import JobAccess
from glue_app.constructs.job_logs import JobLogs
from glue_app.constructs.job_security import JobSecurity
from glue_app.constructs.schedule import Schedule
from glue_app.constructs.wheels_asset import WheelsAsset
from glue_app.imports import Infrastructure
from wires.contracts import DatasetContract
from wires.job_arguments import JobDefaults


class Jobs:
    """Creates all jobs, with one library and one security configuration."""

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
        self._database_wheels = self._of_databases()
        self._made = {spec.name: self._job(spec) for spec in JOBS}

    def __getitem__(self, spec: JobSpec) -> EtlJob:
        return self._made[spec.name]

    def _job(self, spec: JobSpec) -> EtlJob:
        names, settings = self._environment.names, self._environment.settings
        script = ROOT / "glue_scripts" / f"{spec.script_name}.py"
        role = self._infrastructure.role_of(spec)
        logs = JobLogs(
            self._scope,
            f"{spec.id}Logs",
            security_name=self._security.name,
            role_name=names.role_of(names.job(spec)),
            key=self._infrastructure.key,
            retention=settings.retention,
        )
        job = EtlJob(
            self._scope,
            spec.id,
            job_name=names.job(spec),
            description=spec.description,
            role=role,
            script=script,
            libraries=[stage("library", self._library), *self._packages(spec)],
            arguments=self._defaults(spec, self._code_version(spec, script)),
            size=spec.size_in(settings),
            runs_at_once=spec.runs_at_once(settings),
            security=self._security.configuration,
            connection=spec.connection or self._infrastructure.network_connection,
            measured=settings.alarms.glue_metrics,
            wheels=self._wheels_of(spec),
            tags={WAITS_TAG: "true"} if spec.waits_for_runs else {},
        )
        access = JobAccess(role, self._infrastructure, job=spec)
        access.run(job.code_bucket, logs.groups)
        access.grant(spec)
        access.explain()
        if schedule := spec.schedule_in(settings):
            Schedule(self._scope, f"{spec.id}Schedule", job=job, cron=schedule)
        return job

    def _wheels_of(self, spec: JobSpec) -> WheelsAsset:
        is_database = spec.source is not None and spec.source.database is not None
        return self._database_wheels if is_database and self._database_wheels else self._wheels

    def _of_databases(self) -> WheelsAsset | None:
        """Return the wheels of jobs of databases, where there are such jobs."""
        if not any(spec.source and spec.source.database for spec in JOBS):
            return None
        bundle = wheels_bundle(WHEELS, DATABASE_WHEELS)
        return WheelsAsset(self._scope, "DatabaseWheels", path=stage_zip("wheels", bundle))

    def _packages(self, spec: JobSpec) -> list[Path]:
        own = self._own_code(spec)
        return [stage("packages", own)] if own else []

    def _code_version(self, spec: JobSpec, script: Path) -> str:
        return code_version({**self._library, **self._own_code(spec)}, script)

    def _own_code(self, spec: JobSpec) -> Bundle:
        """Return what this job alone has: its packages, and the source that it fetches."""
        source = source_bundle(spec.source) if spec.source else {}
        return {**packages_bundle(spec.packages), **source}

    def _defaults(self, spec: JobSpec, code: str) -> JobDefaults:
        there, account = self._infrastructure, self._environment.account
        facts: dict[str, Any] = {
            "project": self._environment.project,
            "environment": self._environment.name,
            "account": account.aws_account_id,
            "region": account.aws_region,
            "code_version": code,
            "raw_bucket": there.value(Export.RAW_BUCKET_NAME),
            "processed_bucket": there.value(Export.PROCESSED_BUCKET_NAME),
            "curated_bucket": there.value(Export.CURATED_BUCKET_NAME),
            "quality_bucket": there.value(Export.QUALITY_BUCKET_NAME),
            "assets_bucket": there.value(Export.ASSETS_BUCKET_NAME),
            "processed_database": there.value(Export.PROCESSED_DATABASE_NAME),
            "curated_database": there.value(Export.CURATED_DATABASE_NAME),
            "quality_database": there.value(Export.QUALITY_DATABASE_NAME),
            "objects_table": there.value(Export.OBJECTS_TABLE_NAME),
            "loads_table": there.value(Export.LOADS_TABLE_NAME),
            "state_table": there.value(Export.STATE_TABLE_NAME),
            "runs_table": there.value(Export.RUNS_TABLE_NAME),
            "alerts_topic_arn": there.value(Export.ALERTS_TOPIC_ARN),
            "quality_topic_arn": there.value(Export.QUALITY_TOPIC_ARN),
            "recoveries_topic_arn": there.value(Export.RECOVERIES_TOPIC_ARN),
        }
        wanted = {field.name for field in fields(spec.arguments)}
        told = {name: fact for name, fact in facts.items() if name in wanted}
        return spec.arguments(**{**told, **spec.own_arguments(self._environment.settings)})
