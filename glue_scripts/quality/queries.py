"""SQL of rules, in which the table is `primary` and others go by their aliases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import uuid4

from pyspark.sql import DataFrame

from quality.errors import SPARK_ERRORS, CannotJudge, caused_by_rules
from quality.names import quoted
from quality.vetting import query

PRIMARY = "primary"


@dataclass(frozen=True)
class Queries:
    """The tables are names within each query only: no view of the session is shadowed, and none
    is left behind. A query reads the tables that it names, and no other is opened for it."""

    table: DataFrame
    references: Mapping[str, DataFrame]
    _frames: dict[str, DataFrame] = field(default_factory=dict)

    def frame(self, statement: str) -> DataFrame:
        """The rows of a SELECT statement. Nothing has run yet."""
        if statement not in self._frames:
            try:
                self._frames[statement] = self._planned(statement)
            except SPARK_ERRORS as error:
                raise CannotJudge(caused_by_rules(error)) from None
        return self._frames[statement]

    def _planned(self, statement: str) -> DataFrame:
        session = self.table.sparkSession
        names = (*self.references, PRIMARY)
        sql, tables = query(session, statement, self._named, names)
        views = {alias: f"quality_{uuid4().hex}" for alias in tables}
        for alias, frame in tables.items():
            frame.createOrReplaceTempView(views[alias])
        given = ", ".join(f"{quoted(a)} AS (SELECT * FROM {view})" for a, view in views.items())  # noqa: S608 # the names are made here
        try:
            return session.sql(f"WITH {given} (\n{sql}\n)" if given else sql)
        finally:
            for view in views.values():
                session.catalog.dropTempView(view)

    def _named(self, alias: str) -> DataFrame:
        return self.table if alias == PRIMARY else self.references[alias]
