"""A lake for tests: uploads, loads, and the tables that come of them, in the small AWS."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import SparkSession

from iceberg.tables import IcebergDatabase
from lake.load import FileLoad
from lake.load_parts import LoadParts
from lake.publishing.state import State
from lake.running.isolation import USUAL_BUDGET
from operations.table_reader import IcebergReader
from tests.aws import (
    ASSETS,
    JOB,
    PROCESSED,
    QUALITY,
    RAW,
    SmallAws,
)
from wires.contracts import DatasetContract
from wires.job_arguments import GlueRun, LoadDefaults, LoadRun
from wires.layout import BY_DAY, manifest_key
from wires.load_ledger import Load
from wires.manifest import Manifest, ObjectVersion

DAY = "2026-01-15T10:00:00+00:00"


class Lake:
    """Uploads, loads, and the tables that come of them."""

    def __init__(self, aws: SmallAws, spark: SparkSession) -> None:
        self.aws = aws
        self.spark = spark
        self.settings = aws.defaults(
            LoadDefaults, target_file_bytes=1_000_000, max_expansion_ratio=200
        )
        self.contracts: dict[str, DatasetContract] = {}
        self.budget = USUAL_BUDGET

    @cached_property
    def state(self) -> State:
        return State.of(self.settings)

    def upload(
        self, key: str, body: bytes | str, at: str = DAY, *, sequencer: str = ""
    ) -> ObjectVersion:
        content = body.encode() if isinstance(body, str) else body
        version = ObjectVersion(
            key=key,
            version_id=self.aws.upload(key, content),
            size=len(content),
            uploaded_at=at,
            sequencer=sequencer,
        )
        self.state.objects.register(RAW, version, registered_at=at)
        return version

    def load(self, *versions: ObjectVersion) -> str:
        """Enter a load as the dispatcher does; returns its id."""
        manifest = Manifest.of(RAW, versions)
        key = manifest_key(manifest.load_id)
        self.aws.s3.put_object(Bucket=ASSETS, Key=key, Body=manifest.to_json().encode())
        load = Load(load_id=manifest.load_id, bucket=RAW, job=JOB, created_at=DAY)
        self.state.loads.create(load)
        return manifest.load_id

    def run(self, load_id: str, *, attempt: int = 1, run_id: str = "") -> None:
        parts = LoadParts(
            settings=self.settings,
            run=LoadRun(load_id=load_id, attempt=attempt, last_attempt=False),
            glue_run=GlueRun(JOB_NAME=JOB, JOB_RUN_ID=run_id or f"{load_id}-{attempt}"),
            contracts=self.contracts,
            state=self.state,
            spark=self.spark,
            budget=self.budget,
        )
        FileLoad(parts=parts).process()

    def process(self, *versions: ObjectVersion) -> str:
        load_id = self.load(*versions)
        self.run(load_id)
        return load_id

    def retry(self, load_id: str, attempt: int) -> None:
        """What the dispatcher does when a run has died."""
        self.state.loads.retry(self.state.loads.get(load_id), reason="died")
        self.run(load_id, attempt=attempt)

    def outcome(self, version: ObjectVersion) -> tuple[str, int, int, int]:
        item = self.state.objects.get(version.key, version.version_id)
        counts = (int(item[f"rows_{name}"]) for name in ("in", "published", "quarantined"))
        return item["status"], *counts

    def reason(self, version: ObjectVersion) -> str:
        return str(self.state.objects.get(version.key, version.version_id)["reason"])

    def details(self, version: ObjectVersion) -> dict[str, Any]:
        found: dict[str, Any] = self.state.objects.get(version.key, version.version_id)["details"]
        return found

    def types(self, table: str) -> dict[str, str]:
        """Of columns, without the day by which the table is partitioned."""
        columns = self.table(table)["StorageDescriptor"]["Columns"]
        return {
            column["Name"]: column["Type"]
            for column in columns
            if column["Parameters"]["iceberg.field.current"] == "true"
            and column["Name"] not in BY_DAY.columns
        }

    def table(self, name: str) -> Mapping[str, Any]:
        answer = self.aws.glue.get_table(DatabaseName=PROCESSED, Name=name)
        return dict(answer["Table"])

    def tables(self) -> list[str]:
        return [t["Name"] for t in self.aws.glue.get_tables(DatabaseName=PROCESSED)["TableList"]]

    def rows(self, table: str, *columns: str, settled: bool = True) -> list[tuple[object, ...]]:
        """What a reader of the catalog sees; once settled, files must have the table's types."""
        if table not in self.tables():
            return []
        types = self.types(table)
        found = []
        for key in self.files(table):
            body = self.aws.s3.get_object(Bucket=PROCESSED, Key=key)["Body"].read()
            content = pq.read_table(io.BytesIO(body))
            assert set(content.column_names) > set(BY_DAY.columns)
            for name in set(content.column_names) - set(BY_DAY.columns):
                kind = glue_name(content.schema.field(name).type)
                assert kind == types[name] or not settled
            found += [tuple(map(row.get, columns)) for row in content.to_pylist()]
        return sorted(found, key=repr)

    def files(self, table: str) -> list[str]:
        """Keys of those that the table's current snapshot consists of."""
        location = self.table(table)["Parameters"]["metadata_location"]
        return [key for _, key in IcebergReader(self.aws.s3).files(location)]

    def parts(self, table: str) -> list[tuple[str, ...]]:
        """year, month, day and load of what stands in it, by its folders."""
        steps = {tuple(key.split("/")[1:5]) for key in self.files(table)}
        return sorted(tuple(step.partition("=")[2] for step in own) for own in steps)

    def snapshots(self, table: str) -> list[dict[str, str]]:
        """The summary of each, the oldest first."""
        found = IcebergDatabase.of(self.aws.glue, PROCESSED).must_have(table)
        summaries = (snapshot.summary for snapshot in found.metadata.snapshots)
        return [dict(one.additional_properties) for one in summaries if one]

    def events(self, load_id: str, attempt: int = 1) -> list[dict[str, Any]]:
        """Of lineage, in time."""
        keys = self.aws.keys(ASSETS, f"loads/{load_id}/attempt-{attempt}/lineage/")
        bodies = [self.aws.s3.get_object(Bucket=ASSETS, Key=key)["Body"].read() for key in keys]
        return sorted(map(json.loads, bodies), key=lambda event: str(event["eventTime"]))

    def quarantined(self) -> list[dict[str, Any]]:
        answer = self.aws.glue.get_partitions(DatabaseName=QUALITY, TableName="quarantined_rows")
        rows = []
        for partition in answer["Partitions"]:
            bucket, prefix = partition["StorageDescriptor"]["Location"][5:].split("/", 1)
            for key in self.aws.keys(bucket, prefix):
                body = self.aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
                rows += [json.loads(line) for line in body.decode().splitlines()]
        return rows


def glue_name(kind: pa.DataType) -> str:
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision},{kind.scale})"
    names = {"int64": "bigint", "date32[day]": "date", "bool": "boolean"}
    return "timestamp" if pa.types.is_timestamp(kind) else names.get(str(kind), str(kind))
