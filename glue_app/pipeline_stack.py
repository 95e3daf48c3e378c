"""The pipeline that delivers this app."""

from __future__ import annotations

import aws_cdk as cdk
from constructs import Construct

from config.delivery import App
from config.environments import Environments
from delivery.pipeline import DeliveryPipeline, StageFactory


class PipelineStack(cdk.Stack):
    """The stack of the pipeline, in the pipeline account; it updates itself once deployed.

    Infrastructure comes first: an environment is not touched until all its exports exist.
    """

    def __init__(
        self, scope: Construct, id: str, *, environments: Environments, stage_for: StageFactory
    ) -> None:
        delivery = environments.delivery
        super().__init__(
            scope,
            id,
            stack_name=delivery.stack(App.APPLICATION),
            description=f"Pipeline of the application of {delivery.project}",
            permissions_boundary=cdk.PermissionsBoundary.from_arn(delivery.boundary_arn),
            env=cdk.Environment(
                account=delivery.account.aws_account_id, region=delivery.account.aws_region
            ),
        )
        DeliveryPipeline(
            self,
            "Delivery",
            app=App.APPLICATION,
            delivery=delivery,
            environments=environments.all,
            stage_for=stage_for,
            before=["check-exports"],
            after=["check-environment"],
            granting=["access"],
        )
