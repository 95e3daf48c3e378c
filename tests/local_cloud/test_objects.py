from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest
from boto3.s3.transfer import TransferConfig
from moto.s3 import models

from local_cloud.cloud import LocalCloud
from local_cloud.s3.backend import FileS3Backend
from local_cloud.s3.stored_bytes import StoredBytes
from tests.local_cloud import tiny
from tests.local_cloud.conftest import Deploy

AWKWARD_KEYS = [
    "data[1].csv",
    "_x.csv",
    "Büro 1+2.csv",
    "a%20b.csv",
    "a%2Fb.csv",
    "x:y.csv",
    "../up.csv",
    "a//b.csv",
    "c/./d.csv",
    "tränen&?.csv",
    "/leading.csv",
    "folder/",
    "q=1;2,#x.csv",
    "e\u0301.csv",
    " spaces .csv",
    "back\\slash.csv",
    "a\tb.csv",
    "line\nend.csv",
    "%",
    "~t'()*!@$.csv",
    "moto-api/reset",
]


@pytest.fixture
def s3(deploy: Deploy) -> Any:
    return deploy(tiny.bucket_only()).client("s3")


def put(s3: Any, key: str, body: bytes) -> str:
    return str(s3.put_object(Bucket=tiny.BUCKET, Key=key, Body=body)["VersionId"])


def versions(s3: Any, **options: Any) -> list[tuple[str, str, bool]]:
    page = s3.list_object_versions(Bucket=tiny.BUCKET, **options)
    return [(v["Key"], v["VersionId"], v["IsLatest"]) for v in page.get("Versions", [])]


def test_every_key_survives_each_way_of_naming_it(s3: Any) -> None:
    for key in AWKWARD_KEYS:
        body = key.encode()
        exact = {"Bucket": tiny.BUCKET, "Key": key, "VersionId": put(s3, key, body)}
        assert s3.head_object(**exact)["ContentLength"] == len(body), key
        assert s3.get_object(**exact)["Body"].read() == body, key
        assert s3.get_object(**exact, Range="bytes=0-0")["Body"].read() == body[:1], key
        s3.copy(exact, tiny.BUCKET, "copies/of")
        assert s3.get_object(Bucket=tiny.BUCKET, Key="copies/of")["Body"].read() == body, key
        listed = s3.list_objects_v2(Bucket=tiny.BUCKET, Prefix=key)["Contents"]
        assert [item["Key"] for item in listed] == [key]
        assert [name for name, _, _ in versions(s3, Prefix=key)] == [key]


def test_versions_of_a_key_are_listed_newest_first_however_fast_they_came(s3: Any) -> None:
    ids = [put(s3, "x.csv", str(number).encode()) for number in range(20)]
    assert [version for _, version, _ in versions(s3)] == ids[::-1]
    assert [latest for _, _, latest in versions(s3)] == [True] + [False] * 19


def test_a_listing_of_versions_goes_on_where_its_last_page_ended(s3: Any) -> None:
    for number in range(7):
        put(s3, f"{number % 3}.csv", b"x")
    pages = s3.get_paginator("list_object_versions").paginate(
        Bucket=tiny.BUCKET, PaginationConfig={"PageSize": 2}
    )
    paged = [(v["Key"], v["VersionId"], v["IsLatest"]) for p in pages for v in p["Versions"]]
    assert paged == versions(s3)
    assert len(paged) == 7


def test_folders_in_a_listing_of_versions_are_named_once(s3: Any) -> None:
    for key in ("a/1", "a/2", "b/1", "c"):
        put(s3, key, b"x")
    page = s3.list_object_versions(Bucket=tiny.BUCKET, Delimiter="/")
    assert [folder["Prefix"] for folder in page["CommonPrefixes"]] == ["a/", "b/"]
    assert [version["Key"] for version in page["Versions"]] == ["c"]


@pytest.mark.parametrize(
    ("asked", "answered"),
    [("bytes=2-4", b"234"), ("bytes=7-", b"789"), ("bytes=-2", b"89"), ("bytes=8-99", b"89")],
)
def test_a_range_is_answered_with_these_bytes_and_no_others(
    s3: Any, asked: str, answered: bytes
) -> None:
    put(s3, "x", b"0123456789")
    answer = s3.get_object(Bucket=tiny.BUCKET, Key="x", Range=asked)
    assert answer["Body"].read() == answered
    assert answer["ContentRange"].endswith("/10")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206


def test_a_range_beyond_the_end_is_refused(s3: Any) -> None:
    put(s3, "x", b"0123456789")
    with pytest.raises(s3.exceptions.ClientError, match="InvalidRange"):
        s3.get_object(Bucket=tiny.BUCKET, Key="x", Range="bytes=10-")


def test_what_is_not_there_is_not_there(s3: Any) -> None:
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket=tiny.BUCKET, Key="nowhere")
    with pytest.raises(s3.exceptions.NoSuchBucket):
        s3.get_object(Bucket="no-such-bucket", Key="x")
    put(s3, "x", b"1")
    with pytest.raises(s3.exceptions.ClientError, match="NoSuchVersion"):
        s3.get_object(Bucket=tiny.BUCKET, Key="x", VersionId="other")


def test_a_deleted_object_is_hidden_and_its_versions_stay(s3: Any) -> None:
    version = put(s3, "x", b"1")
    s3.delete_object(Bucket=tiny.BUCKET, Key="x")
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket=tiny.BUCKET, Key="x")
    kept = s3.get_object(Bucket=tiny.BUCKET, Key="x", VersionId=version)
    assert kept["Body"].read() == b"1"
    page = s3.list_object_versions(Bucket=tiny.BUCKET)
    assert [marker["IsLatest"] for marker in page["DeleteMarkers"]] == [True]


def test_metadata_and_type_come_back_as_they_went_in(s3: Any) -> None:
    s3.put_object(
        Bucket=tiny.BUCKET, Key="x", Body=b"1", ContentType="text/csv", Metadata={"who": "me"}
    )
    answer = s3.get_object(Bucket=tiny.BUCKET, Key="x")
    assert (answer["ContentType"], answer["Metadata"]) == ("text/csv", {"who": "me"})
    assert answer["ETag"] == f'"{hashlib.md5(b"1", usedforsecurity=False).hexdigest()}"'


def test_an_object_is_written_once_only_where_that_is_asked(s3: Any) -> None:
    s3.put_object(Bucket=tiny.BUCKET, Key="x", Body=b"1", IfNoneMatch="*")
    with pytest.raises(s3.exceptions.ClientError, match="PreconditionFailed"):
        s3.put_object(Bucket=tiny.BUCKET, Key="x", Body=b"2", IfNoneMatch="*")


def test_a_multipart_upload_and_a_multipart_copy_are_whole(s3: Any, tmp_path: Path) -> None:
    source = tmp_path / "large"
    source.write_bytes(bytes(range(256)) * 50_000)
    in_parts = TransferConfig(multipart_threshold=6_000_000, multipart_chunksize=6_000_000)
    s3.upload_file(str(source), tiny.BUCKET, "large", Config=in_parts)
    s3.copy({"Bucket": tiny.BUCKET, "Key": "large"}, tiny.BUCKET, "copy", Config=in_parts)
    for key in ("large", "copy"):
        answer = s3.get_object(Bucket=tiny.BUCKET, Key=key)
        assert answer["Body"].read() == source.read_bytes()
        assert answer["ETag"].endswith('-3"')


def test_bytes_of_objects_are_files_that_go_with_the_objects(
    deploy: Deploy, tmp_path: Path
) -> None:
    s3 = deploy(tiny.bucket_only()).client("s3")

    def files() -> set[Path]:
        return {path for path in (tmp_path / "work" / "bytes").rglob("*") if path.is_file()}

    before = files()
    version = put(s3, "x", b"1")
    (added,) = files() - before
    assert added.read_bytes() == b"1"
    s3.delete_object(Bucket=tiny.BUCKET, Key="x", VersionId=version)
    assert files() == before


def test_reading_a_part_of_a_large_object_does_not_read_all_of_it(
    deploy: Deploy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = deploy(tiny.bucket_only())
    source = tmp_path / "large"
    with source.open("wb") as file:
        file.truncate(200 << 20)
    cloud.upload(tiny.BUCKET, "large", source)
    monkeypatch.setattr(StoredBytes, "read", lambda _: pytest.fail("read as a whole"))
    s3 = cloud.client("s3")
    answer = s3.get_object(Bucket=tiny.BUCKET, Key="large", Range="bytes=100000000-100000009")
    assert answer["Body"].read() == bytes(10)
    assert versions(s3)[0][0] == "large"
    s3.copy_object(
        Bucket=tiny.BUCKET, Key="copy", CopySource={"Bucket": tiny.BUCKET, "Key": "large"}
    )
    assert s3.head_object(Bucket=tiny.BUCKET, Key="copy")["ContentLength"] == 200 << 20


def test_an_uploaded_file_may_change_afterwards(deploy: Deploy, tmp_path: Path) -> None:
    cloud = deploy(tiny.bucket_only())
    source = tmp_path / "x"
    source.write_bytes(b"before")
    cloud.upload(tiny.BUCKET, "x", source)
    source.write_bytes(b"after!")
    answer = cloud.client("s3").get_object(Bucket=tiny.BUCKET, Key="x")
    assert answer["Body"].read() == b"before"


def test_the_server_is_reached_through_the_loopback_interface_only(cloud: LocalCloud) -> None:
    assert cloud.endpoint.startswith("http://127.0.0.1:")
    assert cloud.client("sts").get_caller_identity()["Account"] == tiny.ACCOUNT


def test_moto_is_left_as_it_was_found(tmp_path: Path) -> None:
    before = (models.FakeKey, models.FakeMultipart, models.s3_backends.backend)
    with LocalCloud(account=tiny.ACCOUNT, region=tiny.REGION, work=tmp_path):
        assert models.s3_backends.backend is FileS3Backend
    assert (models.FakeKey, models.FakeMultipart, models.s3_backends.backend) == before


def test_a_cloud_starts_empty_whatever_the_one_before_had(tmp_path: Path) -> None:
    for number in range(2):
        with LocalCloud(
            account=tiny.ACCOUNT, region=tiny.REGION, work=tmp_path / str(number)
        ) as cloud:
            s3 = cloud.client("s3")
            assert s3.list_buckets()["Buckets"] == []
            location = {"LocationConstraint": tiny.REGION}
            s3.create_bucket(Bucket="same", CreateBucketConfiguration=location)


def test_the_users_own_settings_are_neither_read_nor_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = {"AWS_PROFILE": "no-such-profile", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    for name, value in theirs.items():
        monkeypatch.setenv(name, value)
    with LocalCloud(account=tiny.ACCOUNT, region=tiny.REGION, work=tmp_path) as cloud:
        identity = cloud.client("sts").get_caller_identity()
        assert identity["Account"] == tiny.ACCOUNT
        child = cloud.child_environment()
        assert "AWS_PROFILE" not in child
        assert child["AWS_ENDPOINT_URL"] == cloud.endpoint
    assert {name: os.environ[name] for name in theirs} == theirs
