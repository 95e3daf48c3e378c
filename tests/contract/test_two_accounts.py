"""Each environment stands in an account of its own, and knows of no other environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.environments import load_environments
from local_cloud.assembly import stacks_of
from local_cloud.cloud import LocalCloud
from tests.conftest import Assemblies

ENVIRONMENTS = {str(environment.name): environment for environment in load_environments().all}


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_both_stacks_of_an_environment_are_deployed_into_its_own_account(
    assemblies: Assemblies, tmp_path: Path, name: str
) -> None:
    stacks = [
        stack
        for assembly in (assemblies.infra_app, assemblies.glue_app)
        for stack in stacks_of(assembly, environment=name)
    ]
    account = ENVIRONMENTS[name].account.aws_account_id
    with LocalCloud.for_stacks(stacks, work=tmp_path) as cloud:
        cloud.deploy(stacks)
        assert cloud.account == account
        formation = cloud.client("cloudformation")
        assert {stack["StackName"] for stack in formation.describe_stacks()["Stacks"]} == {
            stack.name for stack in stacks
        }
        jobs = cloud.client("glue").get_jobs()["Jobs"]
        assert {job["Role"].split(":")[4] for job in jobs} == {account}
        buckets = [bucket["Name"] for bucket in cloud.client("s3").list_buckets()["Buckets"]]
        assert not [bucket for bucket in buckets if account not in bucket]


@pytest.mark.parametrize(("name", "other"), [("dev", "prod"), ("prod", "dev")])
def test_nothing_in_an_environment_names_another_one(
    assemblies: Assemblies, name: str, other: str
) -> None:
    strange = ENVIRONMENTS[other]
    for assembly in (assemblies.infra_app, assemblies.glue_app):
        for stack in stacks_of(assembly, environment=name):
            text = stack.template_file.read_text()
            assert strange.account.aws_account_id not in text
            assert strange.names.of("") not in text
