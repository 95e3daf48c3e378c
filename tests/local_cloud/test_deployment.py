from __future__ import annotations

from pathlib import Path

import pytest

from local_cloud.cloudformation.without_effect import WITHOUT_EFFECT
from local_cloud.deployment import BOOTSTRAP_VERSION, zipped
from local_cloud.errors import DeploymentError, UnsupportedResourceError
from tests.local_cloud import tiny
from tests.local_cloud.conftest import Deploy


def test_a_type_that_nobody_knows_is_named_with_its_place(deploy: Deploy) -> None:
    resources = {**tiny.bucket_only(), "Odd": {"Type": "AWS::Neptune::DBCluster"}}
    with pytest.raises(UnsupportedResourceError) as error:
        deploy(resources)
    assert "Odd (AWS::Neptune::DBCluster)" in str(error.value)
    assert "Tiny.template.json" in str(error.value)


def test_a_custom_resource_is_such_a_type(deploy: Deploy) -> None:
    with pytest.raises(UnsupportedResourceError, match="Custom::Thing"):
        deploy({"Odd": {"Type": "Custom::Thing", "Properties": {"ServiceToken": "x"}}})


def test_a_bucket_property_that_would_be_ignored_is_named(deploy: Deploy) -> None:
    resources = tiny.bucket_only()
    resources["Inbox"]["Properties"]["ReplicationConfiguration"] = {"Role": "x", "Rules": []}
    with pytest.raises(UnsupportedResourceError, match="ReplicationConfiguration"):
        deploy(resources)


@pytest.mark.parametrize(
    ("logical_id", "change", "complaint"),
    [
        ("Mapping", {"FilterCriteria": {}}, "FilterCriteria"),
        ("Function", {"Runtime": "nodejs22.x"}, "nodejs22.x"),
        ("Function", {"Layers": ["arn"]}, "layers"),
        ("Uploads", {"EventBusName": "other"}, "other"),
    ],
)
def test_a_property_that_changes_what_happens_is_not_passed_over(
    deploy: Deploy, logical_id: str, change: tiny.Resources, complaint: str
) -> None:
    resources = tiny.queue_and_function()
    resources[logical_id]["Properties"].update(change)
    with pytest.raises(UnsupportedResourceError, match=complaint):
        deploy(resources)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"MaxRetries": 1}, "MaxRetries"),
        ({"Command": {"Name": "pythonshell", "ScriptLocation": "s3://x/y"}}, "pythonshell"),
    ],
)
def test_a_job_that_would_run_otherwise_on_aws_is_refused(
    deploy: Deploy, change: tiny.Resources, complaint: str
) -> None:
    job = tiny.job()
    job["Properties"].update(change)
    with pytest.raises(UnsupportedResourceError, match=complaint):
        deploy({"Job": job})


def test_an_attribute_that_moto_lacks_is_an_error_and_not_a_gap(deploy: Deploy) -> None:
    resources = tiny.queue_and_function()
    resources["Function"]["Properties"]["Environment"]["Variables"]["ODD"] = {
        "Fn::GetAtt": ["Table", "NoSuchAttribute"]
    }
    with pytest.raises(DeploymentError, match="tiny"):
        deploy(resources)


def test_an_import_without_an_export_is_an_error(deploy: Deploy) -> None:
    resources = tiny.bucket_only()
    resources["Inbox"]["Properties"]["BucketName"] = {"Fn::ImportValue": "nobody-exports-this"}
    with pytest.raises(DeploymentError, match="nobody-exports-this"):
        deploy(resources)


def test_types_without_effect_can_be_deployed_and_referred_to(deploy: Deploy) -> None:
    resources = tiny.bucket_only()
    for number, name in enumerate(WITHOUT_EFFECT):
        resources[f"Without{number}"] = {"Type": name, "Properties": {}}
    resources["Inbox"]["Properties"]["Tags"] = [{"Key": "k", "Value": {"Ref": "Without0"}}]
    tags = deploy(resources).client("s3").get_bucket_tagging(Bucket=tiny.BUCKET)["TagSet"]
    assert tags[0]["Value"]


def test_every_type_without_effect_has_a_reason() -> None:
    assert all(len(reason) > 20 for reason in WITHOUT_EFFECT.values())


def test_a_bucket_is_versioned_as_its_template_says(deploy: Deploy) -> None:
    resources = tiny.bucket_only()
    plain = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "plain"}}
    s3 = deploy({**resources, "Plain": plain}).client("s3")
    assert s3.get_bucket_versioning(Bucket=tiny.BUCKET)["Status"] == "Enabled"
    assert "Status" not in s3.get_bucket_versioning(Bucket="plain")


def test_assets_lie_where_the_templates_look_for_them(deploy: Deploy) -> None:
    cloud = deploy(tiny.bucket_only(), script="print('script')")
    s3 = cloud.client("s3")
    answer = s3.get_object(Bucket=tiny.assets_bucket(), Key="script.py")
    assert answer["Body"].read() == b"print('script')"
    version = cloud.client("ssm").get_parameter(Name=BOOTSTRAP_VERSION)["Parameter"]["Value"]
    assert int(version) >= 6


def test_equal_folders_give_equal_zips(tmp_path: Path) -> None:
    zips = []
    for number in range(2):
        folder = tmp_path / str(number)
        (folder / "inside").mkdir(parents=True)
        (folder / "inside" / "x.py").write_text("1")
        zips.append(zipped(folder))
    assert zips[0] == zips[1]
