"""What the infrastructure stack promises about stored data."""

from __future__ import annotations

import json

import pytest

from config.environments import Environment
from tests.conftest import Assemblies
from tests.templates import Json, Template, as_list

ZONES = ("raw", "processed", "curated", "quality", "assets", "access_logs")


def bucket_of(template: Template, configured: Environment, zone: str) -> Json:
    name = getattr(configured.names, f"{zone}_bucket")
    return template.named("AWS::S3::Bucket", BucketName=name)


def key_arn(template: Template) -> Json:
    (id,) = template.resources("AWS::KMS::Key")
    return {"Fn::GetAtt": [id, "Arn"]}


def test_the_key_rotates(infrastructure: Template) -> None:
    assert infrastructure.only("AWS::KMS::Key")["EnableKeyRotation"] is True


@pytest.mark.parametrize("zone", [zone for zone in ZONES if zone != "access_logs"])
def test_every_data_bucket_is_under_the_customer_key(
    infrastructure: Template, configured: Environment, zone: str
) -> None:
    bucket = bucket_of(infrastructure, configured, zone)
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["BucketKeyEnabled"] is True
    assert rule["ServerSideEncryptionByDefault"] == {
        "SSEAlgorithm": "aws:kms",
        "KMSMasterKeyID": key_arn(infrastructure),
    }


def test_access_logs_are_under_the_key_that_s3_can_deliver_to(
    infrastructure: Template, configured: Environment
) -> None:
    bucket = bucket_of(infrastructure, configured, "access_logs")
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}


@pytest.mark.parametrize("zone", ZONES)
def test_no_bucket_can_become_public(
    infrastructure: Template, configured: Environment, zone: str
) -> None:
    access = bucket_of(infrastructure, configured, zone)["PublicAccessBlockConfiguration"]
    assert access == dict.fromkeys(
        ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
    )


@pytest.mark.parametrize("zone", ZONES)
def test_every_bucket_denies_requests_without_tls(
    infrastructure: Template, configured: Environment, zone: str
) -> None:
    name = getattr(configured.names, f"{zone}_bucket")
    id = infrastructure.id_of("AWS::S3::Bucket", BucketName=name)
    policy = infrastructure.named("AWS::S3::BucketPolicy", Bucket={"Ref": id})
    denied = [s for s in policy["PolicyDocument"]["Statement"] if s["Effect"] == "Deny"]
    without_tls = {"Bool": {"aws:SecureTransport": "false"}}
    (statement,) = (s for s in denied if s.get("Condition") == without_tls)
    assert (statement["Action"], statement["Principal"]) == ("s3:*", {"AWS": "*"})
    assert len(statement["Resource"]) == 2  # the bucket, and what is in it


@pytest.mark.parametrize("zone", [zone for zone in ZONES if zone != "access_logs"])
def test_access_to_data_is_logged_under_its_zone(
    infrastructure: Template, configured: Environment, zone: str
) -> None:
    logs = infrastructure.id_of("AWS::S3::Bucket", BucketName=configured.names.access_logs_bucket)
    assert bucket_of(infrastructure, configured, zone)["LoggingConfiguration"] == {
        "DestinationBucketName": {"Ref": logs},
        "LogFilePrefix": f"{zone}/",
    }


@pytest.mark.parametrize("zone", ZONES)
def test_abandoned_uploads_are_cleared_away(
    infrastructure: Template, configured: Environment, zone: str
) -> None:
    rules = bucket_of(infrastructure, configured, zone)["LifecycleConfiguration"]["Rules"]
    assert {"DaysAfterInitiation": 7} in [r.get("AbortIncompleteMultipartUpload") for r in rules]


def test_every_version_of_an_original_is_kept(
    infrastructure: Template, configured: Environment
) -> None:
    raw = bucket_of(infrastructure, configured, "raw")
    assert raw["VersioningConfiguration"] == {"Status": "Enabled"}
    # A refused object that is large is kept by a reference to its version alone.
    rules = raw["LifecycleConfiguration"]["Rules"]
    assert not [name for rule in rules for name in rule if "Expir" in name]


def test_old_originals_can_still_be_read_at_once(
    infrastructure: Template, configured: Environment
) -> None:
    rules = bucket_of(infrastructure, configured, "raw")["LifecycleConfiguration"]["Rules"]
    moves = [move for r in rules for move in r.get("Transitions", [])]
    moves += [move for r in rules for move in r.get("NoncurrentVersionTransitions", [])]
    days = configured.settings.retention.raw_cold_after_days
    assert moves == [{"StorageClass": "GLACIER_IR", "TransitionInDays": days}] * 2


@pytest.mark.parametrize("zone", ["processed", "curated", "quality"])
def test_only_superseded_files_of_a_zone_expire(
    infrastructure: Template, configured: Environment, zone: str
) -> None:
    rules = bucket_of(infrastructure, configured, zone)["LifecycleConfiguration"]["Rules"]
    (expiring,) = (rule for rule in rules if "ExpirationInDays" in rule)
    assert expiring["TagFilters"] == [{"Key": "lake-state", "Value": "superseded"}]


@pytest.mark.parametrize("zone", ["processed", "curated", "quality"])
def test_tables_move_to_a_class_that_follows_how_they_are_read(
    infrastructure: Template, configured: Environment, zone: str
) -> None:
    rules = bucket_of(infrastructure, configured, zone)["LifecycleConfiguration"]["Rules"]
    days = configured.settings.retention.tables_tiered_after_days
    moves = [move for rule in rules for move in rule.get("Transitions", [])]
    assert moves == [{"StorageClass": "INTELLIGENT_TIERING", "TransitionInDays": days}]


def test_every_table_is_under_the_key_and_can_be_put_back(infrastructure: Template) -> None:
    for table in infrastructure.properties("AWS::DynamoDB::Table"):
        assert table["SSESpecification"]["KMSMasterKeyId"] == key_arn(infrastructure)
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert table["BillingMode"] == "PAY_PER_REQUEST"


KEPT = (
    "AWS::S3::Bucket",
    "AWS::DynamoDB::Table",
    "AWS::KMS::Key",
    "AWS::Glue::Database",
)


# What a first deployment has made when it fails is taken back: it would be in the way of the next.
POLICIES = {"prod": ("RetainExceptOnCreate", "Retain"), "dev": ("Delete", "Delete")}


@pytest.mark.parametrize("environment_name", ["prod", "dev"])
@pytest.mark.parametrize("kind", KEPT)
def test_data_outlives_its_stack_in_prod_and_not_in_dev(
    assemblies: Assemblies, environment_name: str, kind: str
) -> None:
    resources = assemblies.infrastructure(environment_name).resources(kind).values()
    assert resources
    for resource in resources:
        found = (resource["DeletionPolicy"], resource["UpdateReplacePolicy"])
        assert found == POLICIES[environment_name]


def test_nothing_keeps_cloudformation_from_taking_back_a_table(infrastructure: Template) -> None:
    """The checks protect tables from deletion once they are there."""
    for table in infrastructure.properties("AWS::DynamoDB::Table"):
        assert not table.get("DeletionProtectionEnabled", False)


def test_a_database_keeps_its_tables_in_its_zone(
    infrastructure: Template, configured: Environment
) -> None:
    for zone in ("processed", "curated", "quality"):
        bucket = getattr(configured.names, f"{zone}_bucket")
        id = infrastructure.id_of("AWS::S3::Bucket", BucketName=bucket)
        location = {"Fn::Join": ["", ["s3://", {"Ref": id}, "/"]]}
        name = getattr(configured.names, f"{zone}_database")
        inputs = [d["DatabaseInput"] for d in infrastructure.properties("AWS::Glue::Database")]
        assert {"Name": name, "LocationUri": location} in inputs


def test_nothing_in_the_stack_deletes_data_on_its_own(infrastructure: Template) -> None:
    kinds = {resource["Type"] for resource in infrastructure.document["Resources"].values()}
    assert not [kind for kind in kinds if kind.startswith("Custom::")]


def test_the_topics_take_messages_over_tls_only(infrastructure: Template) -> None:
    topics = infrastructure.properties("AWS::SNS::Topic")
    policies = infrastructure.properties("AWS::SNS::TopicPolicy")
    assert len(topics) == len(policies) == 3
    for topic in topics:
        assert topic["KmsMasterKeyId"] == key_arn(infrastructure)
    for policy in policies:
        statements = policy["PolicyDocument"]["Statement"]
        (statement,) = (one for one in as_list(statements) if one["Effect"] == "Deny")
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize(("environment_name", "protected"), [("prod", True), ("dev", False)])
def test_the_stack_of_prod_cannot_be_deleted_by_mistake(
    assemblies: Assemblies, environment_name: str, protected: bool
) -> None:
    folder = assemblies.infrastructure(environment_name).folder
    artifacts = json.loads((folder / "manifest.json").read_text())["artifacts"].values()
    (stack,) = (a for a in artifacts if a["type"] == "aws:cloudformation:stack")
    assert stack["properties"].get("terminationProtection", False) is protected
