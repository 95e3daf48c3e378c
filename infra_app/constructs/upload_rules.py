"""Rules of the raw bucket that hold for everybody, whatever their own permissions say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aws_cdk.aws_iam as iam
import aws_cdk.aws_kms as kms
import aws_cdk.aws_s3 as s3

from infra_app.lambdas.trigger.decide import MALWARE_TAG, THREATS_FOUND
from wires.routes import CHECK_UPLOADS

_ENCRYPTION = "s3:x-amz-server-side-encryption"
_KEY = "s3:x-amz-server-side-encryption-aws-kms-key-id"
_OWN_KEY = "s3:x-amz-server-side-encryption-customer-algorithm"


def rule_uploads(
    bucket: s3.Bucket, *, key: kms.IKey, scanner_arn: str | None, retain: bool
) -> None:
    """Deny what would make an upload unreadable, look harmless, or disappear.

    Uploads that ask for no encryption get that of the bucket. Versions are deleted by nobody where
    data is retained, but for those of the checks after a deployment; the bucket's lifecycle is
    not subject to policies.
    """
    rules = _UploadRules(bucket, scanner_arn)
    rules.demand_the_key(key)
    rules.reserve_the_malware_tag()
    if retain:
        rules.keep_versions()


class _UploadRules:
    def __init__(self, bucket: s3.Bucket, scanner_arn: str | None) -> None:
        self._bucket = bucket
        self._but_for_the_scanner: Mapping[str, Any] = (
            {"ArnNotEquals": {"aws:PrincipalArn": scanner_arn}} if scanner_arn else {}
        )

    def demand_the_key(self, key: kms.IKey) -> None:
        """Deny uploads that ask for another key, or that bring one of their own.

        A negated operator also holds where the header is missing, so each says that it is there.
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html
        """
        self._deny(
            "OtherEncryption",
            ["s3:PutObject"],
            {"Null": {_ENCRYPTION: "false"}, "StringNotEquals": {_ENCRYPTION: "aws:kms"}},
        )
        # S3 would take a key that AWS manages, and not the bucket's.
        self._deny(
            "NoKey",
            ["s3:PutObject"],
            {"Null": {_KEY: "true"}, "StringEquals": {_ENCRYPTION: "aws:kms"}},
        )
        self._deny(
            "OtherKey",
            ["s3:PutObject"],
            {"Null": {_KEY: "false"}, "ArnNotEquals": {_KEY: key.key_arn}},
        )
        self._deny("KeyOfTheUploader", ["s3:PutObject"], {"Null": {_OWN_KEY: "false"}})

    def reserve_the_malware_tag(self) -> None:
        """Deny to set, replace or remove the scanner's tag, and to read what it has condemned."""
        tagging = ["s3:PutObjectTagging", "s3:PutObjectVersionTagging"]
        self._deny(
            "ForgedScan",
            ["s3:PutObject", *tagging],
            {
                "ForAnyValue:StringEquals": {"s3:RequestObjectTagKeys": [MALWARE_TAG]},
                **self._but_for_the_scanner,
            },
        )
        existing = f"s3:ExistingObjectTag/{MALWARE_TAG}"
        self._deny(
            "ReplacedScan",
            ["s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging", *tagging],
            {"Null": {existing: "false"}, **self._but_for_the_scanner},
        )
        self._deny(
            "Malware",
            ["s3:GetObject", "s3:GetObjectVersion"],
            {"StringEquals": {existing: THREATS_FOUND}, **self._but_for_the_scanner},
        )

    def keep_versions(self) -> None:
        self._bucket.add_to_resource_policy(
            iam.PolicyStatement(
                sid="VersionsAreKept",
                effect=iam.Effect.DENY,
                principals=[iam.AnyPrincipal()],
                actions=["s3:DeleteObjectVersion"],
                not_resources=[self._bucket.arn_for_objects(pattern) for pattern in CHECK_UPLOADS],
            )
        )

    def _deny(self, sid: str, actions: list[str], conditions: Mapping[str, Any]) -> None:
        self._bucket.add_to_resource_policy(
            iam.PolicyStatement(
                sid=sid,
                effect=iam.Effect.DENY,
                principals=[iam.AnyPrincipal()],
                actions=actions,
                resources=[self._bucket.arn_for_objects("*")],
                conditions=conditions,
            )
        )
