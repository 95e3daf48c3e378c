"""Rows of the table beside rows of elsewhere: other datasets, other rows, results of queries."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf
from pyspark.sql import types as st

from dqdl.syntax import ColumnPair, DatasetPair, ForeignColumns
from quality.errors import CannotJudge
from quality.literals import TypedColumn
from quality.names import named, quoted
from quality.queries import PRIMARY, Queries
from quality.row_tests import Addition, RowTest, complete
from quality.scope import Scope, column_of

Matches = Callable[[Column, Column], Column]


def refers(scope: Scope, target: ForeignColumns) -> RowTest:
    """The columns' values stand in another dataset. A null stands nowhere."""
    other = scope.reference(target.alias)
    pairs = [ColumnPair(n, f) for n, f in zip(target.names, target.foreign, strict=True)]
    _check_pairs(scope, other, target.alias, pairs)
    name = _unique("refers", repr(target))
    keys = other.select(*[named(f).alias(_key(name, i)) for i, f in enumerate(target.foreign)])
    return _found_in(name, target.names, keys.dropna().distinct(), _equal)


def equals(scope: Scope, target: DatasetPair) -> RowTest:
    """The row of another dataset with the same key has the same values. Two nulls are the same."""
    other = scope.reference(target.alias)
    compared = target.compared or _remaining(scope, other, target)
    _check_pairs(scope, other, target.alias, [*target.keys, *compared])
    pairs = [*target.keys, *compared]
    name = _unique("equals", repr(target))
    foreign = other.select(*[named(p.foreign).alias(_key(name, i)) for i, p in enumerate(pairs)])
    keys = [_key(name, number) for number in range(len(target.keys))]
    return _found_in(name, [pair.name for pair in pairs], foreign.dropDuplicates(keys), _same)


def _remaining(scope: Scope, other: DataFrame, target: DatasetPair) -> tuple[ColumnPair, ...]:
    mine = set(scope.table.columns) - {pair.name for pair in target.keys}
    theirs = set(other.columns) - {pair.foreign for pair in target.keys}
    if mine != theirs:
        alone = ", ".join(sorted(mine ^ theirs))
        raise CannotJudge(
            f"beside their keys, the table and '{target.alias}' have different columns ({alone}): "
            'name those to compare as a third parameter, as in "amount->total"'
        )
    return tuple(ColumnPair(name, name) for name in scope.table.columns if name in mine)


def selected_by(scope: Scope, statement: str, queries: Queries) -> RowTest:
    """A query gives the row, as far as its columns say which."""
    found = queries.frame(statement)
    shared = [name for name in found.columns if name in scope.table.columns]
    if not shared or len(set(found.columns)) < len(found.columns):
        raise CannotJudge(
            f"expected SQL that gives columns of the table, each once, so that its rows can be "
            f"told; got {', '.join(found.columns)}: select the table's key"
        )
    _check_pairs(scope, found, PRIMARY, [ColumnPair(name, name) for name in shared])
    name = _unique("selected", statement)
    keys = found.select(*[named(one).alias(_key(name, i)) for i, one in enumerate(shared)])
    return _found_in(name, shared, keys.distinct(), _same)


def unique(scope: Scope, names: Sequence[str], where: str | None) -> RowTest:
    """No other row that `where` selects has the same values; rows without any are not compared."""
    name = _unique("unique", repr((names, where)))
    selected = scope.where(where)
    rows = scope.table if selected is None else scope.table.where(selected)
    keys = [_key(name, number) for number in range(len(names))]
    repeated = (
        rows.select(*[named(one).alias(key) for one, key in zip(names, keys, strict=True)])
        .where(reduce(lambda left, right: left | right, (sf.col(k).isNotNull() for k in keys)))
        .groupBy(*keys)
        .agg(sf.count(sf.lit(1)).alias(f"{name}_count"))
        .where(sf.col(f"{name}_count") > 1)
        .select(*keys)
    )
    found = _found_in(name, names, repeated, _same)
    return RowTest(~found.holds, found.additions)


def primary_key(scope: Scope, names: Sequence[str], where: str | None) -> RowTest:
    """Unique and complete."""
    alone = unique(scope, names, where)
    return RowTest(alone.holds & complete(names).holds, alone.additions)


def _found_in(name: str, columns: Sequence[str], rows: DataFrame, matches: Matches) -> RowTest:
    """One of these rows has the same values as the table's. They have to differ in their keys, so
    that none of the table's rows is doubled."""

    def add(frame: DataFrame) -> DataFrame:
        conditions = [
            matches(named(column), sf.col(_key(name, number)))
            for number, column in enumerate(columns)
        ]
        both = reduce(lambda left, right: left & right, conditions)
        joined = frame.join(rows.withColumn(name, sf.lit(True)), both, "left")
        return joined.drop(*[_key(name, number) for number in range(len(columns))])

    return RowTest(sf.coalesce(sf.col(name), sf.lit(False)), [Addition(name, add)])


def _equal(left: Column, right: Column) -> Column:
    return left == right


def _same(left: Column, right: Column) -> Column:
    return left.eqNullSafe(right)


def _check_pairs(scope: Scope, other: DataFrame, alias: str, pairs: Sequence[ColumnPair]) -> None:
    """Spark would turn text into numbers to compare the two, and fail at the first that is none."""
    for pair in pairs:
        mine, theirs = scope.column(pair.name), column_of(other, pair.foreign, f"'{alias}'")
        if _family(mine) != _family(theirs):
            raise CannotJudge(
                f'"{pair.name}" is of type {mine.type.simpleString()} and {quoted(alias)}.'
                f"{quoted(pair.foreign)} of type {theirs.type.simpleString()}: they can never be "
                "equal, so make them one type"
            )


def _family(column: TypedColumn) -> str:
    families = {
        "number": column.is_number,
        "time": isinstance(column.type, st.TimestampType | st.TimestampNTZType | st.DateType),
        "text": column.is_text,
    }
    return next((name for name, it_is in families.items() if it_is), column.type.simpleString())


def _unique(kind: str, content: str) -> str:
    """A name that no column has, and that equal contents share."""
    return f"__quality_{kind}_{hashlib.sha256(content.encode()).hexdigest()[:12]}"


def _key(name: str, number: int) -> str:
    return f"{name}_{number}"
