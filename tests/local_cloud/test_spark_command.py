from __future__ import annotations

from pathlib import Path

import pytest

from local_cloud.glue.spark_command import (
    SparkCommand,
    failure_message,
    laptop_properties,
    spark_settings,
)


def any_command(**arguments: str) -> SparkCommand:
    return SparkCommand(
        script=Path("script.py"),
        libraries=[Path("a.zip"), Path("b.zip")],
        properties=Path("p"),
        arguments={f"--{name.replace('_', '-')}": value for name, value in arguments.items()},
        job="j",
        run_id="jr_1",
    )


def test_what_glue_consumes_does_not_reach_the_script() -> None:
    argv = any_command(enable_metrics="true", conf="a=1", extra_py_files="s3://x", mine="2").argv(
        Path("submit")
    )
    assert argv == [
        *["submit", "--properties-file", "p", "--conf", "a=1", "--py-files", "a.zip,b.zip"],
        *["script.py", "--mine", "2"],
        *["--JOB_NAME", "j", "--JOB_ID", "j", "--JOB_RUN_ID", "jr_1"],
    ]


@pytest.mark.parametrize(
    ("conf", "settings"),
    [
        ("", []),
        ("a=1", ["a=1"]),
        ("a=1 --conf b=2 --conf c=3", ["a=1", "b=2", "c=3"]),
        ("a='x y' --conf b=2", ["a=x y", "b=2"]),
    ],
)
def test_several_settings_may_be_in_one_argument(conf: str, settings: list[str]) -> None:
    assert spark_settings(conf) == settings


def test_each_bucket_is_a_folder_under_its_own_name(tmp_path: Path) -> None:
    properties = laptop_properties(buckets={"b-1": tmp_path / "b 1"}, work=tmp_path, memory="1g")
    mount = properties["spark.hadoop.fs.viewfs.mounttable.b-1.linkFallback"]
    assert mount.startswith("file:///")
    assert mount.endswith("/b%201")


TRACE = """\
WARNING: Using incubator modules: jdk.incubator.vector
26/11/20 08:58:34 WARN NativeCodeLoader: Unable to load
Traceback (most recent call last):
  File "x.py", line 1, in <module>
    first()
lake.errors.First: the first

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "x.py", line 2, in <module>
    second()
lake.errors.Second: the second: with a colon
26/11/20 08:58:35 INFO ShutdownHookManager: Shutdown hook called
"""


@pytest.mark.parametrize(
    ("log", "message"),
    [
        (TRACE, "lake.errors.Second: the second: with a colon"),
        ("Traceback (most recent call last):\n  File\nKeyError\n", "KeyError"),
        ("something\nno luck\n26/11/20 08:58:35 INFO ShutdownHookManager: x\n", "no luck"),
        ("", "the script ended with exit code 3"),
    ],
)
def test_a_failure_is_told_by_the_exception_that_ended_it(log: str, message: str) -> None:
    assert failure_message(log.splitlines(), 3) == message
