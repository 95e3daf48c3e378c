"""An AWS of moto's for the operations."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto import mock_aws

from config.environments import Environment


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, dev: Environment) -> Iterator[None]:
    """Everything of boto3 stays in this process, in the account of dev."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    monkeypatch.setenv("AWS_DEFAULT_REGION", dev.account.aws_region)
    monkeypatch.setenv("MOTO_ACCOUNT_ID", dev.account.aws_account_id)
    with mock_aws():
        yield
