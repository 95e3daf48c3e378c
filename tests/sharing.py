"""What one process makes for all that run tests at the same time."""

from __future__ import annotations

import fcntl
from collections.abc import Callable
from pathlib import Path

import pytest

_DONE = "done"


def made_once(request: pytest.FixtureRequest, name: str, make: Callable[[Path], None]) -> Path:
    """Return a folder that the first process to ask fills; others wait until it is whole.

    If the first one fails, the next one tries.
    """
    factory: pytest.TempPathFactory = request.getfixturevalue("tmp_path_factory")
    base = factory.getbasetemp()
    # Each process of xdist has a folder of its own below the one of the run.
    folder = (base.parent if hasattr(request.config, "workerinput") else base) / name
    folder.mkdir(exist_ok=True)
    with (folder.parent / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / _DONE).exists():
            make(folder)
            (folder / _DONE).touch()
    return folder
