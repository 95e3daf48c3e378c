from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from local_cloud.cloud import LocalCloud
from tests.local_cloud import tiny

Deploy = Callable[..., LocalCloud]


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[LocalCloud]:
    """A cloud with nothing in it."""
    with LocalCloud(account=tiny.ACCOUNT, region=tiny.REGION, work=tmp_path / "work") as empty:
        yield empty


@pytest.fixture
def deploy(tmp_path: Path) -> Iterator[Deploy]:
    """Brings up a cloud with these resources in it."""
    with ExitStack() as stack:

        def up(resources: tiny.Resources, **assets: Any) -> LocalCloud:
            stacks = tiny.stacks(tmp_path / "assembly", resources, **assets)
            made = stack.enter_context(LocalCloud.for_stacks(stacks, work=tmp_path / "work"))
            made.deploy(stacks)
            return made

        yield up
