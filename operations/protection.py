"""Guards the stack that holds the data against being deleted."""

from __future__ import annotations

from typing import Any

from config.environments import Environment


def protect(environment: Environment, cloudformation: Any) -> bool:
    """Make the infrastructure stack's termination protection what config says; return that.

    The CDK's command line does so itself when it deploys; CodePipeline does not.
    """
    wanted = environment.settings.retention.retain_data
    cloudformation.update_termination_protection(
        StackName=environment.names.infrastructure_stack, EnableTerminationProtection=wanted
    )
    return wanted
