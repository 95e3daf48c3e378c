"""A small AWS for connectors, whose clients are made once for each module."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws
from moto.core.base_backend import BackendDict

from tests.aws import ASSETS, RAW, REGION, STATE, SmallAws, make_table
from wires.layout import PARTITION_KEY, SORT_KEY


@pytest.fixture(scope="module")
def clients() -> Iterator[SmallAws]:
    with mock_aws():
        keys = dict.fromkeys(("aws_access_key_id", "aws_secret_access_key"), "testing")
        session = boto3.Session(region_name=REGION, **keys)
        s3, tables = session.client("s3"), session.resource("dynamodb")
        yield SmallAws(s3, None, None, None, tables, "", "")


@pytest.fixture
def aws(clients: SmallAws) -> SmallAws:
    """Buckets and the state table, empty."""
    BackendDict.reset()
    for bucket in (RAW, ASSETS):
        place = {"LocationConstraint": REGION}
        clients.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=place)
    clients.s3.put_bucket_versioning(Bucket=RAW, VersioningConfiguration={"Status": "Enabled"})
    make_table(clients.tables, STATE, (PARTITION_KEY, SORT_KEY))
    return clients
