"""Sources in a copy of the repository: fetched by the command, and looked at in the templates."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from config.environments import load_environments
from tests.contract.clones import run

PROJECT = load_environments().project


def fetch(clone: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """The command as people give it; everything that it writes is beside the clone."""
    work = clone.parent / "work"
    work.mkdir(exist_ok=True)
    words = ["-m", "local_cloud", "fetch", "events_api", "--secret", "../secret.json", *options]
    return subprocess.run(
        [sys.executable, *words],
        cwd=clone,
        env={**os.environ, "PYTHONPATH": str(clone), "TMPDIR": str(work)},
        capture_output=True,
        text=True,
        check=False,
    )


def files_with(mark: str, folder: Path) -> list[str]:
    """Files in which a text stands, but for the secret's own."""
    command = ["grep", "-rlaF", "--exclude=secret.json", mark, str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()


def check_refusal(clone: Path, mark: str) -> None:
    """A source that refuses is told without a text of its secret, wherever one may look."""
    done = fetch(clone)
    assert done.returncode == 1, done.stdout[-3000:] + done.stderr[-3000:]
    assert "AccessRefused" in done.stderr
    kept = re.search(r"all logs are in (.+)", done.stderr)
    assert kept is not None
    assert files_with("AccessRefused", Path(kept[1])) != []
    assert files_with(mark, Path(kept[1])) == []
    assert mark not in done.stdout + done.stderr
    assert files_with(mark, clone.parent) == []


def keys_in(statements: list[tuple[Any, str]], action: str) -> set[str]:
    """Patterns of keys in the resources that an action is granted on."""
    resources = [on for actions, on in statements if action in actions]
    return {key for on in resources for key in re.findall(r'"(/[^"]+)"', on)}


def synthesized_application(clone: Path) -> Path:
    """The application's template of dev, as the local cloud synthesizes it."""
    code = "from local_cloud.synthesis import synthesized; print(synthesized()[1])"
    folder = Path(run(clone, "-c", code).strip().splitlines()[-1])
    (template,) = folder.glob("assembly-Dev/*.template.json")
    return template
