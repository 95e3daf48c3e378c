from __future__ import annotations

import datetime as dt
import gzip
import io
import json
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from local_cloud.catalog.reader import CatalogReader
from local_cloud.catalog.types import arrow_type
from local_cloud.cloud import LocalCloud
from local_cloud.errors import CatalogError
from tests.local_cloud import tiny

PARQUET = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
JSON = "org.openx.data.jsonserde.JsonSerDe"
Columns = dict[str, str]


class Lake:
    """A bucket and a database, with what it takes to put tables there."""

    def __init__(self, cloud: LocalCloud) -> None:
        self.s3, self.glue = cloud.client("s3"), cloud.client("glue")
        location = {"LocationConstraint": tiny.REGION}
        self.s3.create_bucket(Bucket="lake", CreateBucketConfiguration=location)
        for name in ("db", "other"):
            self.glue.create_database(DatabaseInput={"Name": name})
        self.reader = CatalogReader(glue=self.glue, s3=self.s3)

    def table(
        self, columns: Columns, *, keys: Columns | None = None, serde: str = PARQUET, **more: str
    ) -> None:
        self.glue.create_table(
            DatabaseName=more.get("database", "db"),
            TableInput={
                "Name": more.get("name", "t"),
                "StorageDescriptor": storage(columns, "s3://lake/t/", serde),
                "PartitionKeys": spelled(keys or {}),
            },
        )

    def partition(
        self, *values: str, at: str, columns: Columns | None = None, serde: str = PARQUET
    ) -> None:
        self.glue.create_partition(
            DatabaseName="db",
            TableName="t",
            PartitionInput={
                "Values": list(values),
                "StorageDescriptor": storage(columns or {}, f"s3://lake/{at}", serde),
            },
        )

    def put(self, key: str, table: pa.Table | dict[str, list[Any]]) -> None:
        target = io.BytesIO()
        pq.write_table(pa.table(table), target)
        self.s3.put_object(Bucket="lake", Key=key, Body=target.getvalue())

    def rows(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.reader.read("db", "t").to_pylist()
        return found


def storage(columns: Columns, location: str, serde: str) -> dict[str, Any]:
    return {
        "Columns": spelled(columns),
        "Location": location,
        "SerdeInfo": {"SerializationLibrary": serde},
    }


def spelled(columns: Columns) -> list[dict[str, str]]:
    return [{"Name": name, "Type": kind} for name, kind in columns.items()]


@pytest.fixture
def lake(cloud: LocalCloud) -> Lake:
    return Lake(cloud)


def test_only_files_of_registered_partitions_are_read(lake: Lake) -> None:
    lake.table({"n": "bigint"}, keys={"day": "string"})
    lake.put("t/day=1/attempt-1/x.parquet", {"n": [1]})
    lake.put("t/day=1/attempt-2/x.parquet", {"n": [2]})
    lake.put("t/day=2/x.parquet", {"n": [3]})
    lake.partition("1", at="t/day=1/attempt-2/")
    assert lake.rows() == [{"n": 2, "day": "1"}]


def test_a_location_is_a_folder_and_not_the_beginning_of_a_name(lake: Lake) -> None:
    lake.table({"n": "bigint"}, keys={"day": "string"})
    lake.put("t/a/x.parquet", {"n": [1]})
    lake.put("t/ab/x.parquet", {"n": [2]})
    lake.partition("1", at="t/a")
    assert lake.rows() == [{"n": 1, "day": "1"}]


def test_hidden_and_empty_objects_are_not_data(lake: Lake) -> None:
    lake.table({"n": "bigint"})
    lake.put("t/x.parquet", {"n": [1]})
    for key in ("t/_SUCCESS", "t/.x.crc", "t/"):
        lake.s3.put_object(Bucket="lake", Key=key, Body=b"" if key == "t/" else b"noise")
    assert lake.rows() == [{"n": 1}]


def test_columns_are_found_by_name_and_missing_ones_are_null(lake: Lake) -> None:
    lake.table({"a": "string", "b": "bigint", "new": "string"})
    lake.put("t/x.parquet", {"B": [1], "a": ["x"], "dropped": [0]})
    assert lake.rows() == [{"a": "x", "b": 1, "new": None}]


def test_partition_values_have_the_types_of_their_keys(lake: Lake) -> None:
    lake.table({"n": "bigint"}, keys={"year": "int", "day": "date"})
    lake.put("t/x.parquet", {"n": [1]})
    lake.partition("2026", "2026-11-20", at="t/")
    assert lake.rows() == [{"n": 1, "year": 2026, "day": dt.date(2026, 11, 20)}]


@pytest.mark.parametrize(
    ("stored", "declared", "value"),
    [
        (pa.array([1], pa.int32()), "bigint", 1),
        (pa.array([1.5], pa.float32()), "double", 1.5),
        (pa.array([Decimal("1.5")], pa.decimal128(3, 1)), "decimal(9,2)", Decimal("1.50")),
        (pa.array(["x"]).dictionary_encode(), "string", "x"),
        (pa.array([None], pa.null()), "bigint", None),
        (pa.array([0], pa.timestamp("us", "UTC")), "timestamp", dt.datetime(1970, 1, 1)),  # noqa: DTZ001 - the catalog's timestamps have no zone
        (pa.array([[1]], pa.list_(pa.int32())), "array<bigint>", [1]),
    ],
)
def test_what_athena_can_widen_is_widened(
    lake: Lake, stored: pa.Array, declared: str, value: object
) -> None:
    lake.table({"c": declared})
    lake.put("t/x.parquet", pa.table({"c": stored}))
    assert lake.rows() == [{"c": value}]


@pytest.mark.parametrize(
    ("stored", "declared"),
    [
        (pa.array([1]), "string"),
        (pa.array(["1"]), "bigint"),
        (pa.array([1]), "int"),
        (pa.array([1]), "double"),
        (pa.array([Decimal("1.55")]), "decimal(3,1)"),
        (pa.array([dt.date(2026, 1, 1)]), "timestamp"),
    ],
)
def test_what_athena_cannot_read_is_refused_with_the_file_and_the_column(
    lake: Lake, stored: pa.Array, declared: str
) -> None:
    lake.table({"c": declared})
    lake.put("t/x.parquet", pa.table({"c": stored}))
    with pytest.raises(CatalogError, match=r"column c of s3://lake/t/x\.parquet"):
        lake.rows()


def test_a_partition_may_declare_whole_numbers_where_the_table_has_text(lake: Lake) -> None:
    lake.table({"c": "string"}, keys={"day": "string"})
    lake.put("t/x.parquet", {"c": [7]})
    lake.partition("1", at="t/", columns={"c": "bigint"})
    assert lake.rows() == [{"c": "7", "day": "1"}]


def test_json_lines_are_read_by_name(lake: Lake) -> None:
    lake.table({"line": "bigint", "why": "string"}, serde=JSON)
    lines = b'{"why": "b\\u00e4d", "line": 3}\n\n{"LINE": 4}\n'
    lake.s3.put_object(Bucket="lake", Key="t/x.json", Body=lines)
    lake.s3.put_object(
        Bucket="lake", Key="t/y.json.gz", Body=gzip.compress(json.dumps({"line": 5}).encode())
    )
    assert lake.rows() == [
        {"line": 3, "why": "bäd"},
        {"line": 4, "why": None},
        {"line": 5, "why": None},
    ]


def test_a_table_without_files_has_its_columns_and_no_rows(lake: Lake) -> None:
    lake.table({"n": "bigint"}, keys={"day": "string"})
    read = lake.reader.read("db", "t")
    assert (read.num_rows, read.column_names) == (0, ["n", "day"])


def test_a_table_that_is_not_there_is_named(lake: Lake) -> None:
    with pytest.raises(CatalogError, match=r"db\.nothing"):
        lake.reader.read("db", "nothing")


def test_questions_are_asked_by_table_or_by_database_and_table(lake: Lake) -> None:
    lake.table({"n": "bigint"})
    lake.put("t/x.parquet", {"n": [1, 2, 3]})
    for question in (
        "SELECT sum(n) s FROM t",
        'SELECT sum(n) s FROM "db"."t"',
        "FROM db.t SELECT sum(n) s",
    ):
        assert lake.reader.query(question).to_pylist() == [{"s": 6}]


def test_tables_of_two_databases_can_be_joined(lake: Lake) -> None:
    lake.table({"n": "bigint"})
    lake.table({"n": "bigint"}, database="other", name="u")
    lake.put("t/x.parquet", {"n": [1, 2, 3]})
    joined = lake.reader.query("SELECT count(*) AS c FROM db.t JOIN other.u USING (n)")
    assert joined.to_pylist() == [{"c": 3}]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("varchar(10)", pa.string()),
        (
            "array<struct<a:int,b:decimal(3,1)>>",
            pa.list_(pa.struct([("a", pa.int32()), ("b", pa.decimal128(3, 1))])),
        ),
        ("map<string,array<bigint>>", pa.map_(pa.string(), pa.list_(pa.int64()))),
    ],
)
def test_types_of_hive_have_a_meaning(name: str, kind: pa.DataType) -> None:
    assert arrow_type(name) == kind


def test_a_type_that_hive_does_not_have_is_an_error() -> None:
    with pytest.raises(CatalogError, match="'text'"):
        arrow_type("text")
