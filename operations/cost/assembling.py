"""The templates of both apps, synthesized as they are or with a VPC switched on or off."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from config.environments import ENVIRONMENTS_FILE, Environments, load_environments, merged
from config.yaml_source import read_mapping
from operations.commands import APPS, ROOT
from operations.errors import CommandFailed

_MAIN = "from pathlib import Path; from {app}.__main__ import main; exit(main(Path({file!r})))"

Templates = Mapping[str, Mapping[str, Any]]


class Assembled:
    """Templates by stack, and the configuration that they were made from."""

    def __init__(self, folder: Path, environments: Environments) -> None:
        self._folder = folder
        self.environments = environments

    def of_environment(self, name: str) -> Templates:
        return _read(self._folder, f"*/assembly-{name.capitalize()}/*.template.json")

    def of_delivery(self) -> Templates:
        return _read(self._folder, "*/*.template.json")


def _read(folder: Path, pattern: str) -> Templates:
    return {
        "-".join(path.relative_to(folder).parts).removesuffix(".template.json"): json.loads(
            path.read_text()
        )
        for path in sorted(folder.glob(pattern))
    }


def assembled(folder: Path, *, vpc: bool | None = None) -> Assembled:
    """Synthesize both apps into a folder; `vpc` says whether all environments have one.

    Raises CommandFailed with what the app said.
    """
    document = read_mapping(ENVIRONMENTS_FILE)
    if vpc is not None:
        network = {"network": {"vpc": vpc}}
        document = merged(document, {"defaults": network})
        for name, settings in document.get("environments", {}).items():
            document["environments"][name] = merged(settings or {}, network)
    file = folder / "environments.yaml"
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    for app in APPS:
        _synthesize(app, file, folder / app)
    return Assembled(folder, load_environments(file))


def _synthesize(app: str, file: Path, output: Path) -> None:
    node = Path(sys.executable).parent / "node"
    context = json.loads((ROOT / "cdk.json").read_text()).get("context", {})
    done = subprocess.run(
        [sys.executable, "-c", _MAIN.format(app=app, file=str(file))],
        cwd=ROOT,
        env={
            **os.environ,
            "CDK_OUTDIR": str(output),
            "CDK_CONTEXT_JSON": json.dumps(context),
            **({"JSII_NODE": str(node)} if node.exists() else {}),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CommandFailed(f"{app} does not synthesize:\n{(done.stdout + done.stderr).strip()}")


def temporary_folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="cost-")
