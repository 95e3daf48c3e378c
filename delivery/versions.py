"""Versions of the CDK's tools that the pipelines install."""

from __future__ import annotations

import json

from delivery.bundles import ROOT


def cdk_version() -> str:
    """Return the version of the CDK's command line that this repository installs."""
    return _pinned("aws-cdk")


def cdk_assets_version() -> str:
    """Return the version of the CDK's publisher of assets, which only the pipelines use."""
    return _pinned("cdk-assets")


def _pinned(package: str) -> str:
    pinned: str = json.loads((ROOT / "package.json").read_text())["devDependencies"][package]
    return pinned
