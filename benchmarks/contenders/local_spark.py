"""The Spark session that both Spark contenders get."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import MappingProxyType

from pyspark.sql import SparkSession

from local_cloud.glue.spark_home import java_options, spark_environment

DRIVER_MEMORY = "4g"
_NO_MORE: Mapping[str, str] = MappingProxyType({})


def local_session(
    *, cores: int, scratch: str, settings: Mapping[str, str] = _NO_MORE
) -> SparkSession:
    """Start Spark as on a laptop: one Java process, with as many cores as are measured."""
    os.environ.update(spark_environment())
    builder = (
        SparkSession.builder.master(f"local[{cores}]")
        .appName("benchmark")
        .config("spark.driver.memory", DRIVER_MEMORY)
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.ui.enabled", "false")
        .config("spark.local.dir", scratch)
        .config("spark.sql.warehouse.dir", f"{scratch}/warehouse")
        .config("spark.driver.extraJavaOptions", " ".join(["-Duser.timezone=UTC", *java_options()]))
        .config("spark.sql.session.timeZone", "UTC")
    )
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session
