"""Report and export, over a platform whose ledgers and catalog the test has written."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from config.naming import Names
from local_cloud.access.refusal import Refusal
from local_cloud.cloud import LocalCloud
from local_cloud.errors import UsageError
from local_cloud.export import FOLDERS, check_out, export, file_path
from local_cloud.platform import Platform
from local_cloud.report import as_text, is_good, report_of
from tests.local_cloud import tiny
from wires.layout import QUARANTINE
from wires.manifest import ObjectVersion
from wires.object_ledger import ObjectOutcome, ObjectStatus
from wires.quarantine import ROWS_TABLE

PARQUET = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"


class Stage:
    """A platform without its functions and jobs: the test says what they would have done."""

    def __init__(self, cloud: LocalCloud) -> None:
        self.names = Names(
            project="lake", environment="dev", account=tiny.ACCOUNT, region=tiny.REGION
        )
        self.s3, self.glue = cloud.client("s3"), cloud.client("glue")
        for bucket in self.names.buckets:
            location = {"LocationConstraint": tiny.REGION}
            self.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=location)
        self.s3.put_bucket_versioning(
            Bucket=self.names.raw_bucket, VersioningConfiguration={"Status": "Enabled"}
        )
        for database in self.names.databases:
            self.glue.create_database(DatabaseInput={"Name": database})
        make_table(cloud, self.names.objects_table, "key", "version_id")
        make_table(cloud, self.names.runs_table, "job", "run_id")
        self.platform = Platform(cloud, self.names)

    def upload(self, key: str, status: ObjectStatus | None = None, **facts: Any) -> str:
        """An upload that the ledger knows as this, or does not know."""
        raw = self.names.raw_bucket
        version = str(self.s3.put_object(Bucket=raw, Key=key, Body=b"x")["VersionId"])
        if status is None:
            return version
        self.platform.objects.register(
            raw,
            ObjectVersion(key=key, version_id=version, size=1, uploaded_at="2026-11-20T00:00:00Z"),
            registered_at="2026-11-20T00:00:00Z",
        )
        if status is not ObjectStatus.PENDING:
            outcome = ObjectOutcome(key=key, version_id=version, status=status, **facts)
            self.platform.objects.finish(outcome, load_id="l1", finished_at="2026")
        return version

    def table(self, database: str, bucket: str, name: str, location: str) -> None:
        self.glue.create_table(
            DatabaseName=database,
            TableInput={
                "Name": name,
                "StorageDescriptor": storage(f"s3://{bucket}/{location}"),
                "PartitionKeys": [{"Name": "day", "Type": "string"}],
            },
        )

    def publish(self, database: str, bucket: str, name: str, location: str) -> None:
        self.glue.create_partition(
            DatabaseName=database,
            TableName=name,
            PartitionInput={
                "Values": [location],
                "StorageDescriptor": storage(f"s3://{bucket}/{location}"),
            },
        )

    def put(self, bucket: str, key: str, body: bytes = b"x") -> None:
        self.s3.put_object(Bucket=bucket, Key=key, Body=body)


def make_table(cloud: LocalCloud, name: str, partition: str, sort: str) -> None:
    cloud.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[
            {"AttributeName": partition, "KeyType": "HASH"},
            {"AttributeName": sort, "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": field, "AttributeType": "S"} for field in (partition, sort)
        ],
        BillingMode="PAY_PER_REQUEST",
    )


def storage(location: str) -> dict[str, Any]:
    return {
        "Columns": [{"Name": "n", "Type": "bigint"}],
        "Location": location,
        "SerdeInfo": {"SerializationLibrary": PARQUET},
    }


@pytest.fixture
def stage(cloud: LocalCloud) -> Stage:
    return Stage(cloud)


def test_objects_are_listed_by_key_and_then_in_the_order_of_their_upload(stage: Stage) -> None:
    expected = [(key, stage.upload(key)) for key in ("b", "a", "a/b", "a")]
    listed = report_of(stage.platform, out=None)["objects"]
    assert [(item["key"], item["version_id"]) for item in listed] == [
        expected[1],
        expected[3],
        expected[2],
        expected[0],
    ]


def test_what_the_ledger_has_never_heard_of_is_pending(stage: Stage) -> None:
    stage.upload("x")
    (item,) = report_of(stage.platform, out=None)["objects"]
    assert item["status"] == "pending"
    assert stage.platform.unfinished() == 1


@pytest.mark.parametrize("status", list(ObjectStatus))
def test_an_object_has_the_status_of_the_ledger_or_is_pending(
    stage: Stage, status: ObjectStatus
) -> None:
    stage.upload("x", status)
    report = report_of(stage.platform, out=None)
    at_work = status in {ObjectStatus.PENDING, ObjectStatus.RUNNING}
    assert report["objects"][0]["status"] == ("pending" if at_work else status.value)
    good = {ObjectStatus.PUBLISHED, ObjectStatus.EMPTY, ObjectStatus.IGNORED}
    assert is_good(report) == (status in good)


def test_the_facts_of_the_ledger_are_told(stage: Stage) -> None:
    version = stage.upload(
        "x.csv",
        ObjectStatus.PUBLISHED,
        reason="1 of 3 rows quarantined",
        dataset="x",
        rows_in=3,
        rows_published=2,
        rows_quarantined=1,
    )
    report = report_of(stage.platform, out="there")
    assert report["objects"] == [
        {
            "key": "x.csv",
            "version_id": version,
            "status": "published",
            "reason": "1 of 3 rows quarantined",
            "dataset": "x",
            "load_id": "l1",
            "rows_in": 3,
            "rows_published": 2,
            "rows_quarantined": 1,
        }
    ]
    assert (report["environment"], report["out"], report["runs"]) == ("dev", "there", [])


def test_tables_are_told_as_the_catalog_has_them(stage: Stage) -> None:
    names = stage.names
    stage.table(names.processed_database, names.processed_bucket, "t", "t/")
    assert report_of(stage.platform, out=None)["tables"] == [
        {
            "database": names.processed_database,
            "name": "t",
            "location": f"s3://{names.processed_bucket}/t/",
            "partition_keys": ["day"],
            "columns": [{"name": "n", "type": "bigint"}],
        }
    ]


def test_what_was_refused_is_told(stage: Stage) -> None:
    message = "User: x is not authorized to perform: s3:GetObject on resource: y because of z"
    refused = Refusal(who="x", action="s3:GetObject", resource="y", message=message)
    stage.platform.cloud.access.refusals.append(refused)
    report = report_of(stage.platform, out=None)
    assert report["refused"] == [message]
    assert f"refused: {message}" in as_text(report)


def test_the_table_for_people_has_a_line_for_each_object_and_each_reason(stage: Stage) -> None:
    stage.upload("line\nend.csv", ObjectStatus.REJECTED, reason="it is a PNG image")
    text = as_text(report_of(stage.platform, out=None))
    assert "line\\nend.csv" in text
    assert "it is a PNG image" in text
    assert "line\nend" not in text


def test_a_key_that_a_listing_cannot_spell_is_found_all_the_same(stage: Stage) -> None:
    stage.upload("Icon\r", ObjectStatus.EMPTY)
    (item,) = report_of(stage.platform, out=None)["objects"]
    assert (item["key"], item["status"]) == ("Icon\r", "empty")


def written(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_all_four_folders_are_there_even_if_nothing_is_in_them(
    stage: Stage, tmp_path: Path
) -> None:
    export(stage.platform, tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(FOLDERS)
    assert written(tmp_path / "out") == set()


def test_only_published_files_are_written_in_the_layout_of_their_bucket(
    stage: Stage, tmp_path: Path
) -> None:
    names = stage.names
    for database, bucket in (
        (names.processed_database, names.processed_bucket),
        (names.curated_database, names.curated_bucket),
    ):
        stage.table(database, bucket, "t", "t/")
        stage.put(bucket, "t/day=1/attempt-1/x.parquet")
        stage.put(bucket, "t/day=1/attempt-2/x.parquet")
        stage.put(bucket, "t/day=2/x.parquet")
        stage.publish(database, bucket, "t", "t/day=1/attempt-2/")
    export(stage.platform, tmp_path)
    for folder in ("processed", "curated"):
        assert written(tmp_path / folder) == {"t/day=1/attempt-2/x.parquet"}


def test_quarantine_and_quality_are_told_apart(stage: Stage, tmp_path: Path) -> None:
    names = stage.names
    bucket = names.quality_bucket
    stage.table(names.quality_database, bucket, ROWS_TABLE, f"{QUARANTINE}rows/")
    for key in ("objects/1-x.png", "objects/1-x.png.reason.json", "rows/a/x.json", "rows/b/x.json"):
        stage.put(bucket, QUARANTINE + key)
    stage.put(bucket, "reports/1.html")
    stage.publish(names.quality_database, bucket, ROWS_TABLE, f"{QUARANTINE}rows/b/")
    export(stage.platform, tmp_path)
    assert written(tmp_path / "quarantine") == {
        "objects/1-x.png",
        "objects/1-x.png.reason.json",
        "rows/b/x.json",
    }
    assert written(tmp_path / "quality") == {"reports/1.html"}


def test_what_is_written_can_be_read(stage: Stage, tmp_path: Path) -> None:
    names = stage.names
    target = io.BytesIO()
    pq.write_table(pa.table({"n": [1, 2]}), target)
    stage.table(names.processed_database, names.processed_bucket, "t", "t/")
    stage.put(names.processed_bucket, "t/day=1/x.parquet", target.getvalue())
    stage.publish(names.processed_database, names.processed_bucket, "t", "t/day=1/")
    export(stage.platform, tmp_path)
    read = pq.read_table(tmp_path / "processed" / "t" / "day=1" / "x.parquet")
    assert read.column("n").to_pylist() == [1, 2]


def test_keys_stay_inside_the_folder(stage: Stage, tmp_path: Path) -> None:
    for key in ("../up", "a//b", "c/./d", "/lead", "x" * 300):
        stage.put(stage.names.quality_bucket, key)
    export(stage.platform, tmp_path / "out")
    found = written(tmp_path / "out" / "quality")
    assert len(found) == 5
    assert {"%2E%2E/up", "a/%2F/b", "c/%2E/d", "%2F/lead"} < found
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(FOLDERS)


def test_ordinary_keys_are_not_changed() -> None:
    assert file_path("a%20b/year=2026/x:y ü.parquet") == ["a%20b", "year=2026", "x:y ü.parquet"]


def test_an_out_that_has_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "quality").mkdir()
    check_out(tmp_path)
    (tmp_path / "quality" / "mine.txt").write_text("keep me")
    with pytest.raises(UsageError, match="quality is not empty"):
        check_out(tmp_path)


@pytest.mark.parametrize("place", ["taken", "taken/below"])
def test_an_out_that_is_a_file_is_refused(tmp_path: Path, place: str) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(UsageError, match="is a file"):
        check_out(tmp_path / place)


def test_other_things_in_out_are_left_alone(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep me")
    check_out(tmp_path)
    export(stage.platform, tmp_path)
    assert (tmp_path / "mine.txt").read_text() == "keep me"
