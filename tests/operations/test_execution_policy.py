"""The policies under which CloudFormation deploys: enough for the templates, and no more."""

from __future__ import annotations

import fnmatch
import json
from typing import Any

import boto3
import pytest

from config.delivery import App
from config.environments import Environment, load_environments
from operations.execution_policy import MOST_CHARACTERS, Purpose, policy_document, put_policy
from tests.conftest import Assemblies
from tests.templates import Template, as_list

# The first thing that CloudFormation does for a resource of the type.
CREATES = {
    "AWS::CodeBuild::Project": "codebuild:CreateProject",
    "AWS::CodePipeline::Pipeline": "codepipeline:CreatePipeline",
    "AWS::DynamoDB::Table": "dynamodb:CreateTable",
    "AWS::Events::Rule": "events:PutRule",
    "AWS::Glue::Crawler": "glue:CreateCrawler",
    "AWS::Glue::Database": "glue:CreateDatabase",
    "AWS::Glue::Job": "glue:CreateJob",
    "AWS::Glue::SecurityConfiguration": "glue:CreateSecurityConfiguration",
    "AWS::Glue::Trigger": "glue:CreateTrigger",
    "AWS::Glue::Workflow": "glue:CreateWorkflow",
    "AWS::IAM::Policy": "iam:PutRolePolicy",
    "AWS::IAM::Role": "iam:CreateRole",
    "AWS::KMS::Alias": "kms:CreateAlias",
    "AWS::KMS::Key": "kms:CreateKey",
    "AWS::Lambda::EventSourceMapping": "lambda:CreateEventSourceMapping",
    "AWS::Lambda::Function": "lambda:CreateFunction",
    "AWS::Logs::LogGroup": "logs:CreateLogGroup",
    "AWS::S3::Bucket": "s3:CreateBucket",
    "AWS::S3::BucketPolicy": "s3:PutBucketPolicy",
    "AWS::SNS::Topic": "sns:CreateTopic",
    "AWS::SNS::TopicPolicy": "sns:SetTopicAttributes",
    "AWS::SQS::Queue": "sqs:CreateQueue",
    "AWS::SQS::QueuePolicy": "sqs:SetQueueAttributes",
}
ARN_OF_NAME = {
    ("AWS::DynamoDB::Table", "TableName"): "arn:aws:dynamodb:{region}:{account}:table/{name}",
    ("AWS::Glue::Crawler", "Name"): "arn:aws:glue:{region}:{account}:crawler/{name}",
    ("AWS::Glue::Job", "Name"): "arn:aws:glue:{region}:{account}:job/{name}",
    ("AWS::Glue::Trigger", "Name"): "arn:aws:glue:{region}:{account}:trigger/{name}",
    ("AWS::Glue::Workflow", "Name"): "arn:aws:glue:{region}:{account}:workflow/{name}",
    ("AWS::IAM::Role", "RoleName"): "arn:aws:iam::{account}:role/{name}",
    ("AWS::Lambda::Function", "FunctionName"): "arn:aws:lambda:{region}:{account}:function:{name}",
    ("AWS::Logs::LogGroup", "LogGroupName"): "arn:aws:logs:{region}:{account}:log-group:{name}",
    ("AWS::S3::Bucket", "BucketName"): "arn:aws:s3:::{name}",
    ("AWS::SNS::Topic", "TopicName"): "arn:aws:sns:{region}:{account}:{name}",
    ("AWS::SQS::Queue", "QueueName"): "arn:aws:sqs:{region}:{account}:{name}",
}


def statements(purpose: Purpose, environment: Environment) -> list[dict[str, Any]]:
    text = policy_document(environment.project, purpose, environment.account)
    found: list[dict[str, Any]] = json.loads(text)["Statement"]
    return found


def resources_for(action: str, purpose: Purpose, environment: Environment) -> list[str]:
    return [
        resource
        for statement in statements(purpose, environment)
        if action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    ]


def check(template: Template, purpose: Purpose, environment: Environment) -> None:
    place = {
        "account": environment.account.aws_account_id,
        "region": environment.account.aws_region,
    }
    for resource in template.document["Resources"].values():
        kind = resource["Type"]
        if kind == "AWS::CDK::Metadata":
            continue
        assert kind in CREATES, f"add {kind} here, and what it takes to operations/policies/"
        allowed = resources_for(CREATES[kind], purpose, environment)
        assert allowed, f"operations/policies/{purpose}.json lacks {CREATES[kind]}"
        for (named, field), pattern in ARN_OF_NAME.items():
            name = resource.get("Properties", {}).get(field)
            if kind == named and isinstance(name, str):
                arn = pattern.format(name=name, **place)
                assert any(fnmatch.fnmatchcase(arn, one) for one in allowed), arn


def test_every_resource_of_an_environment_can_be_made(
    assemblies: Assemblies, configured: Environment
) -> None:
    for template in (
        assemblies.infrastructure(configured.name),
        assemblies.application(configured.name),
    ):
        check(template, Purpose.ENVIRONMENT, configured)


def test_every_resource_of_a_pipeline_can_be_made(assemblies: Assemblies, app: App) -> None:
    dev = load_environments().all[0]
    check(assemblies.pipeline(app), Purpose.PIPELINE, dev)


@pytest.mark.parametrize("purpose", list(Purpose))
def test_no_action_is_a_wildcard(purpose: Purpose, dev: Environment) -> None:
    for statement in statements(purpose, dev):
        assert not [action for action in as_list(statement["Action"]) if "*" in action]


@pytest.mark.parametrize("purpose", list(Purpose))
def test_roles_can_be_made_and_passed_only_under_the_project_s_name(
    purpose: Purpose, dev: Environment
) -> None:
    role = f"arn:aws:iam::{dev.account.aws_account_id}:role/{dev.project}-*"
    for action in ("iam:CreateRole", "iam:PutRolePolicy", "iam:PassRole"):
        assert set(resources_for(action, purpose, dev)) <= {role}
    actions = {a for s in statements(purpose, dev) for a in as_list(s["Action"])}
    assert not actions & {"iam:AttachRolePolicy", "iam:CreateUser", "iam:CreateAccessKey"}


@pytest.mark.parametrize("purpose", list(Purpose))
def test_no_data_can_be_read_by_a_deployment(purpose: Purpose, dev: Environment) -> None:
    for resource in resources_for("s3:GetObject", purpose, dev):
        assert ":::cdk-" in resource
    assert not resources_for("dynamodb:GetItem", purpose, dev)


@pytest.mark.parametrize("purpose", list(Purpose))
def test_it_is_within_iam_s_limit(purpose: Purpose, dev: Environment) -> None:
    assert len(policy_document(dev.project, purpose, dev.account)) <= MOST_CHARACTERS


@pytest.mark.usefixtures("aws")
def test_it_is_made_once_and_brought_up_to_date_ever_after(dev: Environment) -> None:
    iam = boto3.client("iam")
    for _ in range(7):
        arn = put_policy(iam, dev.project, Purpose.ENVIRONMENT, dev.account)
    versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    assert len(versions) == 5
    (default,) = (version for version in versions if version["IsDefaultVersion"])
    assert default["VersionId"] == "v7"
