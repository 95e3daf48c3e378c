"""An environment with a warehouse: in its own VPC, and in subnets of somebody else's."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError
from cfnlint.api import lint
from cfnlint.config import ManualArgs

from config.environments import ENVIRONMENTS_FILE, Environment, load_environments
from local_cloud.assembly import stacks_of
from local_cloud.cloud import LocalCloud
from operations.account_policies.deployed import Purpose
from operations.bootstrap import targets
from operations.cost.bill import Bill
from operations.cost.charges import Service, Situation
from operations.destroy import destroy
from tests.operations.test_execution_policies import PURPOSES_OF_ENVIRONMENTS, check
from tests.synthesis import ROOT, synthesized
from tests.templates import Json, Template, text_of

# Each needs templates of its own, which take long to make.
pytestmark = pytest.mark.slow

SUBNETS = [f"subnet-0000000{number}" for number in range(3)]
GROUPS = ["sg-00000001"]
CLIENTS = ["10.20.0.0/16", "10.21.4.0/24"]
DAYS = 365 / 12


@dataclass(frozen=True)
class WithWarehouse:
    vpc: bool
    template: Template
    assembly: Path
    file: Path

    @property
    def dev(self) -> Environment:
        return load_environments(self.file).all[0]

    def only(self, kind: str) -> Json:
        return self.template.only(f"AWS::RedshiftServerless::{kind}")


@pytest.fixture(scope="module", params=[True, False], ids=["own-vpc", "subnets-of-others"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> WithWarehouse:
    """Dev's template; synthesis runs both rule packs, so it fails on what they find."""
    folder = tmp_path_factory.mktemp("warehouse")
    document: dict[str, Any] = yaml.safe_load(ENVIRONMENTS_FILE.read_text())
    own, others = {"clients": CLIENTS}, {"subnets": SUBNETS, "securityGroups": GROUPS}
    document["environments"]["dev"] |= {
        "network": {"vpc": request.param},
        "redshift": {"enabled": True, "baseCapacity": 4, "queryMinutes": 20},
    }
    document["environments"]["dev"]["redshift"] |= own if request.param else others
    assembly = synthesized("infra_app", document, folder)
    (path,) = assembly.glob("assembly-Dev/*.template.json")
    return WithWarehouse(request.param, Template.read(path), assembly, folder / "environments.yaml")


def test_it_has_three_subnets_and_who_may_connect_comes_from_config(made: WithWarehouse) -> None:
    workgroup = made.only("Workgroup")
    if not made.vpc:
        assert (workgroup["SubnetIds"], workgroup["SecurityGroupIds"]) == (SUBNETS, GROUPS)
        assert not [r for r in made.template.document["Resources"].values() if "EC2" in r["Type"]]
        return
    subnets = made.template.resources("AWS::EC2::Subnet")
    own = [subnets[one["Ref"]]["Properties"] for one in workgroup["SubnetIds"]]
    zones = [one["AvailabilityZone"]["Fn::Select"][0] for one in own]
    assert zones == [0, 1, 2]
    assert {one["MapPublicIpOnLaunch"] for one in own} == {False}
    blocks = made.template.resources("AWS::EC2::VPCCidrBlock")
    for one in workgroup["SubnetIds"]:
        assert set(blocks) <= set(subnets[one["Ref"]]["DependsOn"])
    group = made.template.properties("AWS::EC2::SecurityGroup")[-1]
    assert [rule["CidrIp"] for rule in _ingress(group)] == CLIENTS
    assert {(rule["FromPort"], rule["ToPort"]) for rule in _ingress(group)} == {(5439, 5439)}


def _ingress(group: Json) -> list[Json]:
    found: list[Json] = group["SecurityGroupIngress"]
    return found


def test_its_subnets_lead_to_s3_and_the_endpoints_and_nowhere_else(made: WithWarehouse) -> None:
    template = made.template
    assert not template.resources("AWS::EC2::Route")
    if not made.vpc:
        assert not template.resources("AWS::EC2::VPCEndpoint")
        return
    (gateway,) = (
        one
        for id, one in template.resources("AWS::EC2::VPCEndpoint").items()
        if id.startswith("WarehouseNetwork")
    )
    assert len(gateway["Properties"]["RouteTableIds"]) == 3
    to_endpoints = template.resources("AWS::EC2::SecurityGroupIngress")
    (rule,) = (one for id, one in to_endpoints.items() if id.startswith("WarehouseNetwork"))
    group = rule["Properties"]["SourceSecurityGroupId"]
    assert made.only("Workgroup")["SecurityGroupIds"] == [group]


def test_nobody_outside_the_vpc_reaches_it_nor_without_tls(made: WithWarehouse) -> None:
    workgroup = made.only("Workgroup")
    assert workgroup["PubliclyAccessible"] is False
    assert workgroup["EnhancedVpcRouting"] is True
    parameters = {p["ParameterKey"]: p["ParameterValue"] for p in workgroup["ConfigParameters"]}
    assert parameters["require_ssl"] == "true"
    assert parameters["max_query_execution_time"] == "1200"
    assert (workgroup["BaseCapacity"], workgroup["MaxCapacity"]) == (4, 32)


def test_data_secret_and_logs_are_under_the_key_and_nobody_knows_the_password(
    made: WithWarehouse,
) -> None:
    namespace, template = made.only("Namespace"), made.template
    (key,) = template.resources("AWS::KMS::Key")
    assert namespace["KmsKeyId"] == {"Fn::GetAtt": [key, "Arn"]}
    assert namespace["AdminPasswordSecretKmsKeyId"] == {"Ref": key}
    assert namespace["ManageAdminPassword"] is True
    assert "AdminUserPassword" not in namespace
    assert set(namespace["LogExports"]) == {"connectionlog", "useractivitylog", "userlog"}
    for log in namespace["LogExports"]:
        name = f"/aws/redshift/{made.dev.names.warehouse}/{log}"
        group = template.named("AWS::Logs::LogGroup", LogGroupName=name)
        assert group["KmsKeyId"] == {"Fn::GetAtt": [key, "Arn"]}
        assert group["RetentionInDays"] == made.dev.settings.retention.log_retention_days


def test_it_reads_in_the_role_of_spectrum(made: WithWarehouse) -> None:
    names = made.dev.names
    role = {
        "Fn::GetAtt": [made.template.id_of("AWS::IAM::Role", RoleName=names.spectrum_role), "Arn"]
    }
    assert made.only("Namespace")["DefaultIamRoleArn"] == role
    assert made.only("Namespace")["IamRoles"] == [role]


def test_a_used_up_day_is_an_alarm_with_a_runbook(made: WithWarehouse) -> None:
    name = made.dev.names.of("warehouse-usage")
    alarm = made.template.named("AWS::CloudWatch::Alarm", AlarmName=name)
    assert alarm["Dimensions"] == [{"Name": "Workgroup", "Value": made.dev.names.warehouse}]
    assert alarm["Period"] == 24 * 3600
    assert alarm["Threshold"] == pytest.approx(0.9 * 16 * 3600)
    assert alarm["AlarmDescription"].endswith("docs/runbooks/warehouse-usage.md")
    assert alarm["AlarmActions"] != alarm["OKActions"]


def test_cloudformation_may_do_all_that_it_needs_and_is_given_it_by_bootstrap(
    made: WithWarehouse,
) -> None:
    assert list(check(made.template, PURPOSES_OF_ENVIRONMENTS, made.dev)) == []
    of = {target.names: target.purposes for target in targets(load_environments(made.file))}
    assert Purpose.WAREHOUSE in of[("dev",)]
    assert Purpose.WAREHOUSE not in of[("prod",)]
    policy = text_of(made.template.only("AWS::KMS::Key")["KeyPolicy"])
    assert '"WarehouseOfDeployments"' in policy


def test_cloudformation_s_own_schemas_find_nothing_wrong(made: WithWarehouse) -> None:
    config = ManualArgs(regions=["eu-central-1"], ignore_checks=["W3005"])
    found = lint(json.dumps(made.template.document), config=config)
    assert [match.message for match in found] == []


def test_it_costs_nothing_while_nobody_asks_but_its_secret_and_its_alarm(
    made: WithWarehouse,
) -> None:
    situation = Situation.of(made.dev, {"infra": made.template.document})
    bill = Bill.for_situation("dev", situation, readers=False)
    prices = made.dev.prices
    hours = bill.of_service(Service.REDSHIFT)
    assert hours.fixed_usd == 0
    assert hours.usd == pytest.approx(2 * 4 * DAYS * prices.redshift.rpu_hour)
    assert bill.of_service(Service.SECRETS_MANAGER).fixed_usd == prices.secrets_manager.secret_month
    page = (ROOT / "docs" / "cost.md").read_text()
    of_eight = 2 * 8 * DAYS * prices.redshift.rpu_hour
    assert f"| `redshift.enabled: true` | {of_eight:.0f} |" in page


def test_what_is_kept_of_an_environment_names_its_warehouse(made: WithWarehouse) -> None:
    said: list[str] = []
    no_stacks = SimpleNamespace(client=lambda _: Nowhere())
    destroy(made.dev, no_stacks, delete_data="", say=said.append)
    assert f"  namespace {made.dev.names.warehouse} of Redshift" in said


class Nowhere:
    """A CloudFormation without stacks."""

    def describe_stacks(self, *, StackName: str) -> None:  # noqa: N803 - as boto3 calls it
        message = f"Stack with id {StackName} does not exist"
        raise ClientError(
            {"Error": {"Code": "ValidationError", "Message": message}}, "DescribeStacks"
        )


def test_a_laptop_deploys_it_as_well(made: WithWarehouse, tmp_path: Path) -> None:
    stacks = list(stacks_of(made.assembly, environment="dev"))
    with LocalCloud.for_stacks(stacks, work=tmp_path) as cloud:
        cloud.deploy(stacks)


def test_an_environment_has_no_warehouse_unless_config_says_so(made: WithWarehouse) -> None:
    (path,) = made.assembly.glob("assembly-Prod/*.template.json")
    text = path.read_text()
    assert "RedshiftServerless" not in text
    assert "warehouse" not in text.lower()
