"""Turns a Glue job's run into a command line of spark-submit. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

CONSUMED_BY_GLUE = frozenset(
    {
        "--additional-python-modules",
        "--class",
        "--conf",
        "--customer-driver-env-vars",
        "--customer-executor-env-vars",
        "--enable-auto-scaling",
        "--enable-continuous-cloudwatch-log",
        "--enable-glue-datacatalog",
        "--enable-job-insights",
        "--enable-lakeformation-fine-grained-access",
        "--enable-metrics",
        "--enable-observability-metrics",
        "--enable-s3-parquet-optimized-committer",
        "--enable-spark-ui",
        "--extra-files",
        "--extra-jars",
        "--extra-py-files",
        "--job-language",
        "--python-modules-installer-option",
        "--scriptLocation",
        "--spark-event-logs-path",
        "--user-jars-first",
    }
)
"""https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html"""
NOT_RUN_HERE = frozenset({"--extra-files", "--extra-jars"})


@dataclass(frozen=True, kw_only=True)
class SparkCommand:
    """A run, once its script and libraries are files."""

    script: Path
    libraries: Sequence[Path]
    properties: Path
    arguments: Mapping[str, str]
    job: str
    run_id: str

    def argv(self, spark_submit: Path) -> list[str]:
        """Return the command line. The script gets all arguments but those that Glue consumes."""
        argv = [str(spark_submit), "--properties-file", str(self.properties)]
        for setting in spark_settings(self.arguments.get("--conf", "")):
            argv += ["--conf", setting]
        if self.libraries:
            argv += ["--py-files", ",".join(map(str, self.libraries))]
        argv.append(str(self.script))
        for name, value in self.arguments.items():
            if name not in CONSUMED_BY_GLUE:
                argv += [name, value]
        return [*argv, "--JOB_NAME", self.job, "--JOB_ID", self.job, "--JOB_RUN_ID", self.run_id]


def spark_settings(conf: str) -> list[str]:
    """Split Glue's way to give several settings: `a=1 --conf b=2`."""
    return [word for word in shlex.split(conf) if word != "--conf"]


def laptop_properties(
    *, buckets: Mapping[str, Path], work: Path, memory: str, java_options: Sequence[str] = ()
) -> dict[str, str]:
    """Return settings for Spark in one process on this machine, with folders as `s3://` paths."""
    properties = {
        "spark.master": "local[*]",
        "spark.driver.memory": memory,
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        # Glue has 200, for its many workers; on a few cores most of them would be empty tasks.
        "spark.sql.shuffle.partitions": "4",
        "spark.eventLog.enabled": "false",
        "spark.sql.warehouse.dir": str(work / "warehouse"),
        # Checksum files beside the data would become objects of the bucket.
        "spark.hadoop.fs.file.impl": "org.apache.hadoop.fs.RawLocalFileSystem",
        "spark.hadoop.fs.AbstractFileSystem.s3.impl": "org.apache.hadoop.fs.viewfs.ViewFs",
        # Glue's clocks are in UTC.
        "spark.driver.extraJavaOptions": " ".join(
            ["-Duser.timezone=UTC", "-Dfile.encoding=UTF-8", *java_options]
        ),
        "spark.sql.session.timeZone": "UTC",
    }
    for scheme in ("s3", "s3a"):
        properties[f"spark.hadoop.fs.{scheme}.impl"] = (
            "org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme"
        )
    for bucket, folder in buckets.items():
        mount = f"spark.hadoop.fs.viewfs.mounttable.{bucket}.linkFallback"
        properties[mount] = folder.resolve().as_uri()
    return properties


_EXCEPTION = re.compile(r"^(?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*(?:: .*)?$")


def failure_message(lines: Iterable[str], exit_code: int) -> str:
    """Return the exception that ended the script, as Glue reports it; else its last words."""
    ended_by = ""
    is_trace = False
    last = ""
    for line in lines:
        text = line.rstrip()
        if text == "Traceback (most recent call last):":
            is_trace = True
        elif is_trace and text and not text[0].isspace() and _EXCEPTION.match(text):
            ended_by = text
            is_trace = False
        if text and not re.match(r"^\d\d/\d\d/\d\d |^WARNING: |^\s", text):
            last = text
    if not ended_by and exit_code < 0:
        return f"Spark was ended from outside, by signal {-exit_code}"
    return (ended_by or last or f"the script ended with exit code {exit_code}")[:2000]
