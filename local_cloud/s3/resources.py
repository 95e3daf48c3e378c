"""AWS::S3::Bucket, with the properties that moto leaves out."""

from __future__ import annotations

from moto.s3.models import FakeBucket, s3_backends
from moto.utilities.utils import get_partition

from local_cloud.cloudformation.resource import Place, Properties, resource_type
from local_cloud.errors import UnsupportedResourceError

_APPLIED = {
    "BucketEncryption",
    "BucketName",
    "NotificationConfiguration",
    "Tags",
    "VersioningConfiguration",
}
_WITHOUT_EFFECT = {
    "IntelligentTieringConfigurations": "a laptop has one storage tier",
    "LifecycleConfiguration": "nothing grows old on a laptop",
    "LoggingConfiguration": "each request would be an object more",
    "MetricsConfigurations": "nobody reads metrics of a laptop",
    "ObjectLockConfiguration": "the bucket goes when the process ends",
    "ObjectLockEnabled": "the bucket goes when the process ends",
    "OwnershipControls": "there is one owner",
    "PublicAccessBlockConfiguration": "only this machine reaches it",
}


@resource_type(
    "AWS::S3::Bucket",
    name_property="BucketName",
    attributes=["Arn", "DomainName", "DualStackDomainName", "RegionalDomainName", "WebsiteURL"],
)
def create_bucket(name: str, properties: Properties, place: Place) -> FakeBucket:
    """Make moto's bucket, with versions and events turned on as the template says."""
    _check(name, properties)
    bucket = FakeBucket.create_from_cloudformation_json(
        name, {"Properties": properties}, place.account, place.region
    )
    backend = s3_backends[place.account][get_partition(place.region)]
    versioning = properties.get("VersioningConfiguration", {}).get("Status")
    _note_bucket_key(bucket, properties)
    if versioning:
        backend.put_bucket_versioning(name, versioning)
    if _talks_to_event_bridge(properties):
        backend.put_bucket_notification_configuration(name, {"EventBridgeConfiguration": {}})
    return bucket


def _note_bucket_key(bucket: FakeBucket, properties: Properties) -> None:
    """Note whether the bucket has a key of its own, which moto leaves out of a template's rule."""
    settings = properties.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration", [])
    if bucket.encryption and any(rule.get("BucketKeyEnabled") for rule in settings):
        bucket.encryption["Rule"]["BucketKeyEnabled"] = "true"


def _talks_to_event_bridge(properties: Properties) -> bool:
    """Whether EventBridge is on: if present and not said otherwise, as in CloudFormation."""
    settings = properties.get("NotificationConfiguration", {}).get("EventBridgeConfiguration")
    if settings is None:
        return False
    return str(settings.get("EventBridgeEnabled", True)).lower() == "true"


def _check(name: str, properties: Properties) -> None:
    unknown = properties.keys() - _APPLIED - _WITHOUT_EFFECT.keys()
    others = properties.get("NotificationConfiguration", {}).keys() - {"EventBridgeConfiguration"}
    if unknown or others:
        raise UnsupportedResourceError(
            f"bucket {name}: {', '.join(sorted(unknown | others))} would be ignored on a laptop; "
            "teach local_cloud/s3/resources.py about it, or do without it"
        )
