"""What the functions of the platform have in common."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

import aws_cdk as cdk
import aws_cdk.aws_iam as iam
import aws_cdk.aws_kms as kms
import aws_cdk.aws_lambda as lambda_
import aws_cdk.aws_logs as logs
from constructs import Construct

from config import settings
from infra_app.constructs.network import Network, grant_network_interfaces


class Variables(Protocol):
    """Settings of a function."""

    def to_environ(self) -> dict[str, str]:
        """Return its environment variables."""


@dataclass(frozen=True)
class PythonFunction:
    """A function and its role, which may write the function's log group and nothing else yet."""

    role: iam.Role
    function: lambda_.Function


def python_function(
    scope: Construct,
    *,
    name: str,
    description: str,
    handler: str,
    code: Path,
    environment: Variables,
    timeout: cdk.Duration,
    memory: int,
    key: kms.IKey,
    retention: settings.Retention,
    network: Network | None,
) -> PythonFunction:
    """Make a function with an encrypted log group; the caller grants its role the rest."""
    group = logs.LogGroup(
        scope,
        "Logs",
        log_group_name=f"/aws/lambda/{name}",
        encryption_key=key,
        removal_policy=cdk.RemovalPolicy.DESTROY,
    )
    # The L2 accepts only its own enum for the number.
    resource = cast("logs.CfnLogGroup", group.node.default_child)
    resource.retention_in_days = retention.log_retention_days
    role = iam.Role(
        scope,
        "Role",
        description=f"Lambda function {scope.node.id.lower()}",
        assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
    )
    function = lambda_.Function(
        scope,
        "Function",
        function_name=name,
        description=description,
        runtime=lambda_.Runtime.PYTHON_3_13,
        architecture=lambda_.Architecture.ARM_64,
        code=lambda_.Code.from_asset(str(code)),
        handler=handler,
        environment=environment.to_environ(),
        timeout=timeout,
        memory_size=memory,
        role=role,
        log_group=group,
        logging_format=lambda_.LoggingFormat.JSON,
        tracing=lambda_.Tracing.ACTIVE,
        vpc=network.vpc if network else None,
        security_groups=[network.security_group] if network else None,
    )
    group.grant_write(role)
    if network:
        grant_network_interfaces(role)
    return PythonFunction(role, function)
