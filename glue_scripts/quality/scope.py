"""The scope of rules: a table, others beside it, a history and a moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf
from pyspark.sql import types as st

from quality.errors import SPARK_ERRORS, CannotJudge, SqlRefused, caused_by_rules
from quality.history import History
from quality.literals import TypedColumn
from quality.names import named
from quality.quantities import Past
from quality.vetting import condition


@dataclass(frozen=True)
class Scope:
    table: DataFrame
    references: Mapping[str, DataFrame]
    history: History
    at: datetime
    _conditions: dict[str, Column] = field(default_factory=dict, compare=False, repr=False)

    def column(self, name: str) -> TypedColumn:
        """A column of the table."""
        return column_of(self.table, name, "the table")

    def numeric(self, name: str) -> TypedColumn:
        """A column of the table that has numbers."""
        return numeric(self.column(name))

    def reference(self, alias: str) -> DataFrame:
        """Another dataset."""
        if alias not in self.references:
            given = ", ".join(sorted(self.references)) or "none"
            raise CannotJudge(
                f"there is no dataset '{alias}' to compare with (given: {given}): pass it as "
                f"references['{alias}']"
            )
        return self.references[alias]

    def where(self, clause: str | None) -> Column | None:
        """The rows that a clause selects; where it is null, it does not."""
        if clause is None:
            return None
        if clause not in self._conditions:
            try:
                self._conditions[clause] = condition(self.table, clause)
            except SqlRefused as error:
                raise CannotJudge(f'where "{clause}": {error}') from None
        return sf.coalesce(self._conditions[clause], sf.lit(False))

    def past(self, metric: str) -> Past:
        """The values of a metric in earlier runs, looked up when somebody asks for them."""
        return lambda: self.history.values(metric)

    def check(self, column: Column) -> None:
        """Spark can make sense of this column of the table."""
        _checked(lambda: self.table.select(column))

    def check_pattern(self, regex: str) -> None:
        """Java takes this for a regular expression; told before the first row asks for it."""
        query = "SELECT regexp_extract('', :regex, 0)"
        try:
            self.table.sparkSession.sql(query, {"regex": regex}).collect()
        except SPARK_ERRORS as error:
            raise CannotJudge(caused_by_rules(error)) from None

    def check_grouping(self, names: Sequence[str]) -> None:
        """Spark can group the table by these columns."""
        _checked(lambda: self.table.groupBy(*[named(name) for name in names]).count())


def _checked(plan: Callable[[], DataFrame]) -> st.StructType:
    try:
        return plan().schema
    except SPARK_ERRORS as error:
        raise CannotJudge(caused_by_rules(error)) from None


def column_of(frame: DataFrame, name: str, owner: str) -> TypedColumn:
    """A column of a frame by its exact name, which no other has in upper or lower case: Spark
    does not tell those apart."""
    alike = [field for field in frame.schema.fields if field.name.lower() == name.lower()]
    if len(alike) > 1:
        raise CannotJudge(f'{owner} has {len(alike)} columns "{name}": rename all but one')
    if alike and alike[0].name == name:
        return TypedColumn(name, alike[0].dataType)
    near = [field.name for field in alike] or get_close_matches(name, frame.columns, n=1)
    known = ", ".join(frame.columns) or "none"
    advice = f'did you mean "{near[0]}"?' if near else f"it has {known}"
    raise CannotJudge(f'{owner} has no column "{name}": {advice}')


def numeric(column: TypedColumn) -> TypedColumn:
    """The column, which has to have numbers."""
    if column.is_number:
        return column
    raise CannotJudge(
        f'"{column.name}" is of type {column.type.simpleString()}, expected a column of numbers: '
        "change its type, or leave the rule out"
    )
