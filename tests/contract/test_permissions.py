"""Both apps: nobody may do more than is said."""

from __future__ import annotations

import pytest

from tests.conftest import Assemblies
from tests.templates import Json, Template, as_list

# Actions that take no resource, so that IAM wants the asterisk.
WITHOUT_RESOURCE = {
    "cloudwatch:PutMetricData",  # limited to Glue's namespace by a condition
    "glue:GetSecurityConfiguration",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}


@pytest.fixture(params=["infrastructure", "application"])
def template(request: pytest.FixtureRequest, assemblies: Assemblies, environment: str) -> Template:
    found: Template = getattr(assemblies, request.param)(environment)
    return found


def allowed(template: Template) -> list[tuple[str, Json]]:
    return [(id, s) for id, s in template.statements() if s["Effect"] == "Allow"]


def is_account_on_its_own_key(template: Template, id: str, statement: Json) -> bool:
    """IAM policies count for a key only if the key's policy says so: kms:* for the account."""
    of_a_key = template.document["Resources"][id]["Type"] == "AWS::KMS::Key"
    principal = str(statement.get("Principal", {}).get("AWS"))
    return of_a_key and statement["Action"] == "kms:*" and principal.endswith(":root")


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
        for statement in template.role_statements()
        if "*" in as_list(statement["Resource"])
        for action in as_list(statement["Action"])
    }
    assert everywhere <= WITHOUT_RESOURCE


def test_no_principal_of_another_account_is_admitted(template: Template) -> None:
    for id, statement in allowed(template):
        principal = statement.get("Principal", {"Service": ""})
        if not is_account_on_its_own_key(template, id, statement):
            assert set(principal) == {"Service"}, id
