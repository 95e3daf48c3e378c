"""Why the file_processor job's role has wildcards where it has them."""

from __future__ import annotations

import aws_cdk as cdk

from config.exports import Export
from delivery.audit import explain
from glue_app.imports import Infrastructure
from wires import quarantine


def explain_file_processor_access(infrastructure: Infrastructure) -> None:
    """Each run is confined further, by the session policy that the dispatcher sends with it."""

    def objects(export: Export, under: str) -> str:
        return _objects(stack, infrastructure.environment.export_name(export), under)

    def tables(export: Export) -> str:
        database = infrastructure.environment.export_name(export)
        return stack.format_arn(service="glue", resource="table", resource_name=f"{database}/*")

    stack = cdk.Stack.of(infrastructure)
    reasons = {
        objects(Export.RAW_BUCKET_NAME, "*"): "A table that widens is read again from any of its "
        "originals.",
        objects(Export.PROCESSED_BUCKET_NAME, "*"): "Datasets are named by their uploads, and a "
        "dataset's folder by the dataset.",
        objects(Export.QUALITY_BUCKET_NAME, f"{quarantine.PREFIX}*"): "Malformed rows are put "
        "aside under the keys of their files.",
        objects(Export.ASSETS_BUCKET_NAME, "loads/*"): "The job reads the manifest and writes the "
        "commit of whichever load it is given.",
        tables(Export.PROCESSED_DATABASE_NAME): "Tables are named by their datasets, which nobody "
        "knows beforehand.",
        tables(Export.QUALITY_DATABASE_NAME): "The table of quarantined rows is made by the first "
        "run that needs it.",
        _objects(
            stack, _code_bucket(stack), "*"
        ): "A run that starts during a deployment needs the code of the release before.",
        "*": "Metrics, the security configuration and interfaces in a VPC take no resource.",
    }
    explain(
        infrastructure.file_processor_role,
        {
            **{f"AwsSolutions-IAM5[Resource::{arn}]": why for arn, why in reasons.items()},
            "NIST.800.53.R5-IAMNoInlinePolicy": "What the job may do goes with the job's app, "
            "while its role stays with the data.",
        },
    )


def _objects(stack: cdk.Stack, bucket: str, under: str) -> str:
    """A finding writes an import as the name of its export."""
    return f"arn:{stack.partition}:s3:::{bucket}/{under}"


def _code_bucket(stack: cdk.Stack) -> str:
    """The CDK's own, which bootstrapping makes."""
    qualifier = cdk.DefaultStackSynthesizer.DEFAULT_QUALIFIER
    return f"cdk-{qualifier}-assets-{stack.account}-{stack.region}"
