"""Buckets and their folders are one thing while a program works in the folders."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local_cloud.aws import InProcessAws
from tests.local_cloud import tiny


class Bucket:
    """One bucket from both sides."""

    def __init__(self, aws: InProcessAws, name: str) -> None:
        self.aws, self.name = aws, name
        self.s3 = aws.client("s3")
        location = {"LocationConstraint": tiny.REGION}
        self.s3.create_bucket(Bucket=name, CreateBucketConfiguration=location)
        self.folder = aws.folders.folder(name)

    def put(self, key: str, body: bytes) -> None:
        self.s3.put_object(Bucket=self.name, Key=key, Body=body)

    def get(self, key: str) -> bytes:
        body: bytes = self.s3.get_object(Bucket=self.name, Key=key)["Body"].read()
        return body

    def keys(self, prefix: str = "") -> list[str]:
        listing = self.s3.list_objects_v2(Bucket=self.name, Prefix=prefix)
        return [item["Key"] for item in listing.get("Contents", [])]

    def write(self, path: str, body: bytes) -> None:
        """As Spark does: somewhere else first, then renamed."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = self.folder / f"_temporary-{target.name}"
        beside.write_bytes(body)
        beside.replace(target)


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[InProcessAws]:
    with InProcessAws(account=tiny.ACCOUNT, region=tiny.REGION, work=tmp_path) as aws:
        yield aws


@pytest.fixture
def bucket(aws: InProcessAws) -> Bucket:
    return Bucket(aws, "any")


@pytest.fixture
def versioned(aws: InProcessAws) -> Bucket:
    bucket = Bucket(aws, "kept")
    bucket.s3.put_bucket_versioning(Bucket="kept", VersioningConfiguration={"Status": "Enabled"})
    return bucket


def test_what_is_put_is_a_file_without_being_copied(bucket: Bucket) -> None:
    bucket.put("a/b/x.csv", b"1")
    file = bucket.folder / "a" / "b" / "x.csv"
    assert file.read_bytes() == b"1"
    assert file.stat().st_nlink == 2


def test_the_file_follows_the_latest_version(versioned: Bucket) -> None:
    versions = []
    for body in (b"1", b"2"):
        answer = versioned.s3.put_object(Bucket="kept", Key="x", Body=body)
        versions.append(answer["VersionId"])
    assert (versioned.folder / "x").read_bytes() == b"2"
    versioned.s3.delete_object(Bucket="kept", Key="x", VersionId=versions[1])
    assert (versioned.folder / "x").read_bytes() == b"1"
    versioned.s3.delete_object(Bucket="kept", Key="x")
    assert not (versioned.folder / "x").exists()


def test_what_is_written_shows_in_listings_and_reads_at_once(bucket: Bucket) -> None:
    with bucket.aws.folders_in_use():
        bucket.write("out/x", b"1")
        assert bucket.keys("out/") == ["out/x"]
        bucket.write("out/y", b"2")
        assert bucket.get("out/y") == b"2"


def test_what_nobody_asked_for_shows_when_the_program_has_ended(bucket: Bucket) -> None:
    with bucket.aws.folders_in_use():
        bucket.write("out/x", b"1")
    bucket.write("after/the/end", b"2")
    assert bucket.keys() == ["out/x"]


def test_what_is_removed_is_removed(bucket: Bucket) -> None:
    bucket.put("x", b"1")
    bucket.put("y", b"1")
    with bucket.aws.folders_in_use():
        (bucket.folder / "x").unlink()
        assert bucket.keys() == ["y"]
        (bucket.folder / "y").unlink()
    assert bucket.keys() == []


def test_what_is_replaced_is_a_version_more(versioned: Bucket) -> None:
    versioned.put("x", b"1")
    with versioned.aws.folders_in_use():
        versioned.write("x", b"22")
    found = versioned.s3.list_object_versions(Bucket="kept")["Versions"]
    assert [version["Size"] for version in found] == [2, 1]
    old = versioned.s3.get_object(Bucket="kept", Key="x", VersionId=found[1]["VersionId"])
    assert old["Body"].read() == b"1"


def test_nothing_is_taken_over_twice(versioned: Bucket) -> None:
    with versioned.aws.folders_in_use():
        versioned.write("x", b"1")
        for _ in range(3):
            assert versioned.keys() == ["x"]
            assert versioned.get("x") == b"1"
    assert len(versioned.s3.list_object_versions(Bucket="kept")["Versions"]) == 1


def test_what_spark_has_not_committed_is_not_there(bucket: Bucket) -> None:
    with bucket.aws.folders_in_use():
        for path in ("t/_temporary/0/x.parquet", "t/.spark-staging-1/x.parquet"):
            (bucket.folder / path).parent.mkdir(parents=True)
            (bucket.folder / path).write_bytes(b"1")
        assert bucket.keys() == []
    assert bucket.keys() == []


def test_keys_that_are_no_paths_are_objects_all_the_same(bucket: Bucket) -> None:
    keys = ["../up", "a//b", "c/./d", "/lead", "folder/", "n" * 900, "file", "file/below"]
    for key in keys:
        bucket.put(key, key.encode())
    with bucket.aws.folders_in_use():
        assert bucket.keys() == sorted(keys)
    assert bucket.keys() == sorted(keys)
    assert all(bucket.get(key) == key.encode() for key in keys)
    assert not (bucket.folder.parent / "up").exists()


def test_on_a_disk_that_does_not_tell_cases_apart_two_keys_stay_two(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders: Any = type(bucket.aws.folders)
    real = folders._path
    monkeypatch.setattr(folders, "_path", lambda self, b, key: real(self, b, key.lower()))
    bucket.put("x.csv", b"small")
    bucket.put("X.csv", b"LARGE")
    with bucket.aws.folders_in_use():
        assert (bucket.get("x.csv"), bucket.get("X.csv")) == (b"small", b"LARGE")
    assert bucket.keys() == ["X.csv", "x.csv"]
    assert (bucket.get("x.csv"), bucket.get("X.csv")) == (b"small", b"LARGE")
