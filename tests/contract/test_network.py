"""An environment with a VPC: what the switch in config brings."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from cfnlint.api import lint
from cfnlint.config import ManualArgs

from config.environments import ENVIRONMENTS_FILE
from local_cloud.assembly import stacks_of
from local_cloud.cloud import LocalCloud
from tests.synthesis import synthesized
from tests.templates import Template, text_of

# Each needs templates of its own, which take long to make.
pytestmark = pytest.mark.slow

NETWORK = "glue-etl-pipeline-dev-network"


@dataclass(frozen=True)
class WithVpc:
    infrastructure: Template
    application: Template
    assemblies: list[Path]


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> WithVpc:
    """Dev's templates; synthesis runs both rule packs, so it fails on what they find."""
    folder = tmp_path_factory.mktemp("network")
    document = yaml.safe_load(ENVIRONMENTS_FILE.read_text())
    document["environments"]["dev"]["network"] = {"vpc": True}
    assemblies = [synthesized(app, document, folder) for app in ("infra_app", "glue_app")]
    infrastructure, application = map(_dev, assemblies)
    return WithVpc(infrastructure, application, assemblies)


def _dev(assembly: Path) -> Template:
    (path,) = assembly.glob("assembly-Dev/*.template.json")
    return Template.read(path)


def test_an_environment_has_no_network_unless_config_says_so(infrastructure: Template) -> None:
    assert not infrastructure.resources("AWS::EC2::VPC")


def test_there_is_no_way_to_the_internet(dev: WithVpc) -> None:
    for kind in ("NatGateway", "InternetGateway", "EgressOnlyInternetGateway"):
        assert not dev.infrastructure.resources(f"AWS::EC2::{kind}")
    for subnet in dev.infrastructure.properties("AWS::EC2::Subnet"):
        assert subnet["MapPublicIpOnLaunch"] is False


def test_there_is_a_private_way_to_every_service_that_is_called(dev: WithVpc) -> None:
    endpoints = dev.infrastructure.properties("AWS::EC2::VPCEndpoint")
    by_kind: dict[str, set[str]] = {}
    for endpoint in endpoints:
        service = text_of(endpoint["ServiceName"]).strip('"]}').rpartition(".")[2]
        by_kind.setdefault(endpoint["VpcEndpointType"], set()).add(service)
    assert by_kind["Gateway"] == {"s3", "dynamodb"}
    assert by_kind["Interface"] == {"glue", "kms", "logs", "monitoring", "sns", "sts", "xray"}


def test_function_and_jobs_are_inside(dev: WithVpc) -> None:
    function = dev.infrastructure.function()
    assert len(function["VpcConfig"]["SubnetIds"]) == 2
    for job in dev.application.properties("AWS::Glue::Job"):
        (connection,) = job["Connections"]["Connections"]
        assert connection["Fn::ImportValue"].endswith("-NetworkConnectionName")
    assert dev.application.imports() == dev.infrastructure.exports()


def test_its_flows_are_logged_under_the_key_for_a_limited_time(dev: WithVpc) -> None:
    (group,) = (
        group
        for group in dev.infrastructure.properties("AWS::Logs::LogGroup")
        if group["LogGroupName"].startswith("/aws/vpc/")
    )
    assert group["RetentionInDays"] > 0
    assert "KmsKeyId" in group
    assert dev.infrastructure.only("AWS::EC2::FlowLog")["TrafficType"] == "ALL"


def test_only_what_is_inside_can_be_reached_from_inside(dev: WithVpc) -> None:
    (group,) = dev.infrastructure.resources("AWS::EC2::SecurityGroup")
    for rule in dev.infrastructure.properties("AWS::EC2::SecurityGroupIngress"):
        assert rule["SourceSecurityGroupId"] == {"Fn::GetAtt": [group, "GroupId"]}
    assert "SecurityGroupIngress" not in dev.infrastructure.only("AWS::EC2::SecurityGroup")


def test_cloudformation_s_own_schemas_find_nothing_wrong(dev: WithVpc) -> None:
    config = ManualArgs(regions=["eu-central-1"], ignore_checks=["W3005"])
    for template in (dev.infrastructure, dev.application):
        assert [match.message for match in lint(json.dumps(template.document), config=config)] == []


def test_a_laptop_deploys_it_as_well(dev: WithVpc, tmp_path: Path) -> None:
    stacks = [s for assembly in dev.assemblies for s in stacks_of(assembly, environment="dev")]
    with LocalCloud.for_stacks(stacks, work=tmp_path) as cloud:
        cloud.deploy(stacks)
        for job in cloud.client("glue").get_jobs()["Jobs"]:
            assert job["Connections"]["Connections"] == [NETWORK]
