"""The consumers' role on the laptop: what it reads, and what it is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from config.environments import Environment, load_environments
from config.naming import Names
from local_cloud.assembly import stacks_of
from local_cloud.catalog.reader import CatalogReader
from local_cloud.cloud import LocalCloud
from local_cloud.platform import boundaries_of
from tests.conftest import Assemblies
from wires.layout import QUARANTINED_OBJECTS, QUARANTINED_ROWS, reports

DEV = load_environments().all[0]
NAMES = DEV.names
RESULT = "athena/1.csv"
PARQUET = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"


@pytest.fixture(scope="module")
def cloud(assemblies: Assemblies, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """Dev, with something in every bucket and a table in every database."""
    stacks = list(stacks_of(assemblies.infra_app, environment="dev"))
    made = LocalCloud.for_stacks(
        stacks, work=tmp_path_factory.mktemp("work"), boundaries=boundaries_of(DEV)
    )
    with made as cloud:
        cloud.deploy(stacks)
        fill(cloud, NAMES)
        yield cloud


def fill(cloud: LocalCloud, names: Names) -> None:
    s3, glue = cloud.client("s3"), cloud.client("glue")
    for bucket, key in (
        (names.raw_bucket, "orders/a.csv"),
        (names.processed_bucket, "orders/a.parquet"),
        (names.curated_bucket, "daily/a.parquet"),
        (names.assets_bucket, "loads/1/manifest.json"),
        (names.quality_bucket, f"{QUARANTINED_ROWS}dataset=orders/a.jsonl"),
        (names.quality_bucket, f"{QUARANTINED_OBJECTS}2026/01/01/a.csv"),
        (names.quality_bucket, f"{reports('orders')}report.html"),
    ):
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    for database in names.databases:
        place = f"s3://{names.processed_bucket}/none/"
        storage = {
            "Columns": [{"Name": "id", "Type": "bigint"}],
            "Location": place,
            "SerdeInfo": {"SerializationLibrary": PARQUET},
        }
        glue.create_table(
            DatabaseName=database, TableInput={"Name": "t", "StorageDescriptor": storage}
        )
    cloud.table(names.objects_table).put_item(Item={"key": "a", "version_id": "1"})


def role_of(environment: Environment) -> str:
    account = environment.account
    name = environment.names.consumers_role
    return f"arn:{account.partition}:iam::{account.aws_account_id}:role/{name}"


@pytest.fixture
def s3(cloud: LocalCloud) -> Any:
    return cloud.client("s3", role=role_of(DEV))


@pytest.fixture
def glue(cloud: LocalCloud) -> Any:
    return cloud.client("glue", role=role_of(DEV))


def refused(ask: Any, **parameters: Any) -> bool:
    try:
        ask(**parameters)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("AccessDenied", "AccessDeniedException"):
            raise
        return True
    return False


@pytest.mark.parametrize(
    ("bucket", "key"),
    [
        (NAMES.processed_bucket, "orders/a.parquet"),
        (NAMES.curated_bucket, "daily/a.parquet"),
        (NAMES.quality_bucket, f"{QUARANTINED_ROWS}dataset=orders/a.jsonl"),
    ],
)
def test_files_of_tables_are_read(s3: Any, bucket: str, key: str) -> None:
    assert s3.get_object(Bucket=bucket, Key=key)["ResponseMetadata"]["HTTPStatusCode"] == 200
    prefix = key.rpartition("/")[0]
    assert s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["KeyCount"] == 1


@pytest.mark.parametrize(
    "database", [NAMES.processed_database, NAMES.curated_database, NAMES.quality_database]
)
def test_tables_are_read_by_the_catalog(s3: Any, glue: Any, database: str) -> None:
    reader = CatalogReader(glue=glue, s3=s3)
    assert reader.read(database, "t").column_names == ["id"]


def test_results_are_kept_and_read_again(s3: Any) -> None:
    s3.put_object(Bucket=NAMES.results_bucket, Key=RESULT, Body=b"1")
    assert s3.get_object(Bucket=NAMES.results_bucket, Key=RESULT)["Body"].read() == b"1"


@pytest.mark.parametrize(
    ("bucket", "key"),
    [
        (NAMES.raw_bucket, "orders/a.csv"),
        (NAMES.assets_bucket, "loads/1/manifest.json"),
        (NAMES.quality_bucket, f"{QUARANTINED_OBJECTS}2026/01/01/a.csv"),
        (NAMES.quality_bucket, f"{reports('orders')}report.html"),
    ],
)
def test_what_is_no_table_is_not_read(s3: Any, bucket: str, key: str) -> None:
    assert refused(s3.get_object, Bucket=bucket, Key=key)
    assert refused(s3.list_objects_v2, Bucket=bucket, Prefix=key.rpartition("/")[0])


@pytest.mark.parametrize("bucket", NAMES.buckets)
def test_nothing_is_written_or_removed_outside_the_results(s3: Any, bucket: str) -> None:
    assert refused(s3.put_object, Bucket=bucket, Key="orders/b", Body=b"")
    assert refused(s3.delete_object, Bucket=bucket, Key="orders/a.csv")


def test_results_are_not_removed(s3: Any) -> None:
    assert refused(s3.delete_object, Bucket=NAMES.results_bucket, Key=RESULT)


def test_no_table_is_made_changed_or_dropped(glue: Any) -> None:
    there = {"DatabaseName": NAMES.curated_database}
    assert refused(glue.create_table, **there, TableInput={"Name": "mine"})
    assert refused(glue.update_table, **there, TableInput={"Name": "t"})
    assert refused(glue.delete_table, **there, Name="t")


def test_what_crawlers_have_found_is_not_read(glue: Any) -> None:
    assert refused(glue.get_table, DatabaseName=NAMES.discovery_database, Name="t")


def test_no_ledger_is_read(cloud: LocalCloud) -> None:
    dynamodb = cloud.client("dynamodb", role=role_of(DEV))
    for name in NAMES.tables:
        assert refused(dynamodb.scan, TableName=name)


def test_no_job_is_started(glue: Any) -> None:
    for job in NAMES.jobs:
        assert refused(glue.start_job_run, JobName=job)


def taken(cloud: LocalCloud, by: str) -> bool:
    sts = cloud.client("sts", role=by)
    return not refused(sts.assume_role, RoleArn=role_of(DEV), RoleSessionName="reads")


def test_nobody_of_another_account_takes_the_role(cloud: LocalCloud) -> None:
    for account in ("444444444444", DEV.delivery.account.aws_account_id):
        assert not taken(cloud, f"arn:aws:iam::{account}:role/analysts")


def test_a_role_of_this_account_needs_a_policy_of_its_own_to_take_it(cloud: LocalCloud) -> None:
    assert not taken(cloud, role_of(DEV).replace("-consumers-", "-trigger-"))


def test_the_role_takes_no_other(cloud: LocalCloud) -> None:
    sts = cloud.client("sts", role=role_of(DEV))
    other = role_of(DEV).replace("-consumers-", "-trigger-")
    assert refused(sts.assume_role, RoleArn=other, RoleSessionName="reads")
