"""Rules name columns as the table, its files or its contract do; they are judged by the table's
names, so that a metric has one name however its rule is spelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pyspark.sql import DataFrame

from dqdl.syntax import (
    Aggregate,
    AggregatePair,
    ColumnPair,
    Columns,
    DatasetPair,
    ForeignColumns,
    Rule,
    Sql,
    Target,
    Watched,
)
from quality.scope import Scope
from quality.spellings import Spellings


def resolved(rule: Rule, scope: Scope) -> Rule:
    """The same about the columns that its names mean. A name that means none stays as it is."""
    return replace(rule, target=_target(rule.target, scope))


def resolved_measured(target: Columns | Sql, scope: Scope) -> Columns | Sql:
    """The target of an analyzer or a watching rule, likewise."""
    return Columns(_names(scope.table, target.names)) if isinstance(target, Columns) else target


def _target(target: Target, scope: Scope) -> Target:
    if isinstance(target, Columns | Sql):
        return resolved_measured(target, scope)
    if isinstance(target, Watched):
        return replace(target, target=resolved_measured(target.target, scope))
    if isinstance(target, ForeignColumns):
        foreign = _names(scope.reference(target.alias), target.foreign)
        return replace(target, names=_names(scope.table, target.names), foreign=foreign)
    if isinstance(target, DatasetPair):
        other = scope.reference(target.alias)
        keys = _pairs(scope.table, other, target.keys)
        return replace(target, keys=keys, compared=_pairs(scope.table, other, target.compared))
    if isinstance(target, AggregatePair):
        return AggregatePair(_aggregate(target.first, scope), _aggregate(target.second, scope))
    return target


def _names(frame: DataFrame, names: Sequence[str]) -> tuple[str, ...]:
    spellings = Spellings.of(frame)
    return tuple(spellings.column(name) or name for name in names)


def _pairs(
    table: DataFrame, other: DataFrame, pairs: Sequence[ColumnPair]
) -> tuple[ColumnPair, ...]:
    mine = _names(table, [pair.name for pair in pairs])
    theirs = _names(other, [pair.foreign for pair in pairs])
    return tuple(ColumnPair(*pair) for pair in zip(mine, theirs, strict=True))


def _aggregate(one: Aggregate, scope: Scope) -> Aggregate:
    frame = scope.table if one.alias is None else scope.reference(one.alias)
    return replace(one, column=_names(frame, [one.column])[0])
