"""Reasons for the findings that an auditor would have in a pipeline stack."""

from __future__ import annotations

from collections.abc import Mapping

import aws_cdk as cdk
import aws_cdk.aws_codepipeline as codepipeline
from constructs import Construct, IConstruct

from delivery.artifacts import Artifacts
from delivery.audit import arn_in_findings, explain

_POLICIES = {
    "ChecksRole": "The checks read their source from any key of the artifact bucket",
    "Pipeline/Pipeline/Role": "CodePipeline keeps the artifacts of every action",
    "Pipeline/Pipeline/Source/Source/CodePipelineActionRole": (
        "The source action writes each commit under a key that CodePipeline chooses"
    ),
    "Pipeline/Pipeline/Build/Build/CdkBuildProject/Role": (
        "The build reads the source and writes the templates under keys that CodePipeline chooses"
    ),
    "Pipeline/UpdatePipeline/SelfMutation/Role": (
        "The update of the pipeline reads the templates under a key that CodePipeline chooses"
    ),
    "Pipeline/Assets/FileRole": (
        "The publisher of assets reads the templates under a key that CodePipeline chooses"
    ),
}


def explain_findings(delivery: Construct, artifacts: Artifacts) -> None:
    """Explain each finding beside the policy or the bucket that it is about."""
    _explain_buckets(artifacts)
    every_artifact = f"AwsSolutions-IAM5[Resource::{arn_in_findings(artifacts.bucket)}/*]"
    for path, use in _POLICIES.items():
        explain(
            _below(delivery, f"{path}/DefaultPolicy"),
            {
                every_artifact: f"{use}; no other bucket is meant.",
                "NIST.800.53.R5-IAMNoInlinePolicy": (
                    f"{use}: a policy for this one role, which goes with it."
                ),
            },
        )
    _explain_actions(delivery)
    _explain_self_mutation(delivery)


def explain_other_regions(
    delivery: Construct, supports: Mapping[str, codepipeline.CrossRegionSupport]
) -> None:
    """Explain the artifact buckets that the CDK creates for environments in other regions."""
    for region, support in supports.items():
        bucket = support.replication_bucket
        copies = f"Copies of artifacts for {region} go through this bucket"
        explain(
            bucket,
            {
                "AwsSolutions-S1": f"{copies}; access to what they are copies of is logged.",
                "NIST.800.53.R5-S3BucketLoggingEnabled": f"{copies}, whose originals are logged.",
                "NIST.800.53.R5-S3BucketReplicationEnabled": f"{copies}: it is the replica.",
                "NIST.800.53.R5-S3BucketVersioningEnabled": f"{copies}, each under its own key.",
            },
        )
        # In the pipeline's stack it has the name that the CDK uses across stacks.
        name = cdk.Stack.of(delivery).resolve(bucket.bucket_name)
        partition = cdk.Stack.of(delivery).partition
        explain(
            _below(delivery, "Pipeline/Pipeline/Role/DefaultPolicy"),
            {
                f"AwsSolutions-IAM5[Resource::arn:{partition}:s3:::{name}/*]": (
                    f"CodePipeline copies the artifacts that an environment in {region} needs."
                ),
                "AwsSolutions-IAM5[Resource::*]": (
                    "A key of another region is known by its alias, which a condition names."
                ),
            },
        )


def _explain_buckets(artifacts: Artifacts) -> None:
    explain(
        artifacts.bucket,
        {
            "NIST.800.53.R5-S3BucketReplicationEnabled": (
                "Artifacts are made again from their commit; a second copy would serve nobody."
            )
        },
    )
    explain(
        artifacts.access_logs,
        {
            "NIST.800.53.R5-S3BucketReplicationEnabled": (
                "Logs of access to artifacts that can be made again are not worth a second region."
            ),
            "CKV_AWS_18": "Logs of access to these access logs would never end.",
            "CKV_AWS_21": "S3 alone writes these logs, and never twice under one key.",
            "NIST.800.53.R5-S3BucketVersioningEnabled": (
                "S3 alone writes these access logs, and never twice under one key."
            ),
            "NIST.800.53.R5-S3DefaultEncryptionKMS": (
                "S3, which writes these logs of access to artifacts, uses no key but its own."
            ),
        },
    )


def _explain_actions(delivery: Construct) -> None:
    explain(
        _below(delivery, "Pipeline/CodeBuildActionRole/DefaultPolicy"),
        {
            "NIST.800.53.R5-IAMNoInlinePolicy": (
                "It starts the projects of this pipeline, which go together with the role."
            )
        },
    )


def _explain_self_mutation(delivery: Construct) -> None:
    account = cdk.Stack.of(delivery).account
    explain(
        _below(delivery, "Pipeline/UpdatePipeline/SelfMutation/Role/DefaultPolicy"),
        {
            "AwsSolutions-IAM5[Resource::*]": (
                "The CDK's command line asks for the state of stacks and buckets by listing them; "
                "it changes nothing by that."
            ),
            f"AwsSolutions-IAM5[Resource::arn:*:iam::{account}:role/*]": (
                "A condition on their tag admits the CDK's bootstrap roles of this account alone."
            ),
        },
    )


def _below(scope: IConstruct, path: str) -> IConstruct:
    for id in path.split("/"):
        scope = scope.node.find_child(id)
    return scope
