"""The pipelines, as their templates have them."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from config.delivery import App
from config.environments import load_environments
from delivery.build_steps import MODULES
from delivery.bundles import LIBRARY_PACKAGES, TRIGGER_PACKAGES
from delivery.watched_paths import filters
from tests.conftest import Assemblies
from tests.templates import Json, Template, as_list, text_of

LOCKED = [
    "npm ci --ignore-scripts --no-audit --no-fund",
    'export PATH="$PWD/node_modules/.bin:$PATH"',
]
ACCOUNTS = {"Dev": "222222222222", "Prod": "333333333333"}


@pytest.fixture
def template(assemblies: Assemblies, app: App) -> Template:
    return assemblies.pipeline(app)


@pytest.fixture
def pipeline(template: Template) -> Json:
    return template.only("AWS::CodePipeline::Pipeline")


def stages(pipeline: Json) -> dict[str, list[Json]]:
    """Actions of each stage, in the order in which they run."""
    return {
        stage["Name"]: sorted(stage["Actions"], key=lambda action: int(action["RunOrder"]))
        for stage in pipeline["Stages"]
    }


def order(actions: list[Json]) -> dict[str, int]:
    """What is done when: `approve`, `deploy` (the last of its actions), or a target of make."""
    names = {"Manual": "approve", "CloudFormation": "deploy"}
    return {
        names.get(a["ActionTypeId"]["Provider"], a["Name"].rpartition("-")[0]): a["RunOrder"]
        for a in actions
    }


def build_spec(template: Template, action: Json) -> Mapping[str, Any]:
    id = action["Configuration"]["ProjectName"]["Ref"]
    project = template.resources("AWS::CodeBuild::Project")[id]["Properties"]
    return spec_of(template, project["Source"]["BuildSpec"])


def spec_of(template: Template, text: str) -> Mapping[str, Any]:
    """A build's commands; long ones are in a file of the assembly."""
    if text.endswith(".yaml"):
        text = (template.folder / text).read_text()
    found: Mapping[str, Any] = json.loads(text)
    return found


def test_stages_come_in_the_order_of_a_release(pipeline: Json) -> None:
    assert list(stages(pipeline)) == ["Source", "Build", "UpdatePipeline", "Assets", "Dev", "Prod"]


def test_it_is_of_the_second_type_and_runs_pushes_one_after_the_other(pipeline: Json) -> None:
    assert (pipeline["PipelineType"], pipeline["ExecutionMode"]) == ("V2", "QUEUED")


def test_it_updates_itself_with_the_pinned_command_line(template: Template, pipeline: Json) -> None:
    (action,) = stages(pipeline)["UpdatePipeline"]
    phases = build_spec(template, action)["phases"]
    assert phases["install"]["commands"] == LOCKED
    assert phases["build"]["commands"][0].startswith("cdk -a . deploy Pipeline ")


def test_tools_are_installed_from_the_lock_that_the_build_puts_beside_the_templates(
    template: Template, pipeline: Json
) -> None:
    projects = template.properties("AWS::CodeBuild::Project")
    specs = [spec_of(template, project["Source"]["BuildSpec"]) for project in projects]
    installing = [s for s in specs if "npm" in str(s["phases"]["install"].get("commands", ""))]
    assert [spec["phases"]["install"]["commands"] for spec in installing] == [LOCKED] * 2
    (action,) = stages(pipeline)["Build"]
    module = build_spec(template, action)["artifacts"]["base-directory"]
    copy = build_spec(template, action)["phases"]["build"]["commands"][-1]
    assert copy == f"cp package.json package-lock.json {module}"
    locked = json.loads(Path("package-lock.json").read_text())["packages"]
    assert all("integrity" in package for name, package in locked.items() if name)
    assert {"node_modules/aws-cdk", "node_modules/cdk-assets"} <= set(locked)


def test_it_follows_the_branch_through_the_connection_of_the_configuration(
    pipeline: Json, app: App
) -> None:
    source = load_environments().delivery.sources[app]
    (action,) = stages(pipeline)["Source"]
    assert action["ActionTypeId"]["Provider"] == "CodeStarSourceConnection"
    assert action["Configuration"] == {
        "ConnectionArn": source.connection_arn,
        "FullRepositoryId": source.repository,
        "BranchName": source.branch,
        "DetectChanges": False,  # the trigger does
    }


def test_the_connection_may_be_used_under_the_name_that_its_arn_has(template: Template) -> None:
    (statement,) = (s for s in template.role_statements() if "connection/" in str(s["Resource"]))
    assert "codeconnections:UseConnection" in statement["Action"]


def patterns(pipeline: Json) -> list[str]:
    """Paths of which one has to be touched for a push to start the pipeline."""
    (trigger,) = pipeline["Triggers"]
    configuration = trigger["GitConfiguration"]
    assert configuration["SourceActionName"] == "Source"
    found: list[str] = []
    for push in configuration["Push"]:
        assert push["Branches"] == {"Includes": ["main"]}
        assert len(push["FilePaths"]["Includes"]) <= 8
        found += push["FilePaths"]["Includes"]
    assert len(configuration["Push"]) <= 3
    return found


@pytest.mark.parametrize(
    ("app", "own", "others"),
    [
        (App.INFRASTRUCTURE, {"infra_app/**"}, {"glue_app/**", "glue_scripts/**"}),
        (App.APPLICATION, {"glue_app/**", "glue_scripts/**"}, {"infra_app/**"}),
    ],
)
def test_a_push_starts_the_pipeline_of_the_app_that_it_touches(
    assemblies: Assemblies, app: App, own: set[str], others: set[str]
) -> None:
    found = set(patterns(assemblies.pipeline(app).only("AWS::CodePipeline::Pipeline")))
    assert own <= found
    assert not others & found


def test_a_push_to_what_both_apps_are_made_of_starts_both_pipelines(pipeline: Json) -> None:
    shared = {"config/**", "delivery/**", "operations/**", "scripts/**", "wires/**", "*"}
    assert shared <= set(patterns(pipeline))


def imported_from(module: str, seen: set[str]) -> None:
    """Add every module of this repository that is imported on the way, by any import."""
    path = Path(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    if module in seen or not file.is_file():
        return
    seen.add(module)
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            imported_from(name, seen)


def test_a_push_to_anything_that_an_app_is_made_of_starts_its_pipeline(
    assemblies: Assemblies, app: App
) -> None:
    watched = patterns(assemblies.pipeline(app).only("AWS::CodePipeline::Pipeline"))
    seen: set[str] = set()
    imported_from(f"{MODULES[app]}.__main__", seen)
    bundled = TRIGGER_PACKAGES if app is App.INFRASTRUCTURE else LIBRARY_PACKAGES
    folders = {module.split(".")[0] for module in seen} | {path.split("/")[0] for path in bundled}
    assert {f"{folder}/**" for folder in folders} <= set(watched)
    assert len(seen) > 20


def test_a_change_of_the_rule_language_is_deployed_with_the_jobs(assemblies: Assemblies) -> None:
    template = assemblies.pipeline(App.APPLICATION)
    assert "dqdl/**" in patterns(template.only("AWS::CodePipeline::Pipeline"))


@pytest.mark.parametrize(("count", "filters_of"), [(8, [8]), (9, [8, 1]), (24, [8, 8, 8])])
def test_patterns_are_divided_among_filters(count: int, filters_of: list[int]) -> None:
    assert [len(one) for one in filters(["any/**"] * count)] == filters_of


def test_more_patterns_than_codepipeline_takes_are_refused() -> None:
    with pytest.raises(ValueError, match="takes 24 patterns at most"):
        list(filters(["any/**"] * 25))


def test_services_take_the_roles_of_a_pipeline_for_this_account_only(template: Template) -> None:
    for role in template.properties("AWS::IAM::Role"):
        for statement in role["AssumeRolePolicyDocument"]["Statement"]:
            if "Service" in statement["Principal"]:
                condition = statement["Condition"]["StringEquals"]
                assert condition == {"aws:SourceAccount": "111111111111"}
            else:
                assert "Fn::GetAtt" in statement["Principal"]["AWS"]  # the pipeline's own role


def test_the_build_runs_what_a_laptop_runs_and_then_writes_the_templates(
    template: Template, pipeline: Json, app: App
) -> None:
    module = {App.INFRASTRUCTURE: "infra_app", App.APPLICATION: "glue_app"}[app]
    (action,) = stages(pipeline)["Build"]
    spec = build_spec(template, action)
    assert spec["phases"]["build"]["commands"][:2] == ["make check", f"make synth-{module}"]
    assert spec["artifacts"]["base-directory"] == f"cdk.out/{module}"
    runtimes = spec["phases"]["install"]["runtime-versions"]
    assert runtimes["java"] == "corretto17"
    assert tuple(map(int, runtimes["python"].split("."))) >= (3, 11)


def test_every_target_that_a_build_names_is_one_of_the_makefile(template: Template) -> None:
    targets = Path("Makefile").read_text()
    for project in template.properties("AWS::CodeBuild::Project"):
        for line in project["Source"]["BuildSpec"].splitlines():
            command = line.strip(' ",')
            if command.startswith("make "):
                assert command.split()[1] in targets


def test_prod_waits_for_a_person_before_anything_is_done_there(pipeline: Json) -> None:
    when = order(stages(pipeline)["Prod"])
    assert when["approve"] < min(at for what, at in when.items() if what != "approve")


def test_dev_waits_for_nobody(pipeline: Json) -> None:
    assert "approve" not in order(stages(pipeline)["Dev"])


@pytest.mark.parametrize("stage", ["Dev", "Prod"])
def test_an_environment_is_checked_after_its_deployment(pipeline: Json, stage: str) -> None:
    when = order(stages(pipeline)[stage])
    (check,) = (what for what in when if what.startswith("check-environment"))
    assert when[check] > when["deploy"]
    assert when[check] == max(when.values())


@pytest.mark.parametrize("stage", ["Dev", "Prod"])
def test_the_application_is_deployed_only_where_its_exports_are(
    assemblies: Assemblies, stage: str
) -> None:
    pipeline = assemblies.pipeline(App.APPLICATION).only("AWS::CodePipeline::Pipeline")
    actions = stages(pipeline)[stage]
    first_deployment = min(
        a["RunOrder"] for a in actions if a["ActionTypeId"]["Provider"] == "CloudFormation"
    )
    assert order(actions)["check-exports"] < first_deployment


@pytest.mark.parametrize("stage", ["Dev", "Prod"])
def test_each_stage_is_deployed_by_the_bootstrap_roles_of_its_own_account(
    pipeline: Json, stage: str
) -> None:
    for action in stages(pipeline)[stage]:
        if action["ActionTypeId"]["Provider"] == "CloudFormation":
            assert f"deploy-role-{ACCOUNTS[stage]}-" in text_of(action["RoleArn"])
            if "RoleArn" in action["Configuration"]:
                executing = text_of(action["Configuration"]["RoleArn"])
                assert f"cfn-exec-role-{ACCOUNTS[stage]}-" in executing


def test_artifacts_are_under_a_key_that_rotates_and_that_the_deploy_roles_may_use(
    template: Template, pipeline: Json
) -> None:
    (id,) = template.resources("AWS::KMS::Key")
    assert pipeline["ArtifactStore"]["EncryptionKey"] == {
        "Id": {"Fn::GetAtt": [id, "Arn"]},
        "Type": "KMS",
    }
    key = template.only("AWS::KMS::Key")
    assert key["EnableKeyRotation"] is True
    (admitted,) = (
        s for s in key["KeyPolicy"]["Statement"] if "deploy-role" in text_of(s["Principal"])
    )
    assert set(admitted["Action"]) == {"kms:Decrypt", "kms:DescribeKey"}
    for account in ACCOUNTS.values():
        assert f"deploy-role-{account}-" in text_of(admitted["Principal"])


@pytest.mark.parametrize("stage", ["Dev", "Prod"])
def test_the_stack_with_the_data_is_guarded_after_its_deployment(
    assemblies: Assemblies, stage: str
) -> None:
    pipeline = assemblies.pipeline(App.INFRASTRUCTURE).only("AWS::CodePipeline::Pipeline")
    when = order(stages(pipeline)[stage])
    assert when["protect"] > when["deploy"]


def test_every_build_is_logged_under_the_key_for_a_limited_time(template: Template) -> None:
    (group,) = template.resources("AWS::Logs::LogGroup")
    assert template.only("AWS::Logs::LogGroup")["RetentionInDays"] > 0
    assert "KmsKeyId" in template.only("AWS::Logs::LogGroup")
    for project in template.properties("AWS::CodeBuild::Project"):
        assert project["LogsConfig"]["CloudWatchLogs"]["GroupName"] == {"Ref": group}


def test_the_checks_may_enter_the_environments_and_nothing_else(template: Template) -> None:
    (policy,) = (
        policy["Properties"]
        for id, policy in template.resources("AWS::IAM::Policy").items()
        if "ChecksRole" in id
    )
    entered = [
        role
        for statement in policy["PolicyDocument"]["Statement"]
        if "sts:AssumeRole" in as_list(statement["Action"])
        for role in as_list(statement["Resource"])
    ]
    assert entered == [environment.checks_role_arn for environment in load_environments().all]


def test_no_bucket_of_a_pipeline_answers_without_tls_or_is_public(template: Template) -> None:
    protected = set()
    for policy in template.properties("AWS::S3::BucketPolicy"):
        for statement in policy["PolicyDocument"]["Statement"]:
            if statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}:
                assert (statement["Effect"], statement["Action"]) == ("Deny", "s3:*")
                protected.add(policy["Bucket"]["Ref"])
    assert protected == set(template.resources("AWS::S3::Bucket"))
    for bucket in template.properties("AWS::S3::Bucket"):
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
