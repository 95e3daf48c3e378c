"""What the raw bucket's policy denies to everybody."""

from __future__ import annotations

import json
import re

import pytest

from config.environments import Environment
from infra_app.lambdas.trigger.decide import MALWARE_TAG
from local_cloud.iam.evaluation import Policies, evaluate
from local_cloud.iam.policies import Policy
from tests.conftest import Assemblies
from tests.local_cloud.iam.statements import a_request, allow, policy
from tests.templates import Json, Template, as_list


def denials(template: Template, environment: Environment) -> dict[str, Json]:
    """Of the raw bucket, by their names."""
    raw = template.id_of("AWS::S3::Bucket", BucketName=environment.names.raw_bucket)
    policy = template.named("AWS::S3::BucketPolicy", Bucket={"Ref": raw})
    return {
        statement["Sid"]: statement
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny" and "Sid" in statement
    }


@pytest.fixture
def denied(infrastructure: Template, configured: Environment) -> dict[str, Json]:
    return denials(infrastructure, configured)


def test_every_denial_is_for_everybody(denied: dict[str, Json]) -> None:
    assert {str(statement["Principal"]) for statement in denied.values()} == {"{'AWS': '*'}"}


@pytest.mark.parametrize("sid", ["OtherEncryption", "OtherKey", "KeyOfTheUploader"])
def test_an_upload_that_asks_for_no_encryption_is_not_denied(
    denied: dict[str, Json], sid: str
) -> None:
    """A negated condition holds for a header that is not there."""
    ((header, missing),) = denied[sid]["Condition"]["Null"].items()
    assert missing == "false"
    for operator, tests in denied[sid]["Condition"].items():
        if operator != "Null":
            assert list(tests) == [header]


def test_only_the_data_key_can_be_asked_for(
    infrastructure: Template, denied: dict[str, Json]
) -> None:
    ((key, arn),) = denied["OtherKey"]["Condition"]["ArnNotEquals"].items()
    assert key == "s3:x-amz-server-side-encryption-aws-kms-key-id"
    (data_key,) = infrastructure.resources("AWS::KMS::Key")
    assert arn == {"Fn::GetAtt": [data_key, "Arn"]}
    assert denied["NoKey"]["Condition"]["Null"] == {key: "true"}


def test_nobody_can_set_replace_or_remove_the_scanner_s_tag(denied: dict[str, Json]) -> None:
    forged, replaced = denied["ForgedScan"], denied["ReplacedScan"]
    tagging = {"s3:PutObjectTagging", "s3:PutObjectVersionTagging"}
    assert {"s3:PutObject", *tagging} == set(forged["Action"])
    assert forged["Condition"] == {
        "ForAnyValue:StringEquals": {"s3:RequestObjectTagKeys": [MALWARE_TAG]}
    }
    assert tagging < set(replaced["Action"])
    assert {"s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging"} < set(replaced["Action"])
    assert replaced["Condition"] == {"Null": {f"s3:ExistingObjectTag/{MALWARE_TAG}": "false"}}


def test_nobody_deletes_a_version_where_data_is_retained(
    assemblies: Assemblies, configured: Environment
) -> None:
    denied = denials(assemblies.infrastructure(configured.name), configured)
    if not configured.settings.retention.retain_data:
        assert "VersionsAreKept" not in denied  # it is taken down with its data
        return
    kept = denied["VersionsAreKept"]
    assert as_list(kept["Action"]) == ["s3:DeleteObjectVersion"]
    assert "Condition" not in kept
    assert "Resource" not in kept
    assert "/platform_check_*" in str(kept["NotResource"])


KEY = "arn:aws:kms:eu-central-1:111122223333:key/data"
TLS = {"aws:SecureTransport": "true"}
SSE = "s3:x-amz-server-side-encryption"
KEY_ID = f"{SSE}-aws-kms-key-id"


def decided(statements: list[Json], action: str, key: str = "sales/a.csv", **values: str) -> bool:
    """Whether somebody whose own policies allow everything may do it to an object."""
    text = json.dumps(statements)
    text = re.sub(r'\{"Fn::GetAtt": \["DataBucketsRaw[^}]*\}', '"arn:aws:s3:::raw"', text)
    text = re.sub(r'\{"Fn::GetAtt": \["DataKey[^}]*\}', f'"{KEY}"', text)
    joined = r'\{"Fn::Join": \["", \["arn:aws:s3:::raw", "([^"]+)"\]\]\}'
    text = re.sub(joined, r'"arn:aws:s3:::raw\1"', text)
    document = {"Version": "2012-10-17", "Statement": json.loads(text)}
    policies = Policies(identity=(policy(allow("*")),), resource=(Policy.of(document),))
    keys = {**TLS, **values}
    return evaluate(a_request(action, f"arn:aws:s3:::raw/{key}", keys=keys), policies).is_allowed


@pytest.mark.parametrize(
    ("action", "values", "allowed"),
    [
        ("s3:PutObject", {}, True),
        ("s3:PutObject", {SSE: "aws:kms", KEY_ID: KEY}, True),
        ("s3:PutObject", {SSE: "aws:kms", KEY_ID: f"{KEY}2"}, False),
        ("s3:PutObject", {SSE: "aws:kms"}, False),
        ("s3:PutObject", {SSE: "AES256"}, False),
        ("s3:PutObject", {f"{SSE}-customer-algorithm": "AES256"}, False),
        ("s3:PutObject", {"s3:RequestObjectTagKeys": "team"}, True),
        ("s3:PutObject", {"s3:RequestObjectTagKeys": MALWARE_TAG}, False),
        ("s3:PutObjectTagging", {"s3:RequestObjectTagKeys": MALWARE_TAG}, False),
        ("s3:PutObjectTagging", {"s3:RequestObjectTagKeys": "team"}, True),
        ("s3:PutObjectTagging", {f"s3:ExistingObjectTag/{MALWARE_TAG}": "THREATS_FOUND"}, False),
        ("s3:DeleteObjectTagging", {f"s3:ExistingObjectTag/{MALWARE_TAG}": "any"}, False),
        ("s3:GetObject", {f"s3:ExistingObjectTag/{MALWARE_TAG}": "THREATS_FOUND"}, False),
        ("s3:GetObject", {f"s3:ExistingObjectTag/{MALWARE_TAG}": "NO_THREATS_FOUND"}, True),
        ("s3:GetObject", {}, True),
        ("s3:DeleteObject", {}, True),  # hides the last version, and keeps it
        ("s3:PutObject", {"aws:SecureTransport": "false"}, False),
    ],
)
def test_what_somebody_may_do_whose_own_policies_allow_everything(
    infrastructure: Template,
    configured: Environment,
    action: str,
    values: dict[str, str],
    allowed: bool,
) -> None:
    raw = infrastructure.id_of("AWS::S3::Bucket", BucketName=configured.names.raw_bucket)
    found = infrastructure.named("AWS::S3::BucketPolicy", Bucket={"Ref": raw})
    assert decided(found["PolicyDocument"]["Statement"], action, **values) is allowed


@pytest.mark.parametrize(
    ("key", "kept"),
    [
        ("sales/a.csv", True),
        ("platform_check_1/a.csv", False),
        ("data/incoming/2026/11/30/platform_check_1/a.csv", False),
        ("data/incoming/2026/11/30/sales/platform_check_1/a.csv", True),
        ("data/incoming/2026/11/sales/platform_check_1.csv", True),
    ],
)
def test_a_version_of_prod_is_deleted_by_nobody_but_that_of_a_check(
    assemblies: Assemblies, key: str, kept: bool
) -> None:
    template = assemblies.infrastructure("prod")
    (raw,) = (id for id in template.resources("AWS::S3::Bucket") if "BucketsRaw" in id)
    found = template.named("AWS::S3::BucketPolicy", Bucket={"Ref": raw})
    statements = found["PolicyDocument"]["Statement"]
    assert decided(statements, "s3:DeleteObjectVersion", key) is not kept
