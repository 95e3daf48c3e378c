"""Runs in real Spark, which prove that `s3://` paths and the API are one thing."""

from __future__ import annotations

import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.local_cloud import tiny
from tests.local_cloud.conftest import Deploy

SCRIPT = """
import json, sys
import boto3
from pyspark.sql import SparkSession
from tiny_library import Unlucky, doubled

if "--unlucky" in sys.argv:
    raise Unlucky("today")

spark = SparkSession.builder.getOrCreate()
bucket = dict(zip(sys.argv[1::2], sys.argv[2::2]))["--bucket"]
rows = spark.read.schema("n bigint").parquet(f"s3://{bucket}/in/")
doubled(rows).coalesce(1).write.mode("overwrite").parquet(f"s3://{bucket}/out/")
s3 = boto3.client("s3")
while_it_runs = [o["Key"] for o in s3.list_objects_v2(Bucket=bucket, Prefix="out/")["Contents"]]
s3.put_object(Bucket=bucket, Key="late/in.txt", Body=b"seven")
late = [row.value for row in spark.read.text(f"s3://{bucket}/late/").collect()]
print(json.dumps({
    "while_it_runs": while_it_runs,
    "late": late,
    "conf": [spark.conf.get("spark.tiny.one"), spark.conf.get("spark.tiny.two")],
    "zone": spark.conf.get("spark.sql.session.timeZone"),
    "argument": sys.argv[sys.argv.index("--text") + 1],
}))
spark.stop()
"""
LIBRARY = {
    "tiny_library.py": """
class Unlucky(Exception):
    pass

def doubled(rows):
    return rows.selectExpr("n * 2 as n")
"""
}


@pytest.mark.slow
def test_spark_reads_and_writes_the_buckets_that_the_api_shows(
    deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    job = tiny.job(
        arguments={
            "--extra-py-files": f"s3://{tiny.assets_bucket()}/library.zip",
            "--conf": "spark.tiny.one=1 --conf spark.tiny.two=2",
        }
    )
    resources = {**tiny.queue_and_function(), "Job": job}
    cloud = deploy(resources, script=SCRIPT, library=LIBRARY)
    s3 = cloud.client("s3")
    s3.put_object(Bucket=tiny.BUCKET, Key="in/Büro 1+2.parquet", Body=parquet([1, 2, 3]))
    s3.put_object(Bucket=tiny.BUCKET, Key="out/old.parquet", Body=parquet([0]))
    glue = cloud.client("glue")
    run_id = glue.start_job_run(
        JobName=tiny.JOB, Arguments={"--bucket": tiny.BUCKET, "--text": "'a  b' ü \"$x\""}
    )["JobRunId"]
    cloud.settle()

    run = glue.get_job_run(JobName=tiny.JOB, RunId=run_id)["JobRun"]
    log = cloud.log_of_run(run_id)
    assert run["JobRunState"] == "SUCCEEDED", log.read_text()
    said = json.loads(next(line for line in log.read_text().splitlines() if line[0] == "{"))
    assert said["conf"] == ["1", "2"]
    assert said["late"] == ["seven"]
    assert said["zone"] == "UTC"
    assert said["argument"] == "'a  b' ü \"$x\""

    written = keys(s3, "out/")
    assert sorted(said["while_it_runs"]) == written
    (data,) = (key for key in written if key.endswith(".parquet"))
    answer = s3.get_object(Bucket=tiny.BUCKET, Key=data)
    assert pq.read_table(io.BytesIO(answer["Body"].read())).to_pylist() == [
        {"n": 2},
        {"n": 4},
        {"n": 6},
    ]
    assert not [key for key in keys(s3, "") if key.endswith(".crc") or "_temporary" in key]
    assert "out/old.parquet" not in written

    records = [json.loads(item["record"]) for item in cloud.table(tiny.TABLE).scan()["Items"]]
    events = [json.loads(record["body"]) for record in records]
    assert data in [event["detail"]["object"]["key"] for event in events]


@pytest.mark.slow
def test_spark_opens_no_path_that_the_role_may_not_write(deploy: Deploy) -> None:
    arguments = {"--extra-py-files": f"s3://{tiny.assets_bucket()}/library.zip"}
    job = tiny.job(arguments={**arguments, "--bucket": tiny.BUCKET})
    role = tiny.role(may=["s3:GetObject", "s3:ListBucket"])
    cloud = deploy({**tiny.bucket_only(), **role, "Job": job}, script=SCRIPT, library=LIBRARY)
    s3, glue = cloud.client("s3"), cloud.client("glue")
    s3.put_object(Bucket=tiny.BUCKET, Key="in/a.parquet", Body=parquet([1]))
    run_id = glue.start_job_run(JobName=tiny.JOB)["JobRunId"]
    cloud.settle()
    run = glue.get_job_run(JobName=tiny.JOB, RunId=run_id)["JobRun"]
    assert "PermissionError: AccessDenied: User: " in run["ErrorMessage"]
    assert (
        f'perform: s3:PutObject on resource: "arn:aws:s3:::{tiny.BUCKET}/out/*"'
        in (run["ErrorMessage"])
    )
    assert keys(s3, "out/") == []


def test_what_ended_a_script_in_spark_is_the_error_of_its_run(deploy: Deploy) -> None:
    library = f"s3://{tiny.assets_bucket()}/library.zip"
    job = tiny.job(arguments={"--extra-py-files": library, "--unlucky": "yes"})
    cloud = deploy({"Job": job}, script=SCRIPT, library=LIBRARY)
    glue = cloud.client("glue")
    run_id = glue.start_job_run(JobName=tiny.JOB)["JobRunId"]
    cloud.settle()
    run = glue.get_job_run(JobName=tiny.JOB, RunId=run_id)["JobRun"]
    assert (run["JobRunState"], run["ErrorMessage"]) == ("FAILED", "tiny_library.Unlucky: today")


def keys(s3: object, prefix: str) -> list[str]:
    listing = s3.list_objects_v2(Bucket=tiny.BUCKET, Prefix=prefix)  # type: ignore[attr-defined]  # boto3 has no types
    return [item["Key"] for item in listing.get("Contents", [])]


def parquet(numbers: list[int]) -> bytes:
    target = io.BytesIO()
    pq.write_table(pa.table({"n": numbers}), target)
    return target.getvalue()
