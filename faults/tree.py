"""The source tree with the suite's own contracts, as an adopter would have it."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

from local_cloud.synthesis import ROOT, synthesized

_NOT_COPIED = shutil.ignore_patterns(
    "build", "cdk.out", "node_modules", "tests", "docs", "benchmarks", "faults", "fuzz",
    "__pycache__", ".*",
)  # fmt: skip
_LINKED = (".venv", "node_modules")
_HERE = Path(__file__).parent
CONTRACTS = _HERE / "datasets"
LATER_CONTRACTS = _HERE / "datasets_later"
"""Those that a second deployment brings in place of the first ones of these names."""


@cache
def assemblies(work: Path, *, later: bool = False) -> list[Path]:
    """Synthesize both apps with the suite's contracts; return their assemblies.

    The same sources are synthesized once: the tree keeps what it has made.
    """
    tree = work / ("tree-later" if later else "tree")
    for old in tree.glob("*"):
        if old.name != "build":
            _remove(old)
    shutil.copytree(ROOT, tree, ignore=_NOT_COPIED, dirs_exist_ok=True)
    for name in _LINKED:
        link = tree / name
        if not link.exists():
            link.symlink_to(ROOT / name)
    datasets = tree / "config" / "datasets"
    shutil.rmtree(datasets)
    shutil.copytree(CONTRACTS, datasets)
    if later:
        shutil.copytree(LATER_CONTRACTS, datasets, dirs_exist_ok=True)
    return synthesized(tree)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
