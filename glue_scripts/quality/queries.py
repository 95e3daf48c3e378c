"""SQL of rules, in which the table is `primary` and others go by their aliases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from pyspark.sql import DataFrame

from quality.errors import SPARK_ERRORS, CannotJudge, caused_by_rules
from quality.own_session import OwnSession
from quality.vetting import query

PRIMARY = "primary"


@dataclass(frozen=True)
class Queries:
    """The tables are names within each query only. A query reads the tables that it names, and no
    other is opened for it."""

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
        names = (*self.references, PRIMARY)
        sql, tables = query(self.table.sparkSession, statement, self._named, names)
        return self._own.answer(sql, tables)

    def _named(self, alias: str) -> DataFrame:
        return self.table if alias == PRIMARY else self.references[alias]

    @cached_property
    def _own(self) -> OwnSession:
        return OwnSession.beside(self.table.sparkSession)
