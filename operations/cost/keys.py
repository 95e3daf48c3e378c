"""What keys cost, and being asked for them."""

from __future__ import annotations

from collections.abc import Iterator

from operations.cost import usage
from operations.cost.buckets import contents_of
from operations.cost.charges import MINUTES, Charge, Resource, Service, Situation

_BUCKET_KEY_SHARE = 0.01
"""Of S3's requests, those that reach KMS all the same."""
_KEY_MINUTES = 5.0
"""For so long a queue or a table uses a data key."""


def key(resource: Resource, situation: Situation) -> Iterator[Charge]:
    """Yield a key, and its requests if it is that of the data."""
    prices = situation.prices.kms
    rotates = resource.properties.get("EnableKeyRotation", False)
    yield Charge(
        service=Service.KMS,
        resource=resource.id,
        what="key, after two rotations" if rotates else "key",
        quantity=1,
        price=prices.rotated_key_month if rotates else prices.key_month,
        fixed=True,
    )
    for fixed, count in (
        (True, _asked_anyway(resource, situation)),
        (False, _asked(resource, situation)),
    ):
        yield Charge(
            service=Service.KMS,
            resource=resource.id,
            what="requests",
            quantity=count / 1e6,
            price=prices.million_requests,
            fixed=fixed,
        )


def _asked_anyway(resource: Resource, situation: Situation) -> float:
    """Return requests of queues and tables that ticks keep busy: two for each key that they use."""
    queues = [
        one
        for one in situation.of_type("AWS::SQS::Queue")
        if situation.referred(one, one.properties.get("KmsMasterKeyId")) == resource.id
        and usage.events_to(one.id, situation).fixed
    ]
    tables = [
        one
        for one in situation.of_type("AWS::DynamoDB::Table")
        if situation.referred(one, one.properties.get("SSESpecification", {}).get("KMSMasterKeyId"))
        == resource.id
    ]
    return (2 * len(queues) + len(tables)) * MINUTES / _KEY_MINUTES


def _asked(resource: Resource, situation: Situation) -> float:
    """Return requests for objects, of which a bucket's own key spares ninety-nine in a hundred."""
    found = 0.0
    for one in situation.of_type("AWS::S3::Bucket"):
        (rule,) = one.properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        wanted = rule["ServerSideEncryptionByDefault"].get("KMSMasterKeyID")
        if situation.referred(one, wanted) == resource.id:
            share = _BUCKET_KEY_SHARE if rule.get("BucketKeyEnabled") else 1.0
            contents = contents_of(one, situation)
            found += share * (contents.puts + contents.gets)
    return found
