"""What a test may change for those after it, and how that is put back."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_OF_PYTEST = "PYTEST_CURRENT_TEST"


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """Environment and folder of this process, and settings and views of its Spark session."""

    environment: Mapping[str, str]
    folder: str
    spark_settings: Any
    """A copy that stays in the JVM: reading all of them takes longer than many a test."""

    @classmethod
    def now(cls) -> Surroundings:
        state = _spark_state()
        return cls(
            environment={n: value for n, value in os.environ.items() if n != _OF_PYTEST},
            folder=os.getcwd(),  # noqa: PTH109 - a Path would cost each test more
            spark_settings=state.conf().clone() if state else None,
        )

    def put_back(self) -> None:
        """Undo what has changed since."""
        for name in set(os.environ) - set(self.environment) - {_OF_PYTEST}:
            del os.environ[name]
        os.environ.update(self.environment)
        os.chdir(self.folder)
        state = _spark_state()
        if state and self.spark_settings:
            _put_back_settings(state.conf(), self.spark_settings)
            _drop_views(state.catalog())


def _put_back_settings(conf: Any, before: Any) -> None:
    if conf.getAllConfs().hashCode() == before.getAllConfs().hashCode():
        return
    names = conf.getAllConfs().keySet().iterator()
    while names.hasNext():
        name = names.next()
        if not before.contains(name):
            conf.unsetConf(name)
    wanted = before.getAllConfs().iterator()
    while wanted.hasNext():
        pair = wanted.next()
        conf.setConfString(pair._1(), pair._2())


def _drop_views(catalog: Any) -> None:
    views = catalog.listLocalTempViews("*").iterator()
    while views.hasNext():
        catalog.dropTempView(views.next().table())


def _spark_state() -> Any:
    """The state of the JVM's session; None if no test has needed one, or it has been stopped."""
    module = sys.modules.get("pyspark.sql")
    session = module and module.SparkSession._instantiatedSession
    if not session or session.sparkContext._jsc is None:
        return None
    return session._jsparkSession.sessionState()
