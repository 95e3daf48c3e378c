"""The Spark that comes with the Python package, arranged so that it starts in half the time.

`python -m local_cloud.glue.spark_home` makes the archive of classes, which set-up does once.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

_PARTS = ("bin", "jars")
_HOME = Path(sys.prefix) / "local-spark"
_ARCHIVE = _HOME / "classes.jsa"
_SECONDS = 300
_EXERCISE = """\
import tempfile
from pyspark.sql import SparkSession
from pyspark.sql import functions as f

spark = SparkSession.builder.getOrCreate()
spark.sparkContext.parallelize(range(2), 2).map(str).collect()
with tempfile.TemporaryDirectory() as folder:
    rows = spark.range(100).withColumn("group", f.col("id") % 7)
    rows.write.parquet(f"{folder}/rows")
    stored = spark.read.parquet(f"{folder}/rows")
    stored.join(stored.groupBy("group").count(), "group").orderBy("id").collect()
"""
"""Script that loads the classes for the archive: those that most jobs use."""


def spark_home() -> Path:
    """Return a SPARK_HOME made of links, without the archive of PySpark's sources.

    Spark puts that archive first on Python's path, where each interpreter compiles it anew: half a
    second, twice for each run. Without it Python finds the installed package, which is the same
    and already compiled.
    """
    found = importlib.util.find_spec("pyspark")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("pyspark is not installed beside this Python: run `make setup`")
    _HOME.mkdir(parents=True, exist_ok=True)
    for part in _PARTS:
        with suppress(FileExistsError):
            (_HOME / part).symlink_to(Path(found.origin).parent / part)
    return _HOME


def libraries() -> Path:
    """Return the folder for libraries of jobs that this Python has compiled."""
    return _HOME / "libraries"


def java_options() -> list[str]:
    """Return options to load Spark's classes from the archive: two seconds less for each run.

    Java itself checks whether the archive is of its own version and of these very files, and does
    without it if not.
    """
    if not _ARCHIVE.is_file():
        return []
    # In quotes for Spark, which splits at blanks.
    return [f'"-XX:SharedArchiveFile={_ARCHIVE}"', "-Xlog:cds=off", "-Xlog:class+path=off"]


def spark_environment() -> dict[str, str]:
    """Return the environment that a `spark-submit` of this home needs.

    An archive fits only one class path, so there is no folder of settings on it.
    """
    return {
        "SPARK_HOME": str(spark_home()),
        "SPARK_CONF_DIR": str(_HOME / "no-settings"),
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
    }


def make_archive() -> None:
    """Write the archive of classes. Raises CalledProcessError if Spark does not start."""
    home = spark_home()
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "exercise.py")
        script.write_text(_EXERCISE)
        made = Path(folder, _ARCHIVE.name)
        subprocess.run(
            [
                home / "bin" / "spark-submit",
                *("--master", "local[*]"),
                *("--conf", "spark.ui.enabled=false"),
                *("--conf", "spark.driver.host=127.0.0.1"),
                *("--conf", "spark.driver.bindAddress=127.0.0.1"),
                *("--driver-java-options", f'"-XX:ArchiveClassesAtExit={made}"'),
                script,
            ],
            env={**os.environ, **spark_environment()},
            cwd=folder,
            check=True,
            timeout=_SECONDS,
            capture_output=True,
        )
        if made.is_file():
            # Copied beside its place first: others see it whole or not at all.
            part = _ARCHIVE.with_suffix(f".{os.getpid()}")
            part.write_bytes(made.read_bytes())
            part.replace(_ARCHIVE)


if __name__ == "__main__":
    try:
        make_archive()
    except (subprocess.SubprocessError, OSError) as error:
        # Without the archive runs only start more slowly.
        print(f"no archive of Spark's classes, runs start more slowly: {error}", file=sys.stderr)
