"""The columns that rules name."""

from __future__ import annotations

from dqdl.syntax import (
    AggregatePair,
    Analyzer,
    Columns,
    Composite,
    DatasetPair,
    ForeignColumns,
    Rule,
    Target,
    Watched,
    leaves_of,
)


def columns_of(rule: Rule | Composite | Analyzer) -> tuple[str, ...]:
    """Return the columns of the table that a rule names, each once, in order.

    Columns inside SQL are not included: only Spark can read SQL.
    """
    if isinstance(rule, Analyzer):
        return tuple(dict.fromkeys(_named(rule.target)))
    return tuple(dict.fromkeys(name for leaf in leaves_of(rule) for name in _named(leaf.target)))


def _named(target: Target) -> tuple[str, ...]:
    if isinstance(target, Columns | ForeignColumns):
        return target.names
    if isinstance(target, DatasetPair):
        return tuple(pair.name for pair in (*target.keys, *target.compared))
    if isinstance(target, AggregatePair):
        return tuple(one.column for one in (target.first, target.second) if one.alias is None)
    if isinstance(target, Watched):
        return _named(target.target)
    return ()
