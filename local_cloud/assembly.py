"""Cloud assemblies: what the CDK writes when it synthesizes an app."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_cloud.errors import AssemblyError


@dataclass(frozen=True, kw_only=True)
class Asset:
    """A file, or a folder that is to be zipped, and the object that templates know it as."""

    source: Path
    is_folder: bool
    bucket: str
    key: str


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A stack of one environment."""

    name: str
    account: str
    region: str
    template: Mapping[str, Any]
    template_file: Path
    assets: tuple[Asset, ...]


def stacks_of(assembly: Path, *, environment: str) -> list[Stack]:
    """The stacks of an environment's stage, each after those that it depends on.

    Raises AssemblyError if the assembly has no stage of that name.
    """
    stages = dict(_stages(assembly))
    if environment not in stages:
        raise AssemblyError(
            f"{assembly} has no stage for environment {environment!r}; "
            f"it has {', '.join(sorted(stages)) or 'none'}"
        )
    return _stacks(stages[environment])


def _stages(assembly: Path) -> Iterator[tuple[str, Path]]:
    """Yield each stage's name in lower case and its folder, also for stages in a pipeline."""
    for artifact in _manifest(assembly)["artifacts"].values():
        if artifact["type"] == "cdk:cloud-assembly":
            properties = artifact["properties"]
            folder = assembly / properties["directoryName"]
            yield properties["displayName"].rpartition("/")[2].lower(), folder
            yield from _stages(folder)


def _stacks(stage: Path) -> list[Stack]:
    artifacts = _manifest(stage)["artifacts"]
    found: dict[str, Stack] = {}

    def add(name: str) -> None:
        artifact = artifacts.get(name, {})
        if name in found or artifact.get("type") != "aws:cloudformation:stack":
            return
        for dependency in artifact.get("dependencies", []):
            add(dependency)
        found[name] = _stack(stage, name, artifact, artifacts)

    for name in artifacts:
        add(name)
    return list(found.values())


def _stack(stage: Path, name: str, artifact: Any, artifacts: Any) -> Stack:
    properties = artifact["properties"]
    account, region = artifact["environment"].removeprefix("aws://").split("/")
    if not account.isdigit():
        raise AssemblyError(
            f"stack {name} in {stage} has no account of its own ({artifact['environment']}); "
            "give its stage an env"
        )
    template_file = stage / properties["templateFile"]
    manifests = [
        stage / artifacts[dependency]["properties"]["file"]
        for dependency in artifact.get("dependencies", [])
        if artifacts[dependency]["type"] == "cdk:asset-manifest"
    ]
    return Stack(
        name=properties.get("stackName", name),
        account=account,
        region=region,
        template=json.loads(template_file.read_text()),
        template_file=template_file,
        assets=tuple(asset for file in manifests for asset in _assets(file, account, region)),
    )


def _assets(manifest: Path, account: str, region: str) -> Iterator[Asset]:
    content = json.loads(manifest.read_text())
    if content.get("dockerImages"):
        raise AssemblyError(f"{manifest} has container images, which a laptop does not run")
    for file in content.get("files", {}).values():
        source = manifest.parent / file["source"]["path"]
        for destination in file["destinations"].values():
            yield Asset(
                source=source,
                is_folder=file["source"].get("packaging") == "zip",
                bucket=_filled(destination["bucketName"], account, region),
                key=_filled(destination["objectKey"], account, region),
            )


def _filled(name: str, account: str, region: str) -> str:
    known = {"AWS::Partition": "aws", "AWS::AccountId": account, "AWS::Region": region}
    for placeholder, value in known.items():
        name = name.replace(f"${{{placeholder}}}", value)
    return name


def _manifest(assembly: Path) -> Any:
    file = assembly / "manifest.json"
    if not file.is_file():
        raise AssemblyError(f"{assembly} is not a cloud assembly: it has no manifest.json")
    return json.loads(file.read_text())
