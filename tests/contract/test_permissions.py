"""Both apps and their pipelines: nobody may do more than is said."""

from __future__ import annotations

import pytest

from config.delivery import App
from config.environments import Environment, load_environments
from infra_app.constructs.stream_access import OF_INTERFACES
from tests.conftest import Assemblies
from tests.templates import Json, Template, as_list, text_of

# Actions that take no resource, so that IAM wants the asterisk.
WITHOUT_RESOURCE = {
    "cloudformation:ListExports",
    *OF_INTERFACES,  # where a stream comes from a network
    "cloudwatch:PutMetricData",  # limited to Glue's namespace by a condition
    "glue:GetSecurityConfiguration",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}
# What the CDK's command line asks in the pipeline's update of itself, on whatever there is.
ASKED_BY_SELF_MUTATION = {"cloudformation:DescribeStacks", "s3:ListBucket"}

TEMPLATES = [
    *[(kind, name) for kind in ("infrastructure", "application") for name in ("dev", "prod")],
    *[("pipeline", app.value) for app in App],
]


@pytest.fixture(params=TEMPLATES, ids="-".join)
def template(request: pytest.FixtureRequest, assemblies: Assemblies) -> Template:
    kind, name = request.param
    if kind == "pipeline":
        return assemblies.pipeline(App(name))
    found: Template = getattr(assemblies, kind)(name)
    return found


def allowed(template: Template) -> list[tuple[str, Json]]:
    return [(id, s) for id, s in template.statements() if s["Effect"] == "Allow"]


def is_account_on_its_own_key(template: Template, id: str, statement: Json) -> bool:
    """IAM policies count for a key only if the key's policy says so: kms:* for the account."""
    of_a_key = template.document["Resources"][id]["Type"] == "AWS::KMS::Key"
    principal = str(statement.get("Principal", {}).get("AWS"))
    return of_a_key and statement["Action"] == "kms:*" and principal.endswith(":root")


def is_deployment_on_its_own_key(template: Template, id: str, statement: Json) -> bool:
    """CloudFormation's role of the account, known by its name, which administers the key."""
    of_a_key = template.document["Resources"][id]["Type"] == "AWS::KMS::Key"
    role = statement.get("Condition", {}).get("ArnEquals", {}).get("aws:PrincipalArn", "")
    return of_a_key and ":role/cdk-hnb659fds-cfn-exec-role-" in text_of(role)


def test_no_action_is_a_wildcard(template: Template) -> None:
    wild = [
        (id, action)
        for id, statement in allowed(template)
        for action in as_list(statement["Action"])
        if "*" in action and not is_account_on_its_own_key(template, id, statement)
    ]
    assert not wild


def test_only_actions_without_a_resource_are_allowed_on_all(template: Template) -> None:
    everywhere = {
        action
        for id, policy in template.resources("AWS::IAM::Policy").items()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if "*" in as_list(statement["Resource"])
        for action in as_list(statement["Action"])
        if not ("SelfMutation" in id and action in ASKED_BY_SELF_MUTATION)
    }
    assert everywhere <= WITHOUT_RESOURCE


def test_a_role_is_taken_over_by_its_name_or_on_a_condition(template: Template) -> None:
    for statement in template.role_statements():
        if "sts:AssumeRole" in as_list(statement["Action"]) and "Condition" not in statement:
            assert not [role for role in as_list(statement["Resource"]) if "*" in str(role)]


def test_no_role_brings_a_policy_that_aws_has_written(template: Template) -> None:
    for role in template.properties("AWS::IAM::Role"):
        assert "ManagedPolicyArns" not in role


@pytest.mark.parametrize("name", ["dev", "prod"])
@pytest.mark.parametrize("kind", ["infrastructure", "application"])
def test_nobody_is_admitted_to_an_environment_but_its_own_readers_and_the_pipelines_checks(
    assemblies: Assemblies, kind: str, name: str
) -> None:
    template: Template = getattr(assemblies, kind)(name)
    admitted = [
        (id, statement)
        for id, statement in allowed(template)
        if not is_account_on_its_own_key(template, id, statement)
        and not is_deployment_on_its_own_key(template, id, statement)
        and set(statement.get("Principal", {"Service": ""})) != {"Service"}
    ]
    if kind == "application":
        assert not admitted
        return
    (configured,) = (e for e in load_environments().all if e.name == name)
    by_role = {
        template.document["Resources"][id]["Properties"]["RoleName"]: statement
        for id, statement in admitted
    }
    assert len(by_role) == len(admitted) == 2
    readers = by_role[configured.names.consumers_role]
    account = configured.account.aws_account_id
    assert readers["Principal"]["AWS"].endswith(f":iam::{account}:root")
    assert "Condition" not in readers  # each needs a policy of its own that says so
    statement = by_role[configured.names.checks_role]
    assert statement["Condition"] == {"ArnEquals": {"aws:PrincipalArn": _check_steps(configured)}}


def _check_steps(configured: Environment) -> list[str]:
    delivery = configured.delivery
    account = delivery.account.aws_account_id
    return [f"arn:aws:iam::{account}:role/{delivery.checks_role(app)}" for app in App]
