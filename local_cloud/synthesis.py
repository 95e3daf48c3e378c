"""Synthesizes both apps as the CDK's command line does, once for each state of the sources."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from local_cloud.errors import SynthesisError
from local_cloud.processes import end_group

ROOT = Path(__file__).resolve().parent.parent
APPS = ("infra_app", "glue_app")
_FILES = ("cdk.json", "package.json", "package-lock.json", "requirements.lock", "requirements.txt")
_FOLDERS = ("config", "glue_scripts")
_NOT_READ = ("local_cloud", "tests")
"""Packages that no app imports; every other one may be."""
_KEPT = 3
"""Older assemblies that are kept, for whoever goes back and forth."""


def synthesized(root: Path = ROOT) -> list[Path]:
    """Return the assemblies of both apps, in the order in which they are deployed.

    Raises SynthesisError with the app's output.
    """
    folder = root / "build" / "local_cloud" / "assemblies" / _digest(root)
    if folder.is_dir():
        os.utime(folder)
    else:
        _synthesize(root, folder)
        _forget_old(folder)
    return [folder / app for app in APPS]


def _synthesize(root: Path, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".unfinished-") as scratch:
        started = [(app, _start(app, root, Path(scratch))) for app in APPS]
        try:
            for app, process in started:
                output, _ = process.communicate()
                if process.returncode:
                    raise SynthesisError(f"{app} does not synthesize:\n{output.strip()}")
        finally:
            for _, process in started:
                if process.poll() is None:
                    end_group(process)
                    process.communicate()
        whole = Path(scratch) / "whole"
        whole.mkdir()
        for app in APPS:
            (Path(scratch) / app).rename(whole / app)
        with suppress(OSError):  # Another process was first, with the same content.
            whole.rename(folder)


def _start(app: str, root: Path, scratch: Path) -> subprocess.Popen[str]:
    binaries = Path(sys.executable).parent
    environment = {
        **os.environ,
        "PATH": f"{binaries}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "CDK_OUTDIR": str(scratch / app),
        "CDK_CONTEXT_JSON": json.dumps(_context(root)),
    }
    if (binaries / "node").exists():
        environment["JSII_NODE"] = str(binaries / "node")
    return subprocess.Popen(
        [sys.executable, "-m", app],
        cwd=root,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def _context(root: Path) -> dict[str, object]:
    context: dict[str, object] = json.loads((root / "cdk.json").read_text()).get("context", {})
    return context


def _digest(root: Path) -> str:
    """Return a digest of everything that synthesis reads, and of the Python that runs it."""
    digest = hashlib.sha256(f"{sys.executable} {sys.version}".encode())
    for path in _files(root):
        digest.update(f"{path.relative_to(root)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _files(root: Path) -> Iterator[Path]:
    yield from (root / name for name in _FILES if (root / name).is_file())
    packages = {init.parent.name for init in root.glob("*/__*__.py")} - {*_NOT_READ}
    for name in sorted(packages | {*_FOLDERS}):
        for path in sorted((root / name).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path


def _forget_old(newest: Path) -> None:
    assemblies = [p for p in newest.parent.iterdir() if p.is_dir() and p.name[0] != "."]
    assemblies.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for old in assemblies[1 + _KEPT :]:
        shutil.rmtree(old, ignore_errors=True)
