"""What the raw bucket's policy denies to everybody."""

from __future__ import annotations

import pytest

from config.environments import Environment
from infra_app.lambdas.trigger.decide import MALWARE_TAG
from tests.conftest import Assemblies
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
