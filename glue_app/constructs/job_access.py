"""Permissions of the jobs, action by action.

CDK's bucket and key grants are not used, because they give wildcards (`s3:GetObject*`).
"""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk
import aws_cdk.aws_dynamodb as dynamodb
import aws_cdk.aws_iam as iam
import aws_cdk.aws_logs as logs
import aws_cdk.aws_s3 as s3

from config.jobs import JobSpec, Objects, State, Tables, Zone
from delivery.audit import explain
from glue_app.constructs.operations_access import OperationsAccess, Reasons
from glue_app.imports import Infrastructure
from wires.layout import (
    DATASET_OWNERS,
    PUBLISHER_LEASES,
    QUALITY_TABLES,
    REFRESH_STATES,
    source_leases,
    source_states,
)
from wires.sources import Source

_WRITE_OBJECTS = (
    "s3:AbortMultipartUpload",
    "s3:GetObject",
    "s3:PutObject",
    "s3:PutObjectTagging",
)
_READ_VERSIONS = (
    "s3:GetObject",
    "s3:GetObjectVersion",
    "s3:GetObjectVersionTagging",
)
_ON_TABLES = {
    Tables.READ: ("glue:GetTable", "glue:GetTables"),
    # Of its database a commit asks for a new table's place, and whether it is one of S3 Tables.
    Tables.KEEP: ("glue:CreateTable", "glue:GetDatabase", "glue:GetTable", "glue:UpdateTable"),
    Tables.CHANGE: ("glue:GetDatabase", "glue:GetTable", "glue:GetTables", "glue:UpdateTable"),
    # Neither tables nor partitions change: those that are there already are found by creating them.
    Tables.KEEP_PARTITIONED: ("glue:CreatePartition", "glue:CreateTable"),
    Tables.DROP: ("glue:DeleteTable",),
}
_NAMED_BY = {
    "*": "tables that are named by datasets and contracts",
    QUALITY_TABLES: "the tables of the history of quality",
}
_TAKE_TURNS = ("dynamodb:DeleteItem", "dynamodb:PutItem")
_CHANGE_ITEMS = ("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem")


class JobAccess:
    """Grants one job's role what its spec says.

    Each wildcard is granted with its reason, which `explain` attaches to the role.
    """

    def __init__(self, role: iam.IRole, infrastructure: Infrastructure, *, job: JobSpec) -> None:
        self._role = role
        self._infrastructure = infrastructure
        self._connection = job.connection or infrastructure.network_connection
        self._job_name = infrastructure.environment.names.job(job)
        self._whose = f"the job {job.name}"
        self._reasons: dict[str, str] = {}

    def explain(self) -> None:
        """Explain all wildcards to the auditor; call it when everything is granted."""
        explain(
            self._role,
            {
                **{f"AwsSolutions-IAM5[Resource::{on}]": why for on, why in self._reasons.items()},
                "NIST.800.53.R5-IAMNoInlinePolicy": f"What {self._whose} may do goes with its app, "
                "while the role stays with the data.",
            },
        )

    def run(self, code: s3.IBucket, log_groups: Sequence[logs.ILogGroup]) -> None:
        """Grant the actions of Glue itself in the job's role, and those that every job needs."""
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
        if self._connection is not None:
            self._join_network(self._connection)
        self._infrastructure.key.grant(
            self._role, "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"
        )

    def grant(self, spec: JobSpec) -> None:
        """Grant the actions in the job's spec."""
        for place in spec.reads:
            self._read(place)
        for place in spec.writes:
            self._write(place)
        for place in spec.removes:
            self._remove(place)
        for zone, rights in spec.tables.items():
            self._handle_tables(zone, rights, spec.only_tables.get(zone, ("*",)))
        self._keep_state(spec)
        for topic in spec.announces:
            self._infrastructure.topics[topic].grant_publish(self._role)
        if spec.in_workflow:
            workflow = self._infrastructure.environment.names.workflow
            self._grant(
                "glue:GetWorkflowRunProperties", on=[self._glue_arn(f"workflow/{workflow}")]
            )
        if spec.runs_optimizers(self._infrastructure.environment.settings):
            self._optimize_tables()

    def _read(self, place: Objects) -> None:
        # Originals are read by version, together with the tags of a malware scanner.
        actions = _READ_VERSIONS if place.zone is Zone.RAW else ("s3:GetObject",)
        self._objects(place, "reads", actions)

    def _write(self, place: Objects) -> None:
        self._objects(place, "writes", _WRITE_OBJECTS)

    def _remove(self, place: Objects) -> None:
        bucket = self._infrastructure.bucket(place.zone)
        self._grant("s3:DeleteObject", on=[bucket.arn_for_objects(place.under)])

    def _objects(self, place: Objects, does: str, actions: Sequence[str]) -> None:
        bucket = self._infrastructure.bucket(place.zone)
        self._grant(*actions, on=[bucket.arn_for_objects(place.under)])
        # Without it S3 answers "access denied" for an object that does not exist.
        self._grant("s3:ListBucket", on=[bucket.bucket_arn])
        # Findings spell an import as the name of its export.
        exported = self._exported(place.zone.bucket)
        finding = f"arn:{self._stack.partition}:s3:::{exported}/{place.under}"
        self._because(finding, f"{does} {place.zone.holds}")

    def _handle_tables(self, zone: Zone, rights: Sequence[Tables], tables: Sequence[str]) -> None:
        # Glue checks a table's action on the catalog and on the database as well.
        database = self._infrastructure.value(zone.database)
        names = ["catalog", f"database/{database}", *(f"table/{database}/{t}" for t in tables)]
        for right in rights:
            self._grant(*_ON_TABLES[right], on=[self._glue_arn(name) for name in names])
        for pattern in (one for one in tables if "*" in one):
            finding = self._glue_arn(f"table/{self._exported(zone.database)}/{pattern}")
            self._because(finding, f"handles {_NAMED_BY.get(pattern, f'tables {pattern}')}")

    def _keep_state(self, spec: JobSpec) -> None:
        there, state = self._infrastructure, spec.state
        self._items("dynamodb:UpdateItem", of=[self._job_name], table=there.runs)
        if state is State.LOADS:
            self._items(*_CHANGE_ITEMS, of=[spec.uploads], table=there.objects)
            there.loads.grant(self._role, "dynamodb:GetItem", "dynamodb:UpdateItem")
            self._items(*_TAKE_TURNS, of=[f"{PUBLISHER_LEASES}*"])
            self._items("dynamodb:GetItem", "dynamodb:PutItem", of=[f"{DATASET_OWNERS}*"])
        elif state is State.REFRESHES:
            self._items("dynamodb:GetItem", "dynamodb:UpdateItem", of=[REFRESH_STATES])
        elif state is State.CHECKS:
            self._explained(OperationsAccess(self._role, there).check_health())
        elif state is State.FINDINGS:
            repairs = spec.repairs(there.environment.settings)
            self._explained(OperationsAccess(self._role, there).compare(repairs=repairs))
        elif spec.source is not None:
            self._keep_source(spec.source)
        elif state is State.MAINTENANCE:
            self._items("dynamodb:GetItem", of=[REFRESH_STATES])
            self._items(*_TAKE_TURNS, of=[f"{PUBLISHER_LEASES}*"])

    def _keep_source(self, source: Source) -> None:
        """Grant what a source's job keeps of it, and its one secret, whose ARN ends with six
        characters that Secrets Manager makes up."""
        self._items("dynamodb:GetItem", "dynamodb:UpdateItem", of=[source_states(source.name)])
        self._items(*_TAKE_TURNS, of=[source_leases(source.name)])
        if source.secret:
            arn = self._stack.format_arn(
                service="secretsmanager",
                resource="secret",
                resource_name=f"{source.secret}-??????",
                arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
            )
            self._grant("secretsmanager:GetSecretValue", on=[arn])

    def _items(
        self, *actions: str, of: Sequence[str], table: dynamodb.ITable | None = None
    ) -> None:
        """Grant actions on items whose partition key matches one of `of`; by default of the state
        table."""
        iam.Grant.add_to_principal(
            grantee=self._role,
            actions=list(actions),
            resource_arns=[(table or self._infrastructure.state).table_arn],
            conditions={"ForAllValues:StringLike": {"dynamodb:LeadingKeys": list(of)}},
        )

    def _optimize_tables(self) -> None:
        """Grant writing the logs of Glue's optimizers, whose log groups have fixed names.

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

    def _explained(self, reasons: Reasons) -> None:
        for finding, why in reasons.items():
            self._because(finding, why)

    def _because(self, finding: str, why: str) -> None:
        """Record the reason for a finding, as a sentence about this one role."""
        self._reasons[finding] = f"{self._whose[0].upper()}{self._whose[1:]} {why}."

    def _exported(self, export: str) -> str:
        return self._infrastructure.environment.export_name(export)

    @property
    def _stack(self) -> cdk.Stack:
        return cdk.Stack.of(self._infrastructure)

    def _join_network(self, connection: str) -> None:
        """Grant the actions by which Glue puts workers into the VPC with the job's role."""
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
    """Return the ARN pattern of objects in the CDK's bucket, which bootstrapping creates."""
    qualifier = cdk.DefaultStackSynthesizer.DEFAULT_QUALIFIER
    bucket = f"cdk-{qualifier}-assets-{stack.account}-{stack.region}"
    return f"arn:{stack.partition}:s3:::{bucket}/*"
