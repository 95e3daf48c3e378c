"""A Glue job of this platform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import aws_cdk as cdk
import aws_cdk.aws_glue as glue
import aws_cdk.aws_iam as iam
import aws_cdk.aws_s3_assets as assets
from constructs import Construct

from config.settings import ExecutionClass, JobSize
from glue_app.constructs.wheels_asset import WheelsAsset
from wires.job_arguments import Arguments, to_arguments


class EtlJob(Construct):
    """A Glue 6.0 job that is killed at its timeout and never retried by Glue.

    Its size is fixed, or the most that auto scaling gives it.
    The dispatcher retries, because only it knows whether an attempt has published. Everything that
    the job writes, logs included, is encrypted by its security configuration.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        job_name: str,
        description: str,
        role: iam.IRole,
        script: Path,
        libraries: Sequence[Path],
        arguments: Arguments,
        size: JobSize,
        runs_at_once: int,
        security: glue.ISecurityConfiguration,
        connection: str | None,
        measured: bool,
        wheels: WheelsAsset,
        tags: Mapping[str, str],
    ) -> None:
        """Create the job; it installs `wheels` at its start, and nothing from a package index."""
        super().__init__(scope, id)
        region = cdk.Stack.of(self).region
        script_asset = assets.Asset(self, "Script", path=str(script))
        library_assets = [
            assets.Asset(self, _library_id(position), path=str(library))
            for position, library in enumerate(libraries)
        ]
        self.name = job_name
        self.code_bucket = script_asset.bucket
        self.job: glue.SparkJob = _KINDS[size.execution_class](
            self,
            "Job",
            job_name=job_name,
            description=description,
            role=self._role_as_it_is(role),
            script=_code(script_asset),
            extra_python_files=[_code(asset) for asset in library_assets],
            default_arguments={
                **to_arguments(arguments),
                # Without it Glue's S3A client contacts us-east-2 first.
                "--conf": f"spark.hadoop.fs.s3a.endpoint.region={region}",
                **wheels.arguments,
                **(_AUTO_SCALING if size.auto_scaling else {}),
            },
            glue_version=glue.GlueVersion.V6_0,
            worker_configuration=glue.WorkerConfiguration(
                worker_type=glue.WorkerType[size.worker_type.replace(".", "_")],
                number_of_workers=size.workers,
            ),
            timeout=cdk.Duration.minutes(size.timeout_minutes),
            max_concurrent_runs=runs_at_once,
            max_retries=0,
            enable_metrics=measured,
            enable_observability_metrics=measured,
            security_configuration=security,
            connections=self._joined(connection),
            tags=tags,
        )

    def _joined(self, connection: str | None) -> list[glue.IConnection] | None:
        if connection is None:
            return None
        return [glue.Connection.from_connection_name(self, "Network", connection)]

    def _role_as_it_is(self, role: iam.IRole) -> iam.IRole:
        """Return the role as immutable: grants of CDK's job would add wildcards to it."""
        return iam.Role.from_role_arn(self, "Role", role.role_arn, mutable=False)


_KINDS: Mapping[ExecutionClass, type[glue.PySparkEtlJob] | type[glue.PySparkFlexEtlJob]] = {
    "STANDARD": glue.PySparkEtlJob,
    "FLEX": glue.PySparkFlexEtlJob,
}
# https://docs.aws.amazon.com/glue/latest/dg/auto-scaling.html
_AUTO_SCALING = {"--enable-auto-scaling": "true"}


def _library_id(position: int) -> str:
    return f"Library{position + 1}" if position else "Library"


def _code(asset: assets.Asset) -> glue.Code:
    return glue.Code.from_bucket(asset.bucket, asset.s3_object_key)
