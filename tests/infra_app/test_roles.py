"""Who may act for what."""

from __future__ import annotations

from config.environments import Environment
from config.jobs import FILE_PROCESSOR
from tests.templates import Template


def test_only_glue_of_this_account_can_take_the_jobs_role(
    infrastructure: Template, configured: Environment
) -> None:
    role = infrastructure.named(
        "AWS::IAM::Role", RoleName=configured.names.role_of(configured.names.job(FILE_PROCESSOR))
    )
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "glue.amazonaws.com"}
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": configured.account.aws_account_id}
    }
