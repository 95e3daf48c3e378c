"""Templates of an environment with groups of readers: what a group has, and what it has not."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError
from cfnlint.api import lint
from cfnlint.config import ManualArgs

from config.boundaries import Boundary
from config.delivery import App
from config.environments import ENVIRONMENTS_FILE, Environment, load_environments
from local_cloud.assembly import stacks_of
from local_cloud.cloud import LocalCloud
from operations.access.keep import keep_access
from operations.account_policies.boundary import boundary_document
from operations.cost.bill import Bill
from operations.cost.charges import Situation
from tests.infra_app.test_ways_out import KEEPS_RESULTS, READS, statements_of
from tests.operations.test_execution_policies import PURPOSES_OF_ENVIRONMENTS, check
from tests.synthesis import synthesized
from tests.templates import Json, Template, as_list, text_of
from wires.contracts import DatasetContract, Readers

# They need templates of their own, which take long to make.
pytestmark = pytest.mark.slow

ANALYSTS = "arn:aws:iam::222222222222:role/analysts"
THEIRS = "arn:aws:iam::555555555555:role/analysts"
EXTERNAL_ID = "words-agreed-on"


def document() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(ENVIRONMENTS_FILE.read_text())
    found["environments"]["dev"] |= {
        "lakeFormation": True,
        "reading": {
            "groups": {"analysts-eu": [ANALYSTS, THEIRS], "us": [ANALYSTS]},
            "externalIds": {"555555555555": EXTERNAL_ID},
        },
    }
    return found


@dataclass(frozen=True)
class Grouped:
    """Both apps, and dev as they were made from."""

    infrastructure: Template
    application: Template
    pipelines: dict[App, Template]
    assemblies: tuple[Path, Path]
    dev: Environment

    def role(self, name: str) -> Json:
        return self.infrastructure.named("AWS::IAM::Role", RoleName=name)


@pytest.fixture(scope="module")
def grouped(tmp_path_factory: pytest.TempPathFactory) -> Grouped:
    """Synthesis runs both rule packs, so it fails on what they find unexplained."""
    folder = tmp_path_factory.mktemp("groups")
    infra_app, glue_app = (
        synthesized(app, document(), folder) for app in ("infra_app", "glue_app")
    )

    def of_dev(assembly: Path) -> Template:
        (path,) = assembly.glob("assembly-Dev/*.template.json")
        return Template.read(path)

    return Grouped(
        infrastructure=of_dev(infra_app),
        application=of_dev(glue_app),
        pipelines={
            App.INFRASTRUCTURE: Template.read(infra_app / "Pipeline.template.json"),
            App.APPLICATION: Template.read(glue_app / "Pipeline.template.json"),
        },
        assemblies=(infra_app, glue_app),
        dev=load_environments(folder / "environments.yaml").all[0],
    )


def test_a_group_asks_athena_and_lake_formation_and_reads_no_file_of_a_table(
    grouped: Grouped,
) -> None:
    names, template = grouped.dev.names, grouped.infrastructure
    statements = statements_of(template, names.group_role("analysts-eu"))
    actions = {action for s in statements for action in as_list(s["Action"])}
    of_athena = {one for one in actions if one.startswith("athena:")}
    assert actions - of_athena == READS | KEEPS_RESULTS | {"lakeformation:GetDataAccess"}
    results = template.id_of("AWS::S3::Bucket", BucketName=names.results_bucket)
    for statement in statements:
        if any(action.startswith("s3:") for action in as_list(statement["Action"])):
            assert results in text_of(statement["Resource"])
            assert len(as_list(statement["Resource"])) == 1
    assert not [s for s in statements if "Quality" in text_of(s["Resource"])]


def test_each_group_has_results_and_a_workgroup_that_no_other_reader_reaches(
    grouped: Grouped,
) -> None:
    names, template = grouped.dev.names, grouped.infrastructure
    for group in ("analysts-eu", "us"):
        workgroup = template.named("AWS::Athena::WorkGroup", Name=names.group_workgroup(group))
        settings = workgroup["WorkGroupConfiguration"]
        assert settings["EnforceWorkGroupConfiguration"] is True
        place = text_of(settings["ResultConfiguration"]["OutputLocation"])
        assert f"/readers/{group}/" in place
        own = template.id_of("AWS::Athena::WorkGroup", Name=names.group_workgroup(group))
        statements = statements_of(template, names.group_role(group))
        (objects,) = (s for s in statements if "s3:PutObject" in as_list(s["Action"]))
        assert f"/readers/{group}/*" in text_of(objects["Resource"])
        (asking,) = (s for s in statements if "athena:GetQueryResults" in as_list(s["Action"]))
        assert own in text_of(asking["Resource"])
    consumers = statements_of(template, names.consumers_role)
    assert not [s for s in consumers if "readers/" in text_of(s["Resource"])]


def test_a_group_is_taken_by_the_roles_that_config_names_and_strangers_say_their_words(
    grouped: Grouped,
) -> None:
    role = grouped.role(grouped.dev.names.group_role("analysts-eu"))
    own, theirs = role["AssumeRolePolicyDocument"]["Statement"]
    assert own["Condition"] == {"ArnEquals": {"aws:PrincipalArn": [ANALYSTS]}}
    assert theirs["Condition"] == {
        "ArnEquals": {"aws:PrincipalArn": [THEIRS]},
        "StringEquals": {"sts:ExternalId": EXTERNAL_ID},
    }


def test_places_of_tables_are_registered_and_those_who_make_tables_may_point_there(
    grouped: Grouped,
) -> None:
    names, template = grouped.dev.names, grouped.infrastructure
    registered = template.properties("AWS::LakeFormation::Resource")
    buckets = {
        template.id_of("AWS::S3::Bucket", BucketName=name)
        for name in (names.processed_bucket, names.curated_bucket)
    }
    assert {one["ResourceArn"]["Fn::GetAtt"][0] for one in registered} == buckets
    assert not [one for one in registered if one["UseServiceLinkedRole"]]
    pointing = template.properties("AWS::LakeFormation::PrincipalPermissions")
    assert {tuple(one["Permissions"]) for one in pointing} == {("DATA_LOCATION_ACCESS",)}
    whom = {text_of(one["Principal"]) for one in pointing}
    for makes in ("FileProcessor", "DataIngestion", "DataProcessing", "TableMaintenance"):
        assert any(makes in one for one in whom)
    for not_ in ("Reader", "Consumers", "Checks", "HealthCheck"):
        assert not [one for one in whom if not_ in one]
    statements = statements_of(template, names.locations_role)
    assert {a for s in statements for a in as_list(s["Action"])} == {
        "kms:Decrypt",
        "s3:GetObject",
        "s3:ListBucket",
    }


def test_templates_let_groups_find_databases_and_see_no_table(grouped: Grouped) -> None:
    granted = grouped.application.properties("AWS::LakeFormation::PrincipalPermissions")
    groups = [one for one in granted if "-readers-" in text_of(one["Principal"])]
    assert len(groups) == 4
    assert {tuple(one["Permissions"]) for one in groups} == {("DESCRIBE",)}
    assert all("Database" in one["Resource"] for one in groups)
    handing_on = [one for one in granted if one["PermissionsWithGrantOption"]]
    assert {text_of(one["Principal"]) for one in handing_on} == {
        text_of(
            {"DataLakePrincipalIdentifier": grouped.dev.role_arn(grouped.dev.names.access_role)}
        )
    }
    assert {tuple(one["PermissionsWithGrantOption"]) for one in handing_on} == {("SELECT",)}


def test_the_application_s_pipeline_alone_grants_after_each_deployment_before_its_check(
    grouped: Grouped,
) -> None:
    names = grouped.dev.names
    role = grouped.role(names.access_role)
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    (taker,) = as_list(statement["Condition"]["ArnEquals"]["aws:PrincipalArn"])
    assert taker.endswith(f"role/{grouped.dev.delivery.checks_role(App.APPLICATION)}")
    arn = grouped.dev.role_arn(names.access_role)
    for app, template in grouped.pipelines.items():
        may = [s for s in template.role_statements() if arn in text_of(s.get("Resource", ""))]
        runs = json.dumps(template.document).count("make access ENV=dev")
        assert bool(may) is bool(runs) is (app is App.APPLICATION)
        assert "make access ENV=prod" not in json.dumps(template.document)


def test_who_grants_may_call_what_the_command_calls(grouped: Grouped) -> None:
    statements = statements_of(grouped.infrastructure, grouped.dev.names.access_role)
    may = {action for s in statements for action in as_list(s["Action"])}
    called = {"ListDataCellsFilter", "ListPermissions", "GrantPermissions", "RevokePermissions"}
    called |= {f"{change}DataCellsFilter" for change in ("Create", "Delete", "Update")}
    assert may == {
        *(f"lakeformation:{name}" for name in called),
        "glue:GetDatabase",
        "glue:GetTable",
    }


def test_all_of_it_is_deployed_bounded_and_priced(grouped: Grouped) -> None:
    templates = (grouped.infrastructure, grouped.application)
    document_ = json.loads(
        boundary_document(grouped.dev.project, Boundary.ENVIRONMENT, grouped.dev.account)
    )
    within = {action for s in document_["Statement"] for action in as_list(s["Action"])}
    for template in templates:
        assert list(check(template, PURPOSES_OF_ENVIRONMENTS, grouped.dev)) == []
        for statement in template.role_statements():
            assert set(as_list(statement["Action"])) <= within
        for role in template.properties("AWS::IAM::Role"):
            assert role["PermissionsBoundary"] == grouped.dev.boundary_arn
        config = ManualArgs(regions=["eu-central-1"], ignore_checks=["W3005"])
        assert [match.message for match in lint(json.dumps(template.document), config=config)] == []
    documents = {str(position): one.document for position, one in enumerate(templates)}
    # Nothing of it is unknown to those who price it.
    Bill.for_situation("dev", Situation.of(grouped.dev, documents), readers=True)


@dataclass(frozen=True)
class InRole:
    """A session on the local cloud, in a role, which may do what its policies say."""

    cloud: LocalCloud
    role: str

    def client(self, service: str) -> Any:
        return self.cloud.client(service, role=self.role)


def test_on_a_laptop_the_role_grants_what_contracts_say_and_the_group_reads_no_file(
    grouped: Grouped, tmp_path: Path
) -> None:
    dev, names = grouped.dev, grouped.dev.names
    stacks = [s for one in grouped.assemblies for s in stacks_of(one, environment="dev")]
    german = Readers(group="us", only=("id",), rows="country = 'DE'")
    contracts = [DatasetContract(name="sales", readers=(german,))]
    columns = [{"Name": "id", "Type": "bigint"}, {"Name": "country", "Type": "string"}]
    with LocalCloud.for_stacks(stacks, work=tmp_path) as cloud:
        cloud.deploy(stacks)
        cloud.client("glue").create_table(
            DatabaseName=names.processed_database,
            TableInput={"Name": "sales", "StorageDescriptor": {"Columns": columns}},
        )
        cloud.client("s3").put_object(Bucket=names.processed_bucket, Key="sales/a", Body=b"a")
        keeper = InRole(cloud, dev.role_arn(names.access_role))
        said: list[str] = []
        keep_access(dev, contracts, keeper, apply=True, say=said.append)
        assert [one.partition(":")[0] for one in said[:-1]] == ["made", "granted"]
        keep_access(dev, contracts, keeper, apply=False, say=said.append)
        keep_access(dev, [], keeper, apply=True, say=said.append)
        assert [one.partition(":")[0] for one in said[-3:-1]] == ["revoked", "deleted"]
        group = InRole(cloud, dev.role_arn(names.group_role("us")))
        for bucket in (names.processed_bucket, names.curated_bucket, names.quality_bucket):
            with pytest.raises(ClientError, match="AccessDenied"):
                group.client("s3").get_object(Bucket=bucket, Key="sales/a")
        for changes in (keeper, group):
            with pytest.raises(ClientError, match="AccessDenied"):
                changes.client("glue").delete_table(
                    DatabaseName=names.processed_database, Name="sales"
                )
