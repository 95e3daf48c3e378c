"""Rights to read published tables: their catalog entries, their files, the key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import aws_cdk as cdk
import aws_cdk.aws_iam as iam
import aws_cdk.aws_kms as kms
import aws_cdk.aws_s3 as s3

from delivery.audit import arn_in_findings
from infra_app.constructs.catalog import Catalog
from infra_app.constructs.catalog_places import CatalogPlaces
from infra_app.constructs.data_buckets import DataBuckets
from wires.layout import QUALITY_HISTORY, QUARANTINED_ROWS

QUERY_RESULTS = "athena/"
"""Folder of the results bucket that Athena writes to for consumers."""
QUALITY_TABLES = (QUARANTINED_ROWS, QUALITY_HISTORY)
"""Folders of the quality bucket that are tables; refused objects and reports are not."""
READS_DATABASES = ("glue:GetDatabase", "glue:GetDatabases")
READS_TABLES = (
    "glue:BatchGetPartition",
    "glue:GetPartition",
    "glue:GetPartitions",
    "glue:GetTable",
    "glue:GetTables",
)


class TableReading:
    """Grants a role to read processed, latest-rows, curated and quality tables, and nothing else.

    Neither uploads nor refused objects, records of loads, ledgers or discoveries.
    """

    def __init__(
        self, role: iam.IRole, *, key: kms.IKey, buckets: DataBuckets, catalog: Catalog
    ) -> None:
        self._role = role
        self._key = key
        self._zones = (buckets.processed, buckets.curated)
        self._quality = buckets.quality
        self._asks_lake_formation = False
        self._catalog = CatalogPlaces((catalog.processed, catalog.curated, catalog.quality))

    def grant(self, *, lake_formation: bool) -> None:
        """Grant all of it, and to ask Lake Formation where it governs the account."""
        self._allow(*READS_DATABASES, on=self._catalog.databases)
        self._allow(*READS_TABLES, on=self._catalog.tables)
        self._read_files()
        self._allow("kms:Decrypt", on=[self._key.key_arn], conditions=through_s3(self._key))
        self._asks_lake_formation = lake_formation
        if lake_formation:
            self._allow("lakeformation:GetDataAccess", on=["*"])

    @property
    def reasons(self) -> Mapping[str, str]:
        """What is read at each wildcard, as findings spell it."""
        zones = {f"{arn_in_findings(one)}/*": "reads files of any table" for one in self._zones}
        quality = {
            f"{arn_in_findings(self._quality)}/{folder}*": "reads tables about quality"
            for folder in QUALITY_TABLES
        }
        tables = dict.fromkeys(self._catalog.wildcards, "reads tables named by datasets")
        everything = (
            {"*": "asks Lake Formation for access, which takes no resource"}
            if self._asks_lake_formation
            else {}
        )
        return {**zones, **quality, **tables, **everything}

    def _read_files(self) -> None:
        files = [zone.arn_for_objects("*") for zone in self._zones]
        files += [self._quality.arn_for_objects(f"{folder}*") for folder in QUALITY_TABLES]
        self._allow("s3:GetObject", on=files)
        buckets: list[s3.IBucket] = [*self._zones, self._quality]
        self._allow("s3:GetBucketLocation", on=[one.bucket_arn for one in buckets])
        self._allow("s3:ListBucket", on=[one.bucket_arn for one in self._zones])
        self._allow(
            "s3:ListBucket",
            on=[self._quality.bucket_arn],
            conditions={"StringLike": {"s3:prefix": [f"{one}*" for one in QUALITY_TABLES]}},
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


def through_s3(key: kms.IKey) -> dict[str, dict[str, str]]:
    """Return the condition that a key is used through S3, and for nothing else."""
    return {"StringEquals": {"kms:ViaService": f"s3.{cdk.Stack.of(key).region}.amazonaws.com"}}
