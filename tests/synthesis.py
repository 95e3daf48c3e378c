"""Synthesizes an app with another configuration than the shipped one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
MAIN = "from pathlib import Path; from {app}.__main__ import main; exit(main(Path({file!r})))"


def synthesized(app: str, document: Mapping[str, object], folder: Path) -> Path:
    """The assembly. Both rule packs look at it, and nothing of it is looked up."""
    file = folder / "environments.yaml"
    file.write_text(yaml.safe_dump(document))
    done = subprocess.run(
        [sys.executable, "-c", MAIN.format(app=app, file=str(file))],
        cwd=ROOT,
        env={
            **os.environ,
            "CDK_OUTDIR": str(folder / app),
            "CDK_CONTEXT_JSON": json.dumps(json.loads((ROOT / "cdk.json").read_text())["context"]),
            "JSII_NODE": str(Path(sys.executable).parent / "node"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "missing" not in json.loads((folder / app / "manifest.json").read_text())
    return folder / app
