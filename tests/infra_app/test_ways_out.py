"""What the infrastructure stack promises to readers of tables, and about them."""

from __future__ import annotations

import pytest

from config.environments import Environment
from tests.templates import Json, Template, as_list, text_of

READS = {
    "glue:BatchGetPartition",
    "glue:GetDatabase",
    "glue:GetDatabases",
    "glue:GetPartition",
    "glue:GetPartitions",
    "glue:GetTable",
    "glue:GetTables",
    "kms:Decrypt",
    "s3:GetBucketLocation",
    "s3:GetObject",
    "s3:ListBucket",
}
KEEPS_RESULTS = {
    "kms:GenerateDataKey",
    "s3:AbortMultipartUpload",
    "s3:ListBucketMultipartUploads",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
}


def statements_of(template: Template, role_name: str) -> list[Json]:
    role = template.id_of("AWS::IAM::Role", RoleName=role_name)
    return [
        statement
        for policy in template.properties("AWS::IAM::Policy")
        if {"Ref": role} in policy["Roles"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]


@pytest.fixture
def consumers(infrastructure: Template, configured: Environment) -> list[Json]:
    return statements_of(infrastructure, configured.names.consumers_role)


def test_the_workgroup_s_settings_hold_whatever_a_client_asks_for(
    infrastructure: Template, configured: Environment
) -> None:
    workgroup = infrastructure.only("AWS::Athena::WorkGroup")
    assert workgroup["Name"] == configured.names.workgroup
    settings = workgroup["WorkGroupConfiguration"]
    assert settings["EnforceWorkGroupConfiguration"] is True
    assert settings["PublishCloudWatchMetricsEnabled"] is True
    assert settings["EngineVersion"] == {"SelectedEngineVersion": "Athena engine version 3"}
    limit = configured.settings.reading.scan_limit_gb * 1024**3
    assert settings["BytesScannedCutoffPerQuery"] == limit


def test_results_are_under_the_data_key_in_a_bucket_of_this_account(
    infrastructure: Template, configured: Environment
) -> None:
    workgroup = infrastructure.only("AWS::Athena::WorkGroup")["WorkGroupConfiguration"]
    results = workgroup["ResultConfiguration"]
    (key,) = infrastructure.resources("AWS::KMS::Key")
    assert results["EncryptionConfiguration"] == {
        "EncryptionOption": "SSE_KMS",
        "KmsKey": {"Fn::GetAtt": [key, "Arn"]},
    }
    assert results["ExpectedBucketOwner"] == configured.account.aws_account_id
    bucket = infrastructure.id_of("AWS::S3::Bucket", BucketName=configured.names.results_bucket)
    assert bucket in text_of(results["OutputLocation"])
    assert text_of(results["OutputLocation"]).endswith('/athena/"]]}')


def test_results_are_removed_after_the_days_that_config_says(
    infrastructure: Template, configured: Environment
) -> None:
    bucket = infrastructure.named("AWS::S3::Bucket", BucketName=configured.names.results_bucket)
    expiring = [r for r in bucket["LifecycleConfiguration"]["Rules"] if "ExpirationInDays" in r]
    (rule,) = expiring
    assert rule["ExpirationInDays"] == configured.settings.reading.results_days
    assert "TagFilters" not in rule


def test_consumers_read_ask_and_keep_results_and_do_nothing_else(consumers: list[Json]) -> None:
    actions = {action for s in consumers for action in as_list(s["Action"])}
    of_athena = {action for action in actions if action.startswith("athena:")}
    assert actions - of_athena == READS | KEEPS_RESULTS
    assert not [one for one in of_athena if "Create" in one or "Delete" in one or "Update" in one]


def test_consumers_write_into_the_results_of_athena_only(
    infrastructure: Template, configured: Environment, consumers: list[Json]
) -> None:
    results = infrastructure.id_of("AWS::S3::Bucket", BucketName=configured.names.results_bucket)
    writing = [s for s in consumers if "s3:PutObject" in as_list(s["Action"])]
    (statement,) = writing
    assert statement["Resource"] == {
        "Fn::Join": ["", [{"Fn::GetAtt": [results, "Arn"]}, "/athena/*"]]
    }


@pytest.mark.parametrize("zone", ["raw", "assets", "access_logs"])
def test_consumers_reach_no_bucket_without_tables(
    infrastructure: Template, configured: Environment, consumers: list[Json], zone: str
) -> None:
    name = getattr(configured.names, f"{zone}_bucket")
    bucket = infrastructure.id_of("AWS::S3::Bucket", BucketName=name)
    assert not [s for s in consumers if bucket in text_of(s["Resource"])]


def test_the_key_is_used_through_s3_only(configured: Environment, consumers: list[Json]) -> None:
    of_key = [s for s in consumers if "kms:" in text_of(s["Action"])]
    assert of_key
    for statement in of_key:
        service = f"s3.{configured.account.aws_region}.amazonaws.com"
        assert statement["Condition"] == {"StringEquals": {"kms:ViaService": service}}


def test_no_bucket_and_no_key_admits_anybody_of_another_account(
    infrastructure: Template, configured: Environment
) -> None:
    own = configured.account.aws_account_id
    policies = [p["PolicyDocument"] for p in infrastructure.properties("AWS::S3::BucketPolicy")] + [
        key["KeyPolicy"] for key in infrastructure.properties("AWS::KMS::Key")
    ]
    assert len(policies) > 7
    for statement in (s for policy in policies for s in policy["Statement"]):
        if statement["Effect"] == "Allow" and "AWS" in statement["Principal"]:
            assert all(own in text_of(one) for one in as_list(statement["Principal"]["AWS"]))
