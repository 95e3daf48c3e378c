"""What a test may change for those after it, and has to leave as it found it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_OF_PYTEST = "PYTEST_CURRENT_TEST"


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """Environment and folder of this process, and settings and views of its Spark session."""

    environment: Mapping[str, str]
    folder: str
    spark_settings: int
    """A hash: reading all of them takes longer than many a test."""
    spark_views: int

    @classmethod
    def now(cls) -> Surroundings:
        environment = {name: value for name, value in os.environ.items() if name != _OF_PYTEST}
        session = _spark_session()
        return cls(
            environment=environment,
            folder=os.getcwd(),  # noqa: PTH109 - a Path would cost each test more
            spark_settings=session.conf().getAllConfs().hashCode() if session else 0,
            spark_views=session.catalog().listLocalTempViews("*").size() if session else 0,
        )

    def changes(self, after: Surroundings) -> Iterator[str]:
        """Yield what differs afterwards, in words."""
        for name in sorted(set(self.environment) | set(after.environment)):
            if self.environment.get(name) != after.environment.get(name):
                yield f"environment variable {name}"
        if self.folder != after.folder:
            yield f"current folder {after.folder}"
        if not self.spark_settings:
            return  # the session was made for this test, and stays for the others
        if self.spark_settings != after.spark_settings:
            yield "settings of the Spark session"
        if self.spark_views != after.spark_views:
            yield "temporary views of the Spark session"


def _spark_session() -> Any:
    """The state of the JVM's session; None if no test has needed one, or it has been stopped."""
    module = sys.modules.get("pyspark.sql")
    session = module and module.SparkSession._instantiatedSession
    if not session or session.sparkContext._jsc is None:
        return None
    return session._jsparkSession.sessionState()
