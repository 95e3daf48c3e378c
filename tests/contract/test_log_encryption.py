"""The key's policy → log groups of both apps."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest

from config.environments import Environment
from tests.templates import Template

# Each needs templates of its own, which take long to make.
pytestmark = pytest.mark.slow


def test_cloudwatch_may_use_the_key_for_every_log_group_that_is_under_it(
    infrastructure: Template, application: Template, configured: Environment
) -> None:
    account = configured.account
    (admitted,) = (
        statement["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
        for statement in infrastructure.only("AWS::KMS::Key")["KeyPolicy"]["Statement"]
        if str(statement["Principal"].get("Service", "")).startswith("logs.")
    )
    groups = [
        group["LogGroupName"]
        for template in (infrastructure, application)
        for group in template.properties("AWS::Logs::LogGroup")
    ]
    # Two functions', the crawlers' and two for each job.
    assert len(groups) == 3 + 2 * len(application.resources("AWS::Glue::Job"))
    for group in groups:
        arn = f"arn:aws:logs:{account.aws_region}:{account.aws_account_id}:log-group:{group}"
        assert any(fnmatchcase(arn, pattern) for pattern in admitted), group
