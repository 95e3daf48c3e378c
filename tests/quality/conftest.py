from __future__ import annotations

from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

from tests.sessions import QUICK_ON_LITTLE_DATA


@pytest.fixture(autouse=True)
def _small(request: pytest.FixtureRequest) -> Iterator[None]:
    """What makes Spark quick where there is little to do."""
    if "spark" not in request.fixturenames:
        yield
        return
    spark: SparkSession = request.getfixturevalue("spark")
    for name, value in QUICK_ON_LITTLE_DATA.items():
        spark.conf.set(name, value)
    yield
    for name in QUICK_ON_LITTLE_DATA:
        spark.conf.unset(name)
