"""Paths that Spark opens as files, past the endpoint, are judged before they are opened."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local_cloud.cloud import LocalCloud
from tests.local_cloud import tiny
from tests.local_cloud.access.accounts import BUCKET, may, resources, seeded, with_key
from tests.local_cloud.conftest import Deploy

SCRIPT = """
import json, sys
from pyspark.sql.readwriter import DataFrameReader, DataFrameWriter
options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
kind = {"read": DataFrameReader, "write": DataFrameWriter}[options["--does"]]
outcome = "opened"
try:
    getattr(object.__new__(kind), options["--method"])(*json.loads(options["--paths"]))
except PermissionError as error:
    outcome = str(error)
except Exception:
    pass  # There is no Spark behind it.
print(json.dumps({"outcome": outcome}))
"""
"""A reader or writer without Spark, which opens what it may."""
LAKE = f"arn:aws:s3:::{BUCKET}"
WORKER_TRUST = tiny.role("worker")["Role"]["Properties"]["AssumeRolePolicyDocument"]


def outcome(cloud: LocalCloud, does: str, method: str, *paths: Any) -> str:
    glue = cloud.client("glue")
    arguments = {"--does": does, "--method": method, "--paths": json.dumps(paths)}
    run_id = glue.start_job_run(JobName="opener", Arguments=arguments)["JobRunId"]
    cloud.settle()
    said = cloud.log_of_run(run_id).read_text().splitlines()
    found: str = json.loads(said[-1])["outcome"]
    return found


def opener(deploy: Deploy, *statements: Any) -> LocalCloud:
    code = may("s3:GetObject", on=f"arn:aws:s3:::{tiny.assets_bucket()}/*")
    made = resources(code, *statements, AssumeRolePolicyDocument=WORKER_TRUST)
    job = tiny.job("opener")
    job["Properties"]["Role"] = "worker"
    return seeded(deploy({**made, "Opener": job}, script=SCRIPT))


READS = may("s3:GetObject", on=f"{LAKE}/in/*")
LISTS = may("s3:ListBucket", on=LAKE, Condition={"StringLike": {"s3:prefix": "in/*"}})


@pytest.mark.usefixtures("plain_python")
@pytest.mark.parametrize(
    ("statements", "paths", "lacking"),
    [
        (with_key(READS), ["s3://lake/in/a.csv"], ""),
        ([READS], ["s3://lake/in/a.csv"], "kms:Decrypt"),
        (with_key(READS, LISTS), ["s3://lake/in/"], ""),
        (with_key(READS, LISTS), ["s3://lake/in/*.csv"], ""),
        (with_key(READS), ["s3a://lake/in"], "s3:ListBucket"),
        (with_key(LISTS), ["s3://lake/in"], "s3:GetObject"),
        (with_key(), [["s3://lake/in/a.csv"]], "s3:GetObject"),
        ([], ["file:///elsewhere"], ""),
    ],
)
@pytest.mark.parametrize("method", ["parquet", "text", "load"])
@pytest.mark.few(6)
def test_reading(
    deploy: Deploy, statements: Any, paths: list[Any], lacking: str, method: str
) -> None:
    said = outcome(opener(deploy, *statements), "read", method, *paths)
    assert (f"not authorized to perform: {lacking} " in said) if lacking else said == "opened"


@pytest.mark.usefixtures("plain_python")
@pytest.mark.parametrize(
    ("statements", "lacking"),
    [
        (with_key(may("s3:PutObject", on=f"{LAKE}/out/*")), ""),
        ([may("s3:PutObject", on=f"{LAKE}/out/*")], "kms:GenerateDataKey"),
        (with_key(may("s3:PutObject", on=f"{LAKE}/in/*")), "s3:PutObject"),
    ],
)
def test_writing(deploy: Deploy, statements: Any, lacking: str) -> None:
    said = outcome(opener(deploy, *statements), "write", "save", "s3://lake/out/day=1")
    assert (f"not authorized to perform: {lacking} " in said) if lacking else said == "opened"


@pytest.mark.usefixtures("plain_python")
def test_what_is_opened_is_used_and_counts_as_no_call(deploy: Deploy) -> None:
    cloud = opener(deploy, *with_key(READS))
    outcome(cloud, "read", "parquet", "s3://lake/in/a.csv")
    asked = [call for call in cloud.calls if call.operation.startswith("POST")]
    assert asked == []
    assert cloud.access.refusals == []
