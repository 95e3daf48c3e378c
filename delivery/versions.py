"""Versions of the CDK's tools that the pipelines install."""

from __future__ import annotations

import json

from delivery.bundles import ROOT

CDK_ASSETS_VERSION = "4.7.3"


def cdk_version() -> str:
    """Return the version of the CDK's command line that this repository installs."""
    pinned: str = json.loads((ROOT / "package.json").read_text())["devDependencies"]["aws-cdk"]
    return pinned
