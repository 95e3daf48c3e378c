"""The infrastructure of one environment, as one unit of deployment."""

from __future__ import annotations

import aws_cdk as cdk
from constructs import Construct

from config.environments import Environment
from infra_app.infrastructure_stack import InfrastructureStack


class DeployStage(cdk.Stage):
    """Everything that this app deploys to one environment; deployed as a whole or not at all."""

    def __init__(self, scope: Construct, id: str, *, environment: Environment) -> None:
        account = environment.account
        super().__init__(
            scope,
            id,
            env=cdk.Environment(account=account.aws_account_id, region=account.aws_region),
        )
        InfrastructureStack(
            self,
            "Infrastructure",
            stack_name=environment.names.infrastructure_stack,
            environment=environment,
        )
