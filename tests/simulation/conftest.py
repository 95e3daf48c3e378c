"""Simulations in processes of their own: clocks and threads are replaced there for good."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
Simulate = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def simulate() -> Simulate:
    """Run `make simulate`'s command with arguments."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        path = os.pathsep.join((str(ROOT / "glue_scripts"), str(ROOT)))
        return subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "simulation", *arguments],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "0"},
            capture_output=True,
            text=True,
            check=False,
        )

    return run
