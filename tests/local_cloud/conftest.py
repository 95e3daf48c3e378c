from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from local_cloud.cloud import LocalCloud
from local_cloud.glue import runner
from tests.local_cloud import tiny

Deploy = Callable[..., LocalCloud]

SPARK_SUBMIT = f"""#!{sys.executable}
import os, runpy, sys
rest = sys.argv[1:]
while rest[0].startswith("--"):
    if rest[0] == "--py-files":
        sys.path[:0] = rest[1].split(",")
    rest = rest[2:]
sys.argv = rest
runpy.run_path(rest[0], run_name="__main__")
"""


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


@pytest.fixture
def plain_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for spark-submit that runs the script in plain Python."""
    submit = tmp_path / "spark" / "bin" / "spark-submit"
    submit.parent.mkdir(parents=True)
    submit.write_text(SPARK_SUBMIT)
    submit.chmod(0o755)
    monkeypatch.setattr(runner, "spark_home", lambda: tmp_path / "spark")
