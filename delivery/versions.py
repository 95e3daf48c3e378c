"""Versions of the CDK's own tools, as the pipelines install them."""

from __future__ import annotations

import json

from delivery.bundles import ROOT

CDK_ASSETS_VERSION = "4.7.3"


def cdk_version() -> str:
    """Of the command line: the one that this repository installs for everybody."""
    pinned: str = json.loads((ROOT / "package.json").read_text())["devDependencies"]["aws-cdk"]
    return pinned
