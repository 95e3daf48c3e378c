"""Permissions of the trigger, action by action."""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk
import aws_cdk.aws_iam as iam
import aws_cdk.aws_kms as kms
import aws_cdk.aws_sns as sns

from config.jobs import FILE_PROCESSOR
from config.naming import Names
from delivery.audit import arn_in_findings, explain
from infra_app.constructs.data_buckets import DataBuckets
from infra_app.constructs.state_tables import StateTables
from wires.layout import DISPATCHER_LEASE, LOADS, QUARANTINE, START_STATES, WORKFLOW_STATES


def grant_trigger_access(
    role: iam.IRole,
    *,
    key: kms.IKey,
    buckets: DataBuckets,
    tables: StateTables,
    topics: Sequence[sns.ITopic],
    names: Names,
) -> None:
    """Allow to read and quarantine uploads, keep ledgers, write manifests, start runs, alert.

    CDK's grants for buckets and topics are not used, because they give wildcards (`s3:GetObject*`,
    `kms:GenerateDataKey*`).
    """
    _read_uploads(role, buckets)
    _put_uploads_aside(role, buckets)
    _write_manifests(role, buckets)
    _keep_ledgers(role, tables)
    _start_runs(role, names)
    for topic in topics:
        _grant(role, "sns:Publish", on=topic.topic_arn)
    key.grant(role, "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey")
    _explain(role, buckets, tables)


def _read_uploads(role: iam.IRole, buckets: DataBuckets) -> None:
    # Without the right to read tags, S3 does not even say that there are any, such as for malware.
    _grant(
        role,
        "s3:GetObject",
        "s3:GetObjectTagging",
        "s3:GetObjectVersion",
        "s3:GetObjectVersionTagging",
        on=buckets.raw.arn_for_objects("*"),
    )
    # Without it S3 answers "access denied" for an object that does not exist.
    _grant(role, "s3:ListBucket", on=buckets.raw.bucket_arn)


def _put_uploads_aside(role: iam.IRole, buckets: DataBuckets) -> None:
    _grant(
        role,
        "s3:PutObject",
        "s3:PutObjectTagging",
        on=buckets.quality.arn_for_objects(f"{QUARANTINE}*"),
    )


def _write_manifests(role: iam.IRole, buckets: DataBuckets) -> None:
    _grant(role, "s3:GetObject", "s3:PutObject", on=buckets.assets.arn_for_objects(f"{LOADS}*"))
    _grant(role, "s3:ListBucket", on=buckets.assets.bucket_arn)


def _keep_ledgers(role: iam.IRole, tables: StateTables) -> None:
    change = ("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
    tables.objects.grant(role, "dynamodb:BatchGetItem", "dynamodb:Query", *change)
    tables.loads.grant(role, "dynamodb:DeleteItem", "dynamodb:Query", *change)
    tables.runs.grant(role, "dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem")
    iam.Grant.add_to_principal(
        grantee=role,
        actions=["dynamodb:DeleteItem", *change],
        resource_arns=[tables.state.table_arn],
        conditions={
            "ForAllValues:StringLike": {
                "dynamodb:LeadingKeys": [
                    DISPATCHER_LEASE,
                    f"{START_STATES}*",
                    f"{WORKFLOW_STATES}*",
                ]
            }
        },
    )


def _start_runs(role: iam.IRole, names: Names) -> None:
    # Jobs and workflow belong to the other app, which is deployed later: only names are known.
    def arn(kind: str, name: str) -> str:
        return cdk.Stack.of(role).format_arn(service="glue", resource=kind, resource_name=name)

    _grant(role, "glue:StartJobRun", on=arn("job", names.job(FILE_PROCESSOR)))
    for job in names.jobs:
        _grant(role, "glue:GetJobRun", on=arn("job", job))
    workflow = arn("workflow", names.workflow)
    _grant(role, "glue:GetWorkflowRun", "glue:StartWorkflowRun", on=workflow)


def _grant(role: iam.IRole, *actions: str, on: str) -> None:
    iam.Grant.add_to_principal(grantee=role, actions=list(actions), resource_arns=[on])


def _explain(role: iam.IRole, buckets: DataBuckets, tables: StateTables) -> None:
    raw, quality, assets = (
        arn_in_findings(bucket) for bucket in (buckets.raw, buckets.quality, buckets.assets)
    )
    indexes = {
        f"AwsSolutions-IAM5[Resource::{arn_in_findings(table)}/index/*]": (
            "The trigger asks the indexes of its ledgers what is pending or open."
        )
        for table in (tables.objects, tables.loads, tables.runs)
    }
    explain(
        role,
        {
            **indexes,
            "AwsSolutions-IAM5[Resource::*]": "X-Ray's actions to send traces take no "
            "resource, nor do those of EC2 for interfaces in a VPC.",
            f"AwsSolutions-IAM5[Resource::{raw}/*]": "The trigger looks into every upload, "
            "whatever its key.",
            f"AwsSolutions-IAM5[Resource::{quality}/{QUARANTINE}*]": "The trigger puts refused "
            "uploads aside, under keys that are made from theirs.",
            f"AwsSolutions-IAM5[Resource::{assets}/{LOADS}*]": "The trigger writes a manifest for "
            "each load, under the load's id.",
            "NIST.800.53.R5-IAMNoInlinePolicy": "The trigger's policy is of use to the trigger "
            "alone, and goes with it.",
        },
    )
