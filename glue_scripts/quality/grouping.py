"""How often values stand in a table: one pass, for all sets of columns and all selections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as sf

from quality.names import named
from quality.needs import GroupCounts, Groups
from quality.scope import Scope

_SET = "of_set"


def group_counts(scope: Scope, needs: Sequence[Groups]) -> Mapping[Groups, GroupCounts]:
    """The counts of all needs, from one job over the table."""
    frame, sets = planned(scope, needs)
    by_set = {row[_SET]: row for row in frame.collect()}
    selections = _selections(needs)
    found = {}
    for need in needs:
        row, number = by_set.get(sets[need.columns]), selections.index(need.where)
        found[need] = _counts(row, number) if row else GroupCounts(0, 0, 0, 0.0)
    return found


def planned(
    scope: Scope, needs: Sequence[Groups]
) -> tuple[DataFrame, Mapping[tuple[str, ...], int]]:
    """The job, which has a row per set of columns, and the numbers of these sets in it."""
    names = list(dict.fromkeys(name for need in needs for name in need.columns))
    sets = list(dict.fromkeys(need.columns for need in needs))
    selections = _selections(needs)
    keys = [f"key_{number}" for number in range(len(names))]
    key_of = dict(zip(names, keys, strict=True))
    frame = _narrowed(scope, key_of, selections)
    groups = (
        frame.groupingSets([[sf.col(key_of[name]) for name in one] for one in sets], *keys)
        .agg(
            sf.grouping_id().alias(_SET),
            *[sf.count_if(_selected(i)).alias(_count(i)) for i in range(len(selections))],
        )
        .where(sf.greatest(*[sf.col(key).isNotNull() for key in keys], sf.lit(False)))
    )
    summary = groups.groupBy(_SET).agg(*_summaries(len(selections)))
    return summary, {one: _grouping_id(one, names) for one in sets}


def _selections(needs: Sequence[Groups]) -> Sequence[str | None]:
    return list(dict.fromkeys(need.where for need in needs))


def _narrowed(
    scope: Scope, key_of: Mapping[str, str], selections: Sequence[str | None]
) -> DataFrame:
    """Only the columns that are grouped by, and for each selection whether a row is in it."""
    keys = [named(name).alias(key) for name, key in key_of.items()]
    flags = []
    for number, clause in enumerate(selections):
        selected = scope.where(clause)
        flags.append((sf.lit(True) if selected is None else selected).alias(_selected(number)))
    return scope.table.select(*keys, *flags)


def _summaries(selections: int) -> Sequence[Column]:
    columns = []
    for number in range(selections):
        count = sf.col(_count(number))
        logs = sf.when(count > 0, count * sf.log2(count.cast("double"))).otherwise(0.0)
        columns += [
            sf.sum(count).alias(f"rows_{number}"),
            sf.count_if(count > 0).alias(f"groups_{number}"),
            sf.count_if(count == 1).alias(f"singles_{number}"),
            sf.sum(logs).alias(f"logs_{number}"),
        ]
    return columns


def _counts(row: Row, number: int) -> GroupCounts:
    return GroupCounts(
        rows=int(row[f"rows_{number}"]),
        groups=int(row[f"groups_{number}"]),
        singles=int(row[f"singles_{number}"]),
        sum_of_logs=float(row[f"logs_{number}"]),
    )


def _grouping_id(columns: Sequence[str], names: Sequence[str]) -> int:
    """Spark's: a bit per column, the first one highest, which is set where the column is not
    grouped by."""
    return sum(1 << bit for bit, name in enumerate(reversed(names)) if name not in columns)


def _selected(number: int) -> str:
    return f"selected_{number}"


def _count(number: int) -> str:
    return f"count_{number}"
