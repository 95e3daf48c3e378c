"""Encryption of everything that the jobs write."""

from __future__ import annotations

import aws_cdk as cdk
import aws_cdk.aws_glue as glue
import aws_cdk.aws_kms as kms
from constructs import Construct

from config.naming import Names


class JobSecurity(Construct):
    """A security configuration that encrypts files, logs and bookmarks with the data key."""

    def __init__(self, scope: Construct, id: str, *, names: Names, key: kms.IKey) -> None:
        super().__init__(scope, id)
        self.name = names.job_security
        self.configuration = glue.SecurityConfiguration(
            self,
            "Configuration",
            security_configuration_name=self.name,
            s3_encryption=glue.S3Encryption.kms(key),
            cloud_watch_encryption=glue.CloudWatchEncryption.kms(key),
            job_bookmarks_encryption=glue.JobBookmarksEncryption.client_side_kms(key),
            removal_policy=cdk.RemovalPolicy.DESTROY,  # holds nothing, and has a fixed name
        )
