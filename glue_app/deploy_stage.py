"""The application of one environment, as one unit of deployment."""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk
from constructs import Construct

from config.environments import Environment
from glue_app.application_stack import ApplicationStack
from wires.contracts import DatasetContract


class DeployStage(cdk.Stage):
    """Everything that this app deploys to one environment; deployed as a whole or not at all."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        environment: Environment,
        contracts: Sequence[DatasetContract],
    ) -> None:
        account = environment.account
        super().__init__(
            scope,
            id,
            env=cdk.Environment(account=account.aws_account_id, region=account.aws_region),
        )
        ApplicationStack(
            self,
            "Application",
            stack_name=environment.names.application_stack,
            environment=environment,
            contracts=contracts,
        )
