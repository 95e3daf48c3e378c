"""Protects the stack that holds the data from deletion."""

from __future__ import annotations

from typing import Any

from config.environments import Environment


def protect(environment: Environment, cloudformation: Any) -> bool:
    """Set the infrastructure stack's termination protection as configured, and return it.

    The CDK's command line does so itself when it deploys; CodePipeline does not.
    """
    wanted = environment.settings.retention.retain_data
    cloudformation.update_termination_protection(
        StackName=environment.names.infrastructure_stack, EnableTerminationProtection=wanted
    )
    return wanted
