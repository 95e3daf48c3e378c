"""The pipeline that deploys an app to its accounts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import cast

import aws_cdk as cdk
import aws_cdk.aws_codepipeline as codepipeline
import aws_cdk.aws_iam as iam
import aws_cdk.aws_kms as kms
from aws_cdk import pipelines
from constructs import Construct

from config.delivery import App, Delivery
from config.environments import Environment
from delivery.artifacts import Artifacts
from delivery.build_steps import BuildSteps
from delivery.keys import admit_deployments
from delivery.locked_tools import install_from_lock
from delivery.pipeline_findings import explain_findings, explain_other_regions
from delivery.precise_grants import narrow_policies, narrow_trust
from delivery.watched_paths import filters, watched_paths

StageFactory = Callable[[Environment], cdk.Stage]

SOURCE_ACTION = "Source"


class DeliveryPipeline(Construct):
    """Source, build, update of the pipeline itself, then each environment in its order.

    A push to the branch starts it if it touches what the app is made of. After each deployment,
    `after` is run against the environment, and before it `granting` where there are groups of
    readers. Prod waits for approval by a person, and nothing that
    failed a check gets that far. Artifacts go to the other accounts under their own key.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        app: App,
        delivery: Delivery,
        environments: Sequence[Environment],
        stage_for: StageFactory,
        before: Sequence[str],
        after: Sequence[str],
        granting: Sequence[str] = (),
    ) -> None:
        """Create the pipeline.

        `before`, `after` and `granting` are make targets that take ENV, the environment's name.
        """
        super().__init__(scope, id)
        self._app = app
        self._delivery = delivery
        source = delivery.sources[app]
        files = pipelines.CodePipelineSource.connection(
            source.repository,
            source.branch,
            connection_arn=source.connection_arn,
            action_name=SOURCE_ACTION,
            trigger_on_push=False,  # the trigger below does it, by path
        )
        self._artifacts = Artifacts(self, "Artifacts", name=delivery.pipeline(app))
        self._steps = BuildSteps(
            files, checks_role=self._checks_role(environments), log_group=self._artifacts.logs
        )
        self.pipeline = pipelines.CodePipeline(
            self,
            "Pipeline",
            pipeline_name=delivery.pipeline(app),
            pipeline_type=codepipeline.PipelineType.V2,
            # Pushes are delivered one after the other, and none is skipped half-way to prod.
            execution_mode=codepipeline.ExecutionMode.QUEUED,
            artifact_bucket=self._artifacts.bucket,
            # For the artifact buckets of other regions, which the pipeline creates itself.
            cross_account_keys=True,
            enable_key_rotation=True,
            synth=self._steps.build(app),
            self_mutation=True,
            publish_assets_in_parallel=False,
            **self._steps.defaults(),
        )
        for environment in environments:
            has_groups = bool(environment.settings.reading.groups)
            self._add(
                environment,
                stage_for(environment),
                before=before,
                after=[*(granting if has_groups else ()), *after],
            )
        self.pipeline.build_pipeline()
        self._start_on_push(source.branch)
        install_from_lock(self)
        narrow_policies(self)
        narrow_trust(self)
        explain_findings(self, self._artifacts)
        supports = self.pipeline.pipeline.cross_region_support
        for support in supports.values():
            admit_deployments(cast("kms.Key", support.replication_bucket.encryption_key))
        explain_other_regions(self, supports)

    def _add(
        self,
        environment: Environment,
        stage: cdk.Stage,
        *,
        before: Sequence[str],
        after: Sequence[str],
    ) -> None:
        preparations: list[pipelines.Step] = [
            self._steps.run(target, environment) for target in before
        ]
        if environment.name == "prod":
            approval = pipelines.ManualApprovalStep(
                "Approve", comment="The stages before this one are deployed and checked."
            )
            for step in preparations:
                step.add_step_dependency(approval)
            preparations.append(approval)
        self.pipeline.add_stage(
            stage,
            pre=preparations,
            post=[self._steps.run(target, environment) for target in after],
        )

    def _checks_role(self, environments: Sequence[Environment]) -> iam.Role:
        role = iam.Role(
            self,
            "ChecksRole",
            role_name=self._delivery.checks_role(self._app),
            description=f"Checks of the {self._app} pipeline, before they enter an environment",
            assumed_by=iam.ServicePrincipal(
                "codebuild.amazonaws.com",
                conditions={"StringEquals": {"aws:SourceAccount": cdk.Stack.of(self).account}},
            ),
        )
        iam.Grant.add_to_principal(
            grantee=role,
            actions=["sts:AssumeRole"],
            resource_arns=[
                *(environment.checks_role_arn for environment in environments),
                *self._access_roles(environments),
            ],
        )
        return role

    def _access_roles(self, environments: Sequence[Environment]) -> Iterator[str]:
        """Yield the roles that keep filters of readers, which the application's step takes."""
        for one in environments:
            if self._app is App.APPLICATION and one.settings.reading.groups:
                yield one.role_arn(one.names.access_role)

    def _start_on_push(self, branch: str) -> None:
        # The pipelines module creates the source action itself, without an option for triggers.
        resource = cast("codepipeline.CfnPipeline", self.pipeline.pipeline.node.default_child)
        resource.triggers = [
            codepipeline.CfnPipeline.PipelineTriggerDeclarationProperty(
                provider_type="CodeStarSourceConnection",
                git_configuration=codepipeline.CfnPipeline.GitConfigurationProperty(
                    source_action_name=SOURCE_ACTION,
                    push=[
                        codepipeline.CfnPipeline.GitPushFilterProperty(
                            branches=codepipeline.CfnPipeline.GitBranchFilterCriteriaProperty(
                                includes=[branch]
                            ),
                            file_paths=codepipeline.CfnPipeline.GitFilePathFilterCriteriaProperty(
                                includes=list(patterns)
                            ),
                        )
                        for patterns in filters(watched_paths(self._app))
                    ],
                ),
            )
        ]
