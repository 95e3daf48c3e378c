"""SQL of contracts and rules is parsed before anything is done with it.

A query is one query and nothing beside it; it reads the tables that it is given and runs no
program. A condition is one condition on the columns of one table. Neither asks for the time, for
chance, or for anything else that another run would answer differently.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as sf

from quality.analysis import check_analyzed, empty
from quality.errors import SPARK_ERRORS, SqlRefused, caused_by_sql
from quality.spellings import NO_SPELLINGS, Spellings, respelled
from quality.sql_tokens import check_typed_literals
from quality.sql_tree import PLAN, Tree, in_line

_NO_CONDITION = {
    "Alias": "a name of its own",
    "MultiAlias": "names of its own",
    "UnresolvedStar": "all columns",
}


def query(
    session: SparkSession, sql: str, table: Callable[[str], DataFrame], names: Iterable[str]
) -> tuple[str, dict[str, DataFrame]]:
    """The query with columns by their names, and the tables that it reads: no others are touched.

    `table` gives the one of a name, which is among `names`. Raises SqlRefused.
    """
    known = {name.lower(): name for name in names}
    plain = respelled(sql, NO_SPELLINGS)
    read = _tables(session, plain, known)
    frames = {known[name]: table(known[name]) for name in sorted(read)}
    final = respelled(sql, Spellings.of(*frames.values()), tables=known)
    # What is run is what has been looked at, and not what it was made of.
    if final != plain and _tables(session, final, known) != read:
        raise SqlRefused("its names mean tables in one place and columns in another: rename them")
    return final, frames


def condition(frame: DataFrame, sql: str) -> Column:
    """A condition on the columns of a frame. Raises SqlRefused for what is none."""
    final = respelled(sql, Spellings.of(frame))
    for text in dict.fromkeys((respelled(sql, NO_SPELLINGS), final)):
        check_typed_literals(text)
        _check_condition(Tree(frame.sparkSession, text, "parseExpression"))
    try:
        column, rows = sf.expr(final), empty(frame.sparkSession, frame)
        selected = rows.select(column).schema.fields[0].dataType.simpleString()
        if selected != "boolean":
            raise SqlRefused(f"expected a condition, got a value of type {selected}")
        check_analyzed(rows.where(column))
    except SPARK_ERRORS as error:
        raise SqlRefused(caused_by_sql(error)) from error
    return column


def _tables(session: SparkSession, sql: str, known: Mapping[str, str]) -> frozenset[str]:
    check_typed_literals(sql)
    read = Tree(session, sql, "parseQuery").tables()
    strange = sorted(name for name in read if name not in known)
    if strange:
        may = ", ".join(sorted(known.values())) or "none"
        raise in_line(read[strange[0]].java, f"it reads {strange[0]}, and may read {may}")
    return frozenset(read)


def _check_condition(tree: Tree) -> None:
    for node in tree.nodes():
        if node.name in _NO_CONDITION:
            raise in_line(node.java, f"expected a condition, got {_NO_CONDITION[node.name]}")
        if tree.is_a(node.java, PLAN):
            raise in_line(node.java, "a condition is about one row: it may not read tables")
