"""A session of its own for the SQL of one table or ruleset: nothing done in it is seen outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from quality.analysis import check_analyzed, empty
from quality.names import quoted


@dataclass(frozen=True)
class OwnSession:
    """Answers SQL that has been vetted."""

    session: SparkSession

    @classmethod
    def beside(cls, other: SparkSession) -> OwnSession:
        """Return a session with the settings of another, and with none of its views."""
        own = other.newSession()
        for name, value in other.conf.getAll.items():
            if other.conf.isModifiable(name):
                own.conf.set(name, value)
        return cls(own)

    def answer(self, sql: str, tables: Mapping[str, DataFrame]) -> DataFrame:
        """Return the result of a query over these tables. Nothing has run yet.

        Raises SqlRefused for what only its analysis shows, and what Spark raises for SQL that does
        not fit the tables.
        """
        try:
            for name, rows in tables.items():
                empty(self.session, rows).createOrReplaceTempView(quoted(name))
            check_analyzed(self.session.sql(sql))
            for name, rows in tables.items():
                self._taken_over(rows).createOrReplaceTempView(quoted(name))
            return self.session.sql(sql)
        finally:
            for name in tables:
                self.session.catalog.dropTempView(name)

    def _taken_over(self, rows: DataFrame) -> DataFrame:
        """Return rows of another session in this one: a view belongs to one session."""
        jvm: Any = self.session._jvm  # noqa: SLF001 - nothing public does it
        datasets = jvm.org.apache.spark.sql.classic.Dataset
        plan = rows._jdf.logicalPlan()  # noqa: SLF001
        return DataFrame(datasets.ofRows(self.session._jsparkSession, plan), self.session)  # noqa: SLF001
