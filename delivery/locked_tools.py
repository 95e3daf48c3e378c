"""Installs the CDK's tools in the pipelines from this repository's lock file.

CDK's pipelines install them with `npm install -g`, which takes whatever versions of their
dependencies there are on that day. The build's output has the lock file beside the templates.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import aws_cdk as cdk
import aws_cdk.aws_codebuild as codebuild
from constructs import IConstruct

LOCK_FILES = ("package.json", "package-lock.json")
_UNLOCKED = "npm install -g "
INSTALL = (
    "npm ci --ignore-scripts --no-audit --no-fund",
    'export PATH="$PWD/node_modules/.bin:$PATH"',
)


def install_from_lock(scope: IConstruct) -> None:
    """Change the builds below `scope` that install tools. Call it once they are all there."""
    stack = cdk.Stack.of(scope)
    assembly = Path(cast("cdk.Stage", cdk.Stage.of(scope)).outdir)  # an app is a stage, too
    for child in scope.node.find_all():
        if not isinstance(child, codebuild.CfnProject):
            continue
        source: Any = stack.resolve(child.source)
        text = str(source["buildSpec"])
        if text.endswith(".yaml"):  # too long for a template; in spite of its name it is JSON
            file = assembly / text
            file.write_text(_locked(file.read_text(encoding="utf-8")), encoding="utf-8")
        elif _UNLOCKED in text:
            child.add_property_override("Source.BuildSpec", _locked(text))


def _locked(build_spec: str) -> str:
    content = json.loads(build_spec)
    install = content["phases"]["install"]
    others = [one for one in install["commands"] if not one.startswith(_UNLOCKED)]
    install["commands"] = [*INSTALL, *others]
    return json.dumps(content, indent=2)
