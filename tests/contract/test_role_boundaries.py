"""Every role has the boundary that deployments demand, and does nothing beyond it."""

from __future__ import annotations

import json

import pytest

from config.boundaries import Boundary
from config.delivery import App
from config.environments import Environment, load_environments
from operations.account_policies.boundary import READING_OF_QUEUES, boundary_document
from tests.conftest import Assemblies
from tests.templates import Template, as_list


def actions_within(kind: Boundary, environment: Environment) -> set[str]:
    document = json.loads(boundary_document(environment.project, kind, environment.account))
    assert {statement["Effect"] for statement in document["Statement"]} == {"Allow"}
    return {action for s in document["Statement"] for action in as_list(s["Action"])}


def check(template: Template, boundary: str, within: set[str]) -> None:
    for role in template.properties("AWS::IAM::Role"):
        assert role["PermissionsBoundary"] == boundary
    for statement in template.role_statements():
        if statement["Effect"] == "Allow":
            assert set(as_list(statement["Action"])) <= within


def test_the_roles_of_an_environment_are_within_its_boundary(
    assemblies: Assemblies, configured: Environment
) -> None:
    within = actions_within(Boundary.ENVIRONMENT, configured)
    for template in (
        assemblies.infrastructure(configured.name),
        assemblies.application(configured.name),
    ):
        check(template, configured.boundary_arn, within)


def test_the_roles_of_a_pipeline_are_within_its_boundary(assemblies: Assemblies, app: App) -> None:
    environments = load_environments()
    within = actions_within(Boundary.PIPELINE, environments.all[0])
    check(assemblies.pipeline(app), environments.delivery.boundary_arn, within)


@pytest.mark.parametrize("kind", list(Boundary))
def test_a_boundary_lets_nobody_gain_rights_or_change_who_has_them(
    kind: Boundary, dev: Environment
) -> None:
    within = actions_within(kind, dev)
    assert not [action for action in within if "*" in action]
    for forbidden in (
        "iam:CreateRole",
        "iam:PassRole",
        "iam:PutRolePolicy",
        "kms:PutKeyPolicy",
        "kms:ScheduleKeyDeletion",
        "lambda:UpdateFunctionCode",
        "s3:PutBucketPolicy",
        "glue:CreateJob",
        "glue:UpdateJob",
    ):
        assert forbidden not in within


def test_no_role_of_an_environment_gets_into_another_one(dev: Environment) -> None:
    assert "sts:AssumeRole" not in actions_within(Boundary.ENVIRONMENT, dev)


@pytest.mark.parametrize("kind", list(Boundary))
def test_a_boundary_reaches_no_bucket_or_table_of_other_projects(
    kind: Boundary, dev: Environment
) -> None:
    document = json.loads(boundary_document(dev.project, kind, dev.account))
    for statement in document["Statement"]:
        if set(statement["Action"]) == {*READING_OF_QUEUES}:
            continue  # queues of others are sources
        for resource in statement["Resource"]:
            if resource != "*" and resource.split(":")[2] in {"s3", "dynamodb", "glue", "sqs"}:
                in_sql = dev.project.replace("-", "_")
                assert (
                    dev.project in resource
                    or in_sql in resource
                    or (":::cdk-" in resource or resource.endswith(":catalog"))
                )
