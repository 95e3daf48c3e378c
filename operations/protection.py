"""Protects the stack that holds the data, and its ledgers, from deletion."""

from __future__ import annotations

from typing import Any

from config.environments import Environment


def protect(environment: Environment, session: Any) -> bool:
    """Protect the infrastructure stack and its tables as configured; return whether they are.

    The CDK's command line protects stacks itself when it deploys; CodePipeline does not. Tables are
    protected here and not by their template, because a creation that fails would then end in
    `ROLLBACK_FAILED`.
    """
    wanted = environment.settings.retention.retain_data
    names = environment.names
    session.client("cloudformation").update_termination_protection(
        StackName=names.infrastructure_stack, EnableTerminationProtection=wanted
    )
    tables = session.client("dynamodb")
    for name in names.tables:
        described = tables.describe_table(TableName=name)["Table"]
        # An update without a difference is an error.
        if described.get("DeletionProtectionEnabled", False) != wanted:
            tables.update_table(TableName=name, DeletionProtectionEnabled=wanted)
    return wanted
