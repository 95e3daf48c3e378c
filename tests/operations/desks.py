"""A small lake, and somebody who reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import boto3
import pyarrow as pa

from config.environments import Environment
from iceberg.commits import Change, Committer
from iceberg.manifests import live_files
from lake import store
from operations.reading.answer import Limits
from operations.reading.catalog import Catalog
from operations.reading.laptop import LaptopReader
from operations.reading.statement import Statement
from tests.aws import CURATED
from tests.glue_scripts.iceberg_lake import SmallLake, row

JSON_LINES = "org.openx.data.jsonserde.JsonSerDe"


@dataclass
class Desk:
    """A lake of dev, and somebody who reads it."""

    lake: SmallLake
    environment: Environment
    glue: Any
    s3: Any

    def catalog(self) -> Catalog:
        return Catalog(names=self.environment.names, glue=self.glue, s3=self.s3)

    def table(
        self, sql: str, *, as_of: str = "", limits: Limits | None = None, by: Any = None
    ) -> pa.Table:
        reader = by or LaptopReader(self.catalog(), limits or Limits())
        with reader.answer(Statement.of(sql), as_of) as answer:
            return pa.Table.from_batches(answer.batches, answer.schema)

    def rows(self, sql: str, **more: Any) -> list[tuple[Any, ...]]:
        return [tuple(one.values()) for one in self.table(sql, **more).to_pylist()]

    def refresh(self, *numbers: int) -> None:
        """Publish other rows in the place of all that there are, in one snapshot."""
        table = self.lake.table
        name = f"refresh-{numbers[0]}"
        change = Change(
            added=[self.lake.file(name, [row(number) for number in numbers])],
            removed=list(live_files(table)),
        )
        committer = Committer(self.lake.database.catalog)
        committer.commit(self.lake.identifier, name, lambda _: change)

    def quarantine(self, *rows: Mapping[str, Any]) -> None:
        """A table of folders, as that of quarantined rows is."""
        database = self.environment.names.quality_database
        self.glue.create_database(DatabaseInput={"Name": database})
        storage = {
            "Columns": [{"Name": "line", "Type": "bigint"}, {"Name": "raw", "Type": "string"}],
            "Location": f"s3://{CURATED}/quarantine/rows",
            "SerdeInfo": {"SerializationLibrary": JSON_LINES},
        }
        keys = [{"Name": "dataset", "Type": "string"}, {"Name": "day", "Type": "string"}]
        self.glue.create_table(
            DatabaseName=database,
            TableInput={
                "Name": "quarantined_rows",
                "PartitionKeys": keys,
                "StorageDescriptor": storage,
            },
        )
        for place, one in enumerate(rows):
            folder = f"quarantine/rows/dataset=orders/day={place}"
            self.glue.create_partition(
                DatabaseName=database,
                TableName="quarantined_rows",
                PartitionInput={
                    "Values": ["orders", f"0{place}"],
                    "StorageDescriptor": {**storage, "Location": f"s3://{CURATED}/{folder}"},
                },
            )
            body = (json.dumps(one) + "\n").encode()
            self.s3.put_object(Bucket=CURATED, Key=f"{folder}/part-0.jsonl", Body=body)


def any_desk(environment: Environment) -> Desk:
    """A desk over a table of three rows that two loads have brought."""
    store.client.cache_clear()
    glue, s3 = boto3.client("glue"), boto3.client("s3")
    for database in (environment.names.processed_database, environment.names.curated_database):
        glue.create_database(DatabaseInput={"Name": database})
    location = {"LocationConstraint": environment.account.aws_region}
    s3.create_bucket(Bucket=CURATED, CreateBucketConfiguration=location)
    lake = SmallLake.of(glue, environment.names.curated_database)
    lake.made()
    lake.append("load-1", [lake.file("a", [row(1), row(2)])])
    lake.append("load-2", [lake.file("b", [{"id": 3, "name": "y", "amount": Decimal("1.50")}])])
    return Desk(lake, environment, glue, s3)
