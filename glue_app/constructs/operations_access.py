"""Permissions of the jobs that look after an environment: health check and reconciliation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import aws_cdk as cdk
import aws_cdk.aws_dynamodb as dynamodb
import aws_cdk.aws_iam as iam

from config.exports import Export
from config.jobs import DATA_INGESTION, FILE_PROCESSOR, Zone
from delivery.checks_access import ChecksAccess
from glue_app.imports import Infrastructure
from wires.layout import FINDINGS, REFRESH_STATES, REFRESHES, WORKFLOW_STATES

Reasons = Mapping[str, str]
"""By a wildcard as findings spell it: what the job does there."""


class OperationsAccess:
    """Grants a job's role what `operations` calls on its behalf."""

    def __init__(self, role: iam.IRole, infrastructure: Infrastructure) -> None:
        self._role = role
        self._there = infrastructure
        self._environment = infrastructure.environment

    def check_health(self) -> Reasons:
        there = self._there
        access = ChecksAccess(
            role=self._role,
            names=self._environment.names,
            locks_uploads=self._environment.locks_uploads,
            raw=there.raw,
            processed=there.processed,
            quality=there.quality,
            objects=there.objects,
            loads=there.loads,
            state=there.state,
            database=there.value(Export.PROCESSED_DATABASE_NAME),
        )
        access.grant()
        return access.reasons(
            raw=self._bucket(Export.RAW_BUCKET_NAME),
            processed=self._bucket(Export.PROCESSED_BUCKET_NAME),
            quality=self._bucket(Export.QUALITY_BUCKET_NAME),
            database=self._exported(Export.PROCESSED_DATABASE_NAME),
        )

    def compare(self, *, repairs: bool) -> Reasons:
        """Grant to look at all uploads, ledgers, tables and files, and to repair if that is
        asked for."""
        self._look_at_uploads()
        self._look_at_ledgers()
        self._look_at_runs()
        reasons = self._look_at_tables()
        if repairs:
            self._repair()
        raw = self._bucket(Export.RAW_BUCKET_NAME)
        return {**reasons, f"{raw}/*": "looks whether versions of uploads are there"}

    def _look_at_uploads(self) -> None:
        raw = self._there.raw
        self._allow("s3:GetObjectVersion", on=[raw.arn_for_objects("*")])
        # Without the listing of objects S3 says "access denied" for a version that does not exist.
        self._allow("s3:ListBucket", "s3:ListBucketVersions", on=[raw.bucket_arn])

    def _look_at_ledgers(self) -> None:
        there = self._there
        ledgers = [there.objects.table_arn, there.loads.table_arn]
        self._allow("dynamodb:GetItem", "dynamodb:Scan", on=ledgers)
        workflow = f"{WORKFLOW_STATES}{self._environment.names.workflow}"
        self._items("dynamodb:GetItem", of=[workflow], table=there.state)
        self._items("dynamodb:Query", of=[REFRESH_STATES], table=there.state)
        self._items("dynamodb:GetItem", "dynamodb:PutItem", of=[FINDINGS], table=there.state)

    def _look_at_runs(self) -> None:
        names = self._environment.names
        jobs = [names.job(spec) for spec in (FILE_PROCESSOR, DATA_INGESTION)]
        self._allow("glue:GetJobRun", on=[self._glue(f"job/{job}") for job in jobs])
        self._allow("glue:GetWorkflowRun", on=[self._glue(f"workflow/{names.workflow}")])

    def _look_at_tables(self) -> dict[str, str]:
        reasons = {}
        for zone in (Zone.PROCESSED, Zone.CURATED):
            bucket, database = self._there.bucket(zone), self._there.value(zone.database)
            self._allow("s3:GetObject", "s3:GetObjectTagging", on=[bucket.arn_for_objects("*")])
            self._allow("s3:ListBucket", on=[bucket.bucket_arn])
            names = ["catalog", f"database/{database}", f"table/{database}/*"]
            self._allow("glue:GetTables", on=[self._glue(name) for name in names])
            reasons[f"{self._bucket(zone.bucket)}/*"] = f"looks at {zone.holds}"
            tables = self._glue(f"table/{self._exported(zone.database)}/*")
            reasons[tables] = "looks at tables that are named by datasets and contracts"
        assets = self._there.assets
        self._allow("s3:GetObject", on=[assets.arn_for_objects(f"{REFRESHES}*")])
        self._allow("s3:ListBucket", on=[assets.bucket_arn])
        staged = f"{self._bucket(Export.ASSETS_BUCKET_NAME)}/{REFRESHES}*"
        return {**reasons, staged: "reads which files wait at the gate, under ids of refreshes"}

    def _repair(self) -> None:
        """Grant what a repair does: put entries back, send events, tag files that nobody has."""
        there, names = self._there, self._environment.names
        ledgers = [there.objects.table_arn, there.loads.table_arn]
        self._allow("dynamodb:ConditionCheckItem", "dynamodb:UpdateItem", on=ledgers)
        queue = cdk.Stack.of(there).format_arn(service="sqs", resource=names.uploads_queue)
        self._allow("sqs:GetQueueUrl", "sqs:SendMessage", on=[queue])
        for zone in (Zone.PROCESSED, Zone.CURATED):
            self._allow("s3:PutObjectTagging", on=[there.bucket(zone).arn_for_objects("*")])

    def _items(self, *actions: str, of: Sequence[str], table: dynamodb.ITable) -> None:
        self._allow(
            *actions,
            on=[table.table_arn],
            conditions={"ForAllValues:StringLike": {"dynamodb:LeadingKeys": list(of)}},
        )

    def _bucket(self, export: Export) -> str:
        """Return a bucket's ARN as findings spell it: with the name of its export."""
        return f"arn:{cdk.Stack.of(self._there).partition}:s3:::{self._exported(export)}"

    def _exported(self, export: Export) -> str:
        return self._environment.export_name(export)

    def _glue(self, name: str) -> str:
        return cdk.Stack.of(self._there).format_arn(
            service="glue", resource=name, arn_format=cdk.ArnFormat.NO_RESOURCE_NAME
        )

    def _allow(
        self,
        *actions: str,
        on: Sequence[str],
        conditions: Mapping[str, Mapping[str, object]] | None = None,
    ) -> None:
        iam.Grant.add_to_principal(
            grantee=self._role, actions=list(actions), resource_arns=list(on), conditions=conditions
        )
