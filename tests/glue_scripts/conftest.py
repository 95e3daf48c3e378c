from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from moto.server import ThreadedMotoServer
from pyspark.sql import SparkSession

from lake import store
from tests.aws import REGION, SmallAws, make_small_aws

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """An AWS that other processes reach too, as Spark's workers do."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    yield f"http://127.0.0.1:{port}"
    server.stop()


def environment(endpoint: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
    }


@pytest.fixture(scope="session")
def spark(endpoint: str) -> Iterator[SparkSession]:
    """A session whose workers find the library and the endpoint as they would in Glue."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment(endpoint).items():
            patch.setenv(name, value)
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        patch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT / "glue_scripts"), str(ROOT)]))
        session = (
            SparkSession.builder.master("local[2]")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.task.maxFailures", "1")
            .getOrCreate()
        )
    yield session
    session.stop()


@pytest.fixture
def aws(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallAws]:
    requests.post(f"{endpoint}/moto-api/reset", timeout=10)
    for name, value in environment(endpoint).items():
        monkeypatch.setenv(name, value)
    store.client.cache_clear()
    yield make_small_aws(endpoint_url=endpoint)
    store.client.cache_clear()
