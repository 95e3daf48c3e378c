"""Permissions of a health check, by the pipelines after a deployment or by the clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import aws_cdk as cdk
import aws_cdk.aws_dynamodb as dynamodb
import aws_cdk.aws_iam as iam
import aws_cdk.aws_s3 as s3

from config.jobs import DATA_INGESTION, FILE_PROCESSOR
from config.naming import Names
from wires.layout import (
    CHECKS,
    DATASET_OWNERS,
    QUARANTINED_OBJECTS,
    quarantined_rows_of_dataset,
)
from wires.routes import CHECK_UPLOADS, CHECKS_PREFIX

_OWN = f"{CHECKS_PREFIX}*"
_OWN_ROWS = quarantined_rows_of_dataset(_OWN)
_A_DAY_AND_A_DIGEST = f"{'?' * 4}/{'?' * 2}/{'?' * 2}/{'?' * 12}"
OWN_QUARANTINE = (
    # Keys of uploads are spelled there with `_` for `/`.
    *(
        f"{QUARANTINED_OBJECTS}{_A_DAY_AND_A_DIGEST}-{pattern.replace('/', '_')}"
        for pattern in CHECK_UPLOADS
    ),
    f"{_OWN_ROWS}*",
)
"""Patterns of what is put aside of a check's uploads."""


@dataclass(frozen=True, kw_only=True)
class ChecksAccess:
    """Grants to upload, look after and remove what has the checks' own names, and nothing else."""

    role: iam.IRole
    names: Names
    locks_uploads: bool
    raw: s3.IBucket
    processed: s3.IBucket
    quality: s3.IBucket
    objects: dynamodb.ITable
    loads: dynamodb.ITable
    state: dynamodb.ITable
    database: str
    """Of processed tables."""

    def grant(self) -> None:
        self._handle_objects()
        self._handle_records()
        self._handle_tables()
        self._look_after_runs()

    def reasons(
        self, *, raw: str, processed: str, quality: str, database: str
    ) -> Mapping[str, str]:
        """Return what a check does at each wildcard; buckets' ARNs and the database are given, and
        wildcards returned, as findings spell them."""
        uploads = {
            f"{raw}/{pattern}": "uploads under names of its own with this prefix"
            for pattern in CHECK_UPLOADS
        }
        aside = {
            f"{quality}/{pattern}": "removes what is put aside of its uploads"
            for pattern in OWN_QUARANTINE
        }
        return {
            **uploads,
            **aside,
            f"{processed}/{_OWN}": "reads and removes files of its own tables",
            self._glue(f"table/{database}/{_OWN}"): "reads and removes tables of its own",
        }

    def _handle_objects(self) -> None:
        unlock = ["s3:BypassGovernanceRetention"] if self.locks_uploads else []
        self._allow(
            *unlock,
            "s3:DeleteObjectVersion",
            "s3:PutObject",
            on=[self.raw.arn_for_objects(pattern) for pattern in CHECK_UPLOADS],
        )
        self._allow("s3:DeleteObject", "s3:GetObject", on=[self.processed.arn_for_objects(_OWN)])
        self._allow(
            "s3:DeleteObject",
            on=[self.quality.arn_for_objects(pattern) for pattern in OWN_QUARANTINE],
        )
        self._list("s3:ListBucketVersions", self.raw, CHECK_UPLOADS)
        self._list("s3:ListBucket", self.processed, [_OWN])
        self._list("s3:ListBucket", self.quality, [_OWN_ROWS])

    def _handle_records(self) -> None:
        """Grant access to entries of its own uploads, owners of its own tables' names, and notes.

        Loads are known by digests, so their state can be looked up for any.
        """
        self._items(
            "dynamodb:DeleteItem",
            "dynamodb:GetItem",
            "dynamodb:Query",
            of=CHECK_UPLOADS,
            table=self.objects,
        )
        self._allow("dynamodb:GetItem", on=[self.loads.table_arn])
        self._items("dynamodb:DeleteItem", of=[f"{DATASET_OWNERS}{_OWN}"], table=self.state)
        self._items(
            "dynamodb:DeleteItem",
            "dynamodb:PutItem",
            "dynamodb:Query",
            of=[CHECKS],
            table=self.state,
        )

    def _handle_tables(self) -> None:
        names = ["catalog", f"database/{self.database}", f"table/{self.database}/{_OWN}"]
        self._allow("glue:DeleteTable", "glue:GetTable", on=[self._glue(name) for name in names])

    def _look_after_runs(self) -> None:
        jobs = [self.names.job(spec) for spec in (FILE_PROCESSOR, DATA_INGESTION)]
        self._allow("glue:GetJobRun", on=[self._glue(f"job/{job}") for job in jobs])
        self._allow("glue:GetWorkflowRun", on=[self._glue(f"workflow/{self.names.workflow}")])

    def _list(self, action: str, bucket: s3.IBucket, prefixes: Sequence[str]) -> None:
        self._allow(
            action,
            on=[bucket.bucket_arn],
            conditions={"StringLike": {"s3:prefix": list(prefixes)}},
        )

    def _items(self, *actions: str, of: Sequence[str], table: dynamodb.ITable) -> None:
        self._allow(
            *actions,
            on=[table.table_arn],
            conditions={"ForAllValues:StringLike": {"dynamodb:LeadingKeys": list(of)}},
        )

    def _glue(self, name: str) -> str:
        return cdk.Stack.of(self.state).format_arn(
            service="glue", resource=name, arn_format=cdk.ArnFormat.NO_RESOURCE_NAME
        )

    def _allow(
        self,
        *actions: str,
        on: Sequence[str],
        conditions: Mapping[str, Mapping[str, object]] | None = None,
    ) -> None:
        iam.Grant.add_to_principal(
            grantee=self.role, actions=list(actions), resource_arns=list(on), conditions=conditions
        )
