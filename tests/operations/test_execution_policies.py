"""The policies under which CloudFormation deploys: what its handlers call, and no more."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from config.boundaries import Boundary, boundary_arn
from config.delivery import App
from config.environments import Environment, load_environments
from operations.account_policies.boundary import boundary_document
from operations.account_policies.deployed import NEVER, TYPES, UNUSED, Purpose, unused_properties
from operations.account_policies.execution import (
    MOST_CHARACTERS,
    MOST_POLICIES_OF_A_ROLE,
    actions_for,
    policy_documents,
)
from operations.account_policies.handlers import COPY, actions_of, renewed
from operations.account_policies.places import Places
from operations.account_policies.put import execution_policies, put_policy
from tests.conftest import Assemblies
from tests.templates import Template, as_list, text_of

ARN_OF_NAME = {
    ("AWS::DynamoDB::Table", "TableName"): "arn:aws:dynamodb:{region}:{account}:table/{name}",
    ("AWS::Glue::Crawler", "Name"): "arn:aws:glue:{region}:{account}:crawler/{name}",
    ("AWS::Glue::Job", "Name"): "arn:aws:glue:{region}:{account}:job/{name}",
    ("AWS::Glue::Trigger", "Name"): "arn:aws:glue:{region}:{account}:trigger/{name}",
    ("AWS::Glue::Workflow", "Name"): "arn:aws:glue:{region}:{account}:workflow/{name}",
    ("AWS::IAM::ManagedPolicy", "ManagedPolicyName"): "arn:aws:iam::{account}:policy/{name}",
    ("AWS::IAM::Role", "RoleName"): "arn:aws:iam::{account}:role/{name}",
    ("AWS::Lambda::Function", "FunctionName"): "arn:aws:lambda:{region}:{account}:function:{name}",
    ("AWS::Logs::LogGroup", "LogGroupName"): "arn:aws:logs:{region}:{account}:log-group:{name}",
    ("AWS::S3::Bucket", "BucketName"): "arn:aws:s3:::{name}",
    ("AWS::SNS::Topic", "TopicName"): "arn:aws:sns:{region}:{account}:{name}",
    ("AWS::SQS::Queue", "QueueName"): "arn:aws:sqs:{region}:{account}:{name}",
}
# The first thing that CloudFormation does for a resource with such a name.
CREATES = {
    "AWS::Logs::LogGroup": "logs:CreateLogGroup",
    "AWS::IAM::ManagedPolicy": "iam:CreatePolicy",
}
PURPOSES_OF_ENVIRONMENTS = tuple(purpose for purpose in Purpose if purpose is not Purpose.PIPELINE)


def statements(purpose: Purpose, environment: Environment) -> list[dict[str, Any]]:
    documents = policy_documents(environment.project, [purpose], environment.account)
    return [s for document in documents for s in json.loads(document)["Statement"]]


def resources_for(action: str, purpose: Purpose, environment: Environment) -> list[str]:
    return [
        resource
        for statement in statements(purpose, environment)
        if action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    ]


def has(properties: Any, path: str) -> bool:
    """Whether a property is set; in lists it is enough that one element has it."""
    first, _, rest = path.partition(".")
    for one in as_list(properties):
        if isinstance(one, dict) and first in one:
            return not rest or has(one[first], rest)
    return False


def check(
    template: Template, purposes: tuple[Purpose, ...], environment: Environment
) -> Iterator[str]:
    """What is wrong with the policies for a template, in a line each."""
    for id, resource in template.document["Resources"].items():
        kind = resource["Type"]
        if kind == "AWS::CDK::Metadata":
            continue
        ours = [purpose for purpose in purposes if kind in TYPES[purpose]]
        if not ours:
            yield f"{kind} is in no purpose of operations/account_policies/deployed.py"
            continue
        for name in UNUSED.get(kind, {}):
            if has(resource.get("Properties", {}), name):
                yield f"{id} has {name}, whose actions UNUSED withholds from CloudFormation"
        yield from _name_out_of_reach(kind, resource, ours, environment)


def _name_out_of_reach(
    kind: str, resource: Any, purposes: list[Purpose], environment: Environment
) -> Iterator[str]:
    account, region = environment.account.aws_account_id, environment.account.aws_region
    for (named, field), pattern in ARN_OF_NAME.items():
        name = resource.get("Properties", {}).get(field)
        if kind == named and isinstance(name, str):
            arn = pattern.format(name=name, account=account, region=region)
            creates = CREATES.get(kind, _create_action(kind))
            allowed = [r for p in purposes for r in resources_for(creates, p, environment)]
            if not any(fnmatch.fnmatchcase(arn, one) for one in allowed):
                yield f"{creates} is not allowed on {arn}"


def _create_action(kind: str) -> str:
    _, service, noun = kind.split("::")
    return f"{service.lower()}:Create{noun}"


def test_every_type_of_an_environment_has_all_that_cloudformation_calls_for_it(
    assemblies: Assemblies, configured: Environment
) -> None:
    for template in (
        assemblies.infrastructure(configured.name),
        assemblies.application(configured.name),
    ):
        assert list(check(template, PURPOSES_OF_ENVIRONMENTS, configured)) == []


def test_every_type_of_a_pipeline_has_all_that_cloudformation_calls_for_it(
    assemblies: Assemblies, app: App
) -> None:
    dev = load_environments().all[0]
    assert list(check(assemblies.pipeline(app), (Purpose.PIPELINE,), dev)) == []


@pytest.mark.parametrize("purpose", list(Purpose))
def test_no_action_of_a_handler_is_left_out_without_a_reason(
    purpose: Purpose, dev: Environment
) -> None:
    allowed = {a for s in statements(purpose, dev) for a in as_list(s["Action"])}
    for kind in TYPES[purpose]:
        for action in actions_of(kind) - allowed:
            assert action in NEVER or list(unused_properties(kind, action)), (kind, action)


@pytest.mark.parametrize(
    "action",
    [
        # A change of a pipeline's structure, by which it updates itself, starts it anew.
        "codepipeline:StartPipelineExecution",
        "iam:ListRolePolicies",
        "iam:ListAttachedRolePolicies",
        "iam:DetachRolePolicy",
        "logs:GetDataProtectionPolicy",
    ],
)
def test_a_pipeline_s_deployment_may_do_what_an_auditor_missed(
    action: str, dev: Environment
) -> None:
    assert resources_for(action, Purpose.PIPELINE, dev)


@pytest.mark.parametrize(
    "action",
    [
        "events:ListTargetsByRule",
        "glue:StopCrawler",
        "iam:DetachRolePolicy",
        "iam:ListAttachedRolePolicies",
        "iam:ListRolePolicies",
        "lakeformation:DescribeResource",
        "lakeformation:ListResources",
        "logs:GetDataProtectionPolicy",
        "sqs:GetQueueUrl",
    ],
)
def test_an_environment_s_deployment_may_do_what_an_auditor_missed(
    action: str, dev: Environment
) -> None:
    assert resources_for(action, Purpose.ENVIRONMENT, dev)


def test_the_copy_of_the_handlers_is_that_of_the_installed_schemas() -> None:
    """Red after an update of cfn-lint: `make handlers`, and read what has changed."""
    kinds = {kind for kinds in TYPES.values() for kind in kinds}
    assert COPY.read_text(encoding="utf-8") == renewed(kinds)


def test_every_pattern_that_withholds_an_action_withholds_one() -> None:
    for kind, properties in UNUSED.items():
        for name, patterns in properties.items():
            for pattern in patterns:
                assert fnmatch.filter(actions_of(kind), pattern), (kind, name, pattern)
    every = {action for kinds in TYPES.values() for kind in kinds for action in actions_of(kind)}
    assert set(NEVER) <= every


@pytest.mark.parametrize("purpose", list(Purpose))
def test_no_action_is_a_wildcard(purpose: Purpose, dev: Environment) -> None:
    for statement in statements(purpose, dev):
        assert not [action for action in as_list(statement["Action"]) if "*" in action]


def test_an_action_without_a_place_is_an_error_that_says_where_to_add_it(dev: Environment) -> None:
    places = Places(project=dev.project, account=dev.account, purpose=Purpose.ENVIRONMENT)
    with pytest.raises(LookupError, match=r"redshift:Any has no place: add it to .*places\.py"):
        list(places.of("redshift:Any"))


CHANGES_OF_RIGHTS = (
    "iam:AttachRolePolicy",
    "iam:CreateRole",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
)


@pytest.mark.parametrize("purpose", list(Purpose))
def test_a_role_is_made_or_changed_only_with_its_boundary(
    purpose: Purpose, dev: Environment
) -> None:
    kind = Boundary.PIPELINE if purpose is Purpose.PIPELINE else Boundary.ENVIRONMENT
    boundary = boundary_arn(dev.project, kind, dev.account)
    role = f"arn:aws:iam::{dev.account.aws_account_id}:role/{dev.project}-*"
    for statement in statements(purpose, dev):
        if set(as_list(statement["Action"])) & set(CHANGES_OF_RIGHTS):
            assert statement["Condition"] == {"StringEquals": {"iam:PermissionsBoundary": boundary}}
            assert statement["Resource"] == [role]
    actions = {a for s in statements(purpose, dev) for a in as_list(s["Action"])}
    assert not actions & {
        "iam:AttachRolePolicy",
        "iam:CreateAccessKey",
        "iam:CreateUser",
        "iam:DeleteRolePermissionsBoundary",
    }


@pytest.mark.parametrize("purpose", list(Purpose))
def test_roles_are_passed_to_named_services_only(purpose: Purpose, dev: Environment) -> None:
    for statement in statements(purpose, dev):
        if "iam:PassRole" in as_list(statement["Action"]):
            services = statement["Condition"]["StringEquals"]["iam:PassedToService"]
            assert services
            assert all(service.endswith(".amazonaws.com") for service in services)
            assert statement["Action"] == ["iam:PassRole"]


@pytest.mark.parametrize("purpose", list(Purpose))
def test_no_policy_of_bootstrap_can_be_rewritten_by_a_deployment(
    purpose: Purpose, dev: Environment
) -> None:
    ours = [p.arn for p in execution_policies(dev.project, list(Purpose), dev.account)]
    ours += [boundary_arn(dev.project, kind, dev.account) for kind in Boundary]
    for action in ("iam:CreatePolicyVersion", "iam:DeletePolicy", "iam:SetDefaultPolicyVersion"):
        for pattern in resources_for(action, purpose, dev):
            assert not fnmatch.filter(ours, pattern)


@pytest.mark.parametrize("purpose", list(Purpose))
def test_keys_are_known_by_the_aliases_of_the_project(purpose: Purpose, dev: Environment) -> None:
    for statement in statements(purpose, dev):
        if any(":key/" in resource for resource in statement["Resource"]):
            aliases = statement["Condition"]["ForAnyValue:StringLike"]["kms:ResourceAliases"]
            assert f"alias/{dev.project}-*" in aliases
            others = set(aliases) - {f"alias/{dev.project}-*"}
            assert others <= ({"alias/*encryptionalias*"} if purpose is Purpose.PIPELINE else set())


def admitted_to_keys(template: Template) -> list[set[str]]:
    """What CloudFormation's own role may do with each key, by the policy of that key."""
    return [
        {
            action
            for statement in key["KeyPolicy"]["Statement"]
            if ":role/cdk-hnb659fds-cfn-exec-role-" in text_of(statement.get("Condition", ""))
            for action in as_list(statement["Action"])
        }
        for key in template.properties("AWS::KMS::Key")
    ]


def test_a_key_admits_the_deployment_that_makes_it_before_it_has_an_alias(
    assemblies: Assemblies,
) -> None:
    """And after its alias has been deleted: IAM knows keys by their aliases alone."""
    environments = [assemblies.infrastructure(name) for name in ("dev", "prod")]
    wanted = {
        a for a in actions_of("AWS::KMS::Key") if not list(unused_properties("AWS::KMS::Key", a))
    }
    wanted -= {"kms:CreateKey", "kms:ListKeys"}
    for template in (*environments, *(assemblies.pipeline(app) for app in App)):
        (admitted,) = admitted_to_keys(template)
        assert wanted | {"kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias"} <= admitted
    for template in environments:
        (admitted,) = admitted_to_keys(template)
        assert "kms:CreateGrant" in admitted  # DynamoDB's, for a table under the key


@pytest.mark.parametrize("purpose", list(Purpose))
def test_no_data_can_be_read_by_a_deployment(purpose: Purpose, dev: Environment) -> None:
    for resource in resources_for("s3:GetObject", purpose, dev):
        assert ":::cdk-" in resource
    for action in ("dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan", "s3:DeleteObject"):
        assert not resources_for(action, purpose, dev)


@pytest.mark.parametrize("name", ["glue-etl-pipeline", "a" * 40])
def test_all_policies_of_all_purposes_fit_iam_s_limits(name: str, dev: Environment) -> None:
    policies = execution_policies(name, list(Purpose), dev.account)
    assert all(len(policy.document) <= MOST_CHARACTERS for policy in policies)
    assert all(len(policy.name) <= 128 for policy in policies)
    assert len(policies) <= MOST_POLICIES_OF_A_ROLE
    for kind in Boundary:
        assert len(boundary_document(name, kind, dev.account)) <= MOST_CHARACTERS


def test_switches_share_policies_that_lose_nothing(dev: Environment) -> None:
    policies = execution_policies(dev.project, list(Purpose), dev.account)
    shared = [policy for policy in policies if "-deploys-switches-" in policy.name]
    together = [s for policy in shared for s in json.loads(policy.document)["Statement"]]
    others = (Purpose.PIPELINE, Purpose.ENVIRONMENT)
    alone = [s for one in Purpose if one not in others for s in statements(one, dev)]
    assert together == alone
    assert len(shared) < len(Purpose) - len(others)


def test_a_long_list_is_cut_into_policies_that_lose_nothing(dev: Environment) -> None:
    allowed = {a for s in statements(Purpose.ENVIRONMENT, dev) for a in as_list(s["Action"])}
    assert len(policy_documents(dev.project, [Purpose.ENVIRONMENT], dev.account)) > 1
    assert allowed == actions_for(Purpose.ENVIRONMENT)


@pytest.mark.usefixtures("aws")
def test_a_policy_is_made_once_and_brought_up_to_date_ever_after(dev: Environment) -> None:
    iam = boto3.client("iam")
    policy, *_ = execution_policies(dev.project, [Purpose.ENVIRONMENT], dev.account)
    for _ in range(7):
        put_policy(iam, policy)
    versions = iam.list_policy_versions(PolicyArn=policy.arn)["Versions"]
    assert len(versions) == 5
    (default,) = (version for version in versions if version["IsDefaultVersion"])
    assert default["VersionId"] == "v7"
