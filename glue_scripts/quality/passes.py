"""Meets all needs with as few jobs over the table as they allow: one for everything that is a
sum over rows, one for everything that needs groups, one for everything that needs joins, and one
for each query in SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

from quality.errors import SPARK_ERRORS, caused_by_rules
from quality.grouping import group_counts
from quality.names import named
from quality.needs import (
    Aggregate,
    Counted,
    CountedRows,
    Groups,
    Need,
    OfReference,
    ReferenceKey,
    Results,
    Scalar,
)
from quality.row_tests import with_additions
from quality.scope import Scope

N = TypeVar("N", Aggregate, Groups, Counted)
Run = Callable[[Sequence[N]], Mapping[N, Any]]


@dataclass
class Passes:
    """Counts the jobs over the table while it meets needs."""

    scope: Scope
    count: int = 0
    _found: dict[Need, Any] = field(default_factory=dict)
    _problems: dict[Need, str] = field(default_factory=dict)

    def meet(self, needs: Iterable[Need]) -> Results:
        distinct = list(dict.fromkeys(needs))
        self._over_table([n for n in distinct if isinstance(n, Aggregate)], self._aggregates)
        self._over_table([n for n in distinct if isinstance(n, Groups)], self._groups)
        self._over_table([n for n in distinct if isinstance(n, Counted)], self._counted)
        for need in distinct:
            if isinstance(need, Scalar):
                self._scalar(need)
            elif isinstance(need, ReferenceKey):
                self._succeeds([need], partial(self._key, need))
        self._references([n for n in distinct if isinstance(n, OfReference)])
        return Results(self._found, self._problems)

    def _over_table(self, needs: Sequence[N], run: Run[N]) -> None:
        """All at once. Where that fails, somebody's SQL cannot be computed for some row: then they
        go in ever smaller parts, so that it costs its own rules only."""
        if not needs:
            return
        self.count += 1
        if self._succeeds(needs, partial(run, needs)):
            return
        for part in _parts(needs):
            for need in part:
                self._problems.pop(need)
            self._over_table(part, run)

    def _succeeds(self, needs: Sequence[Need], run: Callable[[], Mapping[Any, Any]]) -> bool:
        try:
            self._found.update(run())
        except SPARK_ERRORS as error:
            problem = caused_by_rules(error)
            self._problems.update({need: _with_selection(need, problem) for need in needs})
            return False
        return True

    def _aggregates(self, needs: Sequence[Aggregate]) -> Mapping[Aggregate, Any]:
        return _numbered(self.scope.table, needs)

    def _groups(self, needs: Sequence[Groups]) -> Mapping[Groups, Any]:
        return group_counts(self.scope, needs)

    def _counted(self, needs: Sequence[Counted]) -> Mapping[Counted, Any]:
        frame = with_additions(self.scope.table, [need.test for need in needs])
        columns = []
        for number, need in enumerate(needs):
            where = sf.lit(True) if need.where_column is None else need.where_column
            columns += [
                sf.count_if(where).alias(f"rows_{number}"),
                sf.count_if(where & need.test.holds).alias(f"passing_{number}"),
            ]
        row = frame.agg(*columns).collect()[0]
        return {
            need: CountedRows(rows=row[f"rows_{number}"], passing=row[f"passing_{number}"])
            for number, need in enumerate(needs)
        }

    def _scalar(self, need: Scalar) -> None:
        self.count += 1
        self._succeeds([need], lambda: {need: need.frame.limit(2).collect()})
        if need in self._problems:
            return
        rows = self._found.pop(need)
        if len(rows) == 1 and len(rows[0]) == 1 and _is_number(rows[0][0]):
            self._found[need] = rows[0][0]
            return
        shape = f"{'more than one row' if len(rows) > 1 else f'{len(rows)} rows'} of "
        shape += f"{len(need.frame.columns)} columns"
        if len(rows) == 1 and len(rows[0]) == 1:
            shape = f"a value of type {need.frame.schema.fields[0].dataType.simpleString()}"
        self._problems[need] = f"expected SQL that gives one number, got {shape}"

    def _key(self, need: ReferenceKey) -> Mapping[ReferenceKey, bool]:
        frame = self.scope.reference(need.alias)
        columns = [named(name) for name in need.columns]
        keys = [f"key_{number}" for number in range(len(columns))]
        repeated = (
            frame.select(*[column.alias(key) for column, key in zip(columns, keys, strict=True)])
            .groupBy(*keys)
            .agg(sf.count(sf.lit(1)).alias("rows"))
            .where(sf.greatest(*[sf.col(key).isNull() for key in keys], sf.col("rows") > 1))
        )
        return {need: repeated.isEmpty()}

    def _references(self, needs: Sequence[OfReference]) -> None:
        for alias in dict.fromkeys(need.alias for need in needs):
            some = [need for need in needs if need.alias == alias]
            frame = self.scope.reference(alias)
            self._succeeds(some, partial(_numbered, frame, some))


def _parts(needs: Sequence[N]) -> Sequence[Sequence[N]]:
    """Selections apart. One of them is at fault as a whole; without any, it is some in a half."""
    selections = list(dict.fromkeys(need.where for need in needs))
    if len(selections) > 1:
        return [[need for need in needs if need.where == where] for where in selections]
    if selections != [None]:
        return []
    half = len(needs) // 2
    return [needs[:half], needs[half:]] if half else []


def _with_selection(need: Need, problem: str) -> str:
    where = getattr(need, "where", None)
    return f'where "{where}": {problem}' if where else problem


def _numbered(frame: DataFrame, needs: Sequence[Aggregate | OfReference]) -> Mapping[Any, Any]:
    row = frame.agg(*[need.column for need in needs]).collect()[0]
    return dict(zip(needs, row, strict=True))


def _is_number(value: object) -> bool:
    return value is None or isinstance(value, int | float | Decimal)
