from __future__ import annotations

import json
from pathlib import Path

import pytest

from local_cloud.assembly import stacks_of
from local_cloud.errors import AssemblyError
from tests.local_cloud import tiny


@pytest.fixture
def assembly(tmp_path: Path) -> Path:
    tiny.stacks(tmp_path, tiny.bucket_only())
    return tmp_path


def change(path: Path, **artifacts: object) -> None:
    content = json.loads(path.read_text())
    content["artifacts"].update(artifacts)
    path.write_text(json.dumps(content))


def test_a_stack_is_read_with_its_place_and_its_assets(assembly: Path) -> None:
    (stack,) = stacks_of(assembly, environment="dev")
    assert (stack.name, stack.account, stack.region) == ("tiny", tiny.ACCOUNT, tiny.REGION)
    assert stack.template["Resources"] == {**tiny.role(), **tiny.bucket_only()}
    assets = {asset.key: asset for asset in stack.assets}
    assert assets["library.zip"].is_folder
    assert assets["library.zip"].source.is_dir()
    assert not assets["script.py"].is_folder
    assert {asset.bucket for asset in stack.assets} == {tiny.assets_bucket()}


def test_an_environment_without_a_stage_is_named_with_those_that_have_one(assembly: Path) -> None:
    with pytest.raises(AssemblyError, match="'staging'; it has dev"):
        stacks_of(assembly, environment="staging")


def test_a_folder_that_is_no_assembly_is_named(tmp_path: Path) -> None:
    with pytest.raises(AssemblyError, match=r"no manifest\.json"):
        stacks_of(tmp_path, environment="dev")


def test_a_stage_inside_a_pipeline_is_found(assembly: Path) -> None:
    inner = assembly / "assembly-Pipeline-Prod"
    (assembly / "assembly-Dev").rename(inner)
    (assembly / "assembly-Pipeline").mkdir()
    inner.rename(assembly / "assembly-Pipeline" / inner.name)
    stage = {
        "type": "cdk:cloud-assembly",
        "properties": {"directoryName": inner.name, "displayName": "Pipeline/Prod"},
    }
    manifest = assembly / "assembly-Pipeline" / "manifest.json"
    manifest.write_text(json.dumps({"artifacts": {"prod": stage}}))
    pipeline = {
        "type": "cdk:cloud-assembly",
        "properties": {"directoryName": "assembly-Pipeline", "displayName": "Pipeline"},
    }
    (assembly / "manifest.json").write_text(json.dumps({"artifacts": {"p": pipeline}}))
    assert [stack.name for stack in stacks_of(assembly, environment="prod")] == ["tiny"]


def test_stacks_come_after_those_that_they_depend_on(assembly: Path) -> None:
    def stack(name: str, *dependencies: str) -> dict[str, object]:
        return {
            "type": "aws:cloudformation:stack",
            "environment": f"aws://{tiny.ACCOUNT}/{tiny.REGION}",
            "dependencies": [*dependencies, "Tiny.assets"],
            "properties": {"templateFile": "Tiny.template.json", "stackName": name},
        }

    change(
        assembly / "assembly-Dev" / "manifest.json",
        Tiny=stack("first", "B"),
        A=stack("a"),
        B=stack("b", "A"),
    )
    assert [one.name for one in stacks_of(assembly, environment="dev")] == ["a", "b", "first"]


def test_a_stack_without_an_account_cannot_be_deployed(assembly: Path) -> None:
    manifest = assembly / "assembly-Dev" / "manifest.json"
    artifact = json.loads(manifest.read_text())["artifacts"]["Tiny"]
    change(manifest, Tiny={**artifact, "environment": "aws://unknown-account/unknown-region"})
    with pytest.raises(AssemblyError, match="give its stage an env"):
        stacks_of(assembly, environment="dev")


def test_container_images_are_refused(assembly: Path) -> None:
    manifest = assembly / "assembly-Dev" / "Tiny.assets.json"
    manifest.write_text(json.dumps({"dockerImages": {"x": {}}}))
    with pytest.raises(AssemblyError, match="container images"):
        stacks_of(assembly, environment="dev")
