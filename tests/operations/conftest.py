"""An AWS of moto's for the operations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from moto import mock_aws

from config.environments import Environment
from operations.recovery import dead_letters
from tests.operations.estates import SmallEstate, small_estate

NewEstate = Callable[..., AbstractContextManager[SmallEstate]]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, dev: Environment) -> Iterator[None]:
    """Everything of boto3 stays in this process, in the account of dev."""
    settings(monkeypatch, dev)
    with mock_aws():
        yield


def settings(monkeypatch: pytest.MonkeyPatch, dev: Environment) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    monkeypatch.setenv("AWS_DEFAULT_REGION", dev.account.aws_region)
    monkeypatch.setenv("MOTO_ACCOUNT_ID", dev.account.aws_account_id)
    # All of moto's messages are there at once.
    monkeypatch.setattr(dead_letters, "_WAIT_SECONDS", 0)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, dev: Environment) -> Iterator[SmallEstate]:
    """A small estate of dev, in this process."""
    settings(monkeypatch, dev)
    with small_estate(dev) as made:
        yield made


@pytest.fixture
def estates(monkeypatch: pytest.MonkeyPatch, dev: Environment) -> NewEstate:
    """Makes small estates, one after the other, each in an AWS of its own."""
    settings(monkeypatch, dev)
    return lambda **limits: small_estate(dev, **limits)
