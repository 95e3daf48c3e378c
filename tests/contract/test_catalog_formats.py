"""Tables of folders are described as what their files are."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from moto import mock_aws

from curation.records import QualityRecords
from lake import store
from lake.publishing.quarantine_catalog import QuarantineCatalog
from local_cloud.glue.crawl_schemas import Found
from quality_report.history import tables
from tests.aws import QUALITY, REGION, make_small_aws
from tests.quality_report.reports import rich_report
from wires.layout import history_folder, quarantined_rows_folder
from wires.quarantine import ROWS_TABLE


def described(glue: Any, name: str) -> dict[str, Any]:
    table: dict[str, Any] = glue.get_table(DatabaseName=QUALITY, Name=name)["Table"]
    return table


def is_described_as(storage: dict[str, Any], classification: str) -> bool:
    """Input format, output format and SerDe, as Glue's own crawlers would write them."""
    wanted = Found(classification=classification, columns={}).storage("")
    serde, wanted_serde = storage["SerdeInfo"], wanted["SerdeInfo"]
    found = (storage["InputFormat"], storage["OutputFormat"], serde["SerializationLibrary"])
    return found == (
        wanted["InputFormat"],
        wanted["OutputFormat"],
        wanted_serde["SerializationLibrary"],
    )


@mock_aws
def test_quarantined_rows_are_json_to_their_table_and_each_partition(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    aws = make_small_aws()
    catalog = QuarantineCatalog(aws.glue, QUALITY, table=ROWS_TABLE, location=f"s3://{QUALITY}/")
    values = ("orders", "2026", "01", "31", "0123")
    folder = quarantined_rows_folder("orders", ("2026", "01", "31"), "0123")
    catalog.add_partition(values, f"s3://{QUALITY}/{folder}")
    table = described(aws.glue, ROWS_TABLE)
    found = aws.glue.get_partition(
        DatabaseName=QUALITY, TableName=ROWS_TABLE, PartitionValues=list(values)
    )
    for part in (table, found["Partition"]):
        assert part["Parameters"]["classification"] == "json"
        assert is_described_as(part["StorageDescriptor"], "json")
        assert not is_described_as(part["StorageDescriptor"], "parquet")


@mock_aws
def test_the_history_of_quality_is_parquet_to_its_tables_and_in_its_files(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    store.client.cache_clear()
    aws = make_small_aws()
    report = rich_report()
    QualityRecords(bucket=QUALITY, database=QUALITY).keep(report, {})
    for name in tables(report):
        table = described(boto3.client("glue", region_name=REGION), name)
        assert table["Parameters"]["classification"] == "parquet"
        assert is_described_as(table["StorageDescriptor"], "parquet")
        assert table["StorageDescriptor"]["Location"] == f"s3://{QUALITY}/{history_folder(name)}"
        for key in aws.keys(QUALITY, history_folder(name)):
            assert aws.body(QUALITY, key).startswith(b"PAR1")
    store.client.cache_clear()
