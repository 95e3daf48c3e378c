"""Steps that the pipelines run in CodeBuild, all of them targets of this repository's Makefile."""

from __future__ import annotations

from typing import TypedDict

import aws_cdk as cdk
import aws_cdk.aws_codebuild as codebuild
import aws_cdk.aws_iam as iam
import aws_cdk.aws_logs as logs
from aws_cdk import pipelines

from config.delivery import App
from config.environments import Environment
from delivery.locked_tools import LOCK_FILES
from delivery.versions import cdk_assets_version, cdk_version

MODULES = {App.INFRASTRUCTURE: "infra_app", App.APPLICATION: "glue_app"}
RUNTIMES = {"python": "3.13", "java": "corretto17", "nodejs": "22"}
_IMAGE = codebuild.LinuxBuildImage.STANDARD_7_0


class PipelineDefaults(TypedDict):
    """Arguments of `pipelines.CodePipeline` for its own build projects."""

    cli_version: str
    cdk_assets_cli_version: str
    code_build_defaults: pipelines.CodeBuildOptions


class BuildSteps:
    """Creates the steps of one pipeline. All of them write to one log group."""

    def __init__(
        self,
        source: pipelines.IFileSetProducer,
        *,
        checks_role: iam.IRole,
        log_group: logs.ILogGroup,
    ) -> None:
        self._source = source
        self._checks_role = checks_role
        self._log_group = log_group

    def defaults(self) -> PipelineDefaults:
        return {
            "cli_version": cdk_version(),
            "cdk_assets_cli_version": cdk_assets_version(),
            "code_build_defaults": pipelines.CodeBuildOptions(
                build_environment=codebuild.BuildEnvironment(build_image=_IMAGE),
                partial_build_spec=_runtimes(nodejs=RUNTIMES["nodejs"]),
                logging=codebuild.LoggingOptions(
                    cloud_watch=codebuild.CloudWatchLoggingOptions(log_group=self._log_group)
                ),
            ),
        }

    def build(self, app: App) -> pipelines.CodeBuildStep:
        """Return the step that runs all checks of a laptop and synthesizes this app."""
        module = MODULES[app]
        return pipelines.CodeBuildStep(
            "Build",
            input=self._source,
            commands=[
                "make check",
                f"make synth-{module}",
                # For the steps that install the CDK's tools: they get nothing but the output.
                f"cp {' '.join(LOCK_FILES)} cdk.out/{module}",
            ],
            primary_output_directory=f"cdk.out/{module}",
            # Spark needs most of its memory.
            build_environment=codebuild.BuildEnvironment(compute_type=codebuild.ComputeType.LARGE),
            partial_build_spec=_runtimes(**RUNTIMES),
            timeout=cdk.Duration.hours(2),
        )

    def run(self, target: str, environment: Environment) -> pipelines.CodeBuildStep:
        """Return a step that runs a make target for a deployed environment, or one about to be."""
        return pipelines.CodeBuildStep(
            f"{target}-{environment.name}",
            input=self._source,
            commands=[f"make {target} ENV={environment.name}"],
            role=self._checks_role,
            partial_build_spec=_runtimes(python=RUNTIMES["python"], nodejs=RUNTIMES["nodejs"]),
            timeout=cdk.Duration.hours(1),
        )


def _runtimes(**versions: str) -> codebuild.BuildSpec:
    return codebuild.BuildSpec.from_object({"phases": {"install": {"runtime-versions": versions}}})
