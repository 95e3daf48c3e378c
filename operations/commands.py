"""Builds and runs commands of the CDK."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from operations.errors import CommandFailed

ROOT = Path(__file__).resolve().parent.parent
APPS = ("infra_app", "glue_app")
"""In the order of deployment."""


def cdk_deploy(app: str, stacks: str, *, profile: str = "") -> list[str]:
    """Return the command that deploys the stacks of an app that match a pattern."""
    return [
        *("npx", "cdk", "deploy", stacks),
        *("--app", f"{_relative(sys.executable)} -m {app}", "--output", f"cdk.out/{app}"),
        *("--require-approval", "never"),
        *(("--profile", profile) if profile else ()),
    ]


def run(command: Sequence[str]) -> None:
    """Run a command. Raises CommandFailed. Its output goes to this program's output."""
    print(f"$ {shown(command)}", flush=True)
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    if code:
        raise CommandFailed(f"{command[1]} {command[2]} ended with exit code {code}")


def shown(command: Sequence[str]) -> str:
    """Return the command as one would type it."""
    return " ".join(f"'{word}'" if set(word) & set(" */") else word for word in command)


def _relative(executable: str) -> str:
    path = Path(executable)
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else executable
