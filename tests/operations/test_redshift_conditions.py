"""Tables as the jobs commit them are ones that Redshift reads."""

from __future__ import annotations

import boto3
import pytest
from pyiceberg.types import TimeType

from config.environments import Environment
from iceberg.commits import Change, Committer
from iceberg.types import Columns
from lake import store
from operations.table_reader import IcebergReader
from tests.aws import CURATED
from tests.glue_scripts.iceberg_lake import COLUMNS, SmallLake, mark_deletions, row
from tests.operations.redshift_conditions import broken_conditions

TYPES = (
    "string bigint int double float boolean date timestamp binary decimal(38,2) array<string> "
    "struct<a:bigint> map<string,int>"
)
EVERY_TYPE: Columns = [
    *((f"c{number}", kind) for number, kind in enumerate(TYPES.split())),
    *COLUMNS[-3:],
]


@pytest.fixture
def lake(aws: None, dev: Environment) -> SmallLake:  # noqa: ARG001 - all of it is in there
    store.client.cache_clear()
    glue = boto3.client("glue")
    glue.create_database(DatabaseInput={"Name": CURATED})
    region = {"LocationConstraint": dev.account.aws_region}
    boto3.client("s3").create_bucket(Bucket=CURATED, CreateBucketConfiguration=region)
    return SmallLake.of(glue)


def broken(lake: SmallLake) -> list[str]:
    described = boto3.client("glue").get_table(DatabaseName=CURATED, Name=lake.name)["Table"]
    return list(broken_conditions(described, IcebergReader(boto3.client("s3"))))


def test_a_table_with_every_type_that_jobs_write_is_read(lake: SmallLake) -> None:
    lake.made(EVERY_TYPE)
    assert broken(lake) == []


def test_a_table_is_read_after_loads_and_after_rows_were_replaced(lake: SmallLake) -> None:
    lake.made()
    lake.append("load-1", [lake.file("a", [row(1), row(2)])])
    lake.append("load-2", [lake.file("b", [row(3)])])
    standing = [task.file for task in lake.table.scan().plan_files()]
    merged = lake.file("c", [row(1), row(2), row(3)])
    Committer(lake.database.catalog).commit(
        lake.identifier, "merged", lambda _: Change(added=[merged], removed=standing)
    )
    assert broken(lake) == []


def test_delete_files_of_another_engine_are_found(lake: SmallLake) -> None:
    lake.made()
    lake.append("load-1", [lake.file("a", [row(1)])])
    mark_deletions(lake.table)
    assert "orders: delete files" in broken(lake)


def test_a_type_that_redshift_lacks_is_found(lake: SmallLake) -> None:
    table = lake.made()
    with table.update_schema() as change:
        change.add_column("at", TimeType())
    assert broken(lake) == ["orders: at is time"]
