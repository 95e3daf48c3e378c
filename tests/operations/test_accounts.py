"""Bootstrap, deployment, status and end of environments."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from config.environments import Environment, load_environments
from operations import bootstrap, cli
from operations.commands import cdk_deploy
from operations.destroy import destroy
from operations.errors import OperationError, WrongUse
from operations.protection import protect


def shown_bootstrap(folder: Path, *, boundary: str = "", **profiles: str) -> list[str]:
    return list(
        bootstrap.explained(
            load_environments(), boundary=boundary, profiles=profiles, folder=folder
        )
    )


def test_the_environments_trust_the_pipeline_account_and_nobody_has_administrator_access(
    tmp_path: Path,
) -> None:
    commands = [line for line in shown_bootstrap(tmp_path) if line.startswith("npx cdk")]
    pipeline, dev, prod = commands
    assert "--trust" not in pipeline
    for command, account in ((dev, "222222222222"), (prod, "333333333333")):
        assert f"aws://{account}/eu-central-1" in command
        assert "--trust 111111111111" in command
        for number in (1, 2):
            policy = f"glue-etl-pipeline-deploys-environment-{number}-eu-central-1"
            assert f"{account}:policy/{policy}" in command
    assert "AdministratorAccess" not in "".join(commands)
    assert all("--cloudformation-execution-policies" in command for command in commands)


def test_the_policy_of_each_account_is_written_for_its_command(tmp_path: Path) -> None:
    commands = [line for line in shown_bootstrap(tmp_path) if line.startswith("aws iam")]
    # A boundary in each account, and as many policies as IAM's limit makes necessary.
    assert len(commands) == 3 + 1 + 2 + 2
    for file in tmp_path.iterdir():
        assert file.name in "".join(commands)
        assert json.loads(file.read_text())["Statement"]


def test_the_pipeline_account_is_prepared_in_every_region_that_is_deployed_to(
    dev: Environment,
) -> None:
    environments = load_environments()
    far = dev.account.model_copy(update={"aws_region": "eu-west-1"})
    elsewhere = replace(environments, all=(replace(dev, account=far),))
    found = [(target.names, target.account.aws_region) for target in bootstrap.targets(elsewhere)]
    assert found == [
        (("pipeline",), "eu-central-1"),
        (("pipeline",), "eu-west-1"),
        (("dev",), "eu-west-1"),
    ]


def test_a_permissions_boundary_is_handed_on(tmp_path: Path) -> None:
    for line in shown_bootstrap(tmp_path, boundary="fence"):
        if line.startswith("npx cdk"):
            assert "--custom-permissions-boundary fence" in line


def test_a_profile_chooses_its_account(tmp_path: Path) -> None:
    (command,) = (
        line for line in shown_bootstrap(tmp_path, dev="mine") if line.startswith("npx cdk")
    )
    assert "aws://222222222222/" in command
    assert "--profile mine" in command


def test_a_profile_of_no_account_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="there are pipeline, dev, prod"):
        shown_bootstrap(tmp_path, development="mine")


@pytest.mark.usefixtures("aws")
def test_nothing_is_prepared_with_credentials_of_another_account(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started: list[object] = []
    monkeypatch.setattr(bootstrap, "run", started.append)
    with pytest.raises(OperationError, match="pipeline is account 111111111111, but the cred"):
        bootstrap.apply(load_environments(), boundary="", profiles={})
    assert not started
    assert boto3.client("iam").list_policies(Scope="Local")["Policies"] == []


def test_both_apps_are_deployed_infrastructure_first(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(cli, "run", started.append)
    assert cli.main(["deploy", "--environment", "dev"]) == 0
    assert started == [cdk_deploy("infra_app", "Dev/*"), cdk_deploy("glue_app", "Dev/*")]


def test_prod_is_deployed_by_hand_only_when_that_is_said_twice(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(cli, "run", started.append)
    assert cli.main(["deploy", "--environment", "prod"]) == 2
    assert not started
    assert "CONFIRM=prod" in capsys.readouterr().err
    assert cli.main(["deploy", "--environment", "prod", "--confirm", "prod"]) == 0


def test_pipelines_are_not_deployed_with_the_placeholder_of_a_connection(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["deploy-pipelines"]) == 2
    assert "source.connectionArn" in capsys.readouterr().err


def deployed(environment: Environment) -> None:
    """Both stacks, with one bucket that has something in it in two versions."""
    names = environment.names
    formation, s3 = boto3.client("cloudformation"), boto3.client("s3")
    bucket = {
        "Type": "AWS::S3::Bucket",
        "Properties": {"BucketName": names.raw_bucket},
    }
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "any"}}
    for name, resource in (
        (names.infrastructure_stack, bucket),
        (names.application_stack, queue),
    ):
        template = json.dumps({"Resources": {"It": resource}})
        formation.create_stack(StackName=name, TemplateBody=template)
    s3.put_bucket_versioning(Bucket=names.raw_bucket, VersioningConfiguration={"Status": "Enabled"})
    for body in (b"1", b"2"):
        s3.put_object(Bucket=names.raw_bucket, Key="a.csv", Body=body)
    s3.delete_object(Bucket=names.raw_bucket, Key="a.csv")


def stacks() -> set[str]:
    found = boto3.client("cloudformation").describe_stacks()["Stacks"]
    return {stack["StackName"] for stack in found}


def end(environment: Environment, *, delete_data: str) -> str:
    said: list[str] = []
    destroy(environment, boto3.Session(), delete_data=delete_data, say=said.append)
    return "\n".join(said)


def retaining(environment: Environment) -> Environment:
    settings = environment.settings
    retention = settings.retention.model_copy(update={"retain_data": True})
    return replace(environment, settings=settings.model_copy(update={"retention": retention}))


def as_it_is(environment: Environment) -> Environment:
    return environment


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(
    ("configured_as", "delete_data", "missing"),
    [
        (as_it_is, "", "DELETE_DATA=dev was not given"),
        (as_it_is, "prod", "DELETE_DATA=dev was not given"),
        (retaining, "dev", "config says retention.retainData: true for dev"),
    ],
)
def test_one_key_alone_deletes_no_data_and_what_is_kept_is_said(
    dev: Environment,
    configured_as: Callable[[Environment], Environment],
    delete_data: str,
    missing: str,
) -> None:
    deployed(dev)
    said = end(configured_as(dev), delete_data=delete_data)
    assert missing in said
    for kept in (dev.names.raw_bucket, dev.names.objects_table, dev.names.processed_database):
        assert kept in said
    assert stacks() == {dev.names.infrastructure_stack}
    versions = boto3.client("s3").list_object_versions(Bucket=dev.names.raw_bucket)
    assert len(versions["Versions"]) == 2


@pytest.mark.usefixtures("aws")
def test_two_keys_delete_every_version_and_both_stacks(dev: Environment) -> None:
    deployed(dev)
    said = end(dev, delete_data="dev")
    assert f"emptied bucket {dev.names.raw_bucket}: 3 object versions" in said
    assert stacks() == set()
    s3 = boto3.client("s3")
    for bucket in s3.list_buckets()["Buckets"]:
        assert "Versions" not in s3.list_object_versions(Bucket=bucket["Name"])


@pytest.mark.usefixtures("aws")
def test_an_environment_that_is_gone_already_is_no_error(dev: Environment) -> None:
    assert "there is no stack" in end(dev, delete_data="dev")


class Guarded:
    """A session whose CloudFormation takes down how stacks are guarded, which moto does not."""

    def __init__(self) -> None:
        self.stacks: dict[str, bool] = {}

    def client(self, service: str) -> Any:
        return self if service == "cloudformation" else boto3.client(service)

    def update_termination_protection(
        self,
        *,
        StackName: str,  # noqa: N803 - as boto3 calls it
        EnableTerminationProtection: bool,  # noqa: N803
    ) -> None:
        self.stacks[StackName] = EnableTerminationProtection


@pytest.mark.usefixtures("aws")
def test_retained_data_can_be_deleted_by_mistake_neither_with_its_stack_nor_by_table(
    dev: Environment,
) -> None:
    dynamodb = boto3.client("dynamodb")
    for name in dev.names.tables:
        dynamodb.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
    for environment, is_protected in ((dev, False), (retaining(dev), True), (dev, False)):
        for _ in range(2):  # repeating it is harmless
            session = Guarded()
            assert protect(environment, session) is is_protected
            assert session.stacks == {dev.names.infrastructure_stack: is_protected}
            for name in dev.names.tables:
                table = dynamodb.describe_table(TableName=name)["Table"]
                assert table["DeletionProtectionEnabled"] is is_protected


@pytest.mark.usefixtures("aws")
def test_the_status_of_a_whole_environment_is_good(
    dev: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    deployed(dev)
    assert cli.main(["status", "--environment", "dev"]) == 0
    said = capsys.readouterr().out
    assert f"{dev.names.infrastructure_stack}  CREATE_COMPLETE" in said


@pytest.mark.usefixtures("aws")
def test_the_status_of_an_environment_that_lacks_a_stack_says_which(
    dev: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["status", "--environment", "dev"]) == 1
    said = capsys.readouterr()
    assert f"{dev.names.application_stack}  not deployed" in said.out
    assert dev.names.application_stack in said.err
