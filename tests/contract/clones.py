"""Copies of the repository that a test changes as an adopter would."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_MADE = {".venv", "node_modules", "build", "cdk.out", "__pycache__"}


def cloned(target: Path) -> Path:
    """The repository as it stands, to be changed."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(lambda name: (ROOT / name).is_file(), names.splitlines()):
        copy = target / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, copy)
    for folder in (".venv", "node_modules"):
        (target / folder).symlink_to(ROOT / folder)
    return target


def changed(clone: Path) -> set[str]:
    """Files that are not as in the repository, of those that somebody writes."""
    names = [path.relative_to(clone) for path in clone.rglob("*.*") if path.is_file()]
    source = [name for name in names if not _MADE & {*name.parts}]
    return {
        str(name)
        for name in source
        if not (ROOT / name).exists() or (ROOT / name).read_bytes() != (clone / name).read_bytes()
    }


def run(clone: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=clone,
        env={**os.environ, "PYTHONPATH": str(clone), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout
