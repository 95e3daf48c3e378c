"""A job without special logic is a spec and a script; all else is derived from these."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.contract.clones import changed, cloned, run

SPEC = """
ROW_COUNTS = JobSpec(
    name="row_counts",
    description="Counts the lines of uploads; started by hand",
    reads=(Objects(Zone.RAW),),
    writes=(Objects(Zone.CURATED, "row_counts/*"),),
)
JOBS = (*JOBS, ROW_COUNTS)
"""
SCRIPT = '''"""Glue job `row-counts`: how many lines there are."""

import sys

from lake.session import log_to_console, plan_for, spark_session
from lake.store import client, use_region
from wires.job_arguments import GlueRun, JobDefaults, from_argv


def main(argv: list[str]) -> None:
    """Count, and say so."""
    settings = from_argv(JobDefaults, argv)
    glue_run = from_argv(GlueRun, argv)
    use_region(settings.region)
    spark = spark_session(glue_run.JOB_NAME)
    plan_for(spark, rows=0)
    lines = spark.read.text(f"s3://{settings.raw_bucket}/legislators/").count()
    body = str(lines).encode()
    client("s3").put_object(Bucket=settings.curated_bucket, Key="row_counts/lines", Body=body)


if __name__ == "__main__":
    log_to_console("row_counts")
    main(sys.argv)
'''
PLAY = """
import json
from pathlib import Path
from config.jobs import ROW_COUNTS
from local_cloud.platform import deployed
from operations.progress import Progress

with deployed("dev", progress=Progress()) as platform:
    names, cloud = platform.names, platform.cloud
    Path("lines").write_bytes(b"a\\nb\\nc\\n")
    platform.upload("legislators/lines", Path("lines"))
    cloud.client("glue").start_job_run(JobName=names.job(ROW_COUNTS))
    platform.settle()
    body = cloud.client("s3").get_object(Bucket=names.curated_bucket, Key="row_counts/lines")
    [run] = cloud.client("glue").get_job_runs(JobName=names.job(ROW_COUNTS))["JobRuns"]
    [recorded] = [r for r in platform.runs.all_runs() if r["job"] == names.job(ROW_COUNTS)]
    print(json.dumps([run["JobRunState"], recorded["state"], body["Body"].read().decode()]))
"""


def add_job(clone: Path) -> None:
    spec = clone / "config" / "jobs.py"
    spec.write_text(spec.read_text() + SPEC)
    (clone / "glue_scripts" / "row_counts.py").write_text(SCRIPT)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    return cloned(tmp_path)


@pytest.mark.slow
def test_a_job_without_special_logic_is_a_spec_and_a_script(clone: Path) -> None:
    add_job(clone)
    assert changed(clone) == {"config/jobs.py", "glue_scripts/row_counts.py"}
    assert json.loads(run(clone, "-c", PLAY)) == ["SUCCEEDED", "SUCCEEDED", "3"]
    # All else is tried where more is added (test_what_is_added.py).
    tests = ["tests/contract", "tests/infra_app", "tests/glue_app", "tests/config"]
    these = "unused or used or logical_id or way_in or test_alarms or names"
    run(clone, "-m", "pytest", "-q", "-m", "not slow", "-k", these, "-p", "no:randomly", *tests)
