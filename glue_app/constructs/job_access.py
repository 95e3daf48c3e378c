"""What the jobs may do, action by action.

CDK's bucket and key grants are not used, because they give wildcards (`s3:GetObject*`).
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

import aws_cdk as cdk
import aws_cdk.aws_iam as iam
import aws_cdk.aws_logs as logs
import aws_cdk.aws_s3 as s3

from config.exports import Export
from delivery.audit import explain
from glue_app.imports import Infrastructure
from wires import quarantine
from wires.lease import publisher
from wires.refresh_ledger import REFRESHES

_WRITE_OBJECTS = (
    "s3:AbortMultipartUpload",
    "s3:GetObject",
    "s3:PutObject",
    "s3:PutObjectTagging",
)
_READ_TABLES = ("glue:GetDatabase", "glue:GetTable", "glue:GetTables")
_KEEP_TABLES = ("glue:CreateTable", *_READ_TABLES, "glue:UpdateTable")
_KEEP_PARTITIONS = (
    "glue:CreatePartition",
    "glue:GetPartition",
    "glue:GetPartitions",
    "glue:UpdatePartition",
)


class Zone(Enum):
    """A bucket, and what a job finds or puts there."""

    PROCESSED = (Export.PROCESSED_BUCKET_NAME, "folders that are named by datasets")
    CURATED = (Export.CURATED_BUCKET_NAME, "folders that are named by curated tables")
    QUALITY = (Export.QUALITY_BUCKET_NAME, "what is put aside or reported, by dataset and table")
    ASSETS = (Export.ASSETS_BUCKET_NAME, "records of loads and refreshes, under their ids")

    @property
    def export(self) -> Export:
        return self.value[0]

    @property
    def holds(self) -> str:
        return self.value[1]

    def of(self, infrastructure: Infrastructure) -> s3.IBucket:
        bucket: s3.IBucket = getattr(infrastructure, self.name.lower())
        return bucket


class JobAccess:
    """Gives one job's role what the job does, in words of the platform.

    Each wildcard comes with the reason for it, which `explain` puts beside the role.
    """

    def __init__(self, role: iam.IRole, infrastructure: Infrastructure, *, whose: str) -> None:
        self._role = role
        self._infrastructure = infrastructure
        self._whose = whose
        self._reasons: dict[str, str] = {}

    def explain(self) -> None:
        """To the auditor, when everything is granted."""
        explain(
            self._role,
            {
                **{f"AwsSolutions-IAM5[Resource::{on}]": why for on, why in self._reasons.items()},
                "NIST.800.53.R5-IAMNoInlinePolicy": f"What {self._whose} may do goes with its app, "
                "while the role stays with the data.",
            },
        )

    def run(self, code: s3.IBucket, log_groups: Sequence[logs.ILogGroup]) -> None:
        """What Glue itself does in the name of the job's role, and what every job needs."""
        self._grant("s3:GetObject", on=[code.arn_for_objects("*")])
        self._because(
            _code_objects(self._stack),
            "starts with the code of the release before while a deployment is under way",
        )
        self._grant(
            "logs:AssociateKmsKey",
            "logs:CreateLogGroup",
            "logs:CreateLogStream",
            "logs:PutLogEvents",
            on=[group.log_group_arn for group in log_groups],
        )
        # Neither action takes a resource:
        # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsglue.html
        # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html
        self._grant("glue:GetSecurityConfiguration", on=["*"])
        iam.Grant.add_to_principal(
            grantee=self._role,
            actions=["cloudwatch:PutMetricData"],
            resource_arns=["*"],
            conditions={"StringEquals": {"cloudwatch:namespace": "Glue"}},
        )
        self._because(
            "*", "sends metrics and reads the security configuration, which take no resource"
        )
        if self._infrastructure.network_connection is not None:
            self._join_network(self._infrastructure.network_connection)
        self._infrastructure.key.grant(
            self._role, "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"
        )

    def read_originals(self, under: str = "*") -> None:
        raw = self._infrastructure.raw
        self._grant(
            "s3:GetObject",
            "s3:GetObjectTagging",
            "s3:GetObjectVersion",
            "s3:GetObjectVersionTagging",
            on=[raw.arn_for_objects(under)],
        )
        why = "reads originals, which are named by their uploads"
        self._because(self._objects(Export.RAW_BUCKET_NAME, under), why)
        # Without it S3 says "access denied" about an object that is not there.
        self._grant("s3:ListBucket", on=[raw.bucket_arn])

    def read(self, zone: Zone, *, under: str = "*") -> None:
        bucket = zone.of(self._infrastructure)
        self._grant("s3:GetObject", on=[bucket.arn_for_objects(under)])
        self._grant("s3:ListBucket", on=[bucket.bucket_arn])
        why = f"reads {zone.holds}"
        self._because(self._objects(zone.export, under), why)

    def write(self, zone: Zone, *, under: str = "*") -> None:
        bucket = zone.of(self._infrastructure)
        self._grant(*_WRITE_OBJECTS, on=[bucket.arn_for_objects(under)])
        self._grant("s3:ListBucket", on=[bucket.bucket_arn])
        why = f"writes {zone.holds}"
        self._because(self._objects(zone.export, under), why)

    def put_rows_aside(self) -> None:
        self.write(Zone.QUALITY, under=f"{quarantine.PREFIX}*")

    def read_tables(self, *databases: Export) -> None:
        self._grant(*_READ_TABLES, on=self._tables(databases))

    def keep_tables(self, *databases: Export) -> None:
        """Iceberg tables, whose partitions are nothing to the catalog."""
        self._grant(*_KEEP_TABLES, on=self._tables(databases))

    def optimize_tables(self) -> None:
        """What Glue's optimizers write down, in log groups that have fixed names.

        https://docs.aws.amazon.com/glue/latest/dg/optimization-prerequisites.html
        """
        for kind in ("compaction", "retention"):
            name = f"/aws-glue/iceberg-{kind}/logs"
            group = self._stack.format_arn(
                service="logs",
                resource="log-group",
                resource_name=f"{name}:*",
                arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
            )
            self._grant(
                "logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", on=[group]
            )
            self._because(group, "tells what table optimizers do, in streams that Glue names")

    def keep_records(self) -> None:
        """Quarantined rows and the history of quality, which are tables of folders."""
        databases = [Export.QUALITY_DATABASE_NAME]
        self._grant(*_KEEP_TABLES, *_KEEP_PARTITIONS, on=self._tables(databases))

    def drop_tables(self, *databases: Export) -> None:
        """Tables that are made anew, because they get or lose their days."""
        self._grant("glue:DeleteTable", on=self._tables(databases))

    def keep_ledgers(self, *tables: str) -> None:
        for name in tables:
            getattr(self._infrastructure, name).grant(
                self._role,
                "dynamodb:DeleteItem",
                "dynamodb:GetItem",
                "dynamodb:PutItem",
                "dynamodb:UpdateItem",
            )

    def read_refreshes(self) -> None:
        """State of curated tables and datasets, among other items of the loads table."""
        self._refreshes("dynamodb:GetItem")

    def keep_refreshes(self) -> None:
        self._refreshes("dynamodb:GetItem", "dynamodb:UpdateItem")

    def _refreshes(self, *actions: str) -> None:
        iam.Grant.add_to_principal(
            grantee=self._role,
            actions=list(actions),
            resource_arns=[self._infrastructure.loads.table_arn],
            conditions={"ForAllValues:StringLike": {"dynamodb:LeadingKeys": [f"{REFRESHES}*"]}},
        )

    def take_turns(self) -> None:
        """At tables that loads publish to."""
        iam.Grant.add_to_principal(
            grantee=self._role,
            actions=["dynamodb:DeleteItem", "dynamodb:PutItem"],
            resource_arns=[self._infrastructure.loads.table_arn],
            conditions={"ForAllValues:StringLike": {"dynamodb:LeadingKeys": [publisher("*")]}},
        )

    def record_runs(self) -> None:
        self._infrastructure.runs.grant(self._role, "dynamodb:UpdateItem")

    def take_part_in(self, workflow: str) -> None:
        """Ask the workflow's run what it is for."""
        self._grant("glue:GetWorkflowRunProperties", on=[self._glue_arn(f"workflow/{workflow}")])

    def announce(self) -> None:
        self._infrastructure.alerts.grant_publish(self._role)

    def _tables(self, databases: Sequence[Export]) -> list[str]:
        # Glue checks a table's action on the catalog and on the database as well. Tables are
        # named after data sets, so they cannot be listed here.
        names = ["catalog"]
        for export in databases:
            database = self._infrastructure.database(export)
            names += [f"database/{database}", f"table/{database}/*"]
            finding = self._glue_arn(f"table/{self._exported(export)}/*")
            self._because(finding, "handles tables that are named by datasets and contracts")
        return [self._glue_arn(name) for name in names]

    def _because(self, finding: str, why: str) -> None:
        """A sentence about one role: nobody explains two at once."""
        self._reasons[finding] = f"{self._whose[0].upper()}{self._whose[1:]} {why}."

    def _objects(self, export: Export, under: str) -> str:
        """A finding writes an import as the name of its export."""
        return f"arn:{self._stack.partition}:s3:::{self._exported(export)}/{under}"

    def _exported(self, export: Export) -> str:
        return self._infrastructure.environment.export_name(export)

    @property
    def _stack(self) -> cdk.Stack:
        return cdk.Stack.of(self._infrastructure)

    def _join_network(self, connection: str) -> None:
        """What Glue does in the name of the job's role, to put its workers into the VPC."""
        names = ["catalog", f"connection/{connection}"]
        self._grant("glue:GetConnection", on=[self._glue_arn(name) for name in names])
        # https://docs.aws.amazon.com/glue/latest/dg/create-service-policy.html
        self._grant(
            "ec2:CreateNetworkInterface",
            "ec2:CreateTags",
            "ec2:DeleteNetworkInterface",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeRouteTables",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcAttribute",
            "ec2:DescribeVpcEndpoints",
            on=["*"],
        )

    def _glue_arn(self, name: str) -> str:
        return self._stack.format_arn(
            service="glue", resource=name, arn_format=cdk.ArnFormat.NO_RESOURCE_NAME
        )

    def _grant(self, *actions: str, on: Sequence[str]) -> None:
        iam.Grant.add_to_principal(
            grantee=self._role, actions=list(actions), resource_arns=list(on)
        )


def _code_objects(stack: cdk.Stack) -> str:
    """Of the CDK's own bucket, which bootstrapping makes."""
    qualifier = cdk.DefaultStackSynthesizer.DEFAULT_QUALIFIER
    bucket = f"cdk-{qualifier}-assets-{stack.account}-{stack.region}"
    return f"arn:{stack.partition}:s3:::{bucket}/*"
