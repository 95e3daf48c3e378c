from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from pyspark.sql import SparkSession

from lake import store
from local_cloud.aws import InProcessAws
from local_cloud.glue.spark_command import laptop_properties
from tests.aws import BUCKETS, REGION, SmallAws, make_small_aws
from tests.curations import Curation
from tests.sessions import QUICK_ON_LITTLE_DATA, aws_environment


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One place for all tests: Spark's file systems are made once, for the first who asks."""
    return tmp_path_factory.mktemp("folders")


@pytest.fixture(scope="session")
def port() -> int:
    """One address for all tests: Spark's Python workers are kept for whom the environment of the
    one before fits."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def aws_with_folders(
    folders: Path, port: int, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SmallAws]:
    """An AWS whose buckets Spark reads at their `s3://` paths, as it does in Glue."""
    shutil.rmtree(folders / "buckets", ignore_errors=True)
    with InProcessAws(account="123456789012", region=REGION, work=folders, port=port) as cloud:
        made = aws_environment(cloud.endpoint)
        for name, value in made.items():
            monkeypatch.setenv(name, value)
            monkeypatch.setitem(spark.sparkContext.environment, name, value)
        small = make_small_aws(endpoint_url=cloud.endpoint)
        mounts = {bucket: cloud.folders.folder(bucket) for bucket in BUCKETS}
        settings = laptop_properties(buckets=mounts, work=folders, memory="1g")
        for name, value in settings.items():
            if name.startswith("spark.hadoop.fs"):
                spark.conf.set(name.removeprefix("spark.hadoop."), value)
        for name, value in QUICK_ON_LITTLE_DATA.items():
            spark.conf.set(name, value)
        spark.conf.set("spark.sql.session.timeZone", "UTC")
        spark.conf.set("spark.sql.sources.partitionColumnTypeInference.enabled", "false")
        store.client.cache_clear()
        with cloud.folders_in_use():
            yield small
        for name in QUICK_ON_LITTLE_DATA:
            spark.conf.unset(name)
    store.client.cache_clear()


@pytest.fixture
def curation(aws_with_folders: SmallAws, spark: SparkSession) -> Curation:
    return Curation(aws_with_folders, spark)


@pytest.fixture
def aws(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallAws]:
    requests.post(f"{endpoint}/moto-api/reset", timeout=10)
    for name, value in aws_environment(endpoint).items():
        monkeypatch.setenv(name, value)
    store.client.cache_clear()
    yield make_small_aws(endpoint_url=endpoint)
    store.client.cache_clear()
