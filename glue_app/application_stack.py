"""The Glue jobs of one environment."""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk
from constructs import Construct

from config.environments import Environment
from delivery.bundles import ROOT, code_version, library_bundle, stage
from glue_app.constructs.file_processor import FileProcessor
from glue_app.constructs.file_processor_access import grant_file_processor_access
from glue_app.constructs.job_logs import JobLogs
from glue_app.constructs.job_security import JobSecurity
from glue_app.imports import Infrastructure
from wires.contracts import DatasetContract
from wires.job_arguments import FileProcessorDefaults


class ApplicationStack(cdk.Stack):
    """Stateless: everything that holds data is imported from the infrastructure stack."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        stack_name: str,
        environment: Environment,
        contracts: Sequence[DatasetContract],
    ) -> None:
        super().__init__(
            scope,
            id,
            stack_name=stack_name,
            description=f"Glue jobs of {environment.project} in {environment.name}",
        )
        names, settings = environment.names, environment.settings

        infrastructure = Infrastructure(self, "Infrastructure", environment=environment)
        security = JobSecurity(self, "JobSecurity", names=names, key=infrastructure.key)
        logs = JobLogs(
            self,
            "FileProcessorLogs",
            security_name=security.name,
            role_name=names.file_processor_role,
            key=infrastructure.key,
            retention=settings.retention,
        )
        script = ROOT / "glue_scripts" / "file_processor.py"
        library = library_bundle(contracts)
        job = FileProcessor(
            self,
            "FileProcessor",
            job_name=names.file_processor_job,
            role=infrastructure.file_processor_role,
            script=script,
            library=stage("library", library),
            arguments=_file_processor_defaults(
                environment, infrastructure, code_version(library, script)
            ),
            size=settings.file_processor,
            runs_at_once=settings.trigger.runs_at_once,
            security=security.configuration,
            connection=infrastructure.network_connection,
        )
        grant_file_processor_access(infrastructure, code=job.code_bucket, log_groups=logs.groups)


def _file_processor_defaults(
    environment: Environment, infrastructure: Infrastructure, code: str
) -> FileProcessorDefaults:
    return FileProcessorDefaults(
        environment=environment.name,
        account=environment.account.aws_account_id,
        region=environment.account.aws_region,
        code_version=code,
        raw_bucket=infrastructure.raw.bucket_name,
        processed_bucket=infrastructure.processed.bucket_name,
        quality_bucket=infrastructure.quality.bucket_name,
        assets_bucket=infrastructure.assets.bucket_name,
        processed_database=infrastructure.processed_database,
        quality_database=infrastructure.quality_database,
        objects_table=infrastructure.objects.table_name,
        loads_table=infrastructure.loads.table_name,
        runs_table=infrastructure.runs.table_name,
        alerts_topic_arn=infrastructure.alerts.topic_arn,
        target_file_bytes=environment.settings.file_processor.target_file_bytes,
        max_expansion_ratio=environment.settings.file_processor.max_expansion_ratio,
    )
