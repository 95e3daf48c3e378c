from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from lake.errors import LakeError
from lake.spark_source import LakeCsv, check_spark
from tests.aws import RAW, SmallAws


@pytest.fixture(autouse=True)
def _registered(spark: SparkSession) -> None:
    spark.dataSource.register(LakeCsv)


def test_spark_reads_a_folder_in_the_types_that_all_values_have(
    spark: SparkSession, tmp_path: Path
) -> None:
    (tmp_path / "a[1].csv").write_text('id,zip,amount\n1,02134,1.5\n2,"x\ny",\n')
    (tmp_path / "_b.csv").write_text("amount;id;day\n12.25;3;2026-01-31\n")
    frame = spark.read.format("lake_csv").load(tmp_path.as_uri())
    assert frame.schema.simpleString() == (
        "struct<amount:decimal(18,2),id:bigint,day_in_file:date,zip:string>"
    )
    rows = sorted(
        tuple(row) for row in frame.select("id", "zip", "amount", "day_in_file").collect()
    )
    assert rows == [
        (1, "02134", Decimal("1.50"), None),
        (2, "x\ny", None, None),
        (3, None, Decimal("12.25"), date(2026, 1, 31)),
    ]


@pytest.mark.slow
def test_a_file_is_read_in_as_many_partitions_as_pieces(
    spark: SparkSession, tmp_path: Path
) -> None:
    lines = "".join(f'{i},"line\n{i}"\n' for i in range(1_200_000))
    (tmp_path / "big.csv").write_text("id,text\n" + lines)
    frame = (
        spark.read.format("lake_csv").option("pieceBytes", 8 * 1024 * 1024).load(tmp_path.as_uri())
    )
    assert frame.rdd.getNumPartitions() >= 3
    [row] = frame.selectExpr("count(*)", "sum(id)", "count(distinct text)").collect()
    assert tuple(row) == (1_200_000, 1_200_000 * 1_199_999 // 2, 1_200_000)


def test_a_record_that_is_no_row_ends_the_query_or_is_put_aside(
    spark: SparkSession, tmp_path: Path
) -> None:
    source = tmp_path / "in" / "a.csv"
    source.parent.mkdir()
    source.write_text("id,name\n1,a\n2\n3,c\n")
    reader = spark.read.format("lake_csv")
    with pytest.raises(PySparkException, match=r"a.csv, line 3: 1 field, expected 2"):
        reader.load(source.as_uri()).collect()
    aside = tmp_path / "aside"
    frame = reader.option("badRecordsPath", aside.as_uri()).load(source.as_uri())
    assert frame.count() == 2
    [row] = [json.loads(line) for f in aside.iterdir() for line in f.read_text().splitlines()]
    assert (row["line"], row["raw"]) == (3, "2")


def test_what_is_stored_in_s3_is_read_by_its_current_versions(
    spark: SparkSession, aws: SmallAws
) -> None:
    aws.upload("in/a.csv", b"id\n1\n")
    aws.upload("in/a.csv", b"id\n2\n")
    aws.upload("in/b%20 c.csv", b"id\n3\n")
    frame = spark.read.format("lake_csv").load(f"s3://{RAW}/in/")
    assert sorted(row.id for row in frame.collect()) == [2, 3]


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("badRecordsPath", "s3://bucket/bad/", "has to be a folder"),
        ("header", "yes", "true or false"),
    ],
)
def test_an_option_that_would_be_misread_is_refused(
    spark: SparkSession, tmp_path: Path, option: str, value: str, said: str
) -> None:
    (tmp_path / "a.csv").write_text("id\n1\n")
    with pytest.raises(PySparkException, match=said):
        spark.read.format("lake_csv").option(option, value).load(tmp_path.as_uri()).collect()


@pytest.mark.parametrize("version", ["3.5.6", "4.0.1", "5.0.0"])
def test_another_spark_is_refused_at_once(version: str) -> None:
    with pytest.raises(LakeError, match=f"this is {version}"):
        check_spark(version)


def test_a_given_schema_is_refused_with_advice(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id\n1\n")
    with pytest.raises(PySparkException, match="cast afterwards"):
        spark.read.format("lake_csv").schema("id string").load(tmp_path.as_uri()).collect()
