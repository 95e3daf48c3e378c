"""Policies for people and programs that upload."""

from __future__ import annotations

from collections.abc import Mapping

import aws_cdk.aws_iam as iam
import aws_cdk.aws_kms as kms
import aws_cdk.aws_s3 as s3
from constructs import Construct

from config.construct_ids import construct_id
from config.naming import Names
from delivery.audit import arn_in_findings, explain


class UploaderPolicies(Construct):
    """A managed policy for each uploader: put objects below one prefix, and nothing else.

    Whoever has it can neither read nor list nor delete, nor tag what it uploads. Attach it to a
    user, a role or a permission set of your organization; no deployment attaches it to anybody.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        names: Names,
        bucket: s3.Bucket,
        key: kms.IKey,
        uploaders: Mapping[str, str],
    ) -> None:
        super().__init__(scope, id)
        for name, prefix in uploaders.items():
            policy = iam.ManagedPolicy(
                self,
                construct_id(name),
                managed_policy_name=names.upload_policy(name),
                description=f"Uploads to {prefix} of the raw bucket",
                statements=[
                    iam.PolicyStatement(
                        # Uploads in parts can be given up:
                        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
                        actions=["s3:AbortMultipartUpload", "s3:PutObject"],
                        resources=[bucket.arn_for_objects(f"{prefix}*")],
                        conditions={"Bool": {"aws:SecureTransport": "true"}},
                    ),
                    iam.PolicyStatement(
                        # S3 decrypts the parts of an upload when it puts them together.
                        actions=["kms:Decrypt", "kms:GenerateDataKey"],
                        resources=[key.key_arn],
                        conditions={
                            "StringEquals": {"kms:ViaService": f"s3.{names.region}.amazonaws.com"}
                        },
                    ),
                ],
            )
            explain(
                policy,
                {
                    f"AwsSolutions-IAM5[Resource::{arn_in_findings(bucket)}/{prefix}*]": (
                        f"The uploader {name} names the objects below its prefix."
                    )
                },
            )
