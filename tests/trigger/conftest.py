from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto import mock_aws
from moto.moto_api import state_manager

from tests.aws import REGION, SmallAws, make_small_aws


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallAws]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    # Runs stay in their state until a test moves them.
    state_manager.set_transition("glue::job_run", {"progression": "manual", "times": 10**9})
    with mock_aws():
        yield make_small_aws()
    state_manager.unset_transition("glue::job_run")
