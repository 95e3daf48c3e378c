"""An AWS in this process with what the processing job works on; its processed zone is files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from pyiceberg.table import StagedTable, Table

from benchmarks.layers.processing.zone_files import SCHEMAS, StoredLoad, ZoneFiles, source_file
from iceberg.commits import Change, Committer
from iceberg.files import data_file
from iceberg.tables import COLUMNS, IcebergDatabase
from iceberg.types import schema_of
from lake.columns.table_columns import NO_TABLE
from lake.publishing.processed_tables import spell_columns
from local_cloud.aws import InProcessAws
from local_cloud.glue.spark_command import laptop_properties
from wires.job_arguments import JobDefaults
from wires.layout import PARTITION_KEY, SORT_KEY, manifest_key
from wires.manifest import Manifest, ObjectVersion

_ACCOUNT, _REGION = "123456789012", "eu-central-1"
_PROCESSED, _CURATED, _QUALITY, _ASSETS = "processed", "curated", "quality", "assets"
_STATE, _RUNS = "state", "runs"


@dataclass(frozen=True, kw_only=True)
class Aws:
    """The cloud, and the job's settings in it."""

    cloud: InProcessAws
    work: Path
    zone: Path
    """The folder that is the processed zone's bucket."""

    @property
    def settings(self) -> JobDefaults:
        return JobDefaults(
            environment="benchmark",
            account=_ACCOUNT,
            region=_REGION,
            code_version="0" * 16,
            raw_bucket="",
            processed_bucket=_PROCESSED,
            curated_bucket=_CURATED,
            quality_bucket=_QUALITY,
            assets_bucket=_ASSETS,
            processed_database=_PROCESSED,
            curated_database=_CURATED,
            quality_database=_QUALITY,
            objects_table="",
            loads_table="",
            state_table=_STATE,
            runs_table=_RUNS,
            alerts_topic_arn="",
            quality_topic_arn="",
            recoveries_topic_arn="",
        )

    @property
    def spark_settings(self) -> Mapping[str, str]:
        """Settings that let Spark read `s3://` paths as these folders."""
        buckets = {name: self.cloud.folders.folder(name) for name in (_CURATED, _QUALITY, _ASSETS)}
        given = laptop_properties(
            buckets={**buckets, _PROCESSED: self.zone}, work=self.work, memory=""
        )
        return {name: value for name, value in given.items() if name.startswith("spark.hadoop")}

    def publish(self, loads: Iterable[StoredLoad]) -> None:
        """Leave behind what the ingestion of these loads would, but for the files."""
        database = IcebergDatabase.of(self.cloud.client("glue"), _PROCESSED)
        for load in loads:
            Committer(database.catalog).commit(
                (_PROCESSED, load.dataset),
                load.load_id,
                partial(self._change, load),
                new=partial(_new_table, database, load.dataset),
            )
            body = _manifest(load).to_json().encode()
            key = manifest_key(load.load_id)
            self.cloud.client("s3").put_object(Bucket=_ASSETS, Key=key, Body=body)

    def _change(self, load: StoredLoad, table: Table) -> Change:
        [path] = (self.zone / load.prefix).iterdir()
        file = data_file(
            f"s3://{_PROCESSED}/{load.prefix}{path.name}",
            pq.read_metadata(path),
            size=path.stat().st_size,
            partition=load.partition,
            schema=table.schema(),
            spec_id=table.metadata.default_spec_id,
            properties=dict(table.properties),
        )
        return Change(added=[file], properties={COLUMNS: spell_columns(SCHEMAS[load.dataset])})


def _new_table(database: IcebergDatabase, dataset: str) -> StagedTable:
    schema = SCHEMAS[dataset]
    return database.new(
        dataset,
        schema_of(schema.catalogued, ids=NO_TABLE.field_ids(schema)),
        location=f"s3://{_PROCESSED}/{dataset}/",
    )


@contextmanager
def small_aws(files: ZoneFiles, work: Path) -> Iterator[Aws]:
    """Start an AWS for the block; everything that runs in it finds it."""
    with InProcessAws(account=_ACCOUNT, region=_REGION, work=work) as cloud:
        os.environ.update(
            {k: v for k, v in cloud.child_environment().items() if k.startswith("AWS_")}
        )
        _furnish(cloud)
        with cloud.folders_in_use():
            yield Aws(cloud=cloud, work=work, zone=files.bucket)


def _furnish(cloud: InProcessAws) -> None:
    for bucket in (_PROCESSED, _CURATED, _QUALITY, _ASSETS):
        where = {"LocationConstraint": _REGION}
        cloud.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration=where)
    for database in (_PROCESSED, _CURATED, _QUALITY):
        cloud.client("glue").create_database(DatabaseInput={"Name": database})
    for table, key in ((_STATE, (PARTITION_KEY, SORT_KEY)), (_RUNS, ("job", "run_id"))):
        _table(cloud.client("dynamodb"), table, key)


def _table(dynamodb: Any, name: str, key: tuple[str, ...]) -> None:
    kinds = zip(key, ("HASH", "RANGE"), strict=False)
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": one, "KeyType": kind} for one, kind in kinds],
        AttributeDefinitions=[{"AttributeName": one, "AttributeType": "S"} for one in key],
    )


def _manifest(load: StoredLoad) -> Manifest:
    version = ObjectVersion(
        key=source_file(load), version_id="1", size=1, uploaded_at=load.uploaded_at
    )
    return Manifest(load_id=load.load_id, bucket="raw", objects=(version,))
