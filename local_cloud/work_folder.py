"""The place for a cloud's bytes and logs: in the tree's build folder, on a real disk."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from local_cloud.synthesis import ROOT

_WORK = ROOT / "build" / "local_cloud" / "work"
_BULKY = ("buckets", "bytes", "functions", "scratch")
_ENDPOINT = "endpoint"
_KEPT = 5
"""Folders of earlier clouds that are kept for their logs."""


def new_work_folder(root: Path = _WORK) -> Path:
    """Make a folder that nobody else has, and clear away what is left of older clouds."""
    root.mkdir(parents=True, exist_ok=True)
    ended = sorted(folder for folder in root.iterdir() if not _is_alive(_owner(folder)))
    for old in ended[:-_KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    for killed in ended[-_KEPT:]:
        _remove(killed, _BULKY)
    folder = root / f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}"
    folder.mkdir()
    return folder


@contextmanager
def told_up(folder: Path, environment: str, endpoint: str) -> Iterator[None]:
    """Let other processes find the cloud of this folder during the block."""
    note = folder / _ENDPOINT
    note.write_text(f"{environment}\n{endpoint}\n", encoding="utf-8")
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


def endpoints_up(root: Path = _WORK) -> Iterator[tuple[str, str]]:
    """Yield environment and endpoint of each cloud that is up on this machine."""
    for note in sorted(root.glob(f"*/{_ENDPOINT}")):
        if _is_alive(_owner(note.parent)):
            environment, endpoint = note.read_text(encoding="utf-8").splitlines()
            yield environment, endpoint


def clear(folder: Path, *, keep_logs: bool) -> None:
    """Remove what a cloud that has ended does not need any more."""
    _remove(folder, _BULKY if keep_logs else (*_BULKY, "logs", "runs"))
    with suppress(OSError):  # Not empty: the logs stay.
        folder.rmdir()


def _remove(folder: Path, names: Iterable[str]) -> None:
    for name in names:
        shutil.rmtree(folder / name, ignore_errors=True)


def _owner(folder: Path) -> int:
    number = folder.name.rpartition("-")[2]
    return int(number) if number.isdigit() else 0


def _is_alive(process: int) -> bool:
    if not process:
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
